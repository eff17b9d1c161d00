# SPDX-License-Identifier: GPL-3.0-or-later
"""Solid mode shows the mean of what a material shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from support import bpy_context
from support.glbs import cube
from support.imp_making import JobFactory, quick
from support.imp_models import dressed, egg, full, picture

# The same by Blender's own importer, which is taken for what the quick one does not know.
WAYS = ("plain", "importer")


@pytest.fixture
def shop(rooms: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobFactory:
    quick(rooms, monkeypatch)
    return JobFactory(rooms, tmp_path)


def made(shop: JobFactory, model: Any, way: str = "plain", **finishing: Any) -> Any:
    if way == "importer":
        model.document.setdefault("extensionsUsed", []).append("KHR_texture_transform")
    return shop.made(shop.write(model.pack()), **finishing)


def linear(*values: float) -> Any:
    encoded = np.array(values) / 255
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def colour(material: Any) -> tuple[float, ...]:
    return tuple(material.diffuse_color)


@pytest.mark.parametrize("way", WAYS)
def test_picture_of_one_colour(shop: JobFactory, way: str) -> None:
    surface = {"baseColorTexture": {"index": 0}, "metallicFactor": 0.0, "roughnessFactor": 0.7}
    model = dressed(egg(24), picture(colour=(200, 120, 40)), pbrMetallicRoughness=surface)
    (obj,) = made(shop, model, way).meshes
    (material,) = obj.data.materials
    assert colour(material)[:3] == pytest.approx(linear(200, 120, 40), abs=0.01)
    assert colour(material)[3] == 1.0
    assert (material.metallic, material.roughness) == pytest.approx((0.0, 0.7), abs=0.01)


def test_factors_count(shop: JobFactory) -> None:
    surface = {
        "baseColorTexture": {"index": 0},
        "baseColorFactor": [1.0, 0.5, 0.25, 1.0],
        "metallicFactor": 1.0,
        "roughnessFactor": 0.2,
    }
    model = dressed(egg(24), picture(colour=(200, 120, 40)), pbrMetallicRoughness=surface)
    (obj,) = made(shop, model).meshes
    wanted = linear(200, 120, 40) * (1.0, 0.5, 0.25)
    assert colour(obj.data.materials[0])[:3] == pytest.approx(wanted, abs=0.01)
    assert obj.data.materials[0].metallic == pytest.approx(1.0)


def test_mean_of_a_ramp_is_taken_in_linear_light(shop: JobFactory) -> None:
    (obj,) = made(shop, full(tinted=False)).meshes
    material = obj.data.materials[0]
    red, green, blue, _alpha = colour(material)
    # An egg's rows are not evenly large, so this is a range; the mean of the codes would be 0.5.
    assert 0.25 < red < 0.4
    assert 0.2 < green < 0.45
    assert blue == pytest.approx(linear(90)[0], abs=0.01)
    # Its second picture has 190 in blue, which is metallic, and a ramp in green, times 0.8.
    assert material.metallic == pytest.approx(190 / 255, abs=0.02)
    assert 0.3 < material.roughness < 0.5


def test_only_what_is_worn_counts(shop: JobFactory) -> None:
    model = dressed(egg(24), picture(holes=0.5))
    (obj,) = made(shop, model, opaque=False).meshes
    # Without alpha: all of the ramp; green is the ramp of the rows, of which half are holes.
    opaque = colour(obj.data.materials[0])
    model = dressed(egg(24), picture(holes=0.5), alphaMode="MASK")
    (obj,) = made(shop, model, opaque=False).meshes
    masked = colour(obj.data.materials[0])
    assert masked[3] == 1.0, "leaves are no glass"
    assert masked[1] > 1.3 * opaque[1], "holes have no colour"


def test_plain_colours_and_glass(shop: JobFactory) -> None:
    model = cube()
    surface = {"baseColorFactor": [0.2, 0.4, 0.6, 0.3], "metallicFactor": 0.0}
    model.document["materials"] = [{"pbrMetallicRoughness": surface, "alphaMode": "BLEND"}]
    model.document["meshes"][0]["primitives"][0]["material"] = 0
    (obj,) = made(shop, model).meshes
    assert colour(obj.data.materials[0]) == pytest.approx((0.2, 0.4, 0.6, 0.3), abs=0.01)


@pytest.mark.parametrize("way", WAYS)
def test_unlit_has_the_colour_of_its_light(shop: JobFactory, way: str) -> None:
    unlit: Any = {"KHR_materials_unlit": {}}
    surface = {"baseColorTexture": {"index": 0}}
    image = picture(colour=(200, 120, 40))
    model = dressed(egg(24), image, pbrMetallicRoughness=surface, extensions=unlit)
    model.document["extensionsUsed"] = list(unlit)
    prop = made(shop, model, way, proxy_above_triangles=100, proxy_above_pixels=16)
    for child in prop.collection.children:
        (obj,) = child.objects
        shown = colour(obj.material_slots[0].material)
        assert shown[:3] == pytest.approx(linear(200, 120, 40), abs=0.02), child["trellis_role"]


@pytest.mark.parametrize("way", WAYS)
def test_light_of_its_own_counts(shop: JobFactory, way: str) -> None:
    surface = {"baseColorFactor": [0.1, 0.0, 0.0, 1.0]}
    lamp = picture(colour=(200, 120, 40))
    model = dressed(egg(24), lamp, pbrMetallicRoughness=surface, emissiveFactor=[0.5, 0.25, 0.0])
    (obj,) = made(shop, model, way).meshes
    assert colour(obj.data.materials[0])[:3] == pytest.approx((0.6, 0.25, 0.0), abs=0.01)


@pytest.mark.parametrize("triangles", [100, 100_000], ids=["simplified", "small textures"])
def test_stand_in_is_like_the_prop(shop: JobFactory, triangles: int) -> None:
    limits: dict[str, Any] = {"proxy_above_triangles": triangles, "proxy_above_pixels": 16}
    prop = made(shop, full(), **limits)
    by_role = {child["trellis_role"]: child for child in prop.collection.children}
    shown = {}
    for role, child in by_role.items():
        (obj,) = child.objects
        material = obj.material_slots[0].material
        shown[role] = (*colour(material), material.metallic, material.roughness)
    assert shown["proxy"] == pytest.approx(shown["full"], abs=0.05)
    assert shown["full"][:3] != pytest.approx((0.8, 0.8, 0.8), abs=0.1)


def test_vertex_colours(shop: JobFactory) -> None:
    shop.empty()
    mesh: Any = bpy.data.meshes.new("Painted")
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    layer = mesh.color_attributes.new("Col", "FLOAT_COLOR", "POINT")
    layer.data.foreach_set("color", [0.1, 0.2, 0.9, 1.0] * 3)
    obj = bpy.data.objects.new("Painted", mesh)
    bpy_context.scene().collection.objects.link(obj)
    finishing = shop.rooms("core.generation.finishing").Finishing()
    shop.rooms("importer.prop.finish_steps").finish(
        [obj], "Painted", finishing, shop.folder / "textures"
    )
    assert colour(mesh.materials[0])[:3] == pytest.approx((0.1, 0.2, 0.9), abs=0.01)


def test_in_the_file_of_the_library(rooms: Any, barrel: Any) -> None:
    with bpy_context.libraries().load(str(barrel.blend), link=True) as (_source, target):
        target.materials = _source.materials
    assert target.materials
    for material in target.materials:
        assert colour(material)[:3] != pytest.approx((0.8, 0.8, 0.8), abs=0.02)


@pytest.mark.parametrize("proxy", [False, True])
def test_the_pictures_of_the_prop_stay_as_files(shop: JobFactory, proxy: bool) -> None:
    """Decoding one of 2048 pixels takes 0.1 s, and it would stay in memory."""
    settings: dict[str, Any] = {"proxy": proxy, "proxy_above_triangles": 500}
    prop = made(shop, dressed(egg(24), picture(colour=(200, 120, 40))), **settings)
    full = [obj for obj in prop.meshes if len(obj.data.polygons) > 500]
    materials = [material for obj in full for material in obj.data.materials]
    images = [n.image for m in materials for n in m.node_tree.nodes if n.type == "TEX_IMAGE"]
    assert images
    assert not any(image.has_data for image in images)
