# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes Blender's mesh of a rebuilt prop, with seams, split normals and quads if asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import radians
from typing import Any, Final

import bmesh
import numpy as np

from ..mesh.mesh_building import mesh_of, triangles_of
from ..mesh.quadrics import Indices, Reals
from .chart_layout import Layout
from .low_mesh import LowMesh, Received
from .received_normals import loop_tangents

_FLAT: Final = radians(40.0)
"""Two triangles that meet at a larger angle do not become a quad."""
_SQUARE: Final = radians(60.0)
"""How far the corners of a quad may be from right angles."""


@dataclass(frozen=True)
class Basis:
    """The tangent space of a mesh's triangle corners.

    Shapes: normals, tangents (T, 3, 3), signs (T,) of the bitangents.
    """

    normals: Reals
    tangents: Reals
    signs: Reals


def mesh_from(received: Received, low: LowMesh, name: str, *, quads: bool) -> tuple[Any, LowMesh]:
    """Make the mesh in world space.

    :returns: the mesh, and ``low`` with its triangles in the order of the mesh.
    """
    used, short = np.unique(low.corners, return_inverse=True)
    points = (low.points[used] * received.size + received.low).astype(np.float32)
    uvs = (low.layout.places.reshape(-1, 2) / low.layout.size).astype(np.float32)
    mesh = mesh_of(points, short.reshape(-1, 3).astype(np.int32), uvs, name)
    number = np.full(len(low.points), -1)
    number[used] = np.arange(len(used))
    _mark(mesh, "use_seam", number[low.seams])
    _mark(mesh, "use_edge_sharp", number[low.sharp])
    if not quads:
        return mesh, low
    _join(mesh)
    return mesh, _as_in(mesh, low, used)


def basis_of(mesh: Any) -> Basis:
    """The tangent space of the mesh's triangles, as glTF and Blender compute it (MikkTSpace)."""
    _, loops, _ = triangles_of(mesh)
    mesh.calc_tangents()
    tangents, signs = loop_tangents(mesh)
    mesh.free_tangents()
    normals = np.empty(len(mesh.loops) * 3, dtype=np.float32)
    mesh.corner_normals.foreach_get("vector", normals)
    return Basis(
        normals.reshape(-1, 3).astype(np.float64)[loops], tangents[loops], signs[loops[:, 0]]
    )


def _mark(mesh: Any, flag: str, pairs: Indices) -> None:
    """Set a flag of the edges between pairs of vertices (E, 2)."""
    ends = np.empty(len(mesh.edges) * 2, dtype=np.int32)
    mesh.edges.foreach_get("vertices", ends)
    wanted = np.sort(pairs, axis=1) @ np.array([len(mesh.vertices), 1])
    found = np.sort(ends.reshape(-1, 2).astype(np.int64), axis=1) @ [len(mesh.vertices), 1]
    mesh.edges.foreach_set(flag, np.isin(found, wanted))
    mesh.update()


def _join(mesh: Any) -> None:
    """Make quads of pairs of triangles within a chart; some triangles have no partner."""
    work = bmesh.new()
    work.from_mesh(mesh)
    bmesh.ops.join_triangles(
        work,
        faces=work.faces[:],
        cmp_seam=True,
        cmp_sharp=True,
        cmp_uvs=True,
        angle_face_threshold=_FLAT,
        angle_shape_threshold=_SQUARE,
    )
    work.to_mesh(mesh)
    work.free()
    mesh.update()


def _as_in(mesh: Any, low: LowMesh, used: Indices) -> LowMesh:
    """The same with the triangles of the mesh, as Blender divides its quads."""
    vertices, loops, _ = triangles_of(mesh)
    uvs = np.empty(len(mesh.loops) * 2, dtype=np.float32)
    mesh.uv_layers[0].uv.foreach_get("vector", uvs)
    size = low.layout.size
    places = uvs.reshape(-1, 2).astype(np.float64)[loops] * size
    corners: Indices = used[vertices.astype(np.int64)]
    return replace(low, corners=corners, layout=Layout(places, size))
