# SPDX-License-Identifier: GPL-3.0-or-later
"""Follows the open edges around holes, also where two holes meet at a point."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..mesh.index_arrays import following
from ..mesh.vertex_welding import Integers
from .surface import Surface


def follow(surface: Surface) -> tuple[Integers, Integers, Integers, Integers]:
    """Find which open edge comes after which, going around a hole.

    :returns: the corners that begin open edges (N,), the points at the edges' starts (N,) and ends
        (N,) as their faces run, and the number of the edge that follows each (N,), or -1. A hole
        runs against its faces, from an edge's end to its start.
    """
    at = surface.corners.ravel()
    edges = np.flatnonzero(surface.edges.open[surface.edges.of.ravel()]).astype(np.int32)
    start, end = at[edges], at[following(edges)]
    size = len(surface.points)
    leaving, arriving = np.bincount(end, minlength=size), np.bincount(start, minlength=size)
    by_end = np.full(size, -1, dtype=np.int32)
    by_end[end] = np.arange(len(edges), dtype=np.int32)
    after = by_end[start]
    single = (leaving == 1) & (arriving == 1)
    after[~single[start]] = -1
    crowded = np.flatnonzero((leaving > 1) & (leaving == arriving))
    if len(crowded):
        _follow_through(surface, crowded, start, end, after)
    return edges, start, end, after


def _follow_through(surface: Surface, crowded: Any, start: Any, end: Any, after: Any) -> None:
    """Set what follows at points where several holes meet: the nearest edge on the hole's side."""
    is_crowded = np.zeros(len(surface.points), dtype=bool)
    is_crowded[crowded] = True
    a, b, c = (surface.points[surface.corners[:, k]] for k in range(3))
    near = np.flatnonzero(is_crowded[surface.corners].any(axis=1))
    across = np.cross((b - a)[near], (c - a)[near]).astype(np.float64)
    normals = np.zeros((len(surface.points), 3))
    for k in range(3):
        np.add.at(normals, surface.corners[near, k], across)
    arrives, leaves = np.flatnonzero(is_crowded[start]), np.flatnonzero(is_crowded[end])
    points = surface.points.astype(np.float64)
    for point in crowded.tolist():
        one, other = arrives[start[arrives] == point], leaves[end[leaves] == point]
        back, ahead = points[end[one]] - points[point], points[start[other]] - points[point]
        # Clockwise from where the hole's border comes from, through the hole.
        turn = (_angles(back, normals[point])[:, None] - _angles(ahead, normals[point])) % (
            2 * np.pi
        )
        for _ in range(len(one)):
            row, column = np.unravel_index(int(np.argmin(turn)), turn.shape)
            after[one[row]] = other[column]
            turn[row], turn[:, column] = np.inf, np.inf


def _angles(vectors: Any, normal: Any) -> Any:
    """The angles (N,) of vectors (N, 3) around a normal, from any one direction on."""
    first = np.cross(normal, np.eye(3)[np.argmin(np.abs(normal))])
    return np.arctan2(
        vectors @ np.cross(normal, first) / max(np.linalg.norm(normal), 1e-30), vectors @ first
    )
