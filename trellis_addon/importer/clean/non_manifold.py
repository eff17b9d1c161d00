# SPDX-License-Identifier: GPL-3.0-or-later
"""Repairs edges with more than two faces: the faces that continue each other stay together, and
the others get points of their own.

So a sheet inside of a body comes off and is hidden, and two bodies that touch come apart.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np

from ..mesh.index_arrays import following, spread
from ..mesh.surface_faults import duplicate_faces
from ..mesh.topology import Flags, connected
from ..surface.surface import Limits, Surface

APART: Final = 3e-5
"""How far a point of its own moves towards its faces, as a share of the diagonal: any program
would weld it again at the same place. A picture of 1,000 pixels has 30 times as large ones."""

FIN: Final = 2
"""The most triangles of a fin, which is removed instead of left in the air."""
FINE: Final = 1000
"""A part with fewer triangles may have leaves of a single one."""
MOST_AREA: Final = 0.01
"""Fins with a larger share of the surface are meant."""


def split_non_manifold(surface: Surface, limits: Limits) -> tuple[Surface, int]:
    """Give faces that do not continue each other their own points.

    :returns: the count is of edges that had more than two faces and have not any more.
    """
    crowded = crowded_edges(surface)
    before = int(np.count_nonzero(surface.edges.non_manifold))
    if not crowded.any():
        return surface, 0
    split = np.zeros(len(surface.points), dtype=bool)
    split[surface.edges.ends[crowded]] = True
    corners = np.flatnonzero(split[surface.corners].ravel())
    apart = _apart(surface, corners, _fans(surface, corners), APART * limits.diagonal)
    return apart, before - int(np.count_nonzero(apart.edges.non_manifold))


def repair_non_manifold(surface: Surface, limits: Limits) -> tuple[Surface, int]:
    """Do the same, and remove fins instead of leaving them in the air."""
    apart, count = split_non_manifold(surface, limits)
    if apart is surface:
        return surface, 0
    fins = _fins(surface, apart, crowded_edges(surface))
    return (apart.kept(~fins) if fins.any() else apart), count


def _fins(surface: Surface, apart: Surface, crowded: Flags) -> Flags:
    """Which triangles (T,) stood on a fine mesh alone: one or two that have come off it."""
    parts, sizes = apart.parts, apart.sizes
    fins = (sizes.triangles <= FIN)[parts] & surface.touching(crowded)
    fins &= surface.sizes.triangles[surface.parts] >= FINE
    area = np.bincount(parts[fins], minlength=len(sizes.area)) > 0
    return fins if sizes.area[area].sum() <= MOST_AREA * sizes.area.sum() else fins & False


def crowded_edges(surface: Surface) -> Flags:
    """Which edges (E,) have more than two faces, and not only the two sides of thin sheets."""
    edges = surface.edges
    if not edges.non_manifold.any():
        return edges.non_manifold
    single = np.ones(len(surface.corners), dtype=bool)
    single[duplicate_faces(surface.corners)[0]] = False
    alone = np.zeros(len(edges.count), dtype=bool)
    alone[edges.of[single]] = True
    return np.asarray(edges.non_manifold & alone)


def _fans(surface: Surface, chosen: Any) -> Any:
    """Label the chosen corners (N,): those at one point whose faces continue each other."""
    _, one, other = surface.edges.neighbours
    few, more = _continued(surface)
    one, other = np.concatenate([one, few]), np.concatenate([other, more])
    at = surface.corners.ravel()
    place = np.full(len(at), -1, dtype=np.int32)
    place[chosen] = np.arange(len(chosen), dtype=np.int32)
    after_one, after_other = following(one), following(other)
    same = at[one] == at[other]
    first = place[np.concatenate([one, after_one])]
    second = place[
        np.concatenate([np.where(same, other, after_other), np.where(same, after_other, other)])
    ]
    joined = (first >= 0) & (second >= 0)
    return connected(len(chosen), first[joined], second[joined])


def _continued(surface: Surface) -> tuple[Any, Any]:
    """Pairs of corners that begin the same edge with more than two faces, and belong together.

    Of the faces of an edge, the two that are most nearly in one plane are a pair, then the next
    two; both are wound alike, as neighbours of a surface are. Faces at open edges come last.
    """
    corner, edge, forward, out = _around(surface)
    starts = np.flatnonzero(np.r_[True, edge[1:] != edge[:-1]])
    counts = np.diff(np.r_[starts, len(edge)])
    index, place = spread(np.repeat(counts, counts) - 1 - spread(counts)[1])
    one, other = index, index + 1 + place
    fits = forward[one] != forward[other]
    one, other = one[fits], other[fits]
    flat = np.einsum("ij,ij->i", out[one], out[other])
    # A fin at a sharp edge may be more nearly in one plane with a side than the other side is.
    loose = surface.touching(surface.edges.open)[corner // 3]
    order = np.lexsort((flat, loose[one] | loose[other], edge[one]))
    one, other = one[order], other[order]
    free = np.ones(len(corner), dtype=bool)
    chosen = [np.empty((2, 0), dtype=np.int64)]
    while len(one):
        best = np.r_[True, edge[one[1:]] != edge[one[:-1]]]
        chosen.append(np.stack([one[best], other[best]]))
        free[one[best]] = free[other[best]] = False
        left = free[one] & free[other]
        one, other = one[left], other[left]
    pairs = np.concatenate(chosen, axis=1)
    return corner[pairs[0]], corner[pairs[1]]


def _around(surface: Surface) -> tuple[Any, Any, Any, Any]:
    """The corners (N,) that begin an edge with more than two faces, sorted by edge; the edges
    (N,); whether they run forward; and the direction (N, 3) from the edge into the face.
    """
    edges, at = surface.edges, surface.corners.ravel()
    flat = edges.of.ravel()
    corner = np.flatnonzero(edges.non_manifold[flat])
    corner = corner[np.argsort(flat[corner], kind="stable")]
    edge = flat[corner]
    points = surface.points.astype(np.float64)
    low, high = points[edges.ends[edge, 0]], points[edges.ends[edge, 1]]
    along = _unit(high - low)
    out = points[at[following(following(corner))]] - low
    out = _unit(out - np.einsum("ij,ij->i", out, along)[:, None] * along)
    return corner, edge, at[corner] < at[following(corner)], out


def _apart(surface: Surface, corners: Any, fans: Any, distance: float) -> Surface:
    """Give every fan but the largest at each point a point of its own, near the old one.

    :param corners: (N,), the corners that the labels ``fans`` (N,) are about.
    """
    at = surface.corners.ravel()
    first = np.unique(fans, return_index=True)[1]
    of, size = at[corners[first]], np.bincount(fans)
    largest = np.full(len(surface.points), -1, dtype=np.int64)
    by_size = np.argsort(size, kind="stable")
    largest[of[by_size]] = by_size
    moves = largest[of] != np.arange(len(of))
    if not moves.any():
        return surface
    points = surface.points.astype(np.float64)
    middle = points[surface.corners[corners // 3]].mean(axis=1)
    towards = np.stack([np.bincount(fans, middle[:, k]) for k in range(3)], axis=1)
    way = (towards / size[:, None] - points[of])[moves]
    length = np.linalg.norm(way, axis=1, keepdims=True)
    # Never past its own triangles, however small they are.
    step = np.minimum(distance, length / 10)
    fresh = points[of[moves]] + _unit(way) * step
    new = np.where(moves, len(points) + np.cumsum(moves) - 1, of)
    moved = at.copy()
    moved[corners] = new[fans]
    return replace(
        surface,
        points=np.concatenate([surface.points, fresh.astype(np.float32)]),
        corners=moved.reshape(-1, 3),
    )


def _unit(vectors: Any) -> Any:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-30)
