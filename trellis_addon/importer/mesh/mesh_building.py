# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds Blender meshes from numpy arrays of triangles and normals, and reads them back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import bpy
import numpy as np
import numpy.typing as npt

from .index_arrays import following
from .vertex_welding import Floats, Integers

VISIBLE_DEGREES: Final = 8.0
VISIBLE_SHARE: Final = 0.01
_SAME_DIRECTION: Final = 0.9994
"""The cosine of two degrees."""
_MANY_CORNERS: Final = 200_000


@dataclass(frozen=True)
class FileNormals:
    """The normals of a file, one for each of its vertices, of which several may have been welded.

    Shapes: vectors (N, 3) of length 1 (0 if the file has none), group (N,): the welded point of
    each vertex, corners (3T,): the vector of each face corner.
    """

    vectors: Floats
    group: Integers
    corners: Integers


def mesh_of(points: Floats, corners: Integers, uvs: Floats, name: str) -> Any:
    """Make a smooth mesh of triangles with one UV map (3T, 2)."""
    mesh: Any = bpy.data.meshes.new(name)
    set_triangles(mesh, points, corners)
    mesh.uv_layers.new(name="UVMap").uv.foreach_set("vector", np.ascontiguousarray(uvs).ravel())
    return mesh


def set_triangles(mesh: Any, points: Floats, corners: Integers) -> None:
    """Fill an empty mesh: points (V, 3), corners (T, 3). Edges are computed."""
    count = len(corners)
    mesh.vertices.add(len(points))
    mesh.loops.add(count * 3)
    # Attributes are filled by a memory copy; `vertices` and `loops` are a hundred times slower.
    mesh.attributes["position"].data.foreach_set("vector", np.ascontiguousarray(points).ravel())
    corner_vertices = np.ascontiguousarray(corners, dtype=np.int32).ravel()
    mesh.attributes[".corner_vert"].data.foreach_set("value", corner_vertices)
    mesh.polygons.add(count)
    # The one step without an array fast path: 63 to 82 ms at 1 M triangles, while each copy above
    # takes 0.5 to 2.5 ms.
    mesh.polygons.foreach_set("loop_start", np.arange(0, count * 3, 3, dtype=np.int32))
    mesh.update(calc_edges=True)


def make_flat(mesh: Any) -> None:
    """Make all faces flat, as glTF 2.0, section 3.7.2.1, requires for meshes without normals."""
    flat = mesh.attributes.new("sharp_face", "BOOLEAN", "FACE")
    flat.data.foreach_set("value", np.ones(len(mesh.polygons), dtype=np.bool_))


def keep_normals(mesh: Any, wanted: FileNormals) -> None:
    """Reproduce the file's normals by the cheapest means: nothing, sharp edges, or custom normals.

    Custom normals make a prop slower to link and to draw, and most files have the normals that
    Blender would compute anyway.

    :param mesh: has triangles only, and no custom normals.
    """
    # Sharp edges first: with them, Blender's own normals are often the file's.
    creased = _creased(wanted, len(mesh.vertices))
    if creased.any():
        _mark_hard_edges(mesh, wanted, creased)
    if not differs(mesh, wanted):
        return
    unit = wanted.vectors[wanted.corners]
    if bpy.app.version >= (4, 5, 0):
        # Free normals are used as they are. The older form, which is relative to the faces, takes
        # 1.5 s to set on 1 M triangles in 5.2, and 0.6 s in 4.2.
        attribute = mesh.attributes.new("custom_normal", "FLOAT_VECTOR", "CORNER")
        attribute.data.foreach_set("vector", unit.ravel())
        mesh.update()
    else:
        mesh.normals_split_custom_set(unit)


@contextmanager
def custom_normals_kept(mesh: Any, matrix: npt.NDArray[np.float64]) -> Iterator[None]:
    """Transform custom normals by a matrix, while the code in the context transforms the mesh.

    Blender transforms free normals by itself. The older form, which is relative to the faces around
    a corner, is wrong after any non-uniform scaling (measured in 4.2 and 5.2).
    """
    if not mesh.has_custom_normals or _has_free_normals(mesh):
        yield
        return
    normals = np.empty(len(mesh.loops) * 3, dtype=np.float32)
    mesh.corner_normals.foreach_get("vector", normals)
    # Normals transform by the inverse transpose. The cofactor matrix is a multiple of it, and also
    # exists where a scale is 0.
    columns = [matrix[:3, index] for index in range(3)]
    turn = np.stack([np.cross(columns[k - 2], columns[k - 1]) for k in range(3)], axis=1)
    turned = normals.reshape(-1, 3) @ turn.T * np.sign(np.linalg.det(matrix[:3, :3]) or 1.0)
    turned /= np.maximum(np.linalg.norm(turned, axis=1, keepdims=True), 1e-30)
    # Stored as an attribute, as a flip changes the order of corners, and attributes follow that.
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
    """Which welded points (V,) have normals that differ from each other."""
    vectors, group = wanted.vectors, wanted.group
    one = np.empty((points, 3), dtype=np.float32)
    one[group] = vectors
    # Of several normals for one point, the last assignment stays; all are compared with that one.
    creased = np.zeros(points, dtype=bool)
    creased[group[_dot(one[group], vectors) < _SAME_DIRECTION]] = True
    return creased


def differs(mesh: Any, wanted: FileNormals) -> bool:
    """Whether the normals of more than 1 % of a mesh's face corners deviate visibly."""
    made = np.empty(len(mesh.loops) * 3, dtype=np.float32)
    mesh.corner_normals.foreach_get("vector", made)
    # One corner in five tells as much of a large mesh. Not one in three, which would be the same
    # corner of each triangle.
    some = slice(None, None, 5 if len(mesh.loops) > _MANY_CORNERS else 1)
    unit = wanted.vectors[wanted.corners[some]]
    seen = _dot(made.reshape(-1, 3)[some], unit) < np.cos(np.radians(VISIBLE_DEGREES))
    return float(np.count_nonzero(seen)) > VISIBLE_SHARE * len(seen)


def _mark_hard_edges(mesh: Any, wanted: FileNormals, creased: npt.NDArray[np.bool_]) -> None:
    """Mark the edges as sharp whose two faces have different normals at one of the edge's ends."""
    vertices = corner_values(mesh, ".corner_vert")
    edges = corner_values(mesh, ".corner_edge")
    corner = creased[vertices].reshape(-1, 3)
    # Only corners at the ends of an edge at such a point, which are few in most props.
    loops = np.flatnonzero((corner | corner[:, [1, 2, 0]]).ravel())
    loops = loops[np.argsort(edges[loops], kind="stable")]
    one, other = loops[:-1], loops[1:]
    pairs = edges[one] == edges[other]
    one, other = one[pairs], other[pairs]
    far_one, far_other = following(one), following(other)
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
    """The values of an integer attribute of all face corners, such as ``.corner_vert``; (L,)."""
    values = np.empty(len(mesh.loops), dtype=np.int32)
    mesh.attributes[name].data.foreach_get("value", values)
    return values


def positions(mesh: Any) -> Floats:
    """The positions of the vertices; (V, 3)."""
    values = np.empty(len(mesh.vertices) * 3, dtype=np.float32)
    if len(values):
        mesh.attributes["position"].data.foreach_get("vector", values)
    return values.reshape(-1, 3)


def triangles_of(mesh: Any) -> tuple[Any, Any, npt.NDArray[np.int64]]:
    """The vertices (T, 3), loops (T, 3) and material slot (T,) of each triangle."""
    count = len(mesh.polygons)
    # Only triangles: they can be read directly, without a tessellation by Blender.
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


def _alike(
    wanted: FileNormals, one: npt.NDArray[Any], other: npt.NDArray[Any]
) -> npt.NDArray[np.bool_]:
    """Whether the normals of two lists of corners have the same direction; (N,)."""
    here, there = wanted.corners[one], wanted.corners[other]
    alike: npt.NDArray[np.bool_] = here == there
    unequal = np.flatnonzero(~alike)
    vectors = wanted.vectors
    alike[unequal] = _dot(vectors[here[unequal]], vectors[there[unequal]]) > _SAME_DIRECTION
    return alike


def _dot(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> npt.NDArray[Any]:
    products: npt.NDArray[Any] = np.einsum("ij,ij->i", a, b)
    return products
