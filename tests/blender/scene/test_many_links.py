# SPDX-License-Identifier: GPL-3.0-or-later
"""Hundreds of props are linked by a few files, and end up as if each had been linked by itself."""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from typing import Any

import bpy
import pytest
from support import bpy_context
from support.prop_files import write_prop
from support.rooms import Rooms

COUNT = 130


@pytest.fixture
def many(rooms: Rooms, tmp_path: Path) -> list[Any]:
    """Props of two names, as the library gives them; the first ones each have a fault."""
    placeable = rooms("scene.place.placeable").PlaceableProp
    models = [(name, write_prop(tmp_path / name / "prop.blend", name)) for name in ("Vase", "Jug")]
    props = []
    for number in range(COUNT):
        name, model = models[number % 2]
        blend = tmp_path / "library" / f"{name.lower()}-{number:08x}" / "prop.blend"
        blend.parent.mkdir(parents=True)
        shutil.copyfile(model, blend)
        props.append(placeable(blend.parent.name, blend, None, name))
    props[0].blend.unlink()
    props[1].blend.write_bytes(b"no Blender file")
    props[2] = placeable(props[2].id, props[2].blend, None, "A name of another")
    props[3] = placeable(props[3].id, props[3].blend, None, "")
    return props


def test_scene_of_many(rooms: Rooms, many: list[Any], tmp_path: Path) -> None:
    scene = tmp_path / "all.blend"
    names = [f"Prop {number}" for number in range(COUNT)]
    grid = rooms("headless.outputs.scene_grid")
    placed = grid.put_as_grid(many, names, scene)
    assert [bool(result.error) for result in placed] == [True, True, *[False] * (COUNT - 2)]
    assert "missing" in str(placed[0].error)
    bpy.ops.wm.open_mainfile(filepath=str(scene))
    shown: list[Any] = [o for o in bpy_context.scene().objects if o.instance_collection]
    assert len(shown) == COUNT - 2
    paths = (obj.instance_collection.library.filepath for obj in shown)
    linked = {path.replace("\\", "/") for path in paths}
    assert linked == {f"//library/{prop.id}/prop.blend" for prop in many[2:]}
    assert all(obj.instance_collection.all_objects for obj in shown)
    # Neither the files between nor their collections are left.
    assert len(bpy.data.libraries) == COUNT - 2
    assert not [c.name for c in bpy.data.collections if c.name.startswith("Trellis Links")]
    if bpy.app.version[:2] != (5, 0):
        assert {library.name[:3] for library in bpy.data.libraries} == {"Vas", "Jug"}
    again = grid.put_as_grid(many[2:], names[2:], scene)
    assert {result.note for result in again} == {grid.THERE}


def test_few_files_stand_between(rooms: Rooms, many: list[Any], tmp_path: Path) -> None:
    module, linking = rooms("scene.link.many_links"), rooms("scene.link.linking")
    named = [prop for prop in many if prop.collection]
    with module.prepared_links([(p.blend, p.collection) for p in many]) as links:
        assert len(set(links.files.values())) == math.ceil(len(named) / module.TOGETHER)
        bpy.ops.wm.read_homefile(use_empty=True)
        links.join([prop.blend for prop in many[4:]])
    known = linking.LinkedProps()
    assert all(known.get(prop.blend) for prop in many[4:])
    assert not any(known.get(prop.blend) for prop in many[:4])


def test_few_props_are_linked_one_by_one(rooms: Rooms, many: list[Any]) -> None:
    module = rooms("scene.link.many_links")
    few = [(prop.blend, prop.collection) for prop in many[: module.FEWEST - 1]]
    with module.prepared_links(few) as links:
        assert not links.files
        links.join([prop.blend for prop in many])
    assert not bpy.data.libraries
