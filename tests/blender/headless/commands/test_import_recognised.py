# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user's file is: by its content, else by its ending; and what is said where it is none."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from support.glbs import cube, data_uri, pack
from support.imp_making import JobFactory, quick
from support.imp_named import ASCII_FBX

FACES = "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"


@pytest.fixture
def shop(rooms: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobFactory:
    quick(rooms, monkeypatch)
    return JobFactory(rooms, tmp_path)


OBJS = {
    "bare comment": "#\n" + FACES,
    "comment without a space": "#OBJ\n" + FACES,
    "frame": "####\n#\n# Object model.obj\n####\n" + FACES,
    "two hundred comments": "# a long licence, line after line\n" * 200 + FACES,
    "group": "g part\n" + FACES,
    "group without a name": "g\n" + FACES,
    "normal": "vn 0 0 1\n" + FACES,
    "UV": "vt 0 0\n" + FACES,
    "smoothing": "s off\n" + FACES,
    "material": "usemtl m\n" + FACES,
    "blank lines": "\n\r\n   \n" + FACES,
    "tabs": FACES.replace(" ", "\t"),
    "indented": "  " + FACES.replace("\n", "\n  "),
    "byte order mark": "\ufeff# written by an editor\n" + FACES,
    "windows": FACES.replace("\n", "\r\n"),
    "odd statement": "lod 1\nbevel off\n" + FACES,
    "a hundred kilobytes of comments": "#" + "x" * 100 + "\n" + "# y\n" * 30_000 + FACES,
}


@pytest.mark.parametrize("name", OBJS)
def test_obj_begins_with_anything(shop: JobFactory, name: str) -> None:
    made = shop.brought(shop.write(OBJS[name].encode(), "in/m.obj"))
    assert made.finished.triangles == 1
    assert made.notes == []


@pytest.mark.parametrize("name", [n for n in OBJS if n != "odd statement"])
def test_obj_is_known_without_its_ending(rooms: Any, tmp_path: Path, name: str) -> None:
    # As a download has none. Beyond what is looked at only an ending helps.
    sniffing = rooms("gateway.http.file_type")
    path = tmp_path / "model.part"
    path.write_bytes(OBJS[name].encode())
    assert sniffing.kind_of_file(path) == ("unknown" if "kilobytes" in name else "obj")
    assert sniffing.check_model(path, ".obj") == "obj"


@pytest.mark.parametrize("first", ["images", "extras", "extensionsUsed", "materials", "scene"])
def test_gltf_has_its_keys_in_any_order(shop: JobFactory, first: str) -> None:
    model = cube()
    whole = data_uri(bytes(model.binary), "application/octet-stream")
    model.document["buffers"] = [{"byteLength": len(model.binary), "uri": whole}]
    early = {
        "images": [{"uri": data_uri(b"x" * 2000)}],
        "extras": {"note": "y" * 100_000},
        "extensionsUsed": ["KHR_materials_ior"],
        "materials": [{"name": "m" * 600}],
        "scene": 0,
    }
    document = {first: early[first], **model.document}
    made = shop.brought(shop.write(json.dumps(document).encode(), "in/m.gltf"))
    assert made.finished.triangles == 12


def test_ascii_fbx(shop: JobFactory) -> None:
    text = ASCII_FBX.format(name="gone.png")
    path = shop.folder / "in" / "m.fbx"
    for start in ("", "; Created by hand\n\n", ";FBX\n"):
        assert shop.write((start + text).encode(), "in/m.fbx") == path
        assert shop.rooms("gateway.http.file_type").kind_of_file(path) == "fbx"
    if bpy.app.version < (4, 5, 0):
        with pytest.raises(shop.rooms("core.errors").ImporterError, match="are text") as caught:
            shop.brought(path)
        assert "4.5" in caught.value.facts.next_step
        return
    made = shop.brought(path)
    assert made.finished.triangles == 1
    assert made.finished.size == pytest.approx((0.5, 0.0, 1.0), abs=1e-4), "its own axis is kept"


def _refused(shop: JobFactory, path: Path) -> Any:
    with pytest.raises(shop.rooms("core.errors").TrellisError) as caught:
        shop.brought(path)
    return caught.value.facts


def test_gltf_1_says_so_in_both_forms(shop: JobFactory) -> None:
    old = {
        "asset": {"version": "1.0"},
        "meshes": {"m": {"primitives": []}},
        "nodes": {"n": {"meshes": ["m"]}},
        "buffers": {"b": {"byteLength": 4, "uri": "data:,abcd"}},
    }
    text = json.dumps(old).encode()
    assert "glTF version 1.0, but only 2" in _refused(shop, shop.write(text, "a.gltf")).message
    del old["asset"]  # which its first revision allowed
    text = json.dumps(old).encode()
    assert "glTF version 1, but only 2" in _refused(shop, shop.write(text, "b.gltf")).message
    binary = struct.pack("<4sIIII", b"glTF", 1, 20 + len(text), len(text), 0) + text
    assert "glTF version 1, but only 2" in _refused(shop, shop.write(binary, "c.glb")).message
    inside = pack(json.dumps({"asset": {"version": "1.1"}}).encode())
    assert "glTF version 1.1, but only 2" in _refused(shop, shop.write(inside, "d.glb")).message


@pytest.mark.parametrize("uri", ["mesh data.bin", "mesh%20data.bin", "parts\\mesh data.bin"])
def test_loose_gltf_names_the_file_that_it_lacks(shop: JobFactory, uri: str) -> None:
    model = cube()
    model.document["buffers"] = [{"byteLength": len(model.binary), "uri": uri}]
    facts = _refused(shop, shop.write(json.dumps(model.document).encode(), "in/m.gltf"))
    assert facts.message == "The model lacks mesh data.bin, which belongs to it"
    assert "beside the model" in facts.next_step


def splat(count: int = 500) -> bytes:
    """Splats on an egg's surface, taller along Z than wide."""
    names = "x y z nx ny nz f_dc_0 f_dc_1 f_dc_2 opacity scale_0 scale_1 scale_2".split()
    names += "rot_0 rot_1 rot_2 rot_3".split()
    head = f"ply\nformat binary_little_endian 1.0\nelement vertex {count}\n"
    head += "".join(f"property float {name}\n" for name in names) + "end_header\n"
    points = np.random.default_rng(0).normal(size=(count, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    values = np.zeros((count, len(names)), "<f4")
    values[:, :3] = points * [1, 1, 2]
    values[:, 6:9], values[:, 9], values[:, 10:13], values[:, 13] = points, 4, -2.5, 1
    return head.encode() + values.tobytes()


def test_gaussian_splat_says_what_it_is_or_becomes_a_prop(shop: JobFactory) -> None:
    path = shop.write(splat(), "in/m.ply")
    if bpy.app.version < (5, 3, 0):
        facts = _refused(shop, path)
        assert facts.message.startswith("The file is a Gaussian splat")
        assert "5.3" in facts.next_step
        return
    made = shop.brought(path)
    (cloud,) = [obj for obj in made.collection.all_objects if obj.type == "POINTCLOUD"]
    assert len(cloud.data.points) == 500
    assert "radiance:base" in cloud.data.attributes
    assert made.finished.size[2] == pytest.approx(1.0, abs=1e-3)
    assert made.finished.size[0] == pytest.approx(0.5, abs=0.02)


def test_cloud_of_points_that_is_no_splat_has_no_surface(shop: JobFactory) -> None:
    head = "ply\nformat ascii 1.0\nelement vertex 1\n" + "".join(
        f"property float {axis}\n" for axis in "xyz"
    )
    facts = _refused(shop, shop.write(f"{head}end_header\n0 0 0\n".encode(), "in/m.ply"))
    assert facts.message == "There is no surface in the model"
