# SPDX-License-Identifier: GPL-3.0-or-later
"""Throwing a prop away and finding missing ones, as operators."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import bpy
import pytest
from support import bpy_context
from support.bpy_context import trellis_ops
from support.processes import REPOSITORY
from support.rooms import Rooms, unlocked

if not sys.platform.startswith("linux"):
    pytest.skip("the bin of the freedesktop.org specification", allow_module_level=True)


@pytest.fixture
def library(rooms: Rooms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An empty library that the preferences name, and a home folder with a bin of its own."""
    monkeypatch.setenv("TRELLIS_LIBRARY", str(tmp_path / "my library"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return rooms("library.library").Library(tmp_path / "my library")


@pytest.fixture
def prop(rooms: Rooms, library: Any) -> Any:
    """A finished prop, small."""
    folder = unlocked(library.create_locked(rooms.request(), "", "chat"))
    collection = bpy.data.collections.new("Barrel")
    obj = bpy.data.objects.new("Barrel", None)
    collection.objects.link(obj)
    collection.asset_mark()
    bpy.data.libraries.write(str(folder.blend), {collection}, fake_user=True)
    bpy.data.collections.remove(collection)
    bpy.data.objects.remove(obj)
    folder.advance(rooms("core.events").State.READY)
    return folder


@pytest.fixture
def placed(rooms: Rooms, prop: Any) -> Any:
    module = rooms("scene.place.placing")
    return module.place(prop.blend, module.at_cursor(bpy_context.scene()))


def in_bin(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "data").glob("Trash/files/*"))


def refused(words: str, **options: Any) -> None:
    with pytest.raises(RuntimeError, match=words):
        trellis_ops.delete_prop(**options)


def test_delete(prop: Any, tmp_path: Path) -> None:
    assert trellis_ops.delete_prop(prop_id=prop.id) == {"FINISHED"}
    assert in_bin(tmp_path) == [prop.id]
    assert not prop.path.exists()
    refused("There is no prop", prop_id=prop.id)


def test_delete_permanently(prop: Any, tmp_path: Path) -> None:
    assert trellis_ops.delete_prop(prop_id=prop.id, permanently=True) == {"FINISHED"}
    assert in_bin(tmp_path) == []
    assert list(prop.path.parent.iterdir()) == []


def test_prop_that_the_file_uses_is_kept_unless_told(
    prop: Any, placed: Any, tmp_path: Path
) -> None:
    refused(f"The open file uses [^:]+: {placed.name}", prop_id=prop.id)
    refused("The open file uses", prop_id=prop.id, permanently=True)
    assert prop.blend.is_file()
    assert trellis_ops.delete_prop(prop_id=prop.id, even_if_used=True) == {"FINISHED"}
    assert in_bin(tmp_path) == [prop.id]
    # What is loaded stays until the file is opened again.
    assert len(placed.instance_collection.objects) == 1


def test_told_once_is_not_told_for_ever(prop: Any, placed: Any, rooms: Rooms) -> None:
    assert trellis_ops.delete_prop(prop_id=prop.id, even_if_used=True) == {"FINISHED"}
    properties = trellis_ops.delete_prop.get_rna_type().properties
    for name in ("prop_id", "even_if_used", "permanently"):
        assert properties[name].is_skip_save


def test_prop_of_the_active_object(prop: Any, placed: Any, rooms: Rooms) -> None:
    chosen = rooms("ui.place.library_ops").chosen_prop
    assert chosen(bpy.context) == ""
    refused("No prop is chosen")
    bpy_context.view_layer().objects.active = placed
    assert chosen(bpy.context) == prop.id
    assert trellis_ops.delete_prop(even_if_used=True) == {"FINISHED"}
    assert not prop.path.exists()


def test_object_that_is_no_prop(prop: Any, rooms: Rooms) -> None:
    obj = bpy.data.objects.new("Empty", None)
    bpy_context.scene().collection.objects.link(obj)
    bpy_context.view_layer().objects.active = obj
    obj.instance_type = "COLLECTION"
    obj.instance_collection = bpy.data.collections.new("My own")
    assert rooms("ui.place.library_ops").chosen_prop(bpy.context) == ""
    refused("No prop is chosen")


def test_prop_that_is_worked_on(prop: Any, rooms: Rooms) -> None:
    with rooms("library.folder_lock").FolderLock.acquire(prop.path):
        refused("already working on", prop_id=prop.id)
    assert prop.blend.is_file()


@pytest.mark.parametrize("prop_id", ["..", "../my library", "nothing-01234567"])
def test_nothing_else_can_be_deleted(prop: Any, prop_id: str) -> None:
    refused("There is no prop", prop_id=prop_id)
    assert prop.blend.is_file()


def test_find_missing(
    prop: Any, placed: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    shutil.move(prop.path.parent, tmp_path / "moved")
    monkeypatch.setenv("TRELLIS_LIBRARY", str(tmp_path / "moved"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))
    (instance,) = [obj for obj in bpy_context.scene().objects if obj.instance_collection]
    assert len(bpy_context.instanced(instance).objects) == 0
    assert trellis_ops.find_missing() == {"FINISHED"}
    (instance,) = [obj for obj in bpy_context.scene().objects if obj.instance_collection]
    assert len(bpy_context.instanced(instance).objects) == 1
    assert trellis_ops.find_missing() == {"FINISHED"}


def test_menus_hold_the_entries(rooms: Rooms) -> None:
    module = rooms("ui.place.library_ops")
    for name, draw in module.MENUS:
        assert draw in getattr(bpy.types, name).draw._draw_funcs, name
    rooms("registration").unregister()
    try:
        for name, draw in module.MENUS:
            funcs = getattr(getattr(bpy.types, name).draw, "_draw_funcs", [])
            assert draw not in funcs, name
    finally:
        rooms("registration").register()


def test_library_inside_the_extension_is_refused(rooms: Rooms) -> None:
    inside = REPOSITORY / "my props"
    with pytest.raises(rooms("core.errors").LibraryError, match="inside the extension"):
        rooms.new_folder(inside)
    assert not inside.exists()
