# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the texels that triangles cover in a texture, and fills those around them. numpy only."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ..mesh.image_pixels import Pixels
from ..mesh.index_arrays import spread
from ..mesh.quadrics import Indices, Reals

_AT_ONCE: Final = 2_000_000
"""Candidate texels in memory at once: some 200 MB."""
_THREADS: Final = 2
EDGE: Final = 1e-6
"""A texel with a smaller share is on an edge, and may be on the neighbour as well."""


@dataclass(frozen=True)
class Inside:
    """The texels whose centres lie on triangles; one on an edge is on both sides of it.

    Shapes: x, y, triangles (K,); shares (K, 3), barycentric.
    """

    x: Indices
    y: Indices
    triangles: Indices
    shares: Reals


@dataclass(frozen=True)
class Covered:
    """The texels of a texture that triangles cover, each once.

    Shapes: texels (K,), in rows from the lower left; triangles (K,); shares (K, 3), barycentric.
    """

    texels: Indices
    triangles: Indices
    shares: Reals


def cover(places: Reals, size: int) -> Covered:
    """Rasterize triangles (T, 3, 2), given in pixels.

    :param size: the texture's side in pixels.
    """
    found = inside(places, np.arange(len(places)))
    texels = found.y * size + found.x
    owner = np.full(size * size, -1)
    owner[texels] = np.arange(len(texels))
    mine = owner[owner >= 0]
    return Covered(texels[mine], found.triangles[mine], found.shares[mine])


def inside(places: Reals, order: Indices) -> Inside:
    """Find the texels of triangles (T, 3, 2), which are given in pixels and not negative.

    :param order: the triangles' order in the result.
    """
    low = np.ceil(np.maximum(places.min(axis=1), 0.0) - 0.5).astype(np.int64)
    sides = np.maximum(np.floor(places.max(axis=1) - 0.5).astype(np.int64) + 1 - low, 0)
    ends = np.cumsum(sides[order].prod(axis=1))
    parts, begin = [], 0
    while begin < len(order):
        done = int(ends[begin - 1]) if begin else 0
        end = max(begin + 1, int(np.searchsorted(ends, done + _AT_ONCE)))
        parts.append(_tested(places, low, sides, order[begin:end]))
        begin = end
    return Inside(*(np.concatenate(each) for each in zip(*parts, strict=True)))


def _tested(
    places: Reals, low: Indices, sides: Indices, which: Indices
) -> tuple[Indices, Indices, Indices, Reals]:
    each = sides[which].prod(axis=1)
    row, number = spread(each)
    width = np.maximum(sides[which, 0], 1)[row]
    down = number // width
    x, y = low[which, 0][row] + number - down * width, low[which, 1][row] + down
    a = places[which, 0]
    u, v = places[which, 1] - a, places[which, 2] - a
    whole = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    whole = np.where(np.abs(whole) < 1e-12, np.nan, whole)
    # Both shares are linear in x and y: three numbers for each triangle, two products a texel.
    across, up = np.stack([v[:, 1], -v[:, 0]]) / whole, np.stack([-u[:, 1], u[:, 0]]) / whole
    dx, dy = x + (0.5 - a[:, 0])[row], y + (0.5 - a[:, 1])[row]
    one = dx * across[0][row] + dy * across[1][row]
    two = dx * up[0][row] + dy * up[1][row]
    first = 1 - one - two
    # A triangle without an area has NaN, for which this is false.
    kept = np.flatnonzero((one >= -1e-9) & (two >= -1e-9) & (first >= -1e-9))
    shares = np.stack([first[kept], one[kept], two[kept]], axis=1)
    return x[kept], y[kept], which[row[kept]], shares


def filled(sums: Sequence[Any], weights: Any) -> Pixels:
    """Means without holes, (C, S, S), of C sums (S, S) with their weights (S, S).

    A texel without a weight takes the value of the finest mip level that has one there, so that
    nothing unrelated bleeds in when the texture is filtered.
    """
    levels = [(weights > 0).astype(np.float32)]
    while len(levels[-1]) > 1:
        levels.append(_blocks(levels[-1]))
        np.minimum(levels[-1], 1, out=levels[-1])
    holes = [np.flatnonzero(known == 0) for known in levels]
    made: Pixels = np.empty((len(sums), *weights.shape), dtype=np.float32)
    weights = np.maximum(weights, 1e-12)

    def fill(number: int) -> None:
        np.divide(sums[number], weights, out=made[number])
        means: list[Any] = [made[number]]
        for known in levels[:-1]:
            means.append(_blocks(means[-1]) / np.maximum(_blocks(known), 1))
        for fine, coarse, empty in zip(means[-2::-1], means[:0:-1], holes[-2::-1], strict=True):
            side = len(fine)
            fine.ravel()[empty] = coarse[empty // side // 2, empty % side // 2]

    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(fill, range(len(sums))))
    return made


def _blocks(values: Any) -> Any:
    """The sums of blocks of 2 x 2."""
    rows = values[::2] + values[1::2]
    return rows[:, ::2] + rows[:, 1::2]


def enlarged(small: Pixels, step: int) -> Pixels:
    """An image (S, S) at ``step`` times its size, linear between the centres of its pixels."""
    made: Any = small
    for _ in range(2):
        side = len(made)
        at = np.clip((np.arange(side * step) + 0.5) / step - 0.5, 0, side - 1)
        low = np.minimum(at.astype(np.int64), max(side - 2, 0))
        share = (at - low)[:, None]
        # Rows, then columns.
        made = (made[low] * (1 - share) + made[np.minimum(low + 1, side - 1)] * share).T
    large: Pixels = made.astype(np.float32)
    return large
