# SPDX-License-Identifier: GPL-3.0-or-later
"""What a prop looks like: opaque or clear where its file is, and the same in every form of it."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import bpy
import numpy as np
import pytest
from support.glbs import FLOAT, Model
from support.imp_making import NAME, JobFactory, picture_of, quick
from support.imp_models import dressed, egg, picture

CLOSED: Final = "An alpha channel that was all but opaque was switched off"


@pytest.fixture
def shop(rooms: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobFactory:
    quick(rooms, monkeypatch)
    return JobFactory(rooms, tmp_path)


def skin(content: bytes | None = None, **material: Any) -> Model:
    """A dressed egg; ``surface`` is of its metallic-roughness part."""
    model = dressed(egg(24, uvs=2), content or picture())
    surface = model.document["materials"][0]["pbrMetallicRoughness"] | {"metallicFactor": 0.0}
    surface |= material.pop("surface", {})
    model.document["materials"][0] |= {"pbrMetallicRoughness": surface, **material}
    return model


def tinted(*factor: float) -> dict[str, Any]:
    return {"baseColorFactor": list(factor)}


def hazy(alpha: int) -> bytes:
    """A picture with this alpha (0 to 255) everywhere."""
    return picture(alpha=alpha)


def faded(model: Model, alpha: float) -> Model:
    """Colours of vertices with this alpha."""
    place = model.document["meshes"][0]["primitives"][0]["attributes"]
    count = model.document["accessors"][place["POSITION"]]["count"]
    shade = np.tile(np.array([1, 1, 1, alpha], "<f4"), (count, 1))
    place["COLOR_0"] = model.accessor(shade.tobytes(), FLOAT, "VEC4", count)
    return model


def second_uvs(model: Model) -> Model:
    """The picture by the second UVs, which cover its upper left quarter."""
    model.document["materials"][0]["pbrMetallicRoughness"]["baseColorTexture"]["texCoord"] = 1
    return model


VISIBLE: dict[str, tuple[Callable[[], Model], bool]] = {
    "glass by its factor": (lambda: skin(surface=tinted(1, 1, 1, 0.35), alphaMode="BLEND"), False),
    "glass by its picture": (lambda: skin(hazy(90), alphaMode="BLEND"), False),
    "picture x factor": (
        lambda: skin(hazy(252), surface=tinted(1, 1, 1, 0.985), alphaMode="BLEND"),
        False,
    ),
    "nearly 1": (lambda: skin(surface=tinted(1, 1, 1, 0.99), alphaMode="BLEND"), True),
    "vertices are clear": (lambda: faded(skin(alphaMode="BLEND"), 0.4), False),
    "vertices are opaque": (lambda: faded(skin(alphaMode="BLEND"), 1.0), True),
    "mask above its cutoff": (lambda: skin(hazy(160), alphaMode="MASK"), True),
    "mask below its cutoff": (
        lambda: skin(hazy(160), alphaMode="MASK", alphaCutoff=0.7),
        False,
    ),
    "mask below by its factor": (
        lambda: skin(hazy(160), surface=tinted(1, 1, 1, 0.5), alphaMode="MASK"),
        False,
    ),
    "mask with holes": (lambda: skin(picture(holes=0.3), alphaMode="MASK"), False),
    "hole where nothing shows it": (
        lambda: second_uvs(skin(picture(holes=-0.3), alphaMode="BLEND")),
        True,
    ),
    "hole that the second UVs show": (
        lambda: second_uvs(skin(picture(holes=0.3), alphaMode="BLEND")),
        False,
    ),
}


@pytest.mark.parametrize("name", VISIBLE)
def test_force_opaque_looks_at_what_is_visible(shop: JobFactory, name: str) -> None:
    make, solid = VISIBLE[name]
    made = shop.made(shop.write(make().pack()))
    material = made.meshes[0].active_material
    shader = next(n for n in material.node_tree.nodes if n.type == "BSDF_PRINCIPLED")
    alpha = shader.inputs["Alpha"]
    assert alpha.is_linked is not solid
    assert (CLOSED in made.notes) is solid
    if solid:
        assert alpha.default_value == 1.0
        assert material.surface_render_method == "DITHERED"


def test_a_few_large_triangles_with_a_painted_hole(shop: JobFactory) -> None:
    """A leaf: two triangles, nearly all of whose picture is opaque."""
    made = shop.made(shop.write(leaf(picture(pixels=256, holes=0.02)).pack()))
    shader = made.meshes[0].active_material.node_tree.nodes["Principled BSDF"]
    assert shader.inputs["Alpha"].is_linked
    made = shop.made(shop.write(leaf(picture(pixels=256)).pack()))
    shader = made.meshes[0].active_material.node_tree.nodes["Principled BSDF"]
    assert not shader.inputs["Alpha"].is_linked


def leaf(content: bytes) -> Model:
    model = Model()
    points = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], "<f4")
    uvs = np.array([[0, 1], [1, 1], [1, 0], [0, 0]], "<f4")
    attributes = {
        "POSITION": model.accessor(
            points.tobytes(), FLOAT, "VEC3", 4, min=[0, 0, 0], max=[1, 1, 0]
        ),
        "TEXCOORD_0": model.accessor(uvs.tobytes(), FLOAT, "VEC2", 4),
    }
    order = model.accessor(np.array([0, 1, 2, 0, 2, 3], "<u2").tobytes(), 5123, "SCALAR", 6)
    model.document["meshes"] = [{"primitives": [{"attributes": attributes, "indices": order}]}]
    return dressed(model.show(model.node(mesh=0)), content, alphaMode="BLEND")


def unlit(model: Model) -> Model:
    model.document["extensionsUsed"] = ["KHR_materials_unlit"]
    model.document["materials"][0]["extensions"] = {"KHR_materials_unlit": {}}
    return model


def moved_texture(model: Model) -> Model:
    model.document["extensionsUsed"] = ["KHR_texture_transform"]
    reference = model.document["materials"][0]["pbrMetallicRoughness"]["baseColorTexture"]
    reference["extensions"] = {
        "KHR_texture_transform": {"offset": [0.25, 0.1], "rotation": 0.7, "scale": [3.0, 2.0]}
    }
    return model


def clear(model: Model) -> Model:
    model.document["extensionsUsed"] = ["KHR_materials_transmission"]
    model.document["materials"][0]["extensions"] = {
        "KHR_materials_transmission": {"transmissionFactor": 0.9}
    }
    return model


def glowing() -> Model:
    model = skin(surface=tinted(0.1, 0.1, 0.1, 1))
    model.document["materials"][0] |= {
        "emissiveFactor": [1.0, 0.5, 0.25],
        "emissiveTexture": {"index": 0},
    }
    return model


def wrapped(model: Model, **sampler: int) -> Model:
    model.document["samplers"] = [sampler]
    model.document["textures"][0]["sampler"] = 0
    return moved_texture(model)


LOOKS: dict[str, Callable[[], Model]] = {
    "picture": skin,
    "RGBA under OPAQUE": lambda: skin(picture(ramp=True)),
    "factor x picture": lambda: skin(surface=tinted(1.0, 0.4, 0.1, 1.0)),
    "factor alone": lambda: skin(surface=tinted(0.1, 0.4, 0.8, 1.0) | {"baseColorTexture": None}),
    "glass": lambda: skin(surface=tinted(1, 1, 1, 0.35), alphaMode="BLEND", doubleSided=True),
    "mask": lambda: skin(picture(ramp=True), alphaMode="MASK", alphaCutoff=0.3, doubleSided=True),
    "emission": glowing,
    "transmission": lambda: clear(skin(surface={"roughnessFactor": 0.2})),
    "unlit": lambda: unlit(skin(surface=tinted(0.9, 0.7, 0.5, 1.0))),
    "transform": lambda: moved_texture(skin()),
    "mirrored": lambda: wrapped(skin(), wrapS=33648, wrapT=33071),
    "mirrored both ways": lambda: wrapped(skin(), wrapS=33648, wrapT=33648),
    "clamped": lambda: wrapped(skin(), wrapS=33071, wrapT=33071),
    "second UVs": lambda: second_uvs(skin()),
    "vertex colours": lambda: faded(skin(surface=tinted(0.5, 1, 1, 1)), 1.0),
}


def cleaned(model: Model) -> bytes:
    surface = model.document["materials"][0]["pbrMetallicRoughness"]
    if surface.get("baseColorTexture", 0) is None:
        del surface["baseColorTexture"]
    return model.pack()


def seen(shop: JobFactory, objects: list[Any], name: str) -> Any:
    """Their picture, coloured by how much of it is covered."""
    group = bpy.data.collections.new(name)
    for obj in objects:
        group.objects.link(obj)
        obj.hide_render = False
    sheet = picture_of(group, shop.folder / f"{name}.png", shop.rooms)
    return sheet * np.concatenate([sheet[..., 3:]] * 3 + [np.ones_like(sheet[..., 3:])], axis=2)


@pytest.mark.parametrize("simplify", [True, False])
@pytest.mark.parametrize("name", LOOKS)
def test_the_light_stand_in_looks_the_same(shop: JobFactory, name: str, simplify: bool) -> None:
    path = shop.write(cleaned(LOOKS[name]()))
    limits: dict[str, Any] = (
        {"proxy_above_triangles": 1000} if simplify else {"proxy_above_pixels": 32}
    )
    made = shop.made(path, **limits)
    parts = {child["trellis_role"]: list(child.objects) for child in made.collection.children}
    if "proxy" not in parts:
        assert (name, simplify) == ("factor alone", False)  # it has no picture to be made small
        return
    whole, light = (seen(shop, parts[role], role) for role in ("full", "proxy"))
    assert np.abs(whole - light).mean() < 0.012
    # As coarse as 8 x 8: what remains is the look, not the outline.
    coarse = np.abs((whole - light).reshape(12, 8, 12, 8, 4).mean(axis=(1, 3)))
    assert coarse.max() < 0.12


def test_a_light_without_bounds_makes_a_stand_in(shop: JobFactory) -> None:
    model = glowing()
    strength = {"emissiveStrength": 1e300}
    model.document["materials"][0]["extensions"] = {"KHR_materials_emissive_strength": strength}
    made = shop.made(shop.write(model.pack()), proxy_above_triangles=1000)
    (light,) = made.collection.children[f"{NAME} proxy"].objects
    shader = light.active_material.node_tree.nodes["Principled BSDF"]
    assert 0 < shader.inputs["Emission Strength"].default_value <= 1e4


def test_colours_under_a_clear_alpha_are_shown(shop: JobFactory) -> None:
    """TRELLIS.2 writes an alpha that its OPAQUE says to ignore."""
    sheets = []
    for content, pixels in ((picture(ramp=True), 0), (picture(ramp=True), 16), (picture(), 0)):
        made = shop.made(shop.write(skin(content).pack()), texture_pixels=pixels)
        sheets.append(picture_of(made.collection, shop.folder / "x.png", shop.rooms))
    assert sheets[2][sheets[2][..., 3] > 0.99][:, :3].mean() > 0.2
    assert np.abs(sheets[0] - sheets[2]).mean() < 0.01
    assert np.abs(sheets[1] - sheets[2]).mean() < 0.015  # also where the picture was made small


def exported(shop: JobFactory, path: Path) -> dict[str, Any]:
    """The document of the prop's GLB export."""
    shop.converted(path)
    task = shop.rooms("importer.pipe.export_messages").ExportTask(
        folder=str(shop.folder),
        name=NAME,
        prompt="",
        blend="prop.blend",
        target=str(shop.folder / "out"),
        formats=("glb",),
    )
    (shop.folder / "out").mkdir()
    shop.rooms("importer.export.export_worker").export(task, lambda text: None)
    content = (shop.folder / "out" / f"{NAME}.glb").read_bytes()
    (length,) = struct.unpack_from("<I", content, 12)
    document: dict[str, Any] = json.loads(content[20 : 20 + length])
    return document


@pytest.mark.parametrize("name", LOOKS)
def test_an_exported_prop_looks_the_same(shop: JobFactory, name: str) -> None:
    model = LOOKS[name]()
    path = shop.write(cleaned(model))
    made = shop.made(path)
    before = picture_of(made.collection, shop.folder / "before.png", shop.rooms)
    document = exported(shop, path)
    (meant,) = model.document["materials"]
    (found,) = document["materials"]
    for field in ("alphaMode", "doubleSided"):
        assert found.get(field) == meant.get(field), field
    assert found.get("alphaCutoff") == pytest.approx(meant.get("alphaCutoff"), abs=1e-6)
    factor = meant["pbrMetallicRoughness"].get("baseColorFactor", [1, 1, 1, 1])
    own = found["pbrMetallicRoughness"].get("baseColorFactor", [1, 1, 1, 1])
    assert own == pytest.approx(factor, abs=1e-4)
    back = shop.made(shop.folder / "out" / f"{NAME}.glb")
    after = picture_of(back.collection, shop.folder / "after.png", shop.rooms)
    assert np.abs(before - after).mean() < 0.01
