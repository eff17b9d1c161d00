# SPDX-License-Identifier: GPL-3.0-or-later
"""The library folder in Blender's preferences, and Asset Browsers on the screen."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest
from support import bpy_context
from support.rooms import Rooms


@pytest.fixture
def module(rooms: Rooms) -> Iterator[Any]:
    """`scene.link.asset_library`; the preferences are as before afterwards."""
    libraries = bpy_context.preferences().filepaths.asset_libraries
    before = len(libraries)
    yield rooms("scene.link.asset_library")
    while len(libraries) > before:
        libraries.remove(libraries[-1])
    bpy_context.preferences().is_dirty = False


def ours() -> list[Any]:
    found = bpy_context.preferences().filepaths.asset_libraries
    return [entry for entry in found if entry.name.startswith("Trellis")]


def add(name: str, path: Path) -> Any:
    return bpy_context.preferences().filepaths.asset_libraries.new(name=name, directory=str(path))


def test_registered_once_and_linking(module: Any, tmp_path: Path) -> None:
    bpy_context.preferences().is_dirty = False
    assert module.register_folder(tmp_path)
    (entry,) = ours()
    assert (entry.name, Path(entry.path)) == ("Trellis", tmp_path)
    assert entry.import_method == "LINK"
    assert bpy_context.preferences().is_dirty
    assert not module.register_folder(tmp_path)
    assert len(ours()) == 1


@pytest.mark.parametrize("name", ["Props of the studio", "Trellis"])
def test_same_folder_is_left_as_the_user_has_it(module: Any, tmp_path: Path, name: str) -> None:
    entry = add(name, tmp_path)
    entry.import_method = "APPEND"
    bpy_context.preferences().is_dirty = False
    for written in (f"{tmp_path}/", str(tmp_path)):
        entry.path = written
        bpy_context.preferences().is_dirty = False
        assert not module.register_folder(tmp_path)
        assert entry.import_method == "APPEND"
        assert not bpy_context.preferences().is_dirty
    assert [e.name for e in ours()] == (["Trellis"] if name == "Trellis" else [])


@pytest.mark.skipif(os.name == "nt", reason="symbolic links need rights on Windows")
def test_same_folder_by_another_way(module: Any, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    add("Mine", tmp_path / "link")
    assert module.register_folder(tmp_path / "folder") is False


def test_moved_library_gets_its_new_path(module: Any, tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    module.register_folder(old)
    ours()[0].import_method = "APPEND"
    old.rename(new)
    assert module.register_folder(new)
    (entry,) = ours()
    assert Path(entry.path) == new
    assert entry.import_method == "APPEND"


def test_second_folder_does_not_take_the_first_ones_place(module: Any, tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    for folder in (first, second):
        folder.mkdir()
        assert module.register_folder(folder)
    assert {Path(entry.path) for entry in ours()} == {first, second}
    assert {entry.import_method for entry in ours()} == {"LINK"}
    # Not one that merely begins alike, however much its folder is gone.
    other = add("Trellis and Ivy", tmp_path / "gone")
    assert module.register_folder(tmp_path)
    assert Path(other.path) == tmp_path / "gone"


def test_nothing_happens_when_the_extension_is_enabled(rooms: Rooms) -> None:
    assert ours() == []
    rooms("registration").unregister()
    rooms("registration").register()
    assert ours() == []


def test_browser_on_the_screen_is_refreshed(module: Any) -> None:
    assert module.refresh_browsers() == 0
    area = bpy_context.window_manager().windows[0].screen.areas[0]
    before = area.ui_type
    area.ui_type = "ASSETS"
    try:
        # Nothing draws it here, so it has no contents yet; 4.2 crashes when asked to refresh it.
        assert area.spaces.active.params is None
        assert module.refresh_browsers() == 0
        module.show_in_asset_browser(Path(bpy.app.tempdir))
    finally:
        area.ui_type = before


def test_placing_goes_on_when_the_browser_cannot(module: Any) -> None:
    # A NUL is no path anywhere.
    module.show_in_asset_browser(Path("no\0where"))
