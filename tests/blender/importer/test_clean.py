# SPDX-License-Identifier: GPL-3.0-or-later
"""Cleaning as a step of the finishing: the layers of a mesh follow, and nothing else changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.glbs import FLOAT, LONG, Model, cube
from support.imp_making import JobFactory, quick
from support.imp_models import egg, full, read_whole, rigged, shelf
from support.surfaces import Surface, inverted, joined, moved, scaled, sheet, sphere

THROUGH = ("plain", "importer")
"""The quick way, and the way through Blender's importer."""


@pytest.fixture
def shop(rooms: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobFactory:
    quick(rooms, monkeypatch)
    return JobFactory(rooms, tmp_path)


def through(model: Model, way: str) -> bytes:
    if way == "importer":
        read_whole(model)
    return model.pack()


def model_of(surface: Surface, slots: Any = None) -> Model:
    """A file with a surface; no vertex is shared. UVs are 0.1 x (x, y), colours depend on z, and
    normals are those of the faces. Here z is the file's y.
    """
    points, corners = surface
    slots = np.zeros(len(corners), dtype=int) if slots is None else slots
    model = Model()
    primitives = []
    for slot in range(int(np.max(slots)) + 1):
        at = points[corners[slots == slot]].reshape(-1, 3).astype("<f4")
        sides = at.reshape(-1, 3, 3)
        normal = np.cross(sides[:, 1] - sides[:, 0], sides[:, 2] - sides[:, 0])
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-30)
        normal[np.abs(normal).max(axis=1) < 0.1] = [0, 0, 1]
        shade = np.clip(0.5 + at[:, 2:] / 4, 0, 1) * [1, 1, 1, 0] + [0, 0, 0, 1]
        values = {
            "POSITION": (_upright(at), "VEC3"),
            "NORMAL": (_upright(np.repeat(normal, 3, axis=0)), "VEC3"),
            "TEXCOORD_0": (at[:, :2] * 0.1, "VEC2"),
            "COLOR_0": (shade, "VEC4"),
        }
        attributes = {
            name: model.accessor(
                np.ascontiguousarray(array, "<f4").tobytes(),
                FLOAT,
                kind,
                len(array),
                **_ends(array),
            )
            for name, (array, kind) in values.items()
        }
        order = np.arange(len(at), dtype="<u4").tobytes()
        indices = model.accessor(order, LONG, "SCALAR", len(at))
        primitives.append({"attributes": attributes, "indices": indices, "material": slot})
    model.document["materials"] = [{"name": f"M{slot}"} for slot in range(len(primitives))]
    model.document["meshes"] = [{"primitives": primitives}]
    return model.show(model.node(mesh=0, name="Thing"))


def _upright(vectors: Any) -> Any:
    return np.stack([vectors[:, 0], vectors[:, 2], -vectors[:, 1]], axis=1)


def _ends(array: Any) -> dict[str, Any]:
    return {"min": array.min(0).tolist(), "max": array.max(0).tolist()}


def numbers(data: Any, field: str, width: int) -> Any:
    found = np.empty(len(data) * width, dtype=np.float32)
    data.foreach_get(field, found)
    return found.reshape(-1, width)


def ugly() -> tuple[Surface, Any]:
    """A ball with every fault, and the material of each triangle: 1 above, 0 below."""
    points, corners = sphere(24)
    middle = points[corners].mean(axis=1)
    corners = corners[np.linalg.norm(middle - middle[300], axis=1) > 0.1]
    near = np.linalg.norm(points[corners].mean(axis=1) - [0, -1, 0], axis=1) < 0.4
    corners[near] = corners[near][:, ::-1]
    corners = np.concatenate([corners, corners[10:14], corners[20:23, [0, 0, 1]]])
    speck = moved(scaled(sphere(4), 0.008), (0.9, 0.9, 0))
    whole = joined((points, corners), inverted(sphere(12, 0.8)), speck)
    return whole, (whole[0][whole[1]].mean(axis=1)[:, 2] > 0).astype(int)


@pytest.mark.parametrize("way", THROUGH)
def test_everything_of_the_mesh_follows(shop: JobFactory, way: str) -> None:
    content = through(model_of(*ugly()), way)
    made = shop.made(shop.write(content), size="received", clean="full")
    (note,) = made.notes
    for words in ("1 floater", "hidden triangle", "filled 1 hole", "turned", "duplicate"):
        assert words in note
    (obj,) = made.meshes
    mesh = obj.data
    assert not mesh.validate()
    assert made.finished.triangles == 4 * 24 * 23
    at = np.empty(len(mesh.loops), dtype=np.int32)
    mesh.loops.foreach_get("vertex_index", at)
    points = numbers(mesh.vertices, "co", 3) - [0, 0, 1]  # it stands on the ground
    uvs = numbers(mesh.uv_layers[0].uv, "vector", 2)
    # glTF counts v from above.
    assert uvs == pytest.approx(points[at][:, :2] * [0.1, -0.1] + [0, 1], abs=1e-5)
    shown = numbers(mesh.color_attributes[0].data, "color", 4)[:, 0]
    assert len(shown) == len(at)
    assert np.corrcoef(shown, points[at][:, 2])[0, 1] > 0.9
    out = points[at] / np.linalg.norm(points[at], axis=1, keepdims=True)
    normals = numbers(mesh.corner_normals, "vector", 3)
    assert np.einsum("ij,ij->i", normals, out).min() > 0.9
    faces = numbers(mesh.polygons, "normal", 3)
    assert np.einsum("ij,ij->i", faces, out.reshape(-1, 3, 3).mean(axis=1)).min() > 0.9
    slots = np.empty(len(mesh.polygons), dtype=np.int32)
    mesh.polygons.foreach_get("material_index", slots)
    assert (slots == (points[at].reshape(-1, 3, 3).mean(axis=1)[:, 2] > 0)).all()


@pytest.mark.parametrize("way", THROUGH)
@pytest.mark.parametrize("how", ["safe", "full"])
def test_mesh_without_faults_is_not_touched(shop: JobFactory, way: str, how: str) -> None:
    # An egg has a hole at its pole.
    models: tuple[Callable[[], Model], ...] = {
        "safe": (full, lambda: egg(normals="bent"), shelf),
        "full": (cube,),
    }[how]
    sound: tuple[Callable[[], Model], ...] = (lambda: model_of(sheet()), lambda: model_of(sphere()))
    for model in (*models, *sound):
        content = through(model(), way)
        sides = []
        for clean in ("off", how):
            made = shop.made(shop.write(content), clean=clean)
            assert not [note for note in made.notes if "emoved" in note]
            sides.append([all_of(obj.data) for obj in made.meshes])
        assert sides[0] == sides[1]


def all_of(mesh: Any) -> dict[str, bytes]:
    """Every layer of a mesh, to the bit, but not what is selected: bpy 5.0 leaves that to chance
    for edges that it computes.
    """
    normals = np.empty(len(mesh.loops) * 3, dtype=np.float32)
    mesh.corner_normals.foreach_get("vector", normals)
    found = {"normals": normals.tobytes(), "custom": bytes([mesh.has_custom_normals])}
    kinds: dict[str, tuple[int, Any]] = {
        "FLOAT": (1, np.float32),
        "FLOAT2": (2, np.float32),
        "FLOAT_VECTOR": (3, np.float32),
        "INT": (1, np.int32),
        "INT32_2D": (2, np.int32),
        "BOOLEAN": (1, np.bool_),
    }
    for layer in mesh.attributes:
        if layer.data_type in kinds and not layer.name.startswith(".select"):
            width, number = kinds[layer.data_type]
            values = np.empty(len(layer.data) * width, dtype=number)
            field = "vector" if layer.data_type in ("FLOAT2", "FLOAT_VECTOR") else "value"
            layer.data.foreach_get(field, values)
            found[layer.name] = values.tobytes()
    return found


def test_off_and_safe_leave_what_only_full_changes(shop: JobFactory) -> None:
    points, corners = sphere(24)
    holed = model_of((points, corners[4:])).pack()
    for how in ("off", "safe"):
        made = shop.made(shop.write(holed), clean=how)
        assert made.notes == []
        assert made.finished.triangles == len(corners) - 4
    assert shop.made(shop.write(holed), clean="full").finished.triangles == len(corners)


@pytest.mark.parametrize("way", THROUGH)
def test_thin_sheet_beside_a_fault_keeps_both_sides(shop: JobFactory, way: str) -> None:
    leaf = joined(sheet(), inverted(sheet()))
    speck = moved(scaled(sphere(4), 0.004), (0, 0, 0.5))
    for how in ("safe", "full"):
        made = shop.made(shop.write(through(model_of(joined(leaf, speck)), way)), clean=how)
        assert made.notes == ["Removed 1 floater"]
        (obj,) = made.meshes
        assert not obj.data.validate()
        assert made.finished.triangles == 64


def test_bones_are_left_alone(shop: JobFactory) -> None:
    model = rigged()
    before = shop.made(shop.write(model.pack()), clean="off").finished.triangles
    made = shop.made(shop.write(model.pack()), clean="full")
    assert made.finished.triangles == before
    assert not [note for note in made.notes if "emoved" in note or "urned" in note]


def test_failing_step_leaves_the_prop_and_is_named(
    shop: JobFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = shop.rooms("importer.clean.steps")
    path = shop.write(model_of(*ugly()).pack())
    before = [all_of(obj.data) for obj in shop.made(path, clean="off").meshes]

    def broken(_surface: Any, _limits: Any) -> Any:
        raise IndexError("out of range")

    # After others that have changed the surface.
    step = module.Step("holes", broken, "Filled", "holes")
    monkeypatch.setattr(module, "STEPS", (*module.STEPS[:5], step))
    made = shop.made(path, clean="full")
    assert made.notes == ["The mesh was left as received: cleaning failed at holes"]
    assert [all_of(obj.data) for obj in made.meshes] == before


def test_size_and_ground_are_those_of_what_is_left(shop: JobFactory) -> None:
    speck = moved(scaled(sphere(4), 0.008), (1.5, 0, -1.5))
    made = shop.made(shop.write(model_of(joined(sphere(), speck)).pack()), metres=2.0)
    assert made.finished.size == pytest.approx((2, 2, 2), abs=1e-3)


def test_glass_hides_nothing(shop: JobFactory) -> None:
    model = model_of(joined(sphere(), sphere(12, 0.5)))
    for change, goes in (
        ({}, True),
        (
            {"alphaMode": "BLEND", "pbrMetallicRoughness": {"baseColorFactor": [1, 1, 1, 0.4]}},
            False,
        ),
        ({"extensions": {"KHR_materials_transmission": {"transmissionFactor": 0.9}}}, False),
        ({"pbrMetallicRoughness": {"baseColorFactor": [1, 1, 1, 0.4]}}, True),
    ):
        model.document["materials"] = [{"name": "Hull", **change}]
        model.document["extensionsUsed"] = list(change.get("extensions", {}))
        if not model.document["extensionsUsed"]:
            del model.document["extensionsUsed"]
        made = shop.made(shop.write(model.pack()))
        assert bool([note for note in made.notes if "hidden" in note]) == goes, change
