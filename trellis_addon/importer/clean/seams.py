# SPDX-License-Identifier: GPL-3.0-or-later
"""Closes seams: open borders whose points lie at all but the same place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np

from ..mesh.surface_faults import folded_faces
from ..mesh.topology import connected
from ..surface.surface import Limits, Surface

REACH: Final = 1e-5
"""Points nearer than this share of the diagonal are one: rounding of a file, far below a pixel."""


def close_seams(surface: Surface, limits: Limits) -> tuple[Surface, int]:
    """Weld points of open edges that all but meet; the count is of open edges that are gone."""
    before = int(np.count_nonzero(surface.edges.open))
    border = np.unique(surface.edges.ends[surface.edges.open])
    if not len(border):
        return surface, 0
    places = surface.points[border].astype(np.float64)
    label = connected(len(border), *_pairs(places, REACH * limits.diagonal))
    target = border.copy()
    first = np.unique(label, return_index=True)[1]
    target = border[first][label]
    if (target == border).all():
        return surface, 0
    to = np.arange(len(surface.points), dtype=np.int32)
    to[border] = target
    corners = to[surface.corners]
    # A triangle smaller than the reach would be folded: its points stay apart.
    lost = folded_faces(corners) & ~folded_faces(surface.corners)
    alone = np.unique(surface.corners[lost])
    to[alone] = alone
    welded = replace(surface, corners=to[surface.corners])
    return welded, max(before - int(np.count_nonzero(welded.edges.open)), 0)


def _pairs(places: Any, reach: float) -> tuple[Any, Any]:
    """Pairs of points (N, 3) that are nearer than the reach."""
    pairs = [np.empty((2, 0), dtype=np.int64)]
    # Two such points share a cell of at least one of eight grids that are half a cell apart.
    for corner in range(8):
        shift = np.array([corner & 1, corner >> 1 & 1, corner >> 2 & 1]) / 2
        cell = np.floor(places / (4 * reach) + shift).astype(np.int64)
        order = np.lexsort(cell.T)
        same = (cell[order][1:] == cell[order][:-1]).all(axis=1)
        one, other = order[:-1][same], order[1:][same]
        near = np.linalg.norm(places[one] - places[other], axis=1) < reach
        pairs.append(np.stack([one[near], other[near]]))
    one, other = np.concatenate(pairs, axis=1).astype(np.int32)
    return one, other
