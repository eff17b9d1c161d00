# SPDX-License-Identifier: GPL-3.0-or-later
"""Optimizes the meshes from Blender's glTF importer, so that they link and draw fast.

The importer splits vertices at UV seams and gives every mesh custom normals. Both are undone where
nothing is lost, so that such a prop is as light as one that was read the fast way
(``fill_geometry``).
"""

from __future__ import annotations

from typing import Any

from ..mesh.mesh_building import corner_values, positions
from ..mesh.mesh_rebuilding import Shading, has_loose_edges, is_simple, rebuild
from ..mesh.vertex_welding import weld_surface


def lighten(meshes: list[Any]) -> None:
    """Weld vertices at the same position, and remove custom normals that make no difference.

    Meshes with bones, shape keys, loose edges or custom attributes are not changed.
    """
    for mesh in meshes:
        if len(mesh.polygons) and is_simple(mesh):
            _lighten(mesh)


def _lighten(mesh: Any) -> None:
    # Read first, as the steps below change them.
    shading = Shading.of(mesh)
    corners = corner_values(mesh, ".corner_vert")
    points = positions(mesh)
    kept, group = weld_surface(points, corners.reshape(-1, 3))
    if len(kept) < len(points) and not has_loose_edges(mesh):
        rebuild(mesh, points[kept], group[corners].reshape(-1, 3))
    shading.restore(mesh)
