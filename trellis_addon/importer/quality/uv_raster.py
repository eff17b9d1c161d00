# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds how much of the UV space is used, and how much of that more than once. numpy only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..mesh.index_arrays import spread

SIDE: Final = 512
"""The texels of a side of the unit square. Charts nearer than a 512th count as touching."""

COARSEST: Final = 64
MOST_CELLS: Final = 6_000_000
"""The most texels in the bounds of all triangles, which are tested one by one: about 0.5 s. Where
there are more, as of many large triangles above each other, the raster is coarser."""

_OFFSET: Final = (0.0517, 0.0913)
"""Moves all UVs by this much of a texel, so that a texel's centre is not on the edge of two
triangles whose UVs lie on a grid."""


@dataclass(frozen=True)
class UvUse:
    """Shares, 0 to 1."""

    coverage: float
    """Of the unit square, on average of the materials that have UVs."""
    overlap: float
    """Of the texels that are used, those that several triangles of one material use."""


def uv_use(uvs: npt.NDArray[Any], slots: npt.NDArray[Any]) -> UvUse | None:
    """Measure the UVs of triangles; None if there are none.

    :param uvs: (T, 3, 2). Those outside of the unit square are where a repeated texture has them.
    :param slots: the number of the material of each triangle (T,), as each has its own textures.
    """
    # By axis, in single precision: four times as fast for 1 M triangles.
    u, v = np.ascontiguousarray(uvs[:, :, 0]), np.ascontiguousarray(uvs[:, :, 1])
    if not (np.isfinite(u).all() and np.isfinite(v).all()):
        finite = np.isfinite(u).all(axis=1) & np.isfinite(v).all(axis=1)
        u, v, slots = u[finite], v[finite], slots[finite]
    if not len(u):
        return None
    most = int(slots.max()) + 1
    there = np.bincount(slots, minlength=most) > 0
    number = np.cumsum(there) - 1
    side = SIDE
    while True:
        u_low, width = _bounds(u, side, _OFFSET[0])
        v_low, height = _bounds(v, side, _OFFSET[1])
        count = width * height
        if count.sum() <= MOST_CELLS or side <= COARSEST:
            break
        side //= 2
    # Most triangles of a heavy prop lie between the centres of the texels. A triangle whose bounds
    # hold more than the limit is left out: it repeats its texture, which is no layout.
    some = np.flatnonzero((count > 0) & (count < MOST_CELLS))
    at = [_columns(u, some) * side + _OFFSET[0], _columns(v, some) * side + _OFFSET[1]]
    low, size = (u_low[some], v_low[some]), (width[some], height[some])
    triangle, texel = _covered(at, low, size, side)
    texels = number[slots[some]][triangle] * side**2 + texel
    used = np.bincount(texels, minlength=int(np.count_nonzero(there)) * side**2)
    hit = int(np.count_nonzero(used))
    overlap = int(np.count_nonzero(used > 1)) / hit if hit else 0.0
    return UvUse(hit / len(used), overlap)


Pair = tuple[npt.NDArray[Any], npt.NDArray[Any]]


def _bounds(
    values: npt.NDArray[Any], side: int, offset: float
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """For one axis (T, 3): the first texel (T,) whose centre may be in a triangle, and how many."""
    least = np.minimum(np.minimum(values[:, 0], values[:, 1]), values[:, 2])
    most = np.maximum(np.maximum(values[:, 0], values[:, 1]), values[:, 2])
    shift = np.float32(offset - 0.5)
    low = np.ceil(least * np.float32(side) + shift).astype(np.int64)
    high = np.floor(most * np.float32(side) + shift).astype(np.int64)
    return low, np.maximum(high - low + 1, 0)


def _columns(values: npt.NDArray[Any], some: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The corners of some triangles, as three columns; (T, 3) -> (3, N), in double precision."""
    return np.ascontiguousarray(values.take(some, axis=0).T, dtype=np.float64)


def _covered(
    at: Sequence[npt.NDArray[Any]], low: Pair, size: Pair, side: int
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """The triangles (N,) and texels (N,) of all centres that lie in a triangle.

    :param at: u and v of the corners in texels, (3, T) each. :param low: the first column and row
        (T,), (T,). :param size: how many from there on (T,), (T,).
    """
    u, v = at
    triangle, within = spread(size[0] * size[1])
    row, column = np.divmod(within, size[0].take(triangle))
    x, y = low[0].take(triangle) + column, low[1].take(triangle) + row
    inside = np.ones(len(triangle), dtype=bool)
    turn = np.sign((u[1] - u[0]) * (v[2] - v[0]) - (v[1] - v[0]) * (u[2] - u[0]))
    for k in range(3):
        # Positive on the inner side of an edge. Once a triangle, as most cover several centres.
        by_y, by_x = (u[k - 2] - u[k]) * turn, (v[k - 2] - v[k]) * turn
        off = by_x * u[k] - by_y * v[k] + (by_y - by_x) / 2
        inside &= by_y.take(triangle) * y - by_x.take(triangle) * x + off.take(triangle) > 0
    # The side is a power of two.
    texel = (y[inside] & (side - 1)) * side + (x[inside] & (side - 1))
    return triangle[inside], texel
