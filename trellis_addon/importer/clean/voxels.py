# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds where the outside of a surface reaches, by filling a grid of cells with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ..mesh.index_arrays import spread
from ..mesh.topology import Flags, connected
from ..mesh.vertex_welding import Floats, Integers

MOST_CELLS: Final = 192
"""Along the longest side: cells of 5 mm in a prop of 1 m; 7 million, a byte each."""
_MOST_SAMPLES: Final = 20_000_000
_CHUNK: Final = 2_000_000


@dataclass(frozen=True)
class Grid:
    """Cells around a surface, with an empty margin."""

    low: Any
    cell: float
    shape: tuple[int, int, int]

    @classmethod
    def around(cls, points: Floats, corners: Integers) -> Grid:
        """Make the finest grid whose cells can be filled by at most 20 million points."""
        low, high = (bound.astype(np.float64) for bound in (points.min(axis=0), points.max(axis=0)))
        cell = max(float(np.max(high - low)) / MOST_CELLS, 1e-30)
        while np.sum((_steps(points, corners, cell) + 1.0) ** 2) / 2 > _MOST_SAMPLES:
            cell *= 2
        x, y, z = (np.floor((high - low) / cell).astype(int) + 5).tolist()
        return cls(low - 2 * cell, cell, (x, y, z))

    def samples(self, points: Floats, corners: Integers) -> Iterator[tuple[Any, Any]]:
        """The cells (N,) of points all over the triangles, at most half a cell apart, and the
        triangle (N,) of each; some at a time.
        """
        steps = _steps(points, corners, self.cell)
        for count in np.unique(steps).tolist():
            u, v = np.meshgrid(np.arange(count + 1), np.arange(count + 1))
            inner = u + v <= count
            shares = np.stack([u[inner], v[inner]]) / count
            faces = np.flatnonzero(steps == count)
            size = max(1, _CHUNK // shares.shape[1])
            for begin in range(0, len(faces), size):
                some = faces[begin : begin + size]
                a, b, c = (points[corners[some, k]].astype(np.float64) for k in range(3))
                at = a[:, None] + shares[0, :, None] * (b - a)[:, None]
                at += shares[1, :, None] * (c - a)[:, None]
                yield self.cells(at.reshape(-1, 3)), np.repeat(some, shares.shape[1])

    def cells(self, places: Any) -> Any:
        """The cell of each point (N, 3); (N,)."""
        x, y, z = np.floor((places - self.low) / self.cell).astype(np.int64).T
        return (x * self.shape[1] + y) * self.shape[2] + z


def _steps(points: Floats, corners: Integers, cell: float) -> Any:
    """The number of steps that the longest edge of each triangle is divided into; (T,)."""
    a, b, c = (points[corners[:, k]] for k in range(3))
    longest = np.max([((p - q) ** 2).sum(axis=1) for p, q in ((a, b), (b, c), (c, a))], axis=0)
    return np.maximum(np.ceil(2 * np.sqrt(longest.astype(np.float64)) / cell), 1).astype(np.int64)


def reached(points: Floats, corners: Integers, opaque: Flags, chosen: Any) -> Flags:
    """Which of the chosen triangles (N,) are beside a cell that the outside reaches; (N,).

    :param opaque: (T,), the triangles that stop it.
    """
    grid = Grid.around(points, corners)
    blocked = np.zeros(int(np.prod(grid.shape)), dtype=bool)
    for cells, _ in grid.samples(points, corners[opaque]):
        blocked[cells] = True
    near = near_outside(grid, blocked)
    found = np.zeros(len(chosen), dtype=bool)
    for cells, triangle in grid.samples(points, corners[chosen]):
        found[triangle[near[cells]]] = True
    return found


def near_outside(grid: Grid, blocked: Flags) -> Flags:
    """Which cells the outside reaches, or a cell beside them.

    :param blocked: the cells that the surface goes through, as a flat array.
    """
    free = ~blocked.reshape(-1, grid.shape[2])
    # A run of free cells in a column is one node: a hundred times fewer than cells.
    edge = np.diff(free, axis=1, prepend=False, append=False)
    column, place = np.nonzero(edge)
    column, first, last = column[::2], place[::2], place[1::2]
    nodes = [_touching(grid, column, first, last, step) for step in (1, grid.shape[1])]
    one, other = np.concatenate(nodes, axis=1).astype(np.int32)
    label = connected(len(column), one, other)
    lengths = last - first
    run, along = spread(lengths)
    outside = np.zeros(free.shape, dtype=bool)
    # The first run is in the margin.
    outside[column[run], first[run] + along] = (label == label[0])[run]
    near = outside.reshape(grid.shape)
    for axis in range(3):
        near = near | np.roll(near, 1, axis) | np.roll(near, -1, axis)
    return near.ravel()


def _touching(grid: Grid, column: Any, first: Any, last: Any, step: int) -> Any:
    """Pairs of runs side by side in columns that are a step apart; (2, N)."""
    deep = grid.shape[2] + 1
    beside = column + step
    # In y, the last column of a row is not beside the first one of the next row.
    inside = beside < grid.shape[0] * grid.shape[1]
    if step == 1:
        inside &= column % grid.shape[1] != grid.shape[1] - 1
    begin = np.searchsorted(column * deep + last, beside * deep + first, side="right")
    end = np.searchsorted(column * deep + first, beside * deep + last, side="left")
    index, number = spread(np.where(inside, np.maximum(end - begin, 0), 0))
    return np.stack([index, begin[index] + number])
