# SPDX-License-Identifier: GPL-3.0-or-later
"""A plain mesh -> Blender's mesh, material and object, as its own importer would make them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import bpy
import numpy as np
import numpy.typing as npt

from .plain import Floats, Integers, PlainMesh, PlainTexture

VISIBLE_DEGREES: Final = 8.0
_SHARE: Final = 99.0
_SAME_DIRECTION: Final = 0.9994
"""The cosine of two degrees."""


def build(plain: PlainMesh, name: str, folder: Path) -> bpy.types.Object:
    """Make the object, textures as files in ``folder``; not yet in any collection."""
    mesh = build_mesh(plain, name)
    mesh.materials.append(_material(plain, name, folder))
    return bpy.data.objects.new(name, mesh)


def build_mesh(plain: PlainMesh, name: str) -> Any:
    """The mesh with its edges and UVs; with custom normals only where they say something."""
    mesh: Any = mesh_of(plain.points, plain.corners, plain.uvs, name)
    if plain.normals is not None:
        _keep_normals(mesh, plain.normals)
    return mesh


def mesh_of(points: Floats, corners: Integers, uvs: Floats | None, name: str) -> Any:
    """A smooth mesh of triangles; ``uvs`` is (3T, 2) or None."""
    mesh: Any = bpy.data.meshes.new(name)
    count = len(corners)
    mesh.vertices.add(len(points))
    mesh.vertices.foreach_set("co", points.ravel())
    mesh.loops.add(count * 3)
    mesh.loops.foreach_set("vertex_index", corners.ravel())
    mesh.polygons.add(count)
    mesh.polygons.foreach_set("loop_start", np.arange(0, count * 3, 3, dtype=np.int32))
    if uvs is not None:
        mesh.uv_layers.new(name="UVMap").uv.foreach_set("vector", np.ascontiguousarray(uvs).ravel())
    mesh.update(calc_edges=True)
    return mesh


def _keep_normals(mesh: Any, wanted: Floats) -> None:
    """Do what is needed for the file's normals: nothing, hard edges, or custom normals.

    Custom normals make a prop slower to link and to draw, and most files have normals that
    Blender would compute by itself.
    """
    lengths = np.maximum(np.linalg.norm(wanted, axis=1, keepdims=True), 1e-9)
    unit: Floats = (wanted / lengths).astype(np.float32)
    if _has_creases(mesh, unit):
        _mark_hard_edges(mesh, unit)
    if not _differs(mesh, unit):
        return
    if bpy.app.version >= (4, 5, 0):
        # Free normals are taken as they are; the older form takes seconds for a large mesh.
        attribute = mesh.attributes.new("custom_normal", "FLOAT_VECTOR", "CORNER")
        attribute.data.foreach_set("vector", np.ascontiguousarray(unit).ravel())
        mesh.update()
    else:
        mesh.normals_split_custom_set(unit)


def _has_creases(mesh: Any, unit: Floats) -> bool:
    """Whether any vertex has corners whose normals differ."""
    vertices = np.empty(len(mesh.loops), dtype=np.int32)
    mesh.loops.foreach_get("vertex_index", vertices)
    one = np.empty((len(mesh.vertices), 3), dtype=np.float32)
    one[vertices] = unit
    return bool((_dot(one[vertices], unit) < _SAME_DIRECTION).any())


def _differs(mesh: Any, unit: Floats) -> bool:
    """Whether more than 1 % of the corners deviate so much that it can be seen."""
    made = np.empty(len(mesh.loops) * 3, dtype=np.float32)
    mesh.corner_normals.foreach_get("vector", made)
    worst = float(np.percentile(_dot(made.reshape(-1, 3), unit), 100 - _SHARE))
    return float(np.degrees(np.arccos(np.clip(worst, -1, 1)))) > VISIBLE_DEGREES


def _mark_hard_edges(mesh: Any, unit: Floats) -> None:
    """An edge is hard where the normals of its two sides differ at one of its ends."""
    count = len(mesh.loops)
    vertices = np.empty(count, dtype=np.int32)
    mesh.loops.foreach_get("vertex_index", vertices)
    edges = np.empty(count, dtype=np.int32)
    mesh.loops.foreach_get("edge_index", edges)
    following = np.arange(count).reshape(-1, 3)[:, [1, 2, 0]].ravel()
    order = np.argsort(edges, kind="stable")
    one, other = order[:-1], order[1:]
    pairs = edges[one] == edges[other]
    one, other = one[pairs], other[pairs]
    same_way = vertices[one] == vertices[other]
    near = np.where(same_way, other, following[other])
    far = np.where(same_way, following[other], other)
    smooth = _dot(unit[one], unit[near]) > _SAME_DIRECTION
    smooth &= _dot(unit[following[one]], unit[far]) > _SAME_DIRECTION
    hard = np.zeros(len(mesh.edges), dtype=bool)
    hard[edges[one[~smooth]]] = True
    attribute = mesh.attributes.get("sharp_edge") or mesh.attributes.new(
        "sharp_edge", "BOOLEAN", "EDGE"
    )
    attribute.data.foreach_set("value", hard)
    mesh.update()


def _dot(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> npt.NDArray[Any]:
    products: npt.NDArray[Any] = np.einsum("ij,ij->i", a, b)
    return products


def _material(plain: PlainMesh, name: str, folder: Path) -> bpy.types.Material:
    """Principled BSDF, as glTF 2.0 section 3.9 describes metallic-roughness."""
    material: Any = bpy.data.materials.new(name)
    if bpy.app.version < (5, 0, 0):
        material.use_nodes = True
    material.use_backface_culling = not plain.double_sided
    tree = material.node_tree
    shader = next(n for n in tree.nodes if n.type == "BSDF_PRINCIPLED")
    shader.inputs["Base Color"].default_value = plain.base_color
    shader.inputs["Metallic"].default_value = plain.metallic
    shader.inputs["Roughness"].default_value = plain.roughness
    if plain.base_texture:
        image = _texture(plain.base_texture, f"{name} base color", folder, "sRGB")
        node = _node(tree, "ShaderNodeTexImage", -600, 300)
        node.image = image
        node.extension = plain.base_texture.extension
        tree.links.new(_tinted(tree, node, plain.base_color), shader.inputs["Base Color"])
        if plain.alpha_mode != "OPAQUE":
            tree.links.new(node.outputs["Alpha"], shader.inputs["Alpha"])
    elif plain.alpha_mode != "OPAQUE":
        shader.inputs["Alpha"].default_value = plain.base_color[3]
    if plain.orm_texture:
        _roughness(
            tree,
            shader,
            plain,
            _texture(plain.orm_texture, f"{name} roughness", folder, "Non-Color"),
        )
    result: bpy.types.Material = material
    return result


def _tinted(tree: Any, node: Any, factor: tuple[float, float, float, float]) -> Any:
    if factor[:3] == (1.0, 1.0, 1.0):
        return node.outputs["Color"]
    mix = _node(tree, "ShaderNodeMix", -300, 300)
    mix.data_type, mix.blend_type = "RGBA", "MULTIPLY"
    mix.inputs[0].default_value = 1.0
    mix.inputs[7].default_value = factor
    tree.links.new(node.outputs["Color"], mix.inputs[6])
    return mix.outputs[2]


def _roughness(tree: Any, shader: Any, plain: PlainMesh, image: Any) -> None:
    """Green is roughness, blue is metallic, each times its factor."""
    node = _node(tree, "ShaderNodeTexImage", -900, -100)
    node.image = image
    node.extension = plain.orm_texture.extension if plain.orm_texture else "REPEAT"
    split = _node(tree, "ShaderNodeSeparateColor", -600, -100)
    tree.links.new(node.outputs["Color"], split.inputs["Color"])
    for channel, name, factor in (
        ("Green", "Roughness", plain.roughness),
        ("Blue", "Metallic", plain.metallic),
    ):
        output = split.outputs[channel]
        if factor != 1.0:
            times = _node(tree, "ShaderNodeMath", -300, -100)
            times.operation = "MULTIPLY"
            times.inputs[1].default_value = factor
            tree.links.new(output, times.inputs[0])
            output = times.outputs[0]
        tree.links.new(output, shader.inputs[name])


def _node(tree: Any, kind: str, x: float, y: float) -> Any:
    node = tree.nodes.new(kind)
    node.location = (x, y)
    return node


def _texture(texture: PlainTexture, name: str, folder: Path, space: str) -> Any:
    """The picture's bytes as received, as a file; decoded when something draws it."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{name.rsplit(' ', 1)[-1]}.{texture.ending}"
    path.write_bytes(texture.content)
    image: Any = bpy.data.images.load(str(path))
    image.name = name
    image.colorspace_settings.name = space
    return image
