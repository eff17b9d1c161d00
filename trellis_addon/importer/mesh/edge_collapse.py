# SPDX-License-Identifier: GPL-3.0-or-later
"""Reduces some ten thousand triangles to a target number, by edge collapse in rounds. numpy only.

Each round collapses every edge that costs less than its neighbours. These are some hundreds at
once, so that numpy takes a tenth of a second, where one at a time would take many seconds.
A collapse is deferred if it would turn a triangle over, or put two triangles on top of each other,
which opens holes and makes small parts vanish. For the source of the costs see ``quadrics``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from .clustering import Coarse, repeated, sets, walls_at_borders, whole_and_single
from .quadrics import (
    Indices,
    Reals,
    best_places,
    cross_products,
    dots,
    errors,
    lengths,
    nearer,
)

Flags = npt.NDArray[np.bool_]

_ROUNDS: Final = 200
_POOL: Final = 0.4
"""The fraction of the edges, the cheapest, that a round considers."""
_TURNED: Final = 0.15
_ROUND: Final = 1e-4
"""The cost of an edge's length, in addition to the error. It keeps the triangles of a flat surface,
where every collapse has an error of 0, similar in size."""


@dataclass(frozen=True)
class Collapsed:
    """The reduced mesh.

    Shapes: points (C, 3), of which only those in ``corners`` (T, 3) are used; into (C,): the point
    that each point was merged into; quadrics (C, 11), summed over all that were merged.
    """

    points: Reals
    corners: Indices
    into: Indices
    quadrics: Reals


@dataclass(frozen=True)
class Halfway:
    """What is left out on the way: of ``triangles`` triangles, those that ``kept`` does not keep.

    ``kept`` takes points (C, 3) and corners (T, 3), and gives flags (T,).
    """

    triangles: int
    kept: Callable[[Reals, Indices], Flags]


def collapse(mesh: Coarse, target: int, halfway: Halfway | None = None) -> Collapsed:
    """Reduce a mesh to ``target`` triangles, or as few as its separate parts allow."""
    state = _State(mesh)
    if halfway:
        state.reduce(halfway.triangles)
        state.leave_out(halfway.kept(state.points, state.corners))
    state.reduce(target)
    return Collapsed(state.points, state.corners, state.into, state.surface)


class _State:
    def __init__(self, mesh: Coarse) -> None:
        self.points, self.corners = mesh.points, mesh.corners
        self.count = len(mesh.points)
        self.surface = mesh.quadrics.copy()
        self.quadrics = mesh.quadrics + mesh.walls
        self.into: Indices = np.arange(self.count)
        self._put_off: Indices = np.empty(0, dtype=np.int64)
        self._careful = True

    def reduce(self, target: int) -> None:
        """Collapse until ``target`` triangles are left, or nothing more can be done."""
        for _ in range(_ROUNDS):
            if len(self.corners) <= target or not self._round(target):
                break

    def leave_out(self, kept: Flags) -> None:
        """Keep only these triangles, and the borders that come to light."""
        if kept.all():
            return
        self.corners = self.corners[kept]
        crosses = cross_products(self.points, self.corners)
        wide = float(np.sqrt(lengths(crosses).mean())) if len(crosses) else 0.0
        same = np.arange(self.count)
        walls = walls_at_borders(self.points, self.corners, crosses, same, self.count, wide)
        self.quadrics = self.quadrics + walls

    def _round(self, target: int) -> bool:
        """Collapse many edges; False if nothing more can be done."""
        keys = _edges(self.corners, self.count)
        keys = keys[~_among(keys, self._put_off)]
        one, other = keys // self.count, keys % self.count
        quadrics = self.quadrics[one] + self.quadrics[other]
        middles = (self.points[one] + self.points[other]) / 2
        long = lengths(self.points[one] - self.points[other])
        places = nearer(best_places(quadrics, middles, 0.01), middles, long)
        costs = errors(quadrics, places) + _ROUND * quadrics[:, 10] * long * long
        # A collapse mostly removes two triangles, so the last round does not go far below the
        # target.
        chosen = self._apart(costs, one, other)[: max(1, (len(self.corners) - target + 1) // 2)]
        if not self._apply(keys[chosen], places[chosen]):
            if not len(self._put_off):
                return False
            # Only deferred edges are left: reaching the target is worth more than avoiding harm.
            if not len(chosen):
                self._careful = False
                self._put_off = self._put_off[:0]
        return True

    def _apart(self, costs: Reals, one: Indices, other: Indices) -> Indices:
        """The edges that are the cheapest at both their ends, sorted by cost. No two of them share
        a vertex, so that they can be collapsed at once.
        """
        size = min(len(costs), max(64, int(len(costs) * _POOL)))
        order = np.argpartition(costs, size - 1)[:size] if size else np.empty(0, dtype=np.int64)
        order = order[np.argsort(costs[order])]
        one, other = one[order], other[order]
        rank = np.arange(size)
        best = np.full(self.count, size)
        ends = np.stack([one, other], axis=1)
        # Reversed: of several assignments to one element numpy keeps the last, here the cheapest.
        best[ends[::-1].ravel()] = np.repeat(rank[::-1], 2)
        chosen: Indices = order[(best[one] == rank) & (best[other] == rank)]
        return chosen

    def _apply(self, keys: Indices, places: Reals) -> bool:
        """Collapse these edges, except harmful ones, which are deferred."""
        while len(keys):
            one, other = keys // self.count, keys % self.count
            into: Indices = np.arange(self.count)
            into[other] = one
            points = self.points.copy()
            points[one] = places
            corners = into[self.corners]
            if self._careful:
                harmed = self._harmed(one, points, corners)
                bad = harmed[one]
                # Without these, the neighbours of the others are different: they are checked again.
                if bad.any():
                    self._put_off = np.concatenate([self._put_off, keys[bad]])
                    keys, places = keys[~bad], places[~bad]
                    continue
            moved = np.zeros(self.count, dtype=bool)
            moved[one] = moved[other] = True
            for sums in (self.quadrics, self.surface):
                sums[one] += sums[other]
            self.points, self.into = points, into[self.into]
            self.corners = whole_and_single(corners, self.count)[1]
            # An edge next to a collapsed one has changed, so that it may be tried again.
            near = moved[self._put_off // self.count] | moved[self._put_off % self.count]
            self._put_off = self._put_off[~near]
            return True
        return False

    def _harmed(self, moved: Indices, points: Reals, corners: Indices) -> Flags:
        """The vertices of triangles that have turned over, or lie on top of another one."""
        flags = np.zeros(self.count, dtype=bool)
        flags[moved] = True
        a, b, c = corners.T
        near = (flags[a] | flags[b] | flags[c]) & (a != b) & (b != c) & (c != a)
        before = cross_products(self.points, self.corners[near])
        now = corners[near]
        after = cross_products(points, now)
        turned = dots(before, after) < _TURNED * lengths(before) * lengths(after)
        order, again = repeated(sets(now, self.count))
        turned[order[1:][again]] = True
        turned[order[:-1][again]] = True
        harmed = np.zeros(self.count, dtype=bool)
        harmed[now[turned].ravel()] = True
        return harmed


def _edges(corners: Indices, count: int) -> Indices:
    """Each edge once, as a number that encodes its two ends."""
    one, other = corners.ravel(), corners[:, [1, 2, 0]].ravel()
    keys = np.sort(np.minimum(one, other) * count + np.maximum(one, other))
    made: Indices = keys[np.concatenate([[True], keys[1:] != keys[:-1]])]
    return made


def _among(keys: Indices, few: Indices) -> Flags:
    if not len(few):
        return np.zeros(len(keys), dtype=bool)
    few = np.sort(few)
    found: Flags = few[np.minimum(np.searchsorted(few, keys), len(few) - 1)] == keys
    return found
