# SPDX-License-Identifier: GPL-3.0-or-later
"""Lays the triangles of a proxy mesh out in a texture of its own. numpy only.

The UV islands of a generated mesh are often smaller than the triangles of its proxy, so the proxy
cannot use them. Instead, each triangle gets half of a square. A square's side is a power of two,
chosen by the size of its triangles, and squares sorted by size fill the texture without gaps along
a Morton curve. Squares of one size are sorted along a Morton curve through the space of the mesh,
so that the smaller mip levels of the texture mix what is close together on the mesh.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ..mesh.quadrics import Indices, Reals, cross_products, lengths

_SMALLEST: Final = 4
_LARGEST: Final = 128


@dataclass(frozen=True)
class Atlas:
    """The position of each corner of each triangle in a square texture.

    :param places: (T, 3, 2) in pixels from the lower left; the texture's side is ``size``.
    """

    places: Reals
    size: int

    @property
    def uvs(self) -> npt.NDArray[np.float32]:
        """The UVs for Blender, from 0 to 1; (3T, 2)."""
        return (self.places.reshape(-1, 2) / self.size).astype(np.float32)


def lay_out(points: Reals, corners: Indices, size: int) -> Atlas:
    """Assign half of a square to each triangle.

    :param size: the texture's side in pixels, a power of two.
    """
    triangles = points[corners]
    sides = np.stack([lengths(triangles[:, k] - triangles[:, k - 1]) for k in range(3)], axis=1)
    long = np.sqrt(np.maximum(sides.max(axis=1), 1e-12) * np.maximum(np.median(sides, axis=1), 0))
    # The direction is the primary key, so that the pixels of a leaf's front and back, which lie at
    # the same place, do not mix in the mip levels.
    near = np.lexsort((_curve(triangles.mean(axis=1)), _side(points, corners)))
    steps = _steps(long, size)
    order = near[np.argsort(-steps[near], kind="stable")]
    side = steps[order[::2]]
    # Positions along the curve in units of the smallest square. As sizes only decrease, each start
    # is a multiple of its square's own area, which is what keeps squares from overlapping.
    area = (side // _SMALLEST) ** 2
    start = np.cumsum(area) - area
    square = np.stack([_every_other(start), _every_other(start >> 1)], axis=1) * _SMALLEST
    places = np.empty((len(corners), 3, 2))
    for half in (0, 1):
        which = order[half::2]
        at, legs = square[: len(which)], side[: len(which)] - 2.0
        # The right angle first, at the lower left or the upper right, half a pixel from the edge so
        # that it lies at a pixel's centre.
        first = at + 0.5 if half == 0 else at + side[: len(which), None] - 0.5
        way = legs if half == 0 else -legs
        across = first + np.stack([way, np.zeros(len(which))], axis=1)
        up = first + np.stack([np.zeros(len(which)), way], axis=1)
        # The right angle is opposite the longest side, so that triangles are not stretched much.
        facing = (sides[which].argmax(axis=1) + 1) % 3
        rows = np.arange(len(which))
        mine = np.empty((len(which), 3, 2))
        for k, place in enumerate((first, across, up)):
            mine[rows, (facing + k) % 3] = place
        places[which] = mine
    return Atlas(places, size)


def _steps(long: Reals, size: int) -> Indices:
    """The side of each triangle's square in pixels, as large as the texture allows."""
    # Bisection over the scale: the total area only changes in steps, so it cannot be solved for.
    low, high = 1e-9, 4.0 * size / max(float(np.max(long)), 1e-9)
    found = np.full(len(long), _SMALLEST)
    for _ in range(24):
        scale = (low * high) ** 0.5
        power = np.round(np.log2(np.maximum(long * scale, 1e-9)))
        sides = np.clip(2**power, _SMALLEST, min(_LARGEST, size)).astype(np.int64)
        # The second of a pair is not larger than the first.
        if int((np.sort(sides)[::-1][::2] ** 2).sum()) <= size * size:
            low, found = scale, sides
        else:
            high = scale
    return found


def _every_other(numbers: Indices) -> Indices:
    """Extract the even bits of each number, which decodes one axis of a Morton code."""
    made = numbers & 0x5555555555555555
    for shift, mask in (
        (1, 0x3333333333333333),
        (2, 0x0F0F0F0F0F0F0F0F),
        (4, 0x00FF00FF00FF00FF),
        (8, 0x0000FFFF0000FFFF),
    ):
        made = (made | (made >> shift)) & mask
    return made


def _side(points: Reals, corners: Indices) -> Indices:
    """Which of six directions each triangle faces, so that both sides of a sheet stay apart."""
    crosses = cross_products(points, corners)
    axis = np.abs(crosses).argmax(axis=1)
    made: Indices = 2 * axis + (crosses[np.arange(len(axis)), axis] < 0)
    return made


def _curve(places: Reals) -> Indices:
    """The Morton code of each position, with 10 bits for each axis."""
    low = places.min(axis=0)
    grid = ((places - low) / max(float(np.max(places.max(axis=0) - low)), 1e-12) * 1023).astype(
        np.int64
    )
    made = np.zeros(len(places), dtype=np.int64)
    for bit in range(10):
        for axis in range(3):
            made |= ((grid[:, axis] >> bit) & 1) << (3 * bit + axis)
    return made
