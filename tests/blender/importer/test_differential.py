# SPDX-License-Identifier: GPL-3.0-or-later
"""A finished prop shows what Blender's own importer shows of the same file, or a decision of ours.

The files combine the features of glTF so that every two of them meet (``imp_features``). Compared
are triangles, box, normals of faces and corners, UVs, colours, and the expression behind every
input of every shader, with pictures by content, colour space, alpha, interpolation and extension.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import bpy
import pytest
from gateway.meshes import make_glb
from support.imp_features import AXES, ROWS, WHOLE, combinations, made_of
from support.imp_look import Look, differences, look_of
from support.imp_making import JobFactory, quick
from support.imp_models import egg, sphere

DECISIONS: Final = {
    "place": "The prop stands on the ground at the origin: the finishing is there for that.",
    "normals": "Custom normals are dropped where Blender's own differ by less than 8 degrees at "
    "99 of 100 corners: they make a prop slower to link and draw, and nobody sees them. Where "
    "they are kept they are equal.",
    "normals at needles": "At the corners of a triangle without an area Blender's importer turns "
    "the file's normals by up to 23 degrees; the prop has the file's.",
    "normals of a flat scale": "With a scale of 0 no side faces outward any more.",
    "colours without a material": "Blender 4.2 shows such a mesh grey; later versions, and the "
    "prop in every version, show the colours.",
    "colour in Solid mode": "Blender's importer leaves it grey; the prop has the mean of what its "
    "material shows (``test_viewport_colors.py``).",
    "rest of a list": "Indices or vertices that make no whole triangle are left out, as glTF 2.0, "
    "section 3.7.2.1, says; Blender's importer loses the last whole triangle with them, and ends "
    "the process with a crash where there is nothing else.",
}
"""Every way in which a prop may differ, with the reason."""


@pytest.fixture
def shop(rooms: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobFactory:
    quick(rooms, monkeypatch)
    return JobFactory(rooms, tmp_path)


def theirs(shop: JobFactory, path: Path) -> Look:
    """What Blender's importer shows, put where the finishing puts it."""
    shop.empty()
    gltf = shop.rooms("importer.read.blender_gltf")
    gltf._enable()
    bpy.ops.import_scene.gltf(filepath=str(path), loglevel=50)
    if bpy.app.version < (4, 5, 0):
        for mesh in bpy.data.meshes:
            if mesh.color_attributes and not any(mesh.materials):
                shop.rooms("importer.prop.materials").prepare(list(bpy.data.objects), opaque=False)
    look = look_of(list(bpy.data.objects))
    low, high = look.box
    look.corners[..., :3] -= [*((low + high)[:2] / 2), low[2]]
    return look


def ours(shop: JobFactory, path: Path) -> Look:
    """What the prop shows; its meshes are such that Blender's validation finds no fault."""
    made = shop.made(path, size="received", opaque=False, clean="off")
    look = look_of(list(made.collection.all_objects))
    assert not [obj.name for obj in made.meshes if obj.data.validate()]
    return look


@pytest.mark.parametrize("fast", [True, False])
def test_every_two_features_together(shop: JobFactory, fast: bool) -> None:
    split, load = (
        shop.rooms("importer.read.strip_geometry").split,
        shop.rooms("importer.check.glb_check").load,
    )
    rows = combinations(fast=fast)
    wrong, quick_ones = [], 0
    for number, row in enumerate(rows):
        path = shop.write(made_of(row), f"{number}.glb")
        quick_ones += split(load(path)) is not None
        if words := differences(ours(shop, path), theirs(shop, path)):
            wrong.append(f"{row}: {words}")
    assert not wrong, "\n".join(wrong)
    assert len(rows) > 100
    # Parts with normals beside parts without are the rest.
    assert quick_ones > 0.8 * len(rows) or not fast


def test_every_feature_alone(shop: JobFactory) -> None:
    plain = {name: next(iter(features)) for name, features in AXES.items()}
    split, load = (
        shop.rooms("importer.read.strip_geometry").split,
        shop.rooms("importer.check.glb_check").load,
    )
    wrong = []
    for name, features in AXES.items():
        for value in features:
            path = shop.write(made_of({**plain, name: value}), f"{name} {value}.glb")
            assert (split(load(path)) is None) == (value in WHOLE.get(name, ())), value
            if words := differences(ours(shop, path), theirs(shop, path)):
                wrong.append(f"{name}, {value}: {words}")
    assert not wrong, "\n".join(wrong)


def test_what_makes_no_whole_triangle_is_left_out(shop: JobFactory) -> None:
    for kept, faces in ((-2, 35), (2, 0)):
        model = egg(ROWS)
        other = sphere(model, ROWS, offset=(2.0, 0.0, 0.0))
        primitive = model.document["meshes"][other]["primitives"][0]
        accessor = model.document["accessors"][primitive["indices"]]
        accessor["count"] = kept % accessor["count"]
        path = shop.write(model.show(0, model.node(mesh=other)).pack())
        made = shop.made(path)
        assert sorted(len(obj.data.polygons) for obj in made.meshes) == [faces, 36]


@pytest.mark.parametrize("prompt", ["oak barrel", "wooden chair", "stone lantern", "iron sword"])
def test_props_of_the_gateway(shop: JobFactory, prompt: str) -> None:
    path = shop.write(make_glb(prompt, 3, 300, 64))
    assert differences(ours(shop, path), theirs(shop, path)) == []
