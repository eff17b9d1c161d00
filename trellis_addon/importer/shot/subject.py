# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts one prop into an empty scene, at the size for which the studio is built."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import pi, tau
from pathlib import Path
from typing import Any, Final

import bpy
import numpy as np
from mathutils import Matrix

from ...blender_context import scene_of, view_layer_in
from ...core.errors import ImporterError
from ..export.open_prop import open_prop
from ..prop.framing import Points, surface_points

TURNS: Final = 24
"""The number of directions in which a turning prop must fit into the picture."""


@dataclass(frozen=True)
class Subject:
    """A prop that stands on the ground at the origin, and fits into a sphere of radius 1."""

    table: bpy.types.Object
    """The empty that turns the prop around Z."""
    points: Points
    """Those of the surface, (N, 3), as it stands."""

    @property
    def height(self) -> float:
        """The distance from the ground to the top."""
        return float(np.max(self.points[:, 2]))

    @property
    def reach(self) -> float:
        """The farthest distance of the surface from the axis around which the prop turns."""
        return float(np.max(np.hypot(self.points[:, 0], self.points[:, 1])))

    def turned(self) -> Iterator[Points]:
        """The points of the prop as it turns, one direction after the other."""
        for number in range(TURNS):
            angle = tau * number / TURNS
            turn = np.array(Matrix.Rotation(angle, 3, "Z"))
            # Between two of these directions, a point moves out of their hull by this at most.
            wider = np.array((1 / np.cos(pi / TURNS), 1 / np.cos(pi / TURNS), 1.0))
            yield (self.points @ turn.T) * wider


def subject_of(blend: Path) -> Subject:
    """Load the full prop of a file, without its proxy and levels of detail.

    It is scaled to the studio and not the other way round, as lights, depth of field and the
    precision of shadows then are the same for a coin and for a tower.

    :raises ImporterError: the file cannot be read, or holds no prop with a surface.
    """
    opened = open_prop(blend)
    objects = opened.objects
    bpy.data.batch_remove([obj for lod in opened.lods for obj in lod.objects])
    view_layer_in(bpy.context).update()
    points = surface_points(obj for obj in objects if not obj.hide_render)
    if not len(points):
        raise ImporterError("There is nothing to take a picture of", "Check the prop's file")
    return _placed(objects, points)


def _placed(objects: list[Any], points: Points) -> Subject:
    low, high = points.min(axis=0), points.max(axis=0)
    # A single point has no size; it may stay as small as it is.
    scale = 2 / (float(np.linalg.norm(high - low)) or 2.0)
    ground = np.array(((low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2]))
    scene = scene_of(bpy.context)
    table = bpy.data.objects.new("Turntable", None)
    fit = bpy.data.objects.new("Scale", None)
    for empty in (table, fit):
        scene.collection.objects.link(empty)
    fit.parent = table
    fit.matrix_basis = Matrix.Scale(scale, 4) @ Matrix.Translation((-ground).tolist())
    for obj in objects:
        if obj.parent is None:
            obj.parent = fit  # without an inverse, so that it moves with it
    return Subject(table, (points - ground) * scale)
