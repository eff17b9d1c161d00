# SPDX-License-Identifier: GPL-3.0-or-later
"""Presets by Blender's own system: kept, taken up, removed; with nothing secret in them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest
from support import bpy_context
from support.bpy_context import trellis_ops
from support.rooms import KEY, Rooms

NAME = "Game asset"


@pytest.fixture
def folder(rooms: Rooms) -> Iterator[Path]:
    panel = rooms("ui.settings.presets").TRELLIS_PT_presets
    label = panel.bl_label
    place = Path(bpy.utils.user_resource("SCRIPTS")) / "presets" / "trellis"
    yield place
    panel.bl_label = label  # Blender writes the name of the preset in use over it
    for path in place.glob("*.py"):
        path.unlink()


def change(group: Any) -> None:
    group.count, group.method, group.where = 3, "APPEND", "ORIGIN"
    group.model.use_seed, group.model.seed = True, 42
    group.model.system = 'Say "low poly"\nand nothing else \\ é'
    group.finishing.metres = 0.25


def values(group: Any) -> dict[str, Any]:
    """All that a preset may hold, by its path."""
    parts = {"": group, "model.": group.model, "finishing.": group.finishing}
    return {
        f"{name}{prop.identifier}": getattr(part, prop.identifier)
        for name, part in parts.items()
        for prop in part.bl_rna.properties
        if prop.type in ("BOOLEAN", "INT", "FLOAT", "STRING", "ENUM")
        and not getattr(prop, "is_array", False)
        and prop.identifier != "name"
    }


def test_add_apply_remove(rooms: Rooms, folder: Path) -> None:
    group = bpy_context.properties()
    group.prompt = "a prompt that stays"
    plain = values(group)
    change(group)
    changed = values(group)
    assert trellis_ops.add_preset(name=NAME) == {"FINISHED"}
    (file,) = folder.glob("*.py")
    bpy.ops.wm.read_homefile(use_empty=True)
    group = bpy_context.properties()
    assert values(group) == {**plain, "prompt": ""}
    group.prompt = "another prompt"
    menu = "TRELLIS_PT_presets"
    bpy.ops.script.execute_preset(filepath=str(file), menu_idname=menu)
    assert values(group) == {**changed, "prompt": "another prompt"}
    trellis_ops.add_preset(name=file.stem, remove_name=True)
    assert list(folder.glob("*.py")) == []


def test_nothing_secret_and_nothing_of_the_file(rooms: Rooms, folder: Path) -> None:
    own = rooms("preferences").stored()
    own.api_key = KEY
    group = bpy_context.properties()
    group.prompt = "secret barrel"
    group.name = "Secret name"
    change(group)
    trellis_ops.add_preset(name=NAME)
    (file,) = folder.glob("*.py")
    text = file.read_text("utf-8")
    assert "trellis.finishing.metres = 0.25" in text
    for word in ("sk-aig", KEY, "secret", "Secret", "prompt", "reference", "collection"):
        assert word not in text


def test_every_setting_of_the_panels_is_in_a_preset(rooms: Rooms) -> None:
    operator = rooms("ui.settings.presets").TRELLIS_OT_add_preset
    kept = set(operator.preset_values)
    for part in ("model", "finishing"):
        group = getattr(bpy_context.properties(), part)
        for prop in group.bl_rna.properties:
            if prop.identifier not in ("rna_type", "name") and not prop.is_readonly:
                assert f"trellis.{part}.{prop.identifier}" in kept
