# SPDX-License-Identifier: GPL-3.0-or-later
"""A plain mesh -> Blender's mesh, material and object, as its own importer would make them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import bpy
import numpy as np
import numpy.typing as npt

from .plain import FileNormals, Floats, Integers, PlainMesh, PlainTexture

VISIBLE_DEGREES: Final = 8.0
VISIBLE_SHARE: Final = 0.01
_SAME_DIRECTION: Final = 0.9994
"""The cosine of two degrees."""


def build(plain: PlainMesh, name: str, folder: Path) -> bpy.types.Object:
    """Make the object, textures as files in ``folder``; not yet in any collection."""
    mesh = build_mesh(plain, name)
    if plain.has_material:
        mesh.materials.append(_material(plain, name, folder))
    return bpy.data.objects.new(name, mesh)


def build_mesh(plain: PlainMesh, name: str) -> Any:
    """The mesh with its edges and UVs; with custom normals only where they say something."""
    mesh: Any = mesh_of(plain.points, plain.corners, plain.uvs, name)
    if plain.normals is not None:
        keep_normals(mesh, plain.normals)
    else:  # flat, by glTF 2.0, section 3.7.2.1
        flat = mesh.attributes.new("sharp_face", "BOOLEAN", "FACE")
        flat.data.foreach_set("value", np.ones(len(plain.corners), dtype=np.bool_))
    return mesh


def mesh_of(points: Floats, corners: Integers, uvs: Floats | None, name: str) -> Any:
    """A smooth mesh of triangles; ``uvs`` is (3T, 2) or None."""
    mesh: Any = bpy.data.meshes.new(name)
    count = len(corners)
    mesh.vertices.add(len(points))
    mesh.loops.add(count * 3)
    # By attribute it is a copy of memory; by `vertices` and `loops` a hundred times slower.
    mesh.attributes["position"].data.foreach_set("vector", np.ascontiguousarray(points).ravel())
    corner_vertices = np.ascontiguousarray(corners, dtype=np.int32).ravel()
    mesh.attributes[".corner_vert"].data.foreach_set("value", corner_vertices)
    mesh.polygons.add(count)
    mesh.polygons.foreach_set("loop_start", np.arange(0, count * 3, 3, dtype=np.int32))
    if uvs is not None:
        mesh.uv_layers.new(name="UVMap").uv.foreach_set("vector", np.ascontiguousarray(uvs).ravel())
    mesh.update(calc_edges=True)
    return mesh


def keep_normals(mesh: Any, wanted: FileNormals) -> None:
    """Do what is needed for the file's normals: nothing, hard edges, or custom normals.

    Custom normals make a prop slower to link and to draw, and most files have normals that
    Blender would compute by itself.

    :param mesh: of triangles, without custom normals.
    """
    creased = _creased(wanted, len(mesh.vertices))
    if creased.any():
        _mark_hard_edges(mesh, wanted, creased)
    if not _differs(mesh, wanted):
        return
    unit = wanted.vectors[wanted.corners]
    if bpy.app.version >= (4, 5, 0):
        # Free normals are taken as they are; the older form takes seconds for a large mesh.
        attribute = mesh.attributes.new("custom_normal", "FLOAT_VECTOR", "CORNER")
        attribute.data.foreach_set("vector", unit.ravel())
        mesh.update()
    else:
        mesh.normals_split_custom_set(unit)


def _creased(wanted: FileNormals, points: int) -> npt.NDArray[np.bool_]:
    """Which welded points (V,) carry normals that differ."""
    vectors, group = wanted.vectors, wanted.group
    one = np.empty((points, 3), dtype=np.float32)
    one[group] = vectors
    creased = np.zeros(points, dtype=bool)
    creased[group[_dot(one[group], vectors) < _SAME_DIRECTION]] = True
    return creased


def _differs(mesh: Any, wanted: FileNormals) -> bool:
    """Whether more than 1 % of the corners deviate so much that it can be seen."""
    made = np.empty(len(mesh.loops) * 3, dtype=np.float32)
    mesh.corner_normals.foreach_get("vector", made)
    unit = wanted.vectors[wanted.corners]
    seen = _dot(made.reshape(-1, 3), unit) < np.cos(np.radians(VISIBLE_DEGREES))
    return float(np.count_nonzero(seen)) > VISIBLE_SHARE * len(seen)


def _mark_hard_edges(mesh: Any, wanted: FileNormals, creased: npt.NDArray[np.bool_]) -> None:
    """An edge is hard where the normals of its two sides differ at one of its ends."""
    vertices = corner_values(mesh, ".corner_vert")
    edges = corner_values(mesh, ".corner_edge")
    corner = creased[vertices].reshape(-1, 3)
    # Only corners that begin or end an edge at such a point: few of them in most props.
    loops = np.flatnonzero((corner | corner[:, [1, 2, 0]]).ravel())
    loops = loops[np.argsort(edges[loops], kind="stable")]
    one, other = loops[:-1], loops[1:]
    pairs = edges[one] == edges[other]
    one, other = one[pairs], other[pairs]
    far_one, far_other = _following(one), _following(other)
    same_way = vertices[one] == vertices[other]
    near = np.where(same_way, other, far_other)
    far = np.where(same_way, far_other, other)
    smooth = _alike(wanted, one, near) & _alike(wanted, far_one, far)
    hard = np.zeros(len(mesh.edges), dtype=bool)
    hard[edges[one[~smooth]]] = True
    attribute = mesh.attributes.get("sharp_edge") or mesh.attributes.new(
        "sharp_edge", "BOOLEAN", "EDGE"
    )
    attribute.data.foreach_set("value", hard)
    mesh.update()


def corner_values(mesh: Any, name: str) -> Integers:
    """A whole-number attribute of all corners, such as ``.corner_vert``; (L,)."""
    values = np.empty(len(mesh.loops), dtype=np.int32)
    mesh.attributes[name].data.foreach_get("value", values)
    return values


def positions(mesh: Any) -> Floats:
    """Where the vertices are; (V, 3)."""
    values = np.empty(len(mesh.vertices) * 3, dtype=np.float32)
    if len(values):
        mesh.attributes["position"].data.foreach_get("vector", values)
    return values.reshape(-1, 3)


def _following(corners: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The next corner of each corner's triangle."""
    following: npt.NDArray[Any] = corners + 1 - 3 * (corners % 3 == 2)
    return following


def _alike(
    wanted: FileNormals, one: npt.NDArray[Any], other: npt.NDArray[Any]
) -> npt.NDArray[np.bool_]:
    """Whether the normals of two lists of corners point the same way; (N,)."""
    here, there = wanted.corners[one], wanted.corners[other]
    alike: npt.NDArray[np.bool_] = here == there
    unequal = np.flatnonzero(~alike)
    vectors = wanted.vectors
    alike[unequal] = _dot(vectors[here[unequal]], vectors[there[unequal]]) > _SAME_DIRECTION
    return alike


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
