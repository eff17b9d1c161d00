# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds how much of the sky each point of a surface sees (ambient occlusion). numpy only.

The surface's samples are looked at from many directions. From each, they are drawn into a depth
picture, and a sample behind the nearest one of its pixel is in the shadow of this direction. So the
time does not depend on the number of triangles.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from ..mesh.directions import sphere_directions, view_axes
from ..mesh.quadrics import Reals, lengths

DIRECTIONS: Final = 48
SAMPLES: Final = 120_000
_SIDE: Final = 176
"""The depth picture's side. A sample must stand for less than a pixel, or light leaks in."""
_BIAS: Final = 2.5
"""The depth, in pixels, within which samples belong to the same surface."""


def visible_sky(places: Reals, normals: Reals) -> Reals:
    """The share of the sky above each sample that nothing hides, weighted by the cosine; (N,).

    :param places: (N, 3), evenly spread over the surface. :param normals: (N, 3).
    """
    points: Any = places - (places.min(axis=0) + places.max(axis=0)) / 2
    radius = float(np.max(lengths(points))) or 1.0
    points = (points / (radius * 1.001)).astype(np.float32)
    facing = normals.astype(np.float32)
    seen = np.zeros(len(points), dtype=np.float32)
    whole = np.full(len(points), 1e-6, dtype=np.float32)
    for direction in view_axes(sphere_directions(DIRECTIONS)):
        light = np.maximum(facing @ direction[2], 0.0)
        u, v, depth = (points @ axis for axis in direction)
        pixel = ((v + 1) * (_SIDE / 2)).astype(np.int32) * _SIDE + ((u + 1) * (_SIDE / 2)).astype(
            np.int32
        )
        nearest = np.full(_SIDE * _SIDE, -2.0, dtype=np.float32)
        np.maximum.at(nearest, pixel, depth)
        # A steep surface has more than one depth in a pixel.
        steep = _BIAS * (2 / _SIDE) / np.maximum(light, 0.2)
        seen += light * (depth > nearest[pixel] - steep)
        whole += light
    made: Reals = np.minimum(seen / whole, 1.0).astype(np.float64)
    return made
