# SPDX-License-Identifier: GPL-3.0-or-later
"""Flattens charts and lays them out in a square texture, with free pixels between them. numpy only.

Each chart is projected along its direction, scaled to its real area, turned to the smallest
rectangle around it, and packed with the others by ``chart_packing``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ..mesh.quadrics import Indices, Reals, cross_products, dots, lengths, unit
from .chart_packing import pack
from .texels import EDGE, inside

_TURNS: Final = 18
"""How many angles within a right angle are tried: with 18, a chart is at most 2.5 degrees off."""


@dataclass(frozen=True)
class Layout:
    """Where the corners of the triangles lie in a square texture.

    Shapes: places (T, 3, 2) in pixels from the lower left.
    """

    places: Reals
    size: int


def padding_of(size: int) -> int:
    """The pixels that stay free between two charts: enough for two smaller mip levels."""
    return max(4, size // 256)


def lay_out(flat: Reals, chart: Indices, size: int) -> Layout:
    """Give each chart (T,) of ``flattened`` its place in a texture of ``size`` pixels."""
    scale, spots = pack(flat, chart, size, padding_of(size))
    return Layout(flat * scale + spots[chart][:, None, :], size)


def overlapping(flat: Reals, chart: Indices, scale: float) -> Indices:
    """The triangles that cover a part of a larger triangle of their chart.

    :param scale: the pixels of a length of 1, from :func:`expected_scale`.
    """
    found = inside(flat * scale, np.argsort(_areas(flat), kind="stable"))
    deep = found.shares.min(axis=1) > EDGE
    triangles = found.triangles[deep]
    # A numbered texel for each one in the rectangles around all charts.
    count = int(np.max(chart)) + 1
    wide, high = np.ones(count, dtype=np.int64), np.ones(count, dtype=np.int64)
    np.maximum.at(wide, chart[triangles], found.x[deep] + 1)
    np.maximum.at(high, chart[triangles], found.y[deep] + 1)
    ends = np.cumsum(wide * high)
    at = (ends - wide * high)[chart[triangles]]
    at += found.y[deep] * wide[chart[triangles]] + found.x[deep]
    owner = np.zeros(int(ends[-1]), dtype=np.int64)
    # Of several triangles at one texel numpy keeps the last, here the largest.
    owner[at] = triangles
    made: Indices = np.unique(triangles[owner[at] != triangles])
    return made


def expected_scale(flat: Reals, size: int) -> float:
    """About how many pixels a length of 1 will have in a texture of ``size`` pixels."""
    # Charts fill about half of a texture.
    made: float = 0.7 * size / max(float(_areas(flat).sum()) ** 0.5, 1e-30)
    return made


def _areas(flat: Reals) -> Reals:
    u, v = flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]
    made: Reals = np.abs(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]) / 2
    return made


def flattened(points: Reals, corners: Indices, chart: Indices) -> Reals:
    """The corners (T, 3, 2) of each chart in its smallest rectangle, whose lower left is at 0."""
    order = np.argsort(chart, kind="stable")
    first = np.searchsorted(chart[order], np.arange(int(np.max(chart)) + 1))
    flat = _upright(_projected(points, corners, chart), chart, order, first)
    low, _ = _boxes(flat, order, first)
    made: Reals = flat - low[chart][:, None, :]
    return made


def _projected(points: Reals, corners: Indices, chart: Indices) -> Reals:
    """The corners (T, 3, 2) as seen along the direction of their chart, at their real area."""
    count = int(np.max(chart)) + 1
    crosses = cross_products(points, corners)
    sums = np.stack([np.bincount(chart, column, count) for column in crosses.T], axis=1)
    facing = unit(sums)
    facing[lengths(facing) < 0.5] = (0.0, 0.0, 1.0)
    # Any axis that is not the direction itself.
    helper = np.eye(3)[np.abs(facing).argmin(axis=1)]
    across = unit(np.cross(helper, facing))
    up = np.cross(facing, across)
    away = points[corners]
    u = np.einsum("tkc,tc->tk", away, across[chart])
    v = np.einsum("tkc,tc->tk", away, up[chart])
    seen = np.maximum(np.bincount(chart, dots(crosses, facing[chart]), count), 1e-30)
    real = np.bincount(chart, lengths(crosses), count)
    grown = np.sqrt(np.clip(real / seen, 1.0, 4.0))
    return np.stack([u, v], axis=2) * grown[chart][:, None, None]


def _boxes(flat: Reals, order: Indices, first: Indices) -> tuple[Reals, Reals]:
    """The lower left and upper right of each chart; (C, 2) each."""
    low = np.minimum.reduceat(flat.min(axis=1)[order], first, axis=0)
    high = np.maximum.reduceat(flat.max(axis=1)[order], first, axis=0)
    return low, high


def _upright(flat: Reals, chart: Indices, order: Indices, first: Indices) -> Reals:
    """Turn each chart to the smallest rectangle around it, with its long side horizontal."""
    best: Reals = np.full(len(first), np.inf)
    angle = np.zeros(len(first))
    for turn in np.arange(_TURNS) * (np.pi / 2 / _TURNS):
        low, high = _boxes(_turned(flat, np.full(len(flat), turn)), order, first)
        width, height = (high - low).T
        better = width * height < best * (1 - 1e-9)
        best[better] = (width * height)[better]
        angle[better] = turn + np.where(height > width, np.pi / 2, 0.0)[better]
    return _turned(flat, angle[chart])


def _turned(flat: Reals, angles: Reals) -> Reals:
    cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]
    u, v = flat[..., 0], flat[..., 1]
    return np.stack([u * cos - v * sin, u * sin + v * cos], axis=2)
