# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the triangles of a hole, with the UVs and the material of its border."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from ..mesh.index_arrays import following
from .surface import Surface

_STRETCH: Final = 4.0
"""A new triangle whose UVs are this many times as far apart as those of its border would show
another piece of the texture."""


class Filling:
    """Collects the triangles of all holes."""

    def __init__(self, surface: Surface) -> None:
        self.surface = surface
        self.points: list[Any] = []
        self.corners: list[tuple[int, int, int]] = []
        self.loops: list[tuple[int, int, int]] = []
        self.of: list[int] = []
        self.made: set[tuple[int, int]] = set()
        ends = surface.edges.ends.astype(np.int64)
        self._span = len(surface.points)
        self._edges = np.sort(ends[:, 0] * self._span + ends[:, 1])

    def has_edge(self, one: int, other: int) -> bool:
        """Whether two points are joined by an edge, a received or a new one."""
        if (min(one, other), max(one, other)) in self.made:
            return True
        key = min(one, other) * self._span + max(one, other)
        place = int(np.searchsorted(self._edges, key))
        return place < len(self._edges) and int(self._edges[place]) == key

    def result(self) -> Surface:
        """The surface with all new triangles."""
        points = np.array(self.points, dtype=np.float32).reshape(-1, 3)
        corners = np.array(self.corners, dtype=np.int32).reshape(-1, 3)
        loops = np.array(self.loops, dtype=np.int32).reshape(-1, 3)
        return self.surface.added(points, corners, loops, np.array(self.of, dtype=np.int32))


def fill(filling: Filling, edges: Any) -> None:
    """Fill one hole.

    :param edges: (N,), the corners that begin the open edges around it, one after the other.
    """
    ring = _Ring(filling.surface, edges)
    cut = _ears(ring)
    if any(
        filling.has_edge(int(ring.at[pair[0]]), int(ring.at[pair[1]]))
        for pair in _diagonals(cut, len(ring.at))
    ):
        # A chord along a face on the other side would have more than two faces.
        _fan(filling, ring)
        return
    for one, other in _diagonals(cut, len(ring.at)):
        a, b = int(ring.at[one]), int(ring.at[other])
        filling.made.add((min(a, b), max(a, b)))
    for ear in cut:
        filling.corners.append((int(ring.at[ear[0]]), int(ring.at[ear[1]]), int(ring.at[ear[2]])))
        filling.loops.append(ring.sources(ear))
        filling.of.append(int(ring.face[ear[1]]))


class _Ring:
    """A hole's border in the direction of the faces that fill it.

    ``at`` (N,) are its points, and ``loop`` (N,) the received corner at each, of the face that the
    edge to the next point belongs to, which is ``face`` (N,).
    """

    def __init__(self, surface: Surface, edges: Any) -> None:
        flat = surface.corners.ravel()
        after = following(edges)
        # The hole runs from an edge's end to its start.
        self.at = flat[after]
        self.loop = surface.loops.ravel()[after]
        self.face = edges // 3
        self.points = surface.points[self.at].astype(np.float64)
        uvs = surface.received.uvs
        self.uvs = None if uvs is None else uvs[self.loop].astype(np.float64)
        start = surface.loops.ravel()[edges]
        self._end_uvs = None if uvs is None else uvs[start].astype(np.float64)

    def sources(self, ear: tuple[int, int, int]) -> tuple[int, int, int]:
        """The received corners that a new triangle takes its UVs from.

        Those of its points, or that of one point three times where the points are on charts apart
        from each other: a plain spot rather than a piece of another one.
        """
        here = [int(self.loop[k]) for k in ear]
        if self.uvs is None or self._end_uvs is None:
            return here[0], here[1], here[2]
        edge = np.roll(self.points, -1, axis=0) - self.points
        scale = np.linalg.norm(self._end_uvs - self.uvs, axis=1)
        scale = float(np.max(scale / np.maximum(np.linalg.norm(edge, axis=1), 1e-30)))
        for k in range(3):
            one, other = ear[k], ear[(k + 1) % 3]
            far = np.linalg.norm(self.uvs[one] - self.uvs[other])
            if far > _STRETCH * scale * np.linalg.norm(self.points[one] - self.points[other]):
                return (here[1],) * 3
        return here[0], here[1], here[2]


def _ears(ring: _Ring) -> list[tuple[int, int, int]]:
    """Cut a ring into triangles, the one with the shortest chord first."""
    points = ring.points
    normal = np.cross(points - points.mean(axis=0), np.roll(points, -1, axis=0)).sum(axis=0)
    left, cut = list(range(len(points))), []
    while len(left) > 3:
        place = np.array(left)
        before, after = points[np.roll(place, 1)], points[np.roll(place, -1)]
        chord = np.linalg.norm(after - before, axis=1)
        turn = np.cross(points[place] - before, after - points[place]) @ normal
        best = int(np.argmin(np.where(turn > 0, chord, chord + 1e6 * (1 + np.max(chord)))))
        cut.append((left[best - 1], left[best], left[(best + 1) % len(left)]))
        del left[best]
    return [*cut, (left[0], left[1], left[2])]


def _diagonals(cut: list[tuple[int, int, int]], count: int) -> list[tuple[int, int]]:
    """The edges of triangles that are not of the ring itself."""
    sides = [(ear[k], ear[(k + 1) % 3]) for ear in cut for k in range(3)]
    return [(a, b) for a, b in sides if (b - a) % count not in (1, count - 1)]


def _fan(filling: Filling, ring: _Ring) -> None:
    """Fill a hole from a new point in its middle."""
    middle = len(filling.surface.points) + len(filling.points)
    filling.points.append(ring.points.mean(axis=0))
    count = len(ring.at)
    for k in range(count):
        after = (k + 1) % count
        filling.corners.append((int(ring.at[k]), int(ring.at[after]), middle))
        filling.loops.append(ring.sources((k, after, k)))
        filling.of.append(int(ring.face[k]))
