# SPDX-License-Identifier: GPL-3.0-or-later
"""Triangles and normals of numpy arrays -> Blender's mesh."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import bpy
import numpy as np
import numpy.typing as npt

from .welding import Floats, Integers

VISIBLE_DEGREES: Final = 8.0
VISIBLE_SHARE: Final = 0.01
_SAME_DIRECTION: Final = 0.9994
"""The cosine of two degrees."""


@dataclass(frozen=True)
class FileNormals:
    """Normals as a file has them: one for each of its vertices, of which several are welded.

    Shapes: vectors (N, 3) of length 1 (0 where the file has none), group (N,) into the welded
    points, corners (3T,) into vectors.
    """

    vectors: Floats
    group: Integers
    corners: Integers


def mesh_of(points: Floats, corners: Integers, uvs: Floats, name: str) -> Any:
    """A smooth mesh of triangles with one UV map (3T, 2)."""
    mesh: Any = bpy.data.meshes.new(name)
    set_triangles(mesh, points, corners)
    mesh.uv_layers.new(name="UVMap").uv.foreach_set("vector", np.ascontiguousarray(uvs).ravel())
    return mesh


def set_triangles(mesh: Any, points: Floats, corners: Integers) -> None:
    """Fill an empty mesh: points (V, 3), corners (T, 3); edges are computed."""
    count = len(corners)
    mesh.vertices.add(len(points))
    mesh.loops.add(count * 3)
    # By attribute it is a copy of memory; by `vertices` and `loops` a hundred times slower.
    mesh.attributes["position"].data.foreach_set("vector", np.ascontiguousarray(points).ravel())
    corner_vertices = np.ascontiguousarray(corners, dtype=np.int32).ravel()
    mesh.attributes[".corner_vert"].data.foreach_set("value", corner_vertices)
    mesh.polygons.add(count)
    mesh.polygons.foreach_set("loop_start", np.arange(0, count * 3, 3, dtype=np.int32))
    mesh.update(calc_edges=True)


def make_flat(mesh: Any) -> None:
    """Flat faces, as glTF 2.0, section 3.7.2.1, asks for where there are no normals."""
    flat = mesh.attributes.new("sharp_face", "BOOLEAN", "FACE")
    flat.data.foreach_set("value", np.ones(len(mesh.polygons), dtype=np.bool_))


def keep_normals(mesh: Any, wanted: FileNormals) -> None:
    """Do what is needed for the file's normals: nothing, hard edges, or custom normals.

    Custom normals make a prop slower to link and to draw, and most files have normals that
    Blender would compute by itself.

    :param mesh: of triangles, without custom normals.
    """
    creased = _creased(wanted, len(mesh.vertices))
    if creased.any():
        _mark_hard_edges(mesh, wanted, creased)
    if not differs(mesh, wanted):
        return
    unit = wanted.vectors[wanted.corners]
    if bpy.app.version >= (4, 5, 0):
        # Free normals are taken as they are; the older form takes seconds for a large mesh.
        attribute = mesh.attributes.new("custom_normal", "FLOAT_VECTOR", "CORNER")
        attribute.data.foreach_set("vector", unit.ravel())
        mesh.update()
    else:
        mesh.normals_split_custom_set(unit)


@contextmanager
def custom_normals_kept(mesh: Any, matrix: npt.NDArray[np.float64]) -> Iterator[None]:
    """Turn custom normals by a matrix while the mesh inside is transformed by it.

    Blender turns free normals by itself; the older form, which is relative to the faces around a
    corner, is wrong after any scaling that is not uniform (measured in 4.2 and 5.2).
    """
    if not mesh.has_custom_normals or _has_free_normals(mesh):
        yield
        return
    normals = np.empty(len(mesh.loops) * 3, dtype=np.float32)
    mesh.corner_normals.foreach_get("vector", normals)
    # The cofactors are the inverse's transpose where there is one, and exist for a flat scale too.
    columns = [matrix[:3, index] for index in range(3)]
    turn = np.stack([np.cross(columns[k - 2], columns[k - 1]) for k in range(3)], axis=1)
    turned = normals.reshape(-1, 3) @ turn.T * np.sign(np.linalg.det(matrix[:3, :3]) or 1.0)
    turned /= np.maximum(np.linalg.norm(turned, axis=1, keepdims=True), 1e-30)
    # An attribute follows its corners where a flip changes their order.
    carrier = mesh.attributes.new("turned normals", "FLOAT_VECTOR", "CORNER").name
    mesh.attributes[carrier].data.foreach_set("vector", turned.astype(np.float32).ravel())
    yield
    mesh.attributes[carrier].data.foreach_get("vector", normals)
    mesh.attributes.remove(mesh.attributes[carrier])
    mesh.normals_split_custom_set(normals.reshape(-1, 3))


def _has_free_normals(mesh: Any) -> bool:
    attribute = mesh.attributes.get("custom_normal")
    return attribute is not None and attribute.data_type == "FLOAT_VECTOR"


def _creased(wanted: FileNormals, points: int) -> npt.NDArray[np.bool_]:
    """Which welded points (V,) carry normals that differ."""
    vectors, group = wanted.vectors, wanted.group
    one = np.empty((points, 3), dtype=np.float32)
    one[group] = vectors
    creased = np.zeros(points, dtype=bool)
    creased[group[_dot(one[group], vectors) < _SAME_DIRECTION]] = True
    return creased


def differs(mesh: Any, wanted: FileNormals) -> bool:
    """Whether more than 1 % of a mesh's corners deviate so much that it can be seen."""
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


def triangles_of(mesh: Any) -> tuple[Any, Any, npt.NDArray[np.int64]]:
    """Vertices and loops of each triangle, and its material slot."""
    count = len(mesh.polygons)
    if len(mesh.loops) == 3 * count:
        vertices = corner_values(mesh, ".corner_vert").reshape(-1, 3)
        loops = np.arange(3 * count).reshape(-1, 3)
        of = slice(None)
    else:
        mesh.calc_loop_triangles()
        vertices = _numbers(mesh.loop_triangles, "vertices", 3, np.int32)
        loops = _numbers(mesh.loop_triangles, "loops", 3, np.int32)
        of = _numbers(mesh.loop_triangles, "polygon_index", 1, np.int32).ravel()
    slots = np.zeros(count, dtype=np.int64)
    if len(mesh.materials) > 1:
        slots[:] = _numbers(mesh.polygons, "material_index", 1, np.int32).ravel()
        np.clip(slots, 0, len(mesh.materials) - 1, out=slots)
    return vertices, loops, slots[of]


def _numbers(data: Any, attribute: str, width: int, kind: Any) -> Any:
    values = np.empty(len(data) * width, dtype=kind)
    data.foreach_get(attribute, values)
    return values.reshape(-1, width)


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
