# SPDX-License-Identifier: GPL-3.0-or-later
"""Packs flat charts of any outline into a square texture. numpy and whole numbers only.

The texture is a grid of cells, and the grid is one whole number with a bit for each cell. All spots
at which a row of a chart would meet something are found at once, by shifting that number. So small
charts go into the holes of large ones: with its hoops, a barrel covers 44 % of its texture, and
31 % if only rectangles are packed (measured).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from ..mesh.index_arrays import spread
from ..mesh.quadrics import Indices, Reals

_CELLS: Final = 256
"""The side of the grid. With 512, charts get a tenth more texels, but packing takes three to four
times as long (measured with a barrel and a tree)."""
_FULL: Final = 0.9
"""The share of the texture that charts may fill at most, tried first."""
_MOST: Final = 0.9
"""A larger share of the cells is not tried, as some between the charts always stay free."""
_LESS: Final = 0.95
_TRIES: Final = 60

Run = tuple[int, int, int]
"""Cells of a chart in a row: the row, the first column, and their number."""


def pack(flat: Reals, chart: Indices, size: int, gap: int) -> tuple[float, Reals]:
    """Find the largest scale at which all charts fit into a texture.

    :param flat: (T, 3, 2), with the lower left of each chart (T,) at 0.
    :param gap: the pixels that stay free between two charts.
    :returns: the scale, and the place (C, 2) of each chart's lower left, in pixels.
    """
    count = int(np.max(chart)) + 1
    cell = size / _CELLS
    u, v = flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]
    area = float(np.abs(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]).sum()) / 2
    scale = min(
        size * (_FULL / max(area, 1e-30)) ** 0.5,
        (size - 4 * max(gap, cell)) / max(float(np.max(flat)), 1e-30),
    )
    border = gap / 2 / cell
    for _ in range(_TRIES):
        runs = _runs(flat * (scale / cell) + border + 1.0, chart, border)
        share = sum(length for each in runs for _, _, length in each) / (_CELLS * _CELLS)
        spots = _placed(runs, count) if share < _MOST else None
        if spots is not None:
            return scale, (spots + border + 1.0) * cell
        scale *= min(_LESS, _shrunk(share, area * scale * scale / (size * size)))
    # More charts than such a texture has room for.
    return scale, np.zeros((count, 2))


def _shrunk(share: float, own: float) -> float:
    """Return how much charts have to shrink to fill less than the most of the cells.

    :param share: what they fill. :param own: what they would fill without the borders around them,
        which stay as wide as they are.
    """
    border = max(share - own, 0.0)
    made: float = (np.sqrt(border * border + 4 * own * _MOST) - border) / (2 * own)
    return made


def _runs(flat: Reals, chart: Indices, border: float) -> list[list[Run]]:
    """The cells of each chart, with all that are nearer than ``border`` to it.

    :param flat: (T, 3, 2), in cells.
    """
    # A cell belongs to a triangle if its centre is no farther away than this from all three edges
    # (0.71 is half of a cell's diagonal), which is more than needed only at sharp corners.
    reach = border + 0.71
    low = np.floor(flat.min(axis=1) - border).astype(np.int64)
    sides = np.floor(flat.max(axis=1) + border).astype(np.int64) + 1 - low
    each = sides.prod(axis=1)
    triangle, number = spread(each)
    width = sides[triangle, 0]
    x, y = low[triangle, 0] + number % width, low[triangle, 1] + number // width
    near = np.ones(len(triangle), dtype=bool)
    for k in range(3):
        start, along = flat[:, k], flat[:, (k + 1) % 3] - flat[:, k]
        along = along / np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-12)
        left = along[triangle, 0] * (y + 0.5 - start[triangle, 1])
        left -= along[triangle, 1] * (x + 0.5 - start[triangle, 0])
        near &= left > -reach
    side = int(max(np.max(x), np.max(y))) + 2
    keys = np.unique((chart[triangle[near]] * side + y[near]) * side + x[near])
    begins = np.flatnonzero(np.concatenate([[True], (np.diff(keys) != 1)]))
    long = np.diff(np.concatenate([begins, [len(keys)]]))
    keys = keys[begins]
    made: list[list[Run]] = [[] for _ in range(int(np.max(chart)) + 1)]
    rows = zip(keys // side // side, keys // side % side, keys % side, long, strict=True)
    for owner, row, column, length in rows:
        made[owner].append((int(row), int(column), int(length)))
    return made


def _placed(runs: list[list[Run]], count: int) -> Reals | None:
    """The cell (C, 2) of each chart's lower left; None if one does not fit."""
    if max(max(x + n for _, x, n in each) for each in runs) > _CELLS:
        return None
    # By the rectangles around them: rings first, as other charts go into their holes.
    order = sorted(range(count), key=lambda one: -_rectangle(runs[one]))
    spots = np.zeros((count, 2))
    taken = 0
    for one in order:
        spot = _first_free(taken, runs[one])
        if spot is None:
            return None
        for row, column, length in runs[one]:
            taken |= ((1 << length) - 1) << (spot + row * _CELLS + column)
        spots[one] = spot % _CELLS, spot // _CELLS
    return spots


def _rectangle(runs: list[Run]) -> int:
    return max(column + length for _, column, length in runs) * (runs[-1][0] + 1)


def _first_free(taken: int, runs: list[Run]) -> int | None:
    """The lowest, then leftmost cell at which a chart meets nothing."""
    width = max(column + length for _, column, length in runs)
    height = max(row for row, _, _ in runs) + 1
    if height > _CELLS:
        return None
    wide = list(_widened(taken, max(length for _, _, length in runs)))
    met = 0
    for row, column, length in runs:
        power = length.bit_length() - 1
        block = wide[power]
        block |= block >> (length - (1 << power))
        met |= block >> (row * _CELLS + column)
    # Only spots from which the whole chart is in the grid, in each row and in all of them.
    rows = ((1 << (_CELLS * (_CELLS - height + 1))) - 1) // ((1 << _CELLS) - 1)
    free = ~met & (rows * ((1 << (_CELLS - width + 1)) - 1))
    return (free & -free).bit_length() - 1 if free else None


def _widened(taken: int, longest: int) -> Iterator[int]:
    """For each power of two up to a length: the cells from which that many are not all free."""
    block, length = taken, 1
    while length <= longest:
        yield block
        block |= block >> length
        length *= 2
