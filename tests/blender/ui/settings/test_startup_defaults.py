# SPDX-License-Identifier: GPL-3.0-or-later
"""Save as Defaults and Restore Factory Settings: what new files begin with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest
from support import bpy_context
from support.bpy_context import trellis_ops
from support.rooms import KEY, Rooms


@pytest.fixture
def own(rooms: Rooms) -> Iterator[Any]:
    preferences = rooms("preferences").stored()
    yield preferences
    preferences.property_unset("default_settings")
    preferences.property_unset("api_key")


def settings_now() -> Any:
    """`Scene.trellis`; the one of before dies with its file."""
    return bpy_context.properties()


def change() -> None:
    group = settings_now()
    group.count, group.method, group.where = 3, "APPEND", "ORIGIN"
    group.model.use_seed, group.model.seed = True, 42
    group.finishing.metres, group.finishing.opaque = 0.25, False


def new_file() -> Any:
    bpy.ops.wm.read_homefile(use_empty=True)
    return settings_now()


def test_new_files_begin_with_the_saved_settings(own: Any) -> None:
    change()
    assert new_file().count == 1, "nothing was saved yet"
    change()
    assert trellis_ops.save_defaults() == {"FINISHED"}
    assert bpy_context.preferences().is_dirty
    group = new_file()
    assert (group.count, group.method, group.where) == (3, "APPEND", "ORIGIN")
    assert (group.model.use_seed, group.model.seed) == (True, 42)
    assert (group.finishing.metres, group.finishing.opaque) == (0.25, False)
    assert not group.finishing.is_property_set("triangles"), "the rest is left to the factory"


def test_a_file_with_settings_of_its_own_keeps_them(own: Any, tmp_path: Path) -> None:
    settings_now().where = "ORIGIN"
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "own.blend"))
    new_file().prompt = "small vase"
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "prompt.blend"))
    new_file()
    change()
    trellis_ops.save_defaults()
    for name in ("own", "prompt"):
        bpy.ops.wm.open_mainfile(filepath=str(tmp_path / f"{name}.blend"))
        assert settings_now().count == 1


def test_restore_factory_settings(own: Any) -> None:
    change()
    settings_now().prompt = "small vase"
    trellis_ops.save_defaults()
    assert trellis_ops.restore_factory() == {"FINISHED"}
    group = settings_now()
    assert (group.count, group.method, group.finishing.metres) == (1, "PREFERENCES", 1.0)
    assert group.prompt == "small vase"
    assert own.default_settings == ""
    assert new_file().count == 1


def test_nothing_secret_and_nothing_of_the_file(own: Any) -> None:
    own.api_key = KEY
    change()
    group = settings_now()
    group.prompt, group.name = "secret barrel", "secret name"
    group.reference = bpy.data.images.new("secret image", 8, 8)
    group.collection = bpy.data.collections.new("secret shelf")
    trellis_ops.save_defaults()
    assert set(json.loads(own.default_settings)) == {"", "model", "finishing"}
    assert "secret" not in own.default_settings
    assert KEY not in own.default_settings


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[1]",
        '{"": 3}',
        '{"": {"method": "GONE", "later": 1, "count": "x", "where": "ORIGIN"}}',
    ],
)
def test_what_cannot_be_read_is_left_out(own: Any, text: str) -> None:
    own.default_settings = text
    group = new_file()
    assert (group.count, group.method) == (1, "PREFERENCES")
    assert group.where == ("ORIGIN" if "ORIGIN" in text else "CURSOR")
