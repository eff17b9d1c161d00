# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures the parts of a surface, and counts its faults. numpy only.

All functions take welded arrays, points (V, 3) and corners (T, 3): see ``topology``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from .quadrics import bounds_of
from .topology import Flags, edges_of, parts_of, sorted_keys
from .vertex_welding import Floats, Integers

Doubles = npt.NDArray[np.float64]

FLAT_SHARE: Final = 1e-6
"""A triangle whose height is less than this share of its longest edge has no area: float32 has 24
bits, so its normal would be noise."""


@dataclass(frozen=True)
class PartSizes:
    """Facts of each part; all (P,), but low and high (P, 3), the bounds of its points."""

    triangles: Integers
    area: Doubles
    volume: Doubles
    """Of a closed part, positive if its faces look outward; without meaning for an open one."""
    low: Floats
    high: Floats

    @property
    def diagonal(self) -> Doubles:
        """The diagonal of each part's bounds; (P,)."""
        sides = self.high.astype(np.float64) - self.low
        diagonal: Doubles = np.linalg.norm(sides, axis=1)
        return diagonal


def sizes_of(points: Floats, corners: Integers, part: Integers) -> PartSizes:
    """Measure parts, in the units of the points.

    :param part: the label of each triangle (T,), from 0 without gaps.
    """
    count = int(np.max(part)) + 1 if len(part) else 0
    # About the middle, so that a part far from the origin keeps its digits.
    middle = points.mean(axis=0, dtype=np.float64) if len(points) else np.zeros(3)
    axes = [(points[:, k] - middle[k])[corners] for k in range(3)]
    normal = _normals(axes)
    length = np.sqrt(normal[0] ** 2 + normal[1] ** 2 + normal[2] ** 2)
    tall = sum(axes[k][:, 0] * normal[k] for k in range(3))
    area = np.bincount(part, length / 2, count)
    volume = np.bincount(part, tall / 6, count)
    low, high = _bounds(points, corners, part, count)
    triangles = np.bincount(part, minlength=count).astype(np.int32)
    return PartSizes(triangles, area, volume, low, high)


def _normals(axes: list[Any]) -> list[Any]:
    """The cross products of triangles, twice their areas long: x, y and z (T,) each.

    :param axes: x, y and z of the corners, (T, 3) each. ``numpy.cross`` takes three times as long.
    """
    one = [axis[:, 1] - axis[:, 0] for axis in axes]
    other = [axis[:, 2] - axis[:, 0] for axis in axes]
    return [one[k - 2] * other[k - 1] - one[k - 1] * other[k - 2] for k in range(3)]


def _bounds(points: Floats, corners: Integers, part: Integers, count: int) -> tuple[Any, Any]:
    low, high = np.empty((2, count, 3), dtype=np.float32)
    if not count:
        return low, high
    # A corner of each point for each of its parts: mostly one, so half as many as triangles.
    label, at = np.repeat(part, 3), corners.ravel()
    own = np.full(len(points), -1, dtype=np.int32)
    own[at] = label
    further = own[at] != label
    of = np.concatenate([np.flatnonzero(own >= 0), at[further]])
    order, ordered = sorted_keys(
        np.concatenate([own[own >= 0], label[further]]).astype(np.uint64), count
    )
    starts = np.searchsorted(ordered, np.arange(count, dtype=np.uint64))
    for axis in range(3):
        value = points[:, axis][of[order]]
        low[:, axis] = np.minimum.reduceat(value, starts)
        high[:, axis] = np.maximum.reduceat(value, starts)
    return low, high


def collapsed_faces(points: Floats, corners: Integers) -> Flags:
    """Which triangles (T,) have no area: a point twice, or three points on a line.

    Only those with a point twice can be removed without leaving a slit between their neighbours.
    """
    # In a box of side 1, so that squares of small sizes stay within float32.
    extent = float(np.ptp(bounds_of(points), axis=0).max()) if len(points) else 1.0
    points = points / np.float32(extent or 1.0)
    axes = [points[:, k][corners] for k in range(3)]
    normal = _normals(axes)
    longest = np.zeros(len(corners), dtype=np.float32)
    for k in range(3):
        side = sum((axis[:, k] - axis[:, k - 1]) ** 2 for axis in axes)
        np.maximum(longest, side, out=longest)
    # Twice the area is longest edge x height.
    square = normal[0] ** 2 + normal[1] ** 2 + normal[2] ** 2
    flat: Flags = square <= (FLAT_SHARE * longest) ** 2
    return flat


def folded_faces(corners: Integers) -> Flags:
    """Which triangles (T,) have a point twice."""
    a, b, c = (corners[:, k] for k in range(3))
    folded: Flags = (a == b) | (b == c) | (c == a)
    return folded


def duplicate_faces(corners: Integers) -> tuple[Integers, Integers]:
    """Group triangles that have the same three points.

    :returns: such triangles (N,), and the group (N,) of each; ascending by group, then by triangle.
    """
    # By columns, as numpy takes ten times as long for a minimum along a short axis.
    a, b, c = (corners[:, k].astype(np.uint64) for k in range(3))
    low, high = np.minimum(np.minimum(a, b), c), np.maximum(np.maximum(a, b), c)
    middle = a + b + c - low - high
    span = np.uint64(int(np.max(corners)) + 1 if len(corners) else 1)
    # Few triangles share their two lowest points, so the third is compared only among those.
    order, key = sorted_keys(low * span + middle, int(span) ** 2)
    same = key[1:] == key[:-1]
    chosen = np.zeros(len(order), dtype=bool)
    chosen[1:] = same
    chosen[:-1] |= same
    few = order[chosen]
    few = few[np.lexsort((few, high[few], middle[few], low[few]))]
    alike = np.ones(max(len(few) - 1, 0), dtype=bool)
    for value in (low[few], middle[few], high[few]):
        alike &= value[1:] == value[:-1]
    begins = np.ones(len(few), dtype=bool)
    begins[1:] = ~alike
    several = np.zeros(len(few), dtype=bool)
    several[1:] |= alike
    several[:-1] |= alike
    group = (np.cumsum(begins) - 1).astype(np.int32)
    return few[several].astype(np.int32), group[several]


@dataclass(frozen=True)
class Faults:
    """How many faults a surface has."""

    parts: int
    open_edges: int
    non_manifold_edges: int
    flipped_edges: int
    collapsed: int
    duplicates: int


def faults_of(points: Floats, corners: Integers) -> Faults:
    """Count the faults of triangles. Those with a point twice are left out of all other counts."""
    collapsed = collapsed_faces(points, corners)
    corners = corners[~folded_faces(corners)]
    edges = edges_of(corners)
    twins, group = duplicate_faces(corners)
    part = parts_of(corners, len(points))
    return Faults(
        parts=int(np.max(part)) + 1 if len(part) else 0,
        open_edges=int(np.count_nonzero(edges.open)),
        non_manifold_edges=int(np.count_nonzero(edges.non_manifold)),
        flipped_edges=int(np.count_nonzero(edges.flipped)),
        collapsed=int(np.count_nonzero(collapsed)),
        duplicates=len(twins) - len(np.unique(group)),
    )
