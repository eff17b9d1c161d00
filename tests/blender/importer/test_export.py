# SPDX-License-Identifier: GPL-3.0-or-later
"""Exports by Blender's own exporters, in a background Blender: the full mesh, and nothing left."""

from __future__ import annotations

import shutil
import sys
import threading
import zipfile
from pathlib import Path
from typing import Any

import bpy
import pytest
from support import bpy_context
from support.bpy_context import trellis_ops
from support.prop_files import stored_prop, write_prop
from support.rooms import Rooms

EVERY = ("glb", "fbx", "obj", "usd", "usdz", "blend")


def this_blender(rooms: Rooms) -> Any:
    command = rooms("importer.pipe.background_blender").command_for("", sys.executable)
    return rooms("importer.pipe.export_client").BlenderProgram(command, bpy.app.version)


@pytest.fixture(scope="module")
def heavy(rooms: Rooms, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A prop with a stand-in: its full box has a few vertices more, and another picture."""
    library = tmp_path_factory.mktemp("Bücher und Stühle")
    folder = stored_prop(rooms, library, "Vase")
    write_prop(folder.blend, "Vase", proxy=True, beside=True)
    return folder


@pytest.fixture(scope="module")
def exported(rooms: Rooms, heavy: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Every format at once, into a folder that does not exist yet."""
    target = tmp_path_factory.mktemp("out") / "neue Exporte"
    module = rooms("importer.pipe.export_client")
    done = module.export_prop(
        this_blender(rooms),
        heavy,
        module.ExportRequest(EVERY, target, "vase"),
    )
    return target, done


def importers(rooms: Rooms) -> dict[str, Any]:
    """How each format is read back."""
    return {
        "glb": bpy.ops.import_scene.gltf,
        "fbx": rooms("importer.read.other_formats").operator_for(".fbx"),
        "obj": bpy.ops.wm.obj_import,
        "usd": bpy.ops.wm.usd_import,
    }


def meshes() -> list[Any]:
    """The objects with a mesh of the open file."""
    return [obj for obj in bpy.data.objects if obj.type == "MESH"]


def test_every_format_has_its_file_and_nothing_else_is_left(exported: Any) -> None:
    target, done = exported
    names = [path.name for path in done.files]
    assert names == ["vase.glb", "vase.fbx", "vase.obj", "vase.usdc", "vase.usdz", "vase.blend"]
    there = {p for p in target.rglob("*") if p.is_file()}
    assert there == {*done.files, *done.beside}
    assert target / "vase.mtl" in done.beside
    assert not [p for p in target.rglob("*") if "part" in p.name or p.name.startswith(".")]


def test_pictures_are_named_after_the_prop(rooms: Rooms, barrel: Any, tmp_path: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in barrel.path.rglob("*") if p.is_file()}
    module = rooms("importer.pipe.export_client")
    wanted = module.ExportRequest(("obj", "usd"), tmp_path)
    done = module.export_prop(this_blender(rooms), barrel, wanted)
    pictures = [path for path in done.beside if path.suffix != ".mtl"]
    assert len(pictures) >= 2
    assert all(path.name.startswith(barrel.id) for path in pictures)
    material = (tmp_path / f"{barrel.id}.mtl").read_text(encoding="utf-8")
    named = [line.split()[-1] for line in material.splitlines() if line.startswith("map_")]
    assert named
    assert all((tmp_path / name).is_file() for name in named), named
    bpy.ops.wm.usd_import(filepath=str(done.files[1]), import_textures_mode="IMPORT_NONE")
    images = [image for image in bpy.data.images if image.source == "FILE"]
    assert images
    assert all(Path(bpy.path.abspath(i.filepath)).is_file() for i in images)
    assert before == {p: p.stat().st_mtime_ns for p in before}


@pytest.mark.parametrize("name", ["glb", "fbx", "obj", "usd"])
def test_the_full_mesh_is_in_it_and_no_stand_in(rooms: Rooms, exported: Any, name: str) -> None:
    _, done = exported
    read = importers(rooms)[name]
    if name == "fbx":
        newest = bpy.app.version >= (4, 5, 0)
        assert read.idname() == ("WM_OT_fbx_import" if newest else "IMPORT_SCENE_OT_fbx")
    read(filepath=str(done.files[EVERY.index(name)]))
    found = meshes()
    assert len(found) == 1, [obj.name for obj in bpy.data.objects]
    assert "proxy" not in found[0].name
    bpy_context.view_layer().update()
    corners = [found[0].matrix_world @ vertex.co for vertex in found[0].data.vertices]
    size = [max(c[i] for c in corners) - min(c[i] for c in corners) for i in range(3)]
    assert size == pytest.approx([1.0, 1.0, 2.0], abs=0.01)
    assert min(c[2] for c in corners) == pytest.approx(0.0, abs=0.01)


def test_the_blend_holds_the_prop_alone_with_its_pictures(exported: Any) -> None:
    _, done = exported
    bpy.ops.wm.open_mainfile(filepath=str(done.files[-1]))
    assert len(meshes()) == 1
    images = [image for image in bpy.data.images if image.source == "FILE"]
    assert images
    assert all(image.packed_file for image in images)


def test_the_prop_itself_is_left_as_it_was(exported: Any, heavy: Any) -> None:
    names = sorted(path.name for path in heavy.path.iterdir())
    assert names == ["prop.blend", "prop.json", "textures"]


def test_a_destination_names_the_files(rooms: Rooms, barrel: Any, tmp_path: Path) -> None:
    module, table = rooms("importer.pipe.export_client"), rooms("core.destinations.table")
    export = table.built_in()["unreal"].export
    wanted = module.ExportRequest(export.formats, tmp_path, "Oak barrel", export)
    done = module.export_prop(this_blender(rooms), barrel, wanted)
    assert [path.name for path in done.files] == ["SM_Oak_barrel.fbx"]
    assert all(path.name.startswith("T_Oak_barrel_") for path in done.beside)
    assert {"BC", "ORM"} <= {path.stem.rpartition("_")[2] for path in done.beside}
    assert {path.name for path in tmp_path.iterdir()} == {
        path.name for path in (*done.files, *done.beside)
    }


def test_what_cannot_be_exported_is_told(
    rooms: Rooms, heavy: Any, exported: Any, tmp_path: Path
) -> None:
    client, errors = rooms("importer.pipe.export_client"), rooms("core.errors")
    export, request = client.export_prop, client.ExportRequest
    command = (sys.executable, "-c", "raise SystemExit(1)")
    broken = client.BlenderProgram(command, bpy.app.version)
    with pytest.raises(errors.InputError, match="no export format stl"):
        export(broken, heavy, request(("stl",), tmp_path))
    waiting = rooms.new_folder(tmp_path / "library", prompt="x")
    with pytest.raises(errors.PlacingError, match="not ready"):
        export(broken, waiting, request(("glb",), tmp_path))
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(errors.LibraryError, match="cannot be written"):
        export(broken, heavy, request(("glb",), tmp_path / "file"))
    target = tmp_path / "out"
    target.mkdir()
    (target / "prop.glb").write_text("older", encoding="utf-8")
    with pytest.raises(errors.ImporterError, match="stopped"):
        export(broken, heavy, request(("glb",), target, "prop"))
    token = rooms("core.cancel").CancelToken()
    token.cancel()
    with pytest.raises(errors.CancelledError):
        export(broken, heavy, request(("glb",), target, "prop"), token=token)
    assert [p.name for p in target.iterdir()] == ["prop.glb"]
    assert (target / "prop.glb").read_text(encoding="utf-8") == "older"


def test_the_operator_in_background_mode_and_a_damaged_file(
    rooms: Rooms, settings: Path, tmp_path: Path
) -> None:
    folder = stored_prop(rooms, settings, "Vase")
    path = tmp_path / "My Vase.old"
    export = trellis_ops.export_prop
    assert export(prop_id=folder.id, filepath=str(path), file_format="OBJ") == {"FINISHED"}
    assert (tmp_path / "My Vase.old.obj").is_file()
    assert export(prop_id=folder.id, filepath=str(path), file_format="USDZ") == {"FINISHED"}
    assert zipfile.is_zipfile(tmp_path / "My Vase.old.usdz")
    folder.blend.write_bytes(b"no blend")
    with pytest.raises(RuntimeError, match="cannot read the prop's file"):
        export(prop_id=folder.id, filepath=str(tmp_path / "a.glb"))
    assert not (tmp_path / "a.glb").exists()
    assert not [t for t in threading.enumerate() if t.name == "trellis export"]
    shutil.rmtree(folder.path)
