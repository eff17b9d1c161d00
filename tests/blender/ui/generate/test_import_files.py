# SPDX-License-Identifier: GPL-3.0-or-later
"""Mesh files on this disk become props: by the operator, without any network."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import pytest
from support import bpy_context
from support.bpy_context import trellis_ops
from support.glbs import cube, png
from support.rooms import Rooms, parts, props

OBJ = """mtllib a chair.mtl
o Chair
v 0 0 0
v 1 0 0
v 1 0 1
v 0 1 0
vt 0 0
vt 1 0
vt 1 1
vn 0 1 0
usemtl wood
f 1/1/1 2/2/1 3/3/1
f 1/1/1 3/2/1 4/3/1
f 1/1/1 4/2/1 2/3/1
f 2/1/1 4/2/1 3/3/1
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """One file of each kind, and what they name."""
    folder = tmp_path / "Meine Möbel"
    folder.mkdir()
    (folder / "box.glb").write_bytes(cube().pack())
    (folder / "chair.obj").write_text(OBJ)
    (folder / "a chair.mtl").write_text("newmtl wood\nKd 1 1 1\nmap_Kd wood.png\n")
    (folder / "wood.png").write_bytes(png())
    model = cube()
    model.document["buffers"][0] |= {"uri": "crate%20data.bin", "byteLength": len(model.binary)}
    (folder / "crate data.bin").write_bytes(bytes(model.binary))
    (folder / "crate.gltf").write_text(json.dumps(model.document))
    (folder / "broken.glb").write_bytes(cube().pack()[:300])
    return folder


@pytest.fixture(autouse=True)
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user with a library, but neither key nor gateway."""
    monkeypatch.setenv("TRELLIS_LIBRARY", str(tmp_path / "library"))
    return tmp_path / "library"


def import_files(folder: Path, *names: str) -> set[str]:
    done: set[str] = trellis_ops.import_files(
        directory=str(folder), files=[{"name": name} for name in names]
    )
    return done


def instances() -> list[Any]:
    found = [obj for obj in bpy_context.scene().objects if obj.instance_collection]
    return sorted(found, key=lambda obj: float(obj.location.x))


def record(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "prop.json").read_text("utf-8"))
    return content


def test_all_kinds_side_by_side(
    files: Path, library: Path, sockets: Callable[[], list[str]]
) -> None:
    bpy_context.properties().finishing.metres = 2.0
    bpy_context.scene().cursor.location = (1.0, 0.0, 0.0)
    assert import_files(files, "box.glb", "chair.obj", "crate.gltf") == {"FINISHED"}
    assert sockets() == []
    assert [round(obj.location.x, 4) for obj in instances()] == [1.0, 3.5, 6.0]
    made = {folder.name.rsplit("-", 1)[0]: folder for folder in props(library)}
    assert sorted(made) == ["box", "chair", "crate"]
    models = {name: sorted(f.name for f in made[name].glob("model.*")) for name in made}
    assert models == {"box": ["model.glb"], "chair": ["model.zip"], "crate": ["model.zip"]}
    for name, source in (("box", "box.glb"), ("chair", "chair.obj"), ("crate", "crate.gltf")):
        kept = record(made[name])
        assert kept["state"] == "ready"
        assert kept["request"]["source"] == str(files / source)
        assert kept["request"]["name"] == name
        assert kept["origin"]["calls"] == []
        assert max(kept["prop"]["size_metres"]) == pytest.approx(2.0, abs=1e-4)
        assert (made[name] / "thumbnail.png").is_file()
    chair = instances()[1].instance_collection
    images = {
        node.image
        for obj in chair.all_objects
        for slot in getattr(obj, "material_slots", ())
        for node in slot.material.node_tree.nodes
        if node.type == "TEX_IMAGE"
    }
    assert len(images) == 1, "its texture came along"


def test_broken_file_says_so_and_the_others_come(files: Path, library: Path) -> None:
    with pytest.raises(RuntimeError, match=r"broken\.glb is no model that can be used"):
        import_files(files, "broken.glb", "box.glb")
    (instance,) = instances()
    states = {folder.name.rsplit("-", 1)[0]: record(folder)["state"] for folder in props(library)}
    assert states == {"broken": "failed", "box": "ready"}
    assert parts(library) == []
    assert instance.instance_collection.library.filepath.endswith("prop.blend")


def test_nothing_is_chosen(library: Path) -> None:
    with pytest.raises(RuntimeError, match="No file is chosen"):
        trellis_ops.import_files()
    assert not library.exists()


def test_library_that_cannot_be_written(
    files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRELLIS_LIBRARY", str(files / "wood.png" / "library"))
    with pytest.raises(RuntimeError, match="cannot be written"):
        import_files(files, "box.glb")
    assert instances() == []


def test_imported_prop_can_be_finished_again(files: Path, library: Path) -> None:
    assert import_files(files, "box.glb") == {"FINISHED"}
    (folder,) = props(library)
    bpy_context.properties().finishing.metres = 3.0
    assert trellis_ops.finish_again(prop_id=folder.name) == {"FINISHED"}
    assert record(folder)["state"] == "ready"


def test_files_can_be_dropped_into_a_3d_view(rooms: Rooms) -> None:
    handler = bpy.types.FileHandler.bl_rna_get_subclass_py("TRELLIS_FH_meshes")
    assert handler.bl_import_operator == "trellis.import_files"
    endings = handler.bl_file_extensions.split(";")
    assert {".glb", ".gltf", ".obj", ".fbx", ".zip"} <= set(endings)
    assert all(ending.startswith(".") for ending in endings)
    assert not handler.poll_drop(bpy.context), "there is no 3D view here"
