# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the points of a prop's surface, and where a camera stands that sees all of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt
from mathutils import Euler, Vector

from ..mesh.mesh_building import positions
from .size_and_origin import cloud_positions

Points = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Framing:
    """Where a camera stands, and the distances along its view between which the points lie."""

    location: Vector
    nearest: float
    farthest: float


def framing(clouds: Iterable[Points], view: Euler, halves: tuple[float, float]) -> Framing:
    """The place from which a camera sees all points, as near as their outline allows.

    Along one axis of the image, a camera at (c, d) sees a point (x, z) if |x - c| <= (d - z) h. So
    the least distance is (max(x + z h) - min(x - z h)) / (2 h).

    :param clouds: points in world space, each (N, 3), such as those of a prop as it turns. They are
        looked at one after the other, so that all of them never need memory at once.
    :param view: the camera's rotation. :param halves: the tangent of half the angle that the points
        may take up, horizontally and vertically.
    """
    rotation = view.to_matrix()
    high, low = [-np.inf, -np.inf], [np.inf, np.inf]
    deepest, nearest = np.inf, -np.inf
    for cloud in clouds:
        points = cloud @ np.array(rotation)  # the inverse rotation, for row vectors
        depth = points[:, 2]
        for axis, half in enumerate(halves):
            high[axis] = max(high[axis], float((points[:, axis] + depth * half).max()))
            low[axis] = min(low[axis], float((points[:, axis] - depth * half).min()))
        deepest, nearest = min(deepest, float(depth.min())), max(nearest, float(depth.max()))
    distances = [(high[axis] - low[axis]) / (2 * half) for axis, half in enumerate(halves)]
    # The camera must also stay in front of the nearest point.
    distance = max(*distances, nearest + (nearest - deepest) * 0.01 + 1e-6)
    middle = [(high[axis] + low[axis]) / 2 for axis in range(2)]
    return Framing(rotation @ Vector((*middle, distance)), distance - nearest, distance - deepest)


def surface_points(objects: Iterable[Any]) -> Points:
    """The points of the objects' surfaces in world space, (N, 3), as deformed by modifiers.

    Blender must have evaluated the objects' places (``view_layer.update()``).
    """
    depsgraph = bpy.context.evaluated_depsgraph_get()
    found = []
    own: npt.NDArray[Any]
    for obj in objects:
        if obj.type == "POINTCLOUD":
            own = cloud_positions(obj.data)
        elif obj.type == "MESH":
            own = positions(obj.evaluated_get(depsgraph).data if obj.modifiers else obj.data)
        else:
            continue
        world = np.array(obj.matrix_world, dtype=np.float64)
        found.append(own @ world[:3, :3].T + world[:3, 3])
    return np.concatenate(found) if found else np.empty((0, 3))
