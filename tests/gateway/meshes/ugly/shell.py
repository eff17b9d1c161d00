# SPDX-License-Identifier: GPL-3.0-or-later
"""How deep an inner shell may lie below each vertex: inside of its body, as in a generator's."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

SHELL_DEPTH = 0.02
"""The deepest that an inner shell lies, in metres of a prop of 1 m."""
LEAST_DEPTH = 0.002
"""A voxel of a grid of 512: two skins that are nearer than that are one."""
SHARE = 0.35
"""Of the thickness of the wall at that place."""
SAMPLES = 12_000

Reals = npt.NDArray[np.floating[Any]]


def depths_of(
    points: Reals,
    normals: Reals,
    body: npt.NDArray[np.int64],
    rng: np.random.Generator,
) -> npt.NDArray[np.float64]:
    """The depth of a shell below each vertex, 0 where the body is too thin for one.

    The thickness is estimated at a few thousand vertices that look the other way.
    """
    depth = np.full(len(points), SHELL_DEPTH)
    reach = 1.5 * SHELL_DEPTH / SHARE
    some = rng.choice(len(points), min(len(points), SAMPLES), replace=False)
    cells = np.floor(points / reach).astype(np.int64) + 1000
    key = (cells[:, 0] * 2000 + cells[:, 1]) * 2000 + cells[:, 2]
    some = some[np.argsort(key[some], kind="stable")]
    for offset in np.ndindex(3, 3, 3):
        beside = key + ((offset[0] - 1) * 2000 + offset[1] - 1) * 2000 + offset[2] - 1
        first = np.searchsorted(key[some], beside)
        count = np.searchsorted(key[some], beside, side="right") - first
        one = np.repeat(np.arange(len(points)), count)
        place = np.arange(len(one)) - np.repeat(np.cumsum(count) - count, count)
        _limit(depth, points, normals, body, one, some[first[one] + place])
    depth[depth < LEAST_DEPTH] = 0.0
    return depth


def _limit(
    depth: npt.NDArray[np.float64],
    points: Reals,
    normals: Reals,
    body: npt.NDArray[np.int64],
    one: npt.NDArray[np.int64],
    other: npt.NDArray[np.int64],
) -> None:
    """Lessen the depths by pairs of vertices, of which the other looks away from the first one."""
    for begin in range(0, len(one), 2_000_000):
        a, b = one[begin : begin + 2_000_000], other[begin : begin + 2_000_000]
        way = points[a] - points[b]
        thick = np.einsum("ij,ij->i", way, normals[a])
        beside = np.linalg.norm(way - thick[:, None] * normals[a], axis=1)
        facing = np.einsum("ij,ij->i", normals[a], normals[b])
        # Where two bodies touch, none of them ends.
        fits = np.where(body[a] == body[b], thick > -1e-4, thick > 2 * LEAST_DEPTH)
        fits &= (facing < -0.3) & (beside < 0.03)
        np.minimum.at(depth, a[fits], SHARE * np.maximum(thick[fits], 0.0))
