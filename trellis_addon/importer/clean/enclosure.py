# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds out exactly whether points are inside a closed surface, by counting crossings of a ray.

From a point with an odd number of crossings, every way out goes through the surface. Such a point
cannot be seen, however the faces are wound.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..mesh.index_arrays import spread
from ..mesh.topology import Flags, sorted_keys
from ..mesh.vertex_welding import Floats, Integers

MOST_CELLS: Final = 1024
"""A side of the grid in which triangles are looked up."""
_CHUNK: Final = 2_000_000
"""Pairs of a point and a triangle that are compared at a time; about 400 MB."""
_NEAR: Final = 2e-6
"""A point this near to the surface, as a share of its extent, is on it. float32 has 24 bits."""


def inside(points: Floats, corners: Integers, queries: Floats) -> Flags:
    """Which points (Q, 3) are inside the surface of closed triangles (T, 3), and not on it; (Q,).

    The ray goes up. Beside each other, triangles are compared by the same rule, so that a ray
    through an edge or a corner is counted exactly once.
    """
    found = np.zeros(len(queries), dtype=bool)
    if not len(queries) or not len(corners):
        return found
    used = points[corners.ravel()]
    low, high = used.min(axis=0), used.max(axis=0)
    around = np.flatnonzero(((queries > low) & (queries < high)).all(axis=1))
    if not len(around):
        return found
    grid = _Grid(points, corners, queries[around], low, high)
    near = _NEAR * float(np.max(high - low))
    odd = np.zeros(len(around), dtype=np.int64)
    touching = np.zeros(len(around), dtype=bool)
    for point, triangle in grid.pairs():
        hit, above = _crossings(points, corners[triangle], queries[around[point]])
        odd += np.bincount(point[hit[above > 0]], minlength=len(around))
        touching[point[hit[~(np.abs(above) > near)]]] = True
    found[around] = (odd % 2 == 1) & ~touching
    return found


class Rays:
    """Rays up and down through opaque triangles (T, 3)."""

    def __init__(self, points: Floats, corners: Integers) -> None:
        self._points, self._corners = points, corners
        used = points[corners.ravel()]
        self._low, self._high = used.min(axis=0), used.max(axis=0)

    def escape(self, queries: Floats) -> Flags:
        """Find the points (Q, 3) from which a ray up or down meets nothing; (Q,)."""
        low, high = self._low, self._high
        over = ((queries >= low) & (queries <= high))[:, :2].all(axis=1)
        around = np.flatnonzero(over)
        stopped = np.zeros((2, len(queries)), dtype=bool)
        if len(around):
            grid = _Grid(self._points, self._corners, queries[around], low, high)
            near = _NEAR * float(np.max(high - low))
            for point, triangle in grid.pairs():
                at = around[point]
                hit, above = _crossings(self._points, self._corners[triangle], queries[at])
                stopped[0, at[hit[above > near]]] = True
                stopped[1, at[hit[above < -near]]] = True
        escaped: Flags = ~stopped.all(axis=0)
        return escaped


def _crossings(
    points: Floats, corners: Integers, at: Floats
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Which vertical lines through points (N, 3) meet the triangle (N, 3) of the same number: their
    numbers (M,), and how far above the point that is (M,).
    """
    # Differences of float32 have 25 bits, and products of these fit into a float64: the signs
    # below are exact.
    x, y = (_beside(points, corners, at, k) for k in range(2))
    met = np.zeros(len(corners), dtype=bool)
    for one, other in ((0, 1), (1, 2), (2, 0)):
        straddles = (y[one] > 0) != (y[other] > 0)
        # Always from the lower end, so that both triangles of an edge get the same answer.
        up = y[one] <= 0
        side = x[one] * y[other] - x[other] * y[one]
        met ^= straddles & (np.where(up, side, -side) > 0)
    hit = np.flatnonzero(met)
    x, y = [each[hit] for each in x], [each[hit] for each in y]
    z = _beside(points, corners[hit], at[hit], 2)
    a = [each[1] - each[0] for each in (x, y, z)]
    b = [each[2] - each[0] for each in (x, y, z)]
    normal = [a[k - 2] * b[k - 1] - a[k - 1] * b[k - 2] for k in range(3)]
    with np.errstate(divide="ignore", invalid="ignore"):
        above = z[0] + (normal[0] * x[0] + normal[1] * y[0]) / normal[2]
    return hit, above


def _beside(points: Floats, corners: Integers, at: Floats, axis: int) -> list[Any]:
    """One coordinate of each of the three corners, from the point on: three times (N,)."""
    values, origin = points[:, axis].astype(np.float64), at[:, axis].astype(np.float64)
    return [values[corners[:, k]] - origin for k in range(3)]


class _Grid:
    """The triangles over each cell of a grid on the ground, and the points in these cells."""

    def __init__(
        self, points: Floats, corners: Integers, queries: Floats, low: Floats, high: Floats
    ) -> None:
        flat = points[:, :2][corners].astype(np.float64)
        # By columns, as numpy takes ten times as long along a short axis.
        a, b, c = flat[:, 0], flat[:, 1], flat[:, 2]
        lowest = np.minimum(np.minimum(a, b), c)
        highest = np.maximum(np.maximum(a, b), c)
        side = int(np.clip(np.sqrt(len(corners)), 1, MOST_CELLS))
        span = np.maximum((high - low)[:2].astype(np.float64), 1e-30)
        while True:
            scale = side / span
            first = self._cells(lowest, low, scale, side)
            last = self._cells(highest, low, scale, side)
            wide = last - first + 1
            total = int((wide[:, 0] * wide[:, 1]).sum())
            # Long triangles are over many cells.
            if total <= 4 * len(corners) + 100_000 or side == 1:
                break
            side = max(1, side // 2)
        cell = self._cells(queries[:, :2].astype(np.float64), low, scale, side)
        self._cell_of = (cell[:, 1] * side + cell[:, 0]).astype(np.int64)
        wanted = np.zeros(side * side, dtype=bool)
        wanted[self._cell_of] = True
        self._fill(first, last, side, wanted)

    @staticmethod
    def _cells(values: Any, low: Floats, scale: Any, side: int) -> npt.NDArray[np.int64]:
        cells: npt.NDArray[np.int64] = ((values - low[:2]) * scale).astype(np.int64)
        return np.clip(cells, 0, side - 1)

    def _fill(self, first: Any, last: Any, side: int, wanted: Flags) -> None:
        """List the triangles of each wanted cell."""
        sums = np.zeros((side + 1, side + 1), dtype=np.int64)
        sums[1:, 1:] = wanted.reshape(side, side).cumsum(axis=0).cumsum(axis=1)
        (x, y), (right, top) = first.T, last.T + 1
        over = sums[top, right] - sums[y, right] - sums[top, x] + sums[y, x]
        chosen = np.flatnonzero(over)
        wide = (last - first + 1)[chosen]
        triangle, place = spread(wide[:, 0] * wide[:, 1])
        column, row = place % wide[triangle, 0], place // wide[triangle, 0]
        start = first[chosen][triangle]
        cell = (start[:, 1] + row) * side + start[:, 0] + column
        keep = wanted[cell]
        order, cell = sorted_keys(cell[keep].astype(np.uint64), side * side)
        self._triangles = chosen[triangle[keep][order]]
        self._starts = np.searchsorted(cell, np.arange(side * side + 1, dtype=np.uint64))

    def pairs(self) -> Any:
        """The pairs of a point and a triangle over its cell, some at a time: (N,), (N,)."""
        counts = self._starts[self._cell_of + 1] - self._starts[self._cell_of]
        ends = np.cumsum(counts)
        at = 0
        while at < len(counts):
            before = ends[at - 1] if at else 0
            until = max(at + 1, int(np.searchsorted(ends, before + _CHUNK)))
            point, place = spread(counts[at:until])
            yield point + at, self._triangles[self._starts[self._cell_of[point + at]] + place]
            at = until
