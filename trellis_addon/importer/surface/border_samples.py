# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds where open borders run along each other, by points all over them."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from ..mesh.index_arrays import spread
from ..mesh.topology import sorted_keys
from .surface import Surface

REACH: Final = 0.003
"""The widest gap, as a share of the prop's diagonal."""
_MOST: Final = 200_000
"""Points on open borders: there are more of them only in a soup of triangles."""


def alongside(start: Any, end: Any, reach: float) -> tuple[Any, Any, Any, Any]:
    """Find points on edges (N,) that are nearer than the reach to another edge.

    :param start: where the edges begin, (N, 3), and end, (N, 3).
    :returns: points all over the edges (S, 3), the edge (S,) of each, and the numbers of the points
        of each pair (P,), (P,), in both orders. No pairs if there are far too many edges.
    """
    sample, of = _samples(start, end, reach)
    if len(of) > _MOST:
        return sample, of, np.empty(0, np.int64), np.empty(0, np.int64)
    one, other = _near(sample, reach)
    apart = of[one] != of[other]
    return sample, of, one[apart], other[apart]


def inward(surface: Surface, faces: Any, start: Any, along: Any) -> Any:
    """Find the way from each edge into its face, square to the edge; (N, 3), of length 1."""
    middle = surface.points[surface.corners[faces]].astype(np.float64).mean(axis=1) - start
    middle -= np.einsum("ij,ij->i", middle, along)[:, None] * along
    return middle / np.maximum(np.linalg.norm(middle, axis=1), 1e-300)[:, None]


def _samples(start: Any, end: Any, reach: float) -> tuple[Any, Any]:
    """Points on each edge, its end first, at most half a reach apart; and the edge of each."""
    count = np.ceil(2 * np.linalg.norm(end - start, axis=1) / max(reach, 1e-300)).astype(np.int64)
    count = np.clip(count, 1, 1000)
    if count.sum() > _MOST:
        count[:] = 1
    of, number = spread(count)
    return end[of] + (number / count[of])[:, None] * (start - end)[of], of


def _near(places: Any, reach: float) -> tuple[Any, Any]:
    """Pairs of points (N, 3) that are nearer than the reach, each in both orders."""
    cell = np.floor((places - places.min(axis=0)) / max(reach, 1e-300)).astype(np.uint64) + 1
    span = cell.max(axis=0).astype(object) + 2
    if int(span[0] * span[1] * span[2]) >= 1 << 63:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    width, deep = np.uint64(int(span[1]) * int(span[2])), np.uint64(int(span[2]))
    key = cell[:, 0] * width + cell[:, 1] * deep + cell[:, 2]
    order, ordered = sorted_keys(key, int(span[0] * span[1] * span[2]))
    pairs = []
    for x in (-1, 0, 1):
        for y in (-1, 0, 1):
            beside = (key.astype(np.int64) + x * int(width) + y * int(deep)).astype(np.uint64)
            # Three cells in a row are one range.
            first = np.searchsorted(ordered, beside - np.uint64(1))
            count = np.searchsorted(ordered, beside + np.uint64(1), side="right") - first
            one, number = spread(count)
            other = order[first[one] + number]
            near = ((places[one] - places[other]) ** 2).sum(axis=1) < reach**2
            pairs.append((one[near], other[near]))
    one, other = (np.concatenate(each) for each in zip(*pairs, strict=True))
    return one, other
