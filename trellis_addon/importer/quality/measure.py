# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures the quality of finished objects inside the background Blender."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from mathutils import Vector

from ...core.generation.quality import Quality
from ..mesh import textures
from ..mesh.mesh_building import positions, triangles_of
from ..mesh.surface_faults import folded_faces
from ..mesh.topology import edges_of
from ..mesh.vertex_welding import weld
from .floaters import Specks, specks_of
from .hidden_faces import hidden_share
from .surface_tree import SurfaceTree
from .uv_raster import uv_use

MOST_TRIANGLES: Final = 2_000_000
"""With more, only counts are told: the measuring takes some 250 bytes for each triangle, and the
background Blender has a limit of memory."""


@dataclass(frozen=True)
class Surface:
    """All triangles of a prop in world space: points (V, 3), corners (T, 3), the UVs (T, 3, 2)
    with NaN where there are none, and the number of the material (T,).
    """

    points: npt.NDArray[np.float32]
    corners: npt.NDArray[np.int32]
    uvs: npt.NDArray[np.float32]
    slots: npt.NDArray[np.int64]


def measure(objects: list[Any]) -> Quality:
    """Measure the meshes among objects; what is too large is counted only."""
    meshes = [obj for obj in objects if obj.type == "MESH" and len(obj.data.polygons)]
    triangles = sum(len(obj.data.loops) - 2 * len(obj.data.polygons) for obj in meshes)
    materials = {slot.material: None for obj in meshes for slot in obj.material_slots}
    sides = textures.sizes_in([material for material in materials if material])
    counted = Quality(triangles, textures=len(sides), largest_texture=max(sides, default=0))
    if not meshes or triangles > MOST_TRIANGLES:
        return counted
    surface = surface_of(meshes)
    kept, group = weld(surface.points)
    points, corners = surface.points[kept], group[surface.corners]
    corners = corners[~folded_faces(corners)]
    edges = edges_of(corners)
    specks = specks_of(points, corners)
    tree = SurfaceTree.of(points, corners[specks.rest])
    use = uv_use(surface.uvs, surface.slots)
    return replace(
        counted,
        open_edges=int(np.count_nonzero(edges.open)),
        non_manifold_edges=int(np.count_nonzero(edges.non_manifold)),
        flipped_edges=int(np.count_nonzero(edges.flipped)),
        floaters=_floating(specks, tree),
        hidden_share=round(hidden_share(tree), 4),
        uv_overlap=round(use.overlap, 4) if use else None,
        uv_coverage=round(use.coverage, 4) if use else None,
    )


def _floating(specks: Specks, tree: SurfaceTree) -> int:
    """How many specks are farther from the rest of the prop than they are large."""
    reach = specks.reach + tree.slack
    near = zip(map(Vector, specks.middles), reach.tolist(), strict=True)
    return sum(tree.tree.find_nearest(middle, within)[0] is None for middle, within in near)


def surface_of(meshes: list[Any]) -> Surface:
    """Gather the triangles of mesh objects, of which each has some."""
    points, corners, uvs, slots = [], [], [], []
    start = first = 0
    for obj in meshes:
        mesh = obj.data
        matrix = np.array(obj.matrix_world, dtype=np.float32)
        own = positions(mesh)
        vertices, loops, slot = triangles_of(mesh)
        points.append(
            own if np.array_equal(matrix, np.eye(4)) else own @ matrix[:3, :3].T + matrix[:3, 3]
        )
        corners.append(vertices + np.int32(start))
        # Indexing takes 0.1 s for 1 M triangles, so it is left out where all faces are triangles.
        own_uvs = _uvs(mesh)
        uvs.append(own_uvs.reshape(-1, 3, 2) if len(own_uvs) == 3 * len(loops) else own_uvs[loops])
        # By the mesh: two objects with one material may share a texel on purpose (such as four
        # legs), but objects that share a mesh always do.
        slots.append(slot + first)
        start += len(own)
        first += max(1, len(mesh.materials))
    return Surface(
        np.concatenate(points), np.concatenate(corners), np.concatenate(uvs), np.concatenate(slots)
    )


def _uvs(mesh: Any) -> npt.NDArray[np.float32]:
    """The UVs of all face corners (L, 2) of the layer that renders use."""
    values = np.full(len(mesh.loops) * 2, np.nan, dtype=np.float32)
    layer = next((one for one in mesh.uv_layers if one.active_render), None)
    if layer is not None:
        layer.uv.foreach_get("vector", values)
    return values.reshape(-1, 2)
