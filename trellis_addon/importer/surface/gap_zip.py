# SPDX-License-Identifier: GPL-3.0-or-later
"""Closes gaps triangle by triangle: from where two open borders meet, along both of them.

The borders are a list of edges, each of which knows the next one around its hole. An ear is the
triangle of an edge and the next one; closing an ear replaces the two by the edge across.
"""

from __future__ import annotations

import heapq
from math import dist, inf, sqrt
from typing import Any, Final

import numpy as np

from ..mesh.index_arrays import following
from ..mesh.topology import connected
from .hole_borders import follow
from .hole_filling import Filling
from .surface import Surface

FOLD: Final = 0.5
"""The least cosine between two edges that start a gap."""
SLENDER: Final = 0.5
"""The widest start of a gap, as a share of its longer edge."""
OUTSIDE: Final = 2.0
"""The least angle of the faces around the start of a gap, in radians. The tip of a leaf, which is a
fold of its border as well, has less."""

Point = tuple[float, float, float]


class Border:
    """The open edges of a surface. Each runs against its face, as a hole's border does.

    :ivar one, other: the points that each edge runs from and to.
    :ivar after, before: the edges around the hole; -1: none.
    :ivar crosses: whether an edge leads from one side of a gap to the other.
    """

    def __init__(self, surface: Surface, reach: float) -> None:
        """Collect the open edges.

        :param reach: the widest gap that is closed, in the units of the mesh.
        """
        self.filling, self.reach = Filling(surface), reach
        edges, start, end, after = follow(surface)
        self.one, self.other, self.after = end.tolist(), start.tolist(), after.tolist()
        self.before = [-1] * len(edges)
        for edge, further in enumerate(self.after):
            if further >= 0:
                self.before[further] = edge
        self.crosses, self.is_open = [False] * len(edges), [True] * len(edges)
        self.faces = (edges // 3).tolist()
        self._clear = surface.clear.tolist()
        flat = surface.loops.ravel()
        self.loops = list(zip(flat[following(edges)].tolist(), flat[edges].tolist(), strict=True))
        self._places = dict(
            zip(start.tolist(), map(tuple, surface.points[start].tolist()), strict=True)
        ) | dict(zip(end.tolist(), map(tuple, surface.points[end].tolist()), strict=True))
        self._angles = _angles_after(surface, edges, after)
        self._ears: list[tuple[float, int, int]] = []
        self.closed = 0

    def place(self, point: int) -> Point:
        """Where a point of the border is."""
        found: Point = self._places[point]
        return found

    def zip(self) -> None:
        """Close all gaps that start where two borders meet."""
        for edge in [e for e in range(len(self.one)) if self.is_open[e]]:
            self._offer(edge)
        while self._ears:
            _, edge, further = heapq.heappop(self._ears)
            fits = self.is_open[edge] and self.is_open[further] and self.after[edge] == further
            if fits and self._width(edge, further) <= self.reach:
                self._close(edge, further)

    def bridge(self, edge: int, further: int) -> None:
        """Join two holes by an edge there and back between the ends of an edge of each.

        Of one hole, this makes two. Holes that meet at a point are joined there.
        """
        a, b = self.other[edge], self.other[further]
        left, right = self.after[edge], self.after[further]
        if a == b:
            self._join(edge, right, inf)
            self._join(further, left, inf)
            return
        if self._has(a, b):
            return
        self.filling.made.add((min(a, b), max(a, b)))
        there = self._added(a, b, edge, edge)
        back = self._added(b, a, further, further)
        for first, second in ((edge, there), (there, right), (further, back), (back, left)):
            self._join(first, second, inf)

    def _offer(self, edge: int) -> None:
        further = self.after[edge]
        if further >= 0 and self._width(edge, further) <= self.reach:
            across = dist(self.place(self.one[edge]), self.place(self.other[further]))
            heapq.heappush(self._ears, (across, edge, further))

    def _width(self, edge: int, further: int) -> float:
        """How wide the gap is that an edge and the next one enclose; infinite if it is none."""
        q, r = self.one[edge], self.other[further]
        if q == r:
            return 0.0
        last, first = self.before[edge], self.after[further]
        # Also where the border passes a point twice.
        is_triangle = (last >= 0 and self.other[last] == q) or (first >= 0 and self.one[first] == r)
        if not is_triangle and self._has(q, r):
            return inf
        if self._clear[self.faces[edge]] != self._clear[self.faces[further]]:
            return inf
        here = [self.place(point) for point in (q, self.other[edge], r)]
        if self.crosses[edge] and self.crosses[further]:
            return 0.0 if is_triangle else dist(here[0], here[2])
        if self.crosses[edge]:
            return self._away(here[2], last)
        if self.crosses[further]:
            return self._away(here[0], first)
        return self._start(here, self._angles[edge])

    def _start(self, ear: list[Point], angle: float) -> float:
        """How wide the gap is that starts with an ear; infinite if none does."""
        if angle < OUTSIDE:
            return inf
        u, v = (tuple(x - y for x, y in zip(end, ear[1], strict=True)) for end in (ear[0], ear[2]))
        long, short = (sqrt(sum(x * x for x in side)) for side in (u, v))
        cosine = sum(x * y for x, y in zip(u, v, strict=True)) / max(long * short, 1e-300)
        width = min(_distance(ear[0], ear[1], ear[2]), _distance(ear[2], ear[1], ear[0]))
        return width if cosine > FOLD and width <= SLENDER * max(long, short) else inf

    def _away(self, place: Point, edge: int) -> float:
        """How far a place is from an edge."""
        if edge < 0:
            return inf
        return _distance(place, self.place(self.one[edge]), self.place(self.other[edge]))

    def _has(self, one: int, other: int) -> bool:
        return self.filling.has_edge(one, other)

    def _close(self, edge: int, further: int) -> None:
        self.is_open[edge] = self.is_open[further] = False
        self.closed += 2
        first, last = self.before[edge], self.after[further]
        q, p, r = self.one[edge], self.other[edge], self.other[further]
        if q == r:
            # Both sides of one edge.
            if first != further:
                self._join(first, last, self._angles[first] + self._angles[further])
            return
        self._fill(edge, further)
        across = self._added(q, r, edge, further)
        self.closed -= 1
        self.filling.made.add((min(q, r), max(q, r)))
        at = [self.place(point) for point in (q, p, r)]
        for one, other, more in (
            (first, across, self._angles[first] + _angle(at[1], at[0], at[2])),
            (across, last, self._angles[further] + _angle(at[0], at[2], at[1])),
        ):
            self._join(one, other, more)

    def _fill(self, edge: int, further: int) -> None:
        """Add the triangle of an ear, with the colours along its longer edge."""
        q, p, r = (self.one[edge], self.other[edge], self.other[further])
        far = [dist(self.place(a), self.place(b)) for a, b in ((q, p), (p, r), (r, q))]
        a, b = self.loops[edge if far[0] >= far[1] else further]
        if far[0] >= far[1]:
            loops = (a, b, a if far[2] < far[1] else b)
        else:
            loops = (b if far[2] < far[0] else a, a, b)
        self.filling.corners.append((q, p, r))
        self.filling.loops.append(loops)
        self.filling.of.append(self.faces[edge if far[0] >= far[1] else further])

    def _added(self, one: int, other: int, edge: int, further: int) -> int:
        """Add an edge across a gap, from the start of one edge to the end of another."""
        self.one.append(one)
        self.other.append(other)
        self.loops.append((self.loops[edge][0], self.loops[further][1]))
        self.faces.append(self.faces[edge])
        for values, value in ((self.after, -1), (self.before, -1)):
            values.append(value)
        self.crosses.append(True)
        self.is_open.append(True)
        self._angles.append(inf)
        return len(self.one) - 1

    def _join(self, edge: int, further: int, angle: float) -> None:
        if edge >= 0:
            self.after[edge] = further
            self._angles[edge] = angle
        if further >= 0:
            self.before[further] = edge
        # The width of a neighbour may depend on either.
        for each in (edge, further, self.before[edge] if edge >= 0 else -1):
            if each >= 0:
                self._offer(each)


def _angles_after(surface: Surface, edges: Any, after: Any) -> list[float]:
    """The angle of the faces between each open edge and the next one; infinite where these belong
    to faces that only meet at the point.
    """
    at = surface.corners.ravel()
    is_border = np.zeros(len(surface.points), dtype=bool)
    is_border[at[edges]] = is_border[at[following(edges)]] = True
    chosen = np.flatnonzero(is_border[at])
    place = np.full(len(at), -1, dtype=np.int32)
    place[chosen] = np.arange(len(chosen), dtype=np.int32)
    _, one, other = surface.edges.neighbours
    same = at[one] == at[other]
    pairs = (
        (one, np.where(same, other, following(other))),
        (following(one), np.where(same, following(other), other)),
    )
    first, second = (place[np.concatenate(each)] for each in zip(*pairs, strict=True))
    joined = (first >= 0) & (second >= 0)
    fan = connected(len(chosen), first[joined], second[joined])
    points = surface.points.astype(np.float64)
    here, ahead = points[at[chosen]], points[at[following(chosen)]]
    back = points[at[following(following(chosen))]]
    u, v = ahead - here, back - here
    cosine = np.einsum("ij,ij->i", u, v)
    cosine /= np.maximum(np.linalg.norm(u, axis=1) * np.linalg.norm(v, axis=1), 1e-300)
    total = np.bincount(fan, np.arccos(np.clip(cosine, -1, 1)))
    # An edge's hole side ends at its start; the next one begins there, at its end.
    mine, next_one = fan[place[edges]], fan[place[following(edges)]][after]
    found: list[float] = np.where(mine == next_one, total[mine], inf).tolist()
    return found


def _distance(place: Point, one: Point, other: Point) -> float:
    """How far a place is from a line between two points."""
    along = [y - x for x, y in zip(one, other, strict=True)]
    to = [y - x for x, y in zip(one, place, strict=True)]
    square = sum(x * x for x in along)
    share = sum(x * y for x, y in zip(along, to, strict=True)) / square if square else 0.0
    share = min(max(share, 0.0), 1.0)
    return sqrt(sum((y - share * x) ** 2 for x, y in zip(along, to, strict=True)))


def _angle(one: Point, at: Point, other: Point) -> float:
    u, v = ([y - x for x, y in zip(at, end, strict=True)] for end in (one, other))
    cosine = sum(x * y for x, y in zip(u, v, strict=True))
    cosine /= max(sqrt(sum(x * x for x in u) * sum(x * x for x in v)), 1e-300)
    return float(np.arccos(min(max(cosine, -1.0), 1.0)))
