# SPDX-License-Identifier: GPL-3.0-or-later
"""Joins all meshes of a prop into one, with the material of each triangle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..mesh.mesh_building import positions, triangles_of
from ..mesh.quadrics import Indices, Reals
from .material_sampling import Surface


@dataclass(frozen=True)
class Whole:
    """All meshes of a prop as one, in world space.

    Shapes: points (V, 3), corners (T, 3), materials (T,): an index of ``surfaces``.
    """

    points: Reals
    corners: Indices
    surfaces: list[Surface]
    materials: Indices


def joined(objects: Sequence[Any]) -> Whole:
    """Join the meshes of objects; quads and larger faces become triangles."""
    points: list[Reals] = []
    corners: list[Indices] = []
    surfaces: list[Surface] = []
    materials: list[Indices] = []
    vertices = 0
    for obj in objects:
        mesh = obj.data
        world = np.array(obj.matrix_world, dtype=np.float64)
        places = positions(mesh).astype(np.float64)
        own, loops, slots = triangles_of(mesh)
        # A mirrored object would otherwise have its faces inside out.
        if np.linalg.det(world[:3, :3]) < 0:
            own, loops = own[:, ::-1], loops[:, ::-1]
        materials.append(slots + len(surfaces))
        first = sum(len(c) for c in corners)
        # The object's slots, not the mesh's materials, as a slot may be linked to the object.
        kinds = [slot.material for slot in obj.material_slots] or [None]
        surfaces += [Surface.of(kind, mesh, loops, first) for kind in kinds]
        if not np.array_equal(world, np.eye(4)):
            places = places @ world[:3, :3].T + world[:3, 3]
        points.append(places)
        own = own.astype(np.int64)
        corners.append(own + vertices if vertices else own)
        vertices += len(places)
    return Whole(_one(points), _one(corners), surfaces, _one(materials))


def _one(arrays: list[Any]) -> Any:
    """All arrays as one. Most props are a single mesh, which need not be copied."""
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
