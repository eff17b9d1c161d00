# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds how much of the UV space is used, and how much of that more than once. numpy only."""

from __future__ import annotations

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
    finite = np.isfinite(u).all(axis=1) & np.isfinite(v).all(axis=1)
    if not finite.all():
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
    corners = np.stack([u[some] * side + _OFFSET[0], v[some] * side + _OFFSET[1]], axis=-1)
    low = np.stack([u_low[some], v_low[some]], axis=1)
    size = np.stack([width[some], height[some]], axis=1)
    triangle, texel = _covered(corners.astype(np.float64), low, size, side)
    texels = number[slots[some]][triangle] * side**2 + texel
    used = np.bincount(texels, minlength=int(np.count_nonzero(there)) * side**2)
    hit = int(np.count_nonzero(used))
    overlap = int(np.count_nonzero(used > 1)) / hit if hit else 0.0
    return UvUse(hit / len(used), overlap)


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


def _covered(
    uvs: npt.NDArray[Any], low: npt.NDArray[Any], size: npt.NDArray[Any], side: int
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """The triangles (N,) and texels (N,) of all centres that lie in a triangle.

    :param uvs: (T, 3, 2) in texels. :param low: the first texel (T, 2). :param size: how many from
        there on (T, 2).
    """
    triangle, within = spread(size.prod(axis=1))
    x = low[triangle, 0] + within % size[triangle, 0]
    y = low[triangle, 1] + within // size[triangle, 0]
    a, b, c = uvs[:, 0], uvs[:, 1], uvs[:, 2]
    inside = np.ones(len(triangle), dtype=bool)
    turn = np.sign(_cross(b - a, c - a))
    inside &= turn[triangle] != 0
    for one, other in ((a, b), (b, c), (c, a)):
        along = other - one
        from_x, from_y = x + 0.5 - one[triangle, 0], y + 0.5 - one[triangle, 1]
        area = along[triangle, 0] * from_y - along[triangle, 1] * from_x
        inside &= area * turn[triangle] > 0
    texel = (y[inside] % side) * side + x[inside] % side
    return triangle[inside], texel.astype(np.int64)


def _cross(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> npt.NDArray[Any]:
    product: npt.NDArray[Any] = one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]
    return product
