# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender's own Export All Collections, on props in the artist's file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import pytest
from support import bpy_context
from support.prop_files import write_prop
from support.rooms import Rooms


def open_scene(folder: Path) -> None:
    folder.mkdir()
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "scene.blend"))


def brought(rooms: Rooms, blend: Path, way: str) -> Any:
    method = rooms("scene.link.methods").Method(way)
    made = rooms("scene.link.linking").bring(blend, method)
    bpy_context.scene().collection.children.link(made)
    return made


def export_all(folder: Path) -> list[str]:
    """The names of what Blender writes beside the scene."""
    export: Any = bpy.ops.wm.collection_export_all
    assert export() == {"FINISHED"}
    return sorted(p.name for p in folder.iterdir() if p.suffix in (".glb", ".fbx", ".usd"))


def with_exporters(rooms: Rooms, blend: Path, **more: Any) -> Path:
    """A prop's file whose collection has exporters, as the importer makes it."""
    write_prop(blend, "Barrel", **more)
    bpy.ops.wm.open_mainfile(filepath=str(blend))
    collections: Any = bpy.data.collections
    rooms("importer.prop.collection_exporters").set_exporters(collections["Barrel"])
    bpy.data.libraries.write(str(blend), {collections["Barrel"]}, fake_user=True)
    return blend


def test_appended_props_are_exported_under_names_of_their_own(rooms: Rooms, tmp_path: Path) -> None:
    with_exporters(rooms, tmp_path / "a" / "prop.blend", proxy=True)
    with_exporters(rooms, tmp_path / "b" / "prop.blend", size=(3, 1, 1))
    folder = tmp_path / "Szene"
    open_scene(folder)
    first = brought(rooms, tmp_path / "a" / "prop.blend", "APPEND")
    second = brought(rooms, tmp_path / "b" / "prop.blend", "APPEND")
    assert (first.name, second.name) == ("Barrel", "Barrel.001")
    assert first.exporters[0].export_properties.export_format == "GLB"
    assert first.exporters[0].export_properties.export_apply
    bpy.ops.wm.save_mainfile()
    names = export_all(folder)
    assert {"Barrel.glb", "Barrel.001.glb", "Barrel.usd", "Barrel.001.usd"} <= set(names)
    for name, size in (("Barrel.glb", (1, 1, 2)), ("Barrel.001.glb", (3, 1, 1))):
        bpy.ops.wm.read_homefile(use_empty=True)
        bpy.ops.import_scene.gltf(filepath=str(folder / name))
        found: Any
        (found,) = [obj for obj in bpy.data.objects if obj.type == "MESH"]
        assert found.dimensions[:] == pytest.approx(size)
        assert "proxy" not in found.name
        assert str(tmp_path).encode() not in (folder / name).read_bytes()


def test_linked_props_are_left_out_and_stay_linked(
    rooms: Rooms, barrel: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "Szene"
    open_scene(folder)
    made = brought(rooms, barrel.blend, "LINK")
    assert made.library
    name = made.name
    assert len(made.exporters) >= 2, "the importer has set them"
    assert export_all(folder) == []
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.open_mainfile(filepath=str(folder / "scene.blend"))
    assert [c.name for c in bpy.data.collections if c.library is not None] == [name]


def test_setting_them_again_adds_none(rooms: Rooms) -> None:
    set_exporters = rooms("importer.prop.collection_exporters").set_exporters
    collection: Any = bpy.data.collections.new("Vase")
    set_exporters(collection)
    before = [each.name for each in collection.exporters]
    set_exporters(collection)
    assert [each.name for each in collection.exporters] == before
    assert before[0] == "glTF 2.0"
    assert collection.exporters[0].export_properties.export_apply
