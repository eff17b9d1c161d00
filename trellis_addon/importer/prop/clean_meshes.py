# SPDX-License-Identifier: GPL-3.0-or-later
"""Cleans the meshes of a prop: reads arrays, runs the steps, and writes what has changed."""

from __future__ import annotations

import logging
from collections import Counter
from math import hypot
from typing import Any

import numpy as np

from ..clean.steps import CleaningError, clean, words
from ..mesh.mesh_building import corner_values, positions, triangles_of
from ..mesh.mesh_rebuilding import Shading, has_loose_edges, is_simple, rebuild
from ..mesh.topology import Flags
from ..mesh.vertex_welding import Floats, Integers, invalid_faces
from ..proxy.clear_materials import is_clear
from ..surface.surface import Limits, Received, Surface

log = logging.getLogger(__name__)


def clean_meshes(objects: list[Any], how: str, size: tuple[float, float, float]) -> list[str]:
    """Remove faults from the surface.

    Meshes with bones, shape keys, loose edges or custom attributes are not changed, and a mesh
    without faults is not touched. If a step fails, no mesh is changed, and the note says which one.

    :param how: ``off``, ``safe`` or ``full``.
    :param size: width, depth and height of the prop in metres.
    :returns: a note, if there was something to do.
    """
    if how == "off":
        return []
    counts: Counter[str] = Counter()
    changed: dict[Any, Surface] = {}
    try:
        for obj in {o.data: o for o in objects if o.type == "MESH"}.values():
            # The size is in world space, and the parts of a model may be scaled.
            scale = max(abs(side) for side in obj.matrix_world.to_scale()) or 1.0
            mesh = obj.data
            if len(mesh.polygons) and is_simple(mesh) and not has_loose_edges(mesh):
                received = surface_of(mesh)
                cleaned, done = clean(received, Limits(hypot(*size) / scale, how == "full"))
                counts.update(done)
                if cleaned is not received:
                    changed[mesh] = cleaned
    except CleaningError as error:
        log.warning("the mesh was not cleaned: %s", error.__cause__, exc_info=error)
        return [f"The mesh was left as received: cleaning failed at {error}"]
    for mesh, surface in changed.items():
        _write(mesh, surface)
    return [words(counts)] if counts else []


def surface_of(mesh: Any) -> Surface:
    """Read a mesh of triangles."""
    corners, _, slots = triangles_of(mesh)
    uvs: Floats | None = None
    if mesh.uv_layers.active:
        uvs = np.empty(len(mesh.loops) * 2, dtype=np.float32)
        mesh.uv_layers.active.uv.foreach_get("vector", uvs)
        uvs = uvs.reshape(-1, 2)
    clear = np.array([is_clear(material) for material in mesh.materials] or [False])
    ends = np.empty(2 * len(mesh.edges), dtype=np.int32)
    mesh.attributes[".edge_verts"].data.foreach_get("value", ends)
    known = (ends.reshape(-1, 2), corner_values(mesh, ".corner_edge").reshape(-1, 3))
    received = Received(slots.astype(np.int32), clear, uvs)
    return Surface.of(positions(mesh), corners, received, known)


def _write(mesh: Any, surface: Surface) -> None:
    vertices = corner_values(mesh, ".corner_vert")
    shading = Shading.of(mesh)
    loops = surface.loops.ravel()
    normals = shading.normals[loops]
    if surface.turned.any():
        _turn(normals.reshape(-1, 3, 3), surface)
    points, corners = _with_own_points(surface, vertices[surface.loops])
    rebuild(mesh, points, corners, loops, surface.faces)
    Shading(normals, shading.is_faceted).restore(mesh)


def _turn(normals: Floats, surface: Surface) -> None:
    """Reverse the normals (T, 3, 3) of turned faces, except where they look outward already."""
    turned = np.flatnonzero(surface.turned)
    a, b, c = (surface.points[surface.corners[turned, k]] for k in range(3))
    out = np.cross(b - a, c - a)
    wrong = np.einsum("tcx,tx->tc", normals[turned], out) < 0
    normals[turned] *= np.where(wrong, np.float32(-1), np.float32(1))[:, :, None]


def _with_own_points(surface: Surface, vertices: Integers) -> tuple[Floats, Integers]:
    """The used points, and the corners (T, 3) among these. The sides of thin sheets share no
    points, as Blender would remove one of two such faces.

    :param vertices: (T, 3), the received vertices of the corners, which tell the sides apart.
    """
    corners = surface.corners.astype(np.int64)
    lost: Flags = invalid_faces(surface.corners)
    if lost.any():
        apart = np.zeros(int(np.max(vertices)) + 1, dtype=bool)
        apart[vertices[lost]] = True
        stride = len(apart) + 1
        key = corners * stride + np.where(apart[vertices], vertices + 1, 0)
        key, numbers = np.unique(key, return_inverse=True)
        return surface.points[key // stride], numbers.reshape(-1, 3).astype(np.int32)
    used = np.zeros(len(surface.points), dtype=bool)
    used[corners] = True
    return surface.points[used], (np.cumsum(used, dtype=np.int32) - 1)[corners]
