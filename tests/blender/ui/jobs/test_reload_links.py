# SPDX-License-Identifier: GPL-3.0-or-later
"""A prop that is finished again while the open file links it, and what can be undone then."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import pytest
from support import bpy_context
from support.prop_files import write_prop
from support.rooms import Rooms

Again = Callable[..., None]

needs_care = pytest.mark.skipif(
    bpy.app.version < (5, 1, 0), reason="Blender undoes everything there"
)


@pytest.fixture
def again(rooms: Rooms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Again:
    """Places a prop and moves it, as two undo steps; then finishes it again with other values."""
    monkeypatch.setattr(rooms("scene.place.undo_steps"), "is_watched", lambda: True)

    def run(**values: Any) -> None:
        blend = tmp_path / "p-00000000" / "prop.blend"
        new = write_prop(tmp_path / "new" / "prop.blend", "P", **values)
        write_prop(blend, "P")
        bpy.ops.ed.undo_push(message="start")
        placing = rooms("scene.place.placing")
        item = placing.PlaceItem(blend, placing.at_cursor(bpy_context.scene()))
        (placed,) = placing.place_many([item])
        assert placed.error is None
        bpy.ops.ed.undo_push(message="placed")
        empty().location.x = 7.0
        bpy.ops.ed.undo_push(message="moved")
        shutil.copy(new, blend)
        assert rooms("ui.jobs.reload_links").reload_prop(blend.parent, blend) == 1

    return run


def empty() -> Any:
    (obj,) = bpy_context.scene().objects
    return obj


def undo(times: int) -> int:
    """How many steps could be undone."""
    undo_operator: Any = bpy.ops.ed.undo
    for number in range(times):
        if not undo_operator.poll():
            return number
        undo_operator()
        bpy_context.view_layer().update()
    return times


def test_same_data_blocks_keep_what_can_be_undone(again: Again) -> None:
    again(size=(3.0, 1.0, 2.0))
    assert undo(2) == 2
    assert len(bpy_context.scene().objects) == 0


@needs_care
def test_new_data_blocks_forget_what_cannot(again: Again) -> None:
    """An armature comes. To undo the placing would crash Blender at the second time."""
    most = bpy_context.preferences().edit.undo_steps
    again(rig=True)
    assert undo(5) < 5
    assert empty().location.x == 7.0, "nothing before is left"
    assert bpy_context.preferences().edit.undo_steps == most
    bpy.ops.ed.redo()
    assert empty().instance_collection is not None
