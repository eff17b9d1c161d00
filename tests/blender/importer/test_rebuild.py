# SPDX-License-Identifier: GPL-3.0-or-later
"""A rebuilt prop keeps to its budget, looks like the received one, and exports as a good glTF."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from gateway.meshes import make_glb
from PIL import Image
from support.imp_making import JobFactory, picture_of, quick
from support.imp_models import animated, dressed, egg, picture, rigged, shelf
from support.processes import Ended
from support.rooms import Rooms

LITTLE: dict[str, Any] = {"rebuild": "custom", "rebuild_triangles": 2_000, "map_size": 256}
PLAIN: dict[str, Any] = {"proxy": False}


@pytest.fixture
def shop(rooms: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobFactory:
    quick(rooms, monkeypatch)
    return JobFactory(rooms, tmp_path)


@pytest.fixture(scope="module")
def barrel_glb() -> bytes:
    return make_glb("weathered oak barrel", 0, 20_000, 256)


def uv_triangles(mesh: Any) -> Any:
    """(T, 3, 2)."""
    mesh.calc_loop_triangles()
    uvs = np.array([tuple(each.vector) for each in mesh.uv_layers[0].uv])
    return uvs[np.array([tuple(each.loops) for each in mesh.loop_triangles])]


def png_of(values: Any) -> bytes:
    out = io.BytesIO()
    Image.fromarray(values).save(out, "PNG")
    return out.getvalue()


def pixels(image: Any) -> Any:
    values = np.empty(len(image.pixels), dtype=np.float32)
    image.pixels.foreach_get(values)
    return values.reshape(image.size[1], image.size[0], -1)


def map_of(made: Any, word: str) -> Any:
    (found,) = [image for image in made.textures if image.name.endswith(word)]
    return found


def outline_and_colour(one: Any, other: Any) -> tuple[float, float]:
    """The IoU of two pictures' outlines, and the difference of colours, from 0 to 255."""
    a, b = one[..., 3] > 0.5, other[..., 3] > 0.5
    both = (one[..., 3] > 0.98) & (other[..., 3] > 0.98)
    return (a & b).sum() / (a | b).sum(), 255 * float(np.abs(one - other)[both][:, :3].mean())


def test_a_barrel(shop: JobFactory, rooms: Rooms, barrel_glb: bytes, tmp_path: Path) -> None:
    path = shop.write(barrel_glb)
    before = shop.made(path, **PLAIN)
    wanted = picture_of(before.collection, tmp_path / "a.png", rooms)
    size = before.finished.size
    made = shop.made(path, **LITTLE, **PLAIN)
    assert 1_900 <= made.finished.triangles <= 2_000
    assert made.finished.size == pytest.approx(size, rel=5e-3)
    (obj,) = made.meshes
    assert obj.parent is None
    assert list(obj.location) == [0, 0, 0]
    assert len(obj.data.materials) == 1
    assert any("triangles, with maps of 256" in note for note in made.notes)
    overlap = rooms("importer.rebuild.texels")
    places = uv_triangles(obj.data) * 1024
    found = overlap.inside(places, np.arange(len(places)))
    deep = found.shares.min(axis=1) > 0.01
    keys = found.y[deep] * 1024 + found.x[deep]
    assert len(keys) - len(np.unique(keys)) <= 2
    outline, colour = outline_and_colour(wanted, picture_of(made.collection, tmp_path / "b", rooms))
    assert outline > 0.985
    assert colour < 9
    # The normal map is needed for that, and nothing of the received prop is left.
    assert {Path(bpy.path.abspath(image.filepath)).parent.name for image in made.textures} == {
        "textures"
    }
    assert {file.stem for file in (tmp_path / "textures").iterdir()} >= {
        "base-color",
        "normal",
        "occlusion-roughness-metallic",
    }


def test_the_normal_map_brings_the_shape_back(shop: JobFactory) -> None:
    coarse: dict[str, Any] = {"rebuild": "custom", "rebuild_triangles": 150, "map_size": 128}
    made = shop.made(shop.write(egg(40).pack()), **coarse, **PLAIN, origin="volume")
    (obj,) = made.meshes
    mesh = obj.data
    mesh.calc_tangents()
    shown = pixels(map_of(made, "normal"))
    uvs = (uv_triangles(mesh).mean(axis=1) * len(shown)).astype(int)
    aims = shown[uvs[:, 1], uvs[:, 0], :3] * 2 - 1
    loops = [[mesh.loops[k] for k in each.loops] for each in mesh.loop_triangles]
    normal = np.array([[tuple(loop.normal) for loop in three] for three in loops]).mean(axis=1)
    tangent = np.array([[tuple(loop.tangent) for loop in three] for three in loops]).mean(axis=1)
    sign = np.array([three[0].bitangent_sign for three in loops])[:, None]
    bent = aims[:, :1] * tangent + aims[:, 1:2] * sign * np.cross(normal, tangent)
    bent += aims[:, 2:] * normal
    # An egg of half-axes a has the normal x / a^2.
    axes = np.array(made.finished.size) / 2
    true = np.array([tuple(each.center) for each in mesh.loop_triangles]) / axes**2

    def degrees_off(found: Any) -> float:
        cosines = (found * true).sum(axis=1)
        cosines /= np.linalg.norm(found, axis=1) * np.linalg.norm(true, axis=1)
        return float(np.degrees(np.arccos(np.clip(cosines, -1, 1))).mean())

    assert degrees_off(bent) < 2.0
    assert degrees_off(bent) < 0.6 * degrees_off(normal)


def test_a_received_normal_map_goes_into_the_new_one(shop: JobFactory) -> None:
    # One colour that tilts every normal by 45 degrees, whichever way the new UVs are turned.
    tilt = png_of(np.tile(np.array([218, 128, 218], dtype=np.uint8), (8, 8, 1)))
    model = dressed(egg(24), tilt, normalTexture={"index": 0})
    made = shop.made(shop.write(model.pack()), **LITTLE | {"rebuild_triangles": 500}, **PLAIN)
    shown = pixels(map_of(made, "normal"))
    uvs = (uv_triangles(made.meshes[0].data).mean(axis=1) * len(shown)).astype(int)
    heights = shown[uvs[:, 1], uvs[:, 0], 2] * 2 - 1
    assert float(np.median(heights)) == pytest.approx(np.cos(np.radians(45)), abs=0.03)


def test_colours_come_to_their_places(shop: JobFactory) -> None:
    # The picture is red at the left and green at the right, along the equator of the egg.
    strip = np.zeros((32, 64, 3), dtype=np.uint8)
    strip[:, :32, 0] = strip[:, 32:, 1] = 255
    made = shop.made(
        shop.write(dressed(egg(24), png_of(strip)).pack()),
        **LITTLE | {"rebuild_triangles": 300},
        **PLAIN,
    )
    (obj,) = made.meshes
    shown = pixels(map_of(made, "base color"))
    places = (uv_triangles(obj.data).mean(axis=1) * len(shown)).astype(int)
    seen = shown[places[:, 1], places[:, 0]]
    obj.data.calc_loop_triangles()
    centres = np.array([tuple(each.center) for each in obj.data.loop_triangles])
    clear = np.abs(centres[:, 1]) > 0.05  # not at the border of the two colours
    red = seen[:, 0] > seen[:, 1]
    sides = centres[clear, 1] > 0
    same = (red[clear] == sides).mean()
    assert max(same, 1 - same) > 0.98


def test_it_exports_as_a_gltf(shop: JobFactory, barrel_glb: bytes, tmp_path: Path) -> None:
    shop.made(shop.write(barrel_glb), **LITTLE, **PLAIN)
    target = tmp_path / "out.glb"
    bpy.ops.export_scene.gltf(filepath=str(target), export_format="GLB")
    content = target.read_bytes()
    (length,) = struct.unpack_from("<I", content, 12)
    document = json.loads(content[20 : 20 + length])
    (material,) = document["materials"]
    rough = material["pbrMetallicRoughness"]
    assert material["occlusionTexture"]["index"] == rough["metallicRoughnessTexture"]["index"]
    assert {"baseColorTexture", "metallicRoughnessTexture"} <= set(rough)
    assert rough["baseColorTexture"]["index"] != material["normalTexture"]["index"]
    assert material.get("alphaMode", "OPAQUE") == "OPAQUE"
    assert len(document["images"]) == 3
    again = shop.made(target, **PLAIN)
    assert 1_990 <= again.finished.triangles <= 2_000
    assert len(set(again.textures)) == 3


@pytest.mark.parametrize("mode", ["MASK", "BLEND"])
def test_holes_of_an_alpha_stay(shop: JobFactory, mode: str) -> None:
    leaf = np.full((64, 64, 4), 255, dtype=np.uint8)
    leaf[:, :24, 3] = 0 if mode == "MASK" else 120
    model = dressed(egg(24), png_of(leaf), alphaMode=mode)
    made = shop.made(shop.write(model.pack()), **LITTLE | {"rebuild_triangles": 500}, **PLAIN)
    assert made.shader.inputs["Alpha"].is_linked
    alpha = pixels(map_of(made, "base color"))[..., 3]
    assert np.ptp(alpha) > 0.5
    cut = [node for node in made.nodes if node.type == "MATH"]
    assert bool(cut) == (mode == "MASK")


def test_light_of_its_own_stays(shop: JobFactory) -> None:
    model = dressed(egg(24), png_of(np.full((8, 8, 3), 200, dtype=np.uint8)))
    model.document["materials"][0]["emissiveFactor"] = [1.0, 0.5, 0.0]
    made = shop.made(shop.write(model.pack()), **LITTLE | {"rebuild_triangles": 500}, **PLAIN)
    assert made.shader.inputs["Emission Strength"].default_value == pytest.approx(1.0)
    colour = pixels(map_of(made, "emission")).reshape(-1, 4).mean(axis=0)
    assert colour[0] > 0.95
    assert 0.6 < colour[1] < 0.8  # 0.5 as sRGB
    assert colour[2] < 0.05


def test_what_the_maps_cannot_show_is_said(shop: JobFactory) -> None:
    model = dressed(egg(24), picture())
    model.document["materials"][0]["extensions"] = {
        "KHR_materials_clearcoat": {"clearcoatFactor": 0.8},
        "KHR_materials_sheen": {"sheenColorFactor": [1.0, 0.5, 0.5]},
    }
    model.document["extensionsUsed"] = ["KHR_materials_clearcoat", "KHR_materials_sheen"]
    few = LITTLE | {"rebuild_triangles": 500}
    made = shop.made(shop.write(model.pack()), **few, **PLAIN)
    assert "The clear coat and the sheen are not in the maps" in made.notes
    plain = shop.made(shop.write(dressed(egg(24), picture()).pack()), **few, **PLAIN)
    assert not any("not in the maps" in note for note in plain.notes)


def test_parts_become_one(shop: JobFactory) -> None:
    plain = shop.made(shop.write(shelf().pack()), **PLAIN)
    parts, triangles = len(plain.meshes), plain.finished.triangles
    assert parts > 1
    few = LITTLE | {"rebuild_triangles": triangles // 2, "map_size": 64}
    made = shop.made(shop.write(shelf().pack()), **few, **PLAIN)
    if made.finished.triangles < triangles:
        assert len(made.collection.all_objects) == 1
    assert made.finished.size == pytest.approx(plain.finished.size, rel=0.02)


def test_quads(shop: JobFactory, barrel_glb: bytes) -> None:
    made = shop.made(shop.write(barrel_glb), rebuild_quads=True, **LITTLE, **PLAIN)
    (obj,) = made.meshes
    corners = [len(polygon.vertices) for polygon in obj.data.polygons]
    assert 1_990 <= made.finished.triangles <= 2_000
    assert 2 * corners.count(4) > 0.6 * made.finished.triangles


def test_levels_of_detail_share_the_maps(shop: JobFactory, barrel_glb: bytes) -> None:
    made = shop.made(shop.write(barrel_glb), lods=[0.5], **LITTLE, **PLAIN)
    (lod,) = made.finished.lods
    (copy,) = lod.objects
    (obj,) = made.meshes
    assert list(copy.data.materials) == list(obj.data.materials)
    assert 900 <= len(copy.data.polygons) <= 1_000
    assert len(copy.data.uv_layers) == 1


def glassy() -> Any:
    model = egg(24)
    model.document["materials"] = [
        {"extensions": {"KHR_materials_transmission": {"transmissionFactor": 0.9}}}
    ]
    model.document["meshes"][0]["primitives"][0]["material"] = 0
    model.document["extensionsUsed"] = ["KHR_materials_transmission"]
    return model


@pytest.mark.parametrize(
    ("model", "triangles", "word"),
    [
        (animated, 4, "animated"),
        (rigged, 4, "armature"),
        (glassy, 100, "glass"),
        (lambda: egg(4), 100, "within the budget"),
    ],
)
def test_what_would_be_spoilt_stays(
    shop: JobFactory, model: Callable[[], Any], triangles: int, word: str
) -> None:
    path = shop.write(model().pack())
    plain = shop.made(path, **PLAIN).shape
    made = shop.made(path, **LITTLE | {"rebuild_triangles": triangles}, **PLAIN)
    assert made.shape == plain
    assert any(note.startswith("Not rebuilt") and word in note for note in made.notes)


@pytest.mark.parametrize(
    ("where", "word"),
    [
        ("reduced", "reducing the triangles"),
        ("with_charts", "laying out the new UVs"),
        ("bake", "baking the maps"),
        ("material_of", "writing the maps"),
    ],
)
def test_a_step_that_fails_leaves_the_prop(
    shop: JobFactory, rooms: Rooms, monkeypatch: pytest.MonkeyPatch, where: str, word: str
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise MemoryError

    path = shop.write(dressed(egg(24), picture()).pack())
    plain = shop.made(path, **PLAIN).shape
    monkeypatch.setattr(rooms("importer.rebuild.rebuild"), where, fails)
    made = shop.made(path, **LITTLE | {"rebuild_triangles": 500}, **PLAIN)
    assert made.shape == plain
    assert any(word in note for note in made.notes)
    assert {image.name for image in bpy.data.images if image.users} >= {
        image.name for image in made.textures
    }


def test_finish_rebuilds_and_brings_back(
    rooms: Rooms, settings: Path, trellis: Callable[..., Ended], barrel_glb: bytes
) -> None:
    folder = rooms.downloaded(settings, barrel_glb)
    assert trellis("finish", folder.id).code == 0
    before = folder.read().prop
    done = trellis("finish", folder.id, "--rebuild", "background", "--map-size", "128")
    assert done.code == 0, done.explain()
    record = folder.read()
    assert record.finishing["rebuild"] == "background"
    assert 1_990 <= record.prop["triangles"] <= 2_000
    assert len(record.prop["files"]) == 3
    assert trellis("finish", folder.id, "--rebuild", "off").code == 0
    back = folder.read().prop
    # The size of the maps stays set, and the picture's key is of the settings.
    changing = ("files", "finishing", "picture")
    assert {k: v for k, v in back.items() if k not in changing} == {
        k: v for k, v in before.items() if k not in changing
    }
    assert len(back["files"]) == len(before["files"])
