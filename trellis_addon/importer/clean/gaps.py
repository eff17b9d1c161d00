# SPDX-License-Identifier: GPL-3.0-or-later
"""Closes gaps: open borders that run along each other, though their points are at other places.

A lid on a wall of other segments, or a crack between two patches. Nothing is moved: triangles as
wide as the gap are added.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from ..mesh.topology import connected
from ..surface.border_samples import REACH, alongside, inward
from ..surface.gap_zip import Border
from ..surface.surface import Limits, Surface

ALONG: Final = 0.9
"""The share of a border that must run along another one."""
_ROUNDS: Final = 8


def close_gaps(surface: Surface, limits: Limits) -> tuple[Surface, int]:
    """Close gaps between open borders; the count is of open edges that are gone."""
    if not surface.edges.open.any():
        return surface, 0
    border = Border(surface, REACH * limits.diagonal)
    border.zip()
    for _ in range(_ROUNDS):
        pairs = _pairs(border)
        for edge, further in pairs:
            border.bridge(edge, further)
        if not pairs:
            break
        border.zip()
    if not border.filling.corners:
        return surface, 0
    closed = _manifold(surface, border.filling.result())
    count = int(np.count_nonzero(surface.edges.open)) - int(np.count_nonzero(closed.edges.open))
    return (closed, count) if count > 0 else (surface, 0)


def _manifold(surface: Surface, closed: Surface) -> Surface:
    """Leave out the new triangles at edges that have more than two faces by them."""
    new = np.arange(len(closed.corners)) >= len(surface.corners)
    crowded = np.count_nonzero(closed.edges.non_manifold)
    if crowded <= np.count_nonzero(surface.edges.non_manifold):
        return closed
    return closed.kept(~(new & closed.touching(closed.edges.non_manifold)))


def _pairs(border: Border) -> list[tuple[int, int]]:
    """Pairs of edges of holes whose borders run along each other; each hole is in one at most.

    The ends of the two edges are where the holes are nearest to each other.
    """
    edges = np.array([e for e, is_open in enumerate(border.is_open) if is_open], dtype=np.int64)
    if not len(edges):
        return []
    place = np.full(len(border.one), -1, dtype=np.int64)
    place[edges] = np.arange(len(edges))
    after = place[np.array(border.after)[edges]]
    hole = connected(len(edges), np.arange(len(edges)), np.where(after < 0, 0, after))
    start, end = (
        np.array([border.place(points[e]) for e in edges], dtype=np.float64)
        for points in (border.one, border.other)
    )
    sample, of, one, other = alongside(start, end, border.reach)
    along = (end - start) / np.maximum(np.linalg.norm(end - start, axis=1), 1e-300)[:, None]
    fits = np.einsum("ij,ij->i", along[of[one]], along[of[other]]) < -0.7
    faces = np.array(border.faces)[edges]
    clear = border.filling.surface.clear[faces]
    fits &= clear[of[one]] == clear[of[other]]
    way = sample[other] - sample[one]
    far = np.linalg.norm(way, axis=1)
    into = inward(border.filling.surface, faces, start, along)
    # The two borders of a thin strip have their faces between them.
    between = np.einsum("ij,ij->i", way, into[of[one]]) > 0.5 * far
    fits &= ~(between & (far > 1e-3 * border.reach))
    one, other = one[fits], other[fits]
    return _nearest(edges, hole, of, one, other, end)


def _nearest(edges: Any, hole: Any, of: Any, one: Any, other: Any, end: Any) -> list[Any]:
    """Find where to bridge each hole most of which is along others."""
    matched = np.zeros(len(of), dtype=bool)
    matched[one] = True
    share = np.bincount(hole[of], matched) / np.maximum(np.bincount(hole[of]), 1)
    chosen = share[hole[of[one]]] >= ALONG
    a, b = of[one[chosen]], of[other[chosen]]
    order = np.argsort(((end[a] - end[b]) ** 2).sum(axis=1), kind="stable")
    found: list[Any] = []
    used: set[int] = set()
    for first, second in zip(a[order].tolist(), b[order].tolist(), strict=True):
        holes = {int(hole[first]), int(hole[second])}
        if used.isdisjoint(holes):
            used |= holes
            found.append((int(edges[first]), int(edges[second])))
    return found
