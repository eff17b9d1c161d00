# SPDX-License-Identifier: GPL-3.0-or-later
"""The quick way for TRELLIS's plain shape makes what Blender's own importer makes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from gateway.meshes import make_glb
from mathutils.kdtree import KDTree
from support.glbs import Model, cube
from support.imp_making import Workshop, picture_of, quick
from support.imp_models import dressed, egg, full, picture


def _tilted() -> Model:
    model = full()
    model.document["nodes"][0] |= {"rotation": [0.5, 0.5, -0.5, 0.5], "scale": [2, 1, -1]}
    root = model.node(children=[0], matrix=[1, 0, 0, 0, 0, 0, 1, 0, 0, -1, 0, 0, 3, 4, 5, 1])
    return model.show(root)


def _wrapped() -> Model:
    model = dressed(egg(), picture())
    model.document["samplers"] = [{"wrapS": 33071, "wrapT": 33071}]
    model.document["textures"][0]["sampler"] = 0
    return model


def _numbers() -> Model:
    model = egg()
    surface = {"baseColorFactor": [0.2, 0.4, 0.6, 1.0], "metallicFactor": 0.25}
    model.document["materials"] = [{"pbrMetallicRoughness": surface | {"roughnessFactor": 0.3}}]
    model.document["meshes"][0]["primitives"][0]["material"] = 0
    return model


SHAPES: dict[str, Callable[[], bytes]] = {
    "barrel": lambda: make_glb("weathered oak barrel, iron hoops", 0, 1500, 64),
    "chair": lambda: make_glb("wooden chair", 3, 1500, 64, "jpeg"),
    "lantern": lambda: make_glb("stone lantern", 1, 1500, 64),
    "rock": lambda: make_glb("mossy rock", 5, 1500, 64),
    "sword": lambda: make_glb("iron sword", 2, 1500, 64),
    "full": lambda: full().pack(),
    "jpeg": lambda: full("JPEG").pack(),
    "tilted and mirrored": lambda: _tilted().pack(),
    "clamped": lambda: _wrapped().pack(),
    "numbers": lambda: _numbers().pack(),
    "no normals": lambda: egg(normals="none").pack(),
    "bent normals": lambda: egg(normals="bent").pack(),
    "bare": lambda: egg().pack(),
    "cube": lambda: cube().pack(),
    "alpha": lambda: dressed(
        egg(24), picture(holes=0.4), alphaMode="BLEND", doubleSided=True
    ).pack(),
    "unused vertices": lambda: egg(hidden=50).pack(),
}
RENDERED = ("barrel", "tilted and mirrored", "bent normals", "no normals", "alpha", "cube")


@pytest.fixture
def shop(rooms: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    quick(rooms, monkeypatch)
    return Workshop(rooms, tmp_path)


def triangles(obj: Any) -> Any:
    """Position, UV and normal of each corner in the world, (T, 3, 8)."""
    mesh = obj.data
    count = len(mesh.loops)
    corners = np.array([loop.vertex_index for loop in mesh.loops])
    world = np.array(obj.matrix_world)
    points = np.array([v.co for v in mesh.vertices])[corners] @ world[:3, :3].T + world[:3, 3]
    normals = np.empty(count * 3, dtype=np.float32)
    mesh.corner_normals.foreach_get("vector", normals)
    turned = normals.reshape(-1, 3) @ np.linalg.inv(world[:3, :3])
    turned /= np.linalg.norm(turned, axis=1, keepdims=True)
    uvs = np.zeros(count * 2, dtype=np.float32)
    if mesh.uv_layers:
        mesh.uv_layers[0].uv.foreach_get("vector", uvs)
    every = np.concatenate([points, uvs.reshape(-1, 2), turned], axis=1).reshape(-1, 3, 8)
    # A mirrored object shows its triangles the other way around.
    return every[:, ::-1] if np.linalg.det(world[:3, :3]) < 0 else every


def matched(found: Any, wanted: Any) -> Any:
    """The triangles of ``found`` as they stand in ``wanted``: in its order, and turned so that
    the corners are at the same places (a mirrored one would not fit).
    """
    tree = KDTree(len(found))
    for index, triangle in enumerate(found):
        tree.insert(triangle[:, :3].mean(axis=0), index)
    tree.balance()
    result, used = np.empty_like(wanted), set()
    for place, triangle in enumerate(wanted):
        near = tree.find_n(triangle[:, :3].mean(axis=0), 6)
        fits = [
            (np.abs(turned[:, :5] - triangle[:, :5]).max(), index, turned)
            for _, index, _ in near
            if index not in used
            for turned in (np.roll(found[index], turn, axis=0) for turn in range(3))
        ]
        _, index, result[place] = min(fits, key=lambda fit: fit[0])
        used.add(index)
    return result


def inputs(obj: Any) -> dict[str, Any]:
    """What the material's shader gets: numbers, or what stands behind a link."""
    material = obj.active_material
    if material is None:
        return {}
    shader = next(n for n in material.node_tree.nodes if n.type == "BSDF_PRINCIPLED")
    found: dict[str, Any] = {"culling": material.use_backface_culling}
    for name in ("Base Color", "Metallic", "Roughness", "Alpha", "Normal"):
        socket = shader.inputs[name]
        if not socket.is_linked:
            value = socket.default_value
            found[name] = (
                tuple(np.round(value, 5)) if hasattr(value, "__len__") else round(value, 5)
            )
            continue
        link, factors = socket.links[0], []
        for _ in range(6):
            node, output = link.from_node, link.from_socket.name
            if node.type == "TEX_IMAGE":
                space = node.image.colorspace_settings.name
                found[name] = (tuple(node.image.size), space, node.extension, *factors)
                break
            values = [
                tuple(np.round(s.default_value, 5))
                if s.type == "RGBA"
                else round(s.default_value, 5)
                for s in node.inputs
                if not s.is_linked and s.enabled and s.type in ("RGBA", "VALUE")
            ]
            factors += [node.type, output if node.type == "SEPARATE_COLOR" else "", *values]
            link = next(s for s in node.inputs if s.is_linked).links[0]
    return found


@pytest.mark.parametrize("name", SHAPES)
def test_equal_to_blenders_importer(shop: Workshop, name: str) -> None:
    path = shop.write(SHAPES[name]())
    shop.empty()
    bpy.ops.import_scene.gltf(filepath=str(path))
    bpy.context.view_layer.update()
    (theirs,) = [o for o in bpy.data.objects if o.type == "MESH"]
    wanted, material = triangles(theirs), inputs(theirs)
    shot = None
    if name in RENDERED:
        shot = picture_of(theirs.users_collection[0], shop.folder / "theirs.png", shop.rooms)

    (ours,) = shop.imported(path).objects  # one object: the quick way was taken
    bpy.context.scene.collection.objects.link(ours)
    bpy.context.view_layer.update()
    assert not ours.parent
    found = triangles(ours)
    assert found.shape == wanted.shape
    found = matched(found, wanted)
    assert np.abs(found[..., :5] - wanted[..., :5]).max() < 1e-5
    angle = np.degrees(np.arccos(np.clip((found * wanted)[..., 5:].sum(axis=2), -1, 1)))
    assert np.percentile(angle, 99) < 8.0
    assert angle.mean() < 2.0
    if material:
        assert inputs(ours) == material
    else:
        assert not ours.data.materials
    if shot is not None:
        group = bpy.data.collections.new("ours")
        group.objects.link(ours)
        mine = picture_of(group, shop.folder / "ours.png", shop.rooms)
        assert np.abs(mine - shot).mean() < 0.01
        assert np.percentile(np.abs(mine - shot), 99) < 0.15


def test_made_to_be_linked_fast(shop: Workshop) -> None:
    """Welded in the file's order, edges stored, custom normals only where they say something."""
    for through_importer in (False, True):
        model = full()
        if through_importer:
            model.document["extensionsUsed"] = ["KHR_texture_transform"]
        (ours, *_) = [
            o for o in shop.imported(shop.write(model.pack())).objects if o.type == "MESH"
        ]
        mesh = ours.data
        points = np.array([v.co for v in mesh.vertices])
        assert len(np.unique(points, axis=0)) == len(points) == 48 * 25
        assert len(mesh.edges) == 48 * 25 + 48 * 24 + 48 * 24  # by hand: rings, ribs, diagonals
        assert not mesh.has_custom_normals
        raw = np.frombuffer(bytes(model.binary), "<f4", 49 * 25 * 3).reshape(-1, 3)
        assert np.allclose(points, raw[: 48 * 25] * [1, 1, 1] @ _YZ, atol=1e-6)
        assert not [a.name for a in mesh.attributes if a.name in ("sharp_face", "material_index")]


_YZ = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]])


@pytest.mark.parametrize("through_importer", [False, True])
def test_received_normals_stay_where_they_differ(shop: Workshop, through_importer: bool) -> None:
    for normals, custom in (("smooth", False), ("bent", True)):
        model = egg(24, normals=normals)
        if through_importer:
            model.document["extensionsUsed"] = ["KHR_texture_transform"]
        (ours,) = [o for o in shop.imported(shop.write(model.pack())).objects if o.type == "MESH"]
        assert ours.data.has_custom_normals == custom
    # Hard edges instead of custom normals, where those say the same: a box with split corners.
    model = Model()
    faces, normals = [], []
    for axis in range(3):
        for side in (-1, 1):
            square = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * (1, side)
            face = np.insert(square, axis, side, axis=1)
            faces.append(face), normals.append(np.tile(np.eye(3)[axis] * side, (4, 1)))
    points, vectors = (np.concatenate(v).astype("<f4") for v in (faces, normals))
    order = np.array([[0, 1, 2, 0, 2, 3]]) + 4 * np.arange(6)[:, None]
    order = np.where(np.arange(6)[:, None] // 2 == 1, order[:, ::-1], order)
    attributes = {
        "POSITION": model.accessor(
            points.tobytes(), 5126, "VEC3", 24, min=[-1, -1, -1], max=[1, 1, 1]
        ),
        "NORMAL": model.accessor(vectors.tobytes(), 5126, "VEC3", 24),
    }
    index = model.accessor(order.astype("<u2").tobytes(), 5123, "SCALAR", 36)
    model.document["meshes"] = [{"primitives": [{"attributes": attributes, "indices": index}]}]
    if through_importer:
        model.document["extensionsUsed"] = ["KHR_texture_transform"]
    path = shop.write(model.show(model.node(mesh=0)).pack())
    (ours,) = [o for o in shop.imported(path).objects if o.type == "MESH"]
    assert len(ours.data.vertices) == 8
    assert not ours.data.has_custom_normals
    if not through_importer:  # which has flat faces instead
        assert sum(edge.use_edge_sharp for edge in ours.data.edges) == 12
    made = np.empty(36 * 3, dtype=np.float32)
    ours.data.corner_normals.foreach_get("vector", made)
    assert np.abs(made.reshape(-1, 3)).max(axis=1) == pytest.approx(1.0, abs=1e-4)
