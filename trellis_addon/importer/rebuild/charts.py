# SPDX-License-Identifier: GPL-3.0-or-later
"""Divides a mesh into charts: connected pieces that lie flat when seen from one direction. numpy
only.

Every triangle starts as its own chart. In rounds, each chart chooses the neighbour that it fits
best, and pairs that chose each other merge, as long as all their triangles stay within an angle of
their mean direction. Merging in pairs gives compact charts of similar size, where growing one chart
after the other leaves slivers between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ..mesh.clustering import repeated
from ..mesh.quadrics import Indices, Reals, cross_products, dots, lengths, unit
from ..mesh.topology import connected

Flags = npt.NDArray[np.bool_]

WIDEST_DEGREES: Final = 52.0
"""The angle between a triangle and its chart's direction: a texture is stretched by at most 1.6."""
CREASE_DEGREES: Final = 48.0
"""Charts do not merge across a sharper edge: normals are split there, and a normal map needs a
border at such an edge."""
_ROUNDS: Final = 500
_MANY: Final = 0.05
"""Above this share of its triangles, a chart that overlaps itself is divided as a whole."""
_BENT: Final = 2.0
"""The weight of the angle between two charts, relative to the outline that they do not share."""
_SPECK: Final = 1e-4
"""A chart of less than this share of the surface may merge up to the next angle."""
_SPECK_DEGREES: Final = 78.0


@dataclass(frozen=True)
class Borders:
    """The pairs of triangles that share an edge.

    Shapes: one, other (E,): the triangles; edges (E, 2): the vertices; long (E,): the edge's
    length; cosine (E,): of the angle between the triangles' normals.
    """

    one: Indices
    other: Indices
    edges: Indices
    long: Reals
    cosine: Reals


def borders_of(points: Reals, corners: Indices) -> Borders:
    """Find the edges that exactly two triangles share."""
    starts, ends = corners.ravel(), corners[:, [1, 2, 0]].ravel()
    order, again = repeated(np.minimum(starts, ends) * len(points) + np.maximum(starts, ends))
    # An edge of three or more triangles has neighbouring pairs in the order: it is a border.
    alone = ~np.concatenate([again[1:], [False]]) & ~np.concatenate([[False], again[:-1]])
    at = np.flatnonzero(again & alone)
    a, b = order[at], order[at + 1]
    normals = unit(cross_products(points, corners))
    edges = np.stack([starts[a], ends[a]], axis=1)
    long = lengths(points[edges[:, 0]] - points[edges[:, 1]])
    return Borders(a // 3, b // 3, edges, long, dots(normals[a // 3], normals[b // 3]))


def charts_of(points: Reals, corners: Indices, borders: Borders) -> Indices:
    """The chart of each triangle (T,), numbered from 0."""
    merging = _Merging(points, corners, borders)
    merging.run(WIDEST_DEGREES, 1.0)
    merging.run(_SPECK_DEGREES, _SPECK)
    return merging.chart


def split(
    chart: Indices, doubled: Indices, points: Reals, corners: Indices, borders: Borders
) -> Indices:
    """Divide charts that overlap themselves.

    A few triangles that are in the way, such as a fold at a chart's rim, become charts of their
    own. A chart with many of them, such as a winding stair, is divided at half of its height, as
    only triangles at different heights can cover each other.

    :param doubled: the triangles that are in the way, from ``chart_layout.overlapping``.
    """
    count = int(np.max(chart)) + 1
    crosses = cross_products(points, corners)
    directions = unit(np.stack([np.bincount(chart, c, count) for c in crosses.T], axis=1))
    height = dots(points[corners].mean(axis=1), directions[chart])
    low, high = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(low, chart, height)
    np.maximum.at(high, chart, height)
    out = np.zeros(len(chart), dtype=bool)
    out[doubled] = True
    many = np.bincount(chart[doubled], minlength=count) > _MANY * np.bincount(chart)
    out = np.where(many[chart], height > ((low + high) / 2)[chart], out)
    parts = np.where(out, chart + count, chart)
    same = parts[borders.one] == parts[borders.other]
    # In 64 bits, as the packing makes keys of charts and texels.
    return connected(len(corners), borders.one[same], borders.other[same]).astype(np.int64)


class _Merging:
    """The charts between two rounds.

    Shapes: chart (T,); sums (C, 3): the summed normals, with twice the area as length; outline
    (C,): the length of the outline; ends (B, 2) and shared (B,): neighbours, and the length of what
    they share; never (B,): neighbours that would not fit into the angle.
    """

    def __init__(self, points: Reals, corners: Indices, borders: Borders) -> None:
        crosses = cross_products(points, corners)
        area = lengths(crosses)
        self.normals = unit(crosses)
        # A triangle without an area has no direction and fits anywhere.
        self.faint: Flags = area < 1e-9 * max(float(area.sum()), 1e-30)
        self.whole = float(area.sum())
        self.chart: Indices = np.arange(len(corners))
        self.sums, self.area = crosses, area
        sides = points[corners] - points[corners[:, [1, 2, 0]]]
        self.outline: Reals = np.sqrt(np.einsum("tkc,tkc->tk", sides, sides)).sum(axis=1)
        smooth = borders.cosine > np.cos(np.radians(CREASE_DEGREES))
        smooth |= self.faint[borders.one] | self.faint[borders.other]
        self.ends: Indices = np.stack([borders.one[smooth], borders.other[smooth]], axis=1)
        self.shared: Reals = borders.long[smooth]
        self.never: Flags = np.zeros(len(self.ends), dtype=bool)

    def run(self, degrees: float, largest: float) -> None:
        """Merge within an angle, pairs of which one is at most a share ``largest`` of the mesh."""
        self.never[:] = False
        for _ in range(_ROUNDS):
            smaller = self.area[self.ends].min(axis=1)
            pairs = self._chosen(~self.never & (smaller <= largest * self.whole))
            if not len(pairs):
                break
            fits = self._fits(pairs, float(np.cos(np.radians(degrees))))
            self.never[pairs[~fits]] = True
            self._merge(pairs[fits])

    def _chosen(self, allowed: Flags) -> Indices:
        """The borders that are the best at both sides."""
        which = np.flatnonzero(allowed)
        one, other = self.ends[which].T
        facing = unit(self.sums)
        bent = 1.0 - dots(facing[one], facing[other])
        kept = self.shared[which] / np.maximum(
            np.minimum(self.outline[one], self.outline[other]), 1e-12
        )
        order = np.argsort(_BENT * bent - kept, kind="stable")
        rank = np.arange(len(which))
        best = np.full(len(self.sums), len(which))
        ends = np.stack([one[order], other[order]], axis=1)
        # Reversed, as numpy keeps the last of several assignments to one element.
        best[ends[::-1].ravel()] = np.repeat(rank[::-1], 2)
        mutual = (best[ends[:, 0]] == rank) & (best[ends[:, 1]] == rank)
        made: Indices = which[order[mutual]]
        return made

    def _fits(self, pairs: Indices, least: float) -> Flags:
        """Whether all triangles of both charts are within the angle of their common direction."""
        pair_of = np.full(len(self.sums), -1)
        one, other = self.ends[pairs].T
        pair_of[one] = pair_of[other] = np.arange(len(pairs))
        mine = pair_of[self.chart]
        inside = np.flatnonzero((mine >= 0) & ~self.faint)
        facing = unit(self.sums[one] + self.sums[other])
        off = dots(self.normals[inside], facing[mine[inside]]) < least
        bad = np.zeros(len(pairs), dtype=bool)
        bad[mine[inside[off]]] = True
        return ~bad

    def _merge(self, pairs: Indices) -> None:
        if not len(pairs):
            return
        one, other = self.ends[pairs].T
        self.sums[one] += self.sums[other]
        self.area[one] += self.area[other]
        self.outline[one] += self.outline[other] - 2 * self.shared[pairs]
        into = np.arange(len(self.sums))
        into[other] = one
        kept = np.flatnonzero(into == np.arange(len(into)))
        number = np.empty(len(into), dtype=np.int64)
        number[kept] = np.arange(len(kept))
        into = number[into]
        self.chart = into[self.chart]
        self.sums, self.area, self.outline = self.sums[kept], self.area[kept], self.outline[kept]
        self._join_borders(into[self.ends])

    def _join_borders(self, ends: Indices) -> None:
        """Add up the borders between the same two charts."""
        low, high = ends.min(axis=1), ends.max(axis=1)
        apart = np.flatnonzero(low != high)
        keys, where = np.unique(low[apart] * len(self.sums) + high[apart], return_inverse=True)
        where = where.ravel()
        self.shared = np.bincount(where, self.shared[apart], len(keys))
        never = np.zeros(len(keys), dtype=bool)
        never[where[self.never[apart]]] = True
        self.never = never
        self.ends = np.stack([keys // len(self.sums), keys % len(self.sums)], axis=1)
