# SPDX-License-Identifier: GPL-3.0-or-later
"""Some ten thousand triangles -> a wanted number, by collapsing edges in rounds. numpy only.

In each round every edge whose collapse costs less than its neighbours' collapses: some hundreds
at once, so that numpy does it in a tenth of a second where one after the other takes many.
A collapse that would turn a triangle over, or lay two onto each other (which opens holes and
lets small parts vanish), is put off. Source of the costs: see ``quadrics``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from .clustering import Coarse, repeated, sets, whole_and_single
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
"""The cheapest part of the edges is looked at in a round."""
_TURNED: Final = 0.15
_ROUND: Final = 1e-4
"""What an edge's length costs beside the error: keeps triangles of a flat surface alike."""


@dataclass(frozen=True)
class Collapsed:
    """The light mesh.

    Shapes: points (C, 3), of which only those in ``corners`` (T, 3) count; into (C,): which of
    them each of the points has become; quadrics (C, 11), summed of all that went into a point.
    """

    points: Reals
    corners: Indices
    into: Indices
    quadrics: Reals


def collapse(mesh: Coarse, target: int) -> Collapsed:
    """Bring a mesh down to ``target`` triangles, or as near as its parts allow."""
    state = _State(mesh)
    for _ in range(_ROUNDS):
        if len(state.corners) <= target or not state.round(target):
            break
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

    def round(self, target: int) -> bool:
        """Collapse many edges; False when nothing more can be done."""
        keys = _edges(self.corners, self.count)
        keys = keys[~_among(keys, self._put_off)]
        one, other = keys // self.count, keys % self.count
        quadrics = self.quadrics[one] + self.quadrics[other]
        middles = (self.points[one] + self.points[other]) / 2
        long = lengths(self.points[one] - self.points[other])
        places = nearer(best_places(quadrics, middles, 0.01), middles, long)
        costs = errors(quadrics, places) + _ROUND * quadrics[:, 10] * long * long
        chosen = self._apart(costs, one, other)[: max(1, (len(self.corners) - target + 1) // 2)]
        if not self._apply(keys[chosen], places[chosen]):
            if not len(self._put_off):
                return False
            if not len(chosen):
                self._careful = False
                self._put_off = self._put_off[:0]
        return True

    def _apart(self, costs: Reals, one: Indices, other: Indices) -> Indices:
        """Edges that are the cheapest at both their ends, the cheapest first."""
        size = min(len(costs), max(64, int(len(costs) * _POOL)))
        order = np.argpartition(costs, size - 1)[:size] if size else np.empty(0, dtype=np.int64)
        order = order[np.argsort(costs[order])]
        one, other = one[order], other[order]
        rank = np.arange(size)
        best = np.full(self.count, size)
        ends = np.stack([one, other], axis=1)
        best[ends[::-1].ravel()] = np.repeat(rank[::-1], 2)  # the last, the cheapest, stays
        chosen: Indices = order[(best[one] == rank) & (best[other] == rank)]
        return chosen

    def _apply(self, keys: Indices, places: Reals) -> bool:
        """Collapse these edges but for those that do harm, which are put off."""
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
            near = moved[self._put_off // self.count] | moved[self._put_off % self.count]
            self._put_off = self._put_off[~near]
            return True
        return False

    def _harmed(self, moved: Indices, points: Reals, corners: Indices) -> Flags:
        """Vertices at triangles that have turned over, or lie on another one."""
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
    """Each edge once, as a number made of its two ends."""
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
