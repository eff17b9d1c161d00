# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds triangles that no one can see, so that a rebuilt mesh spends neither triangles nor texture
on them. numpy only.

Cleaning removes whole parts, as the mesh has to stay closed. Here the sides of staves that touch
each other, and whatever else is within a prop, may leave an open border where no one sees it.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ..mesh.clustering import merge_cells
from ..mesh.quadrics import Indices, Reals
from ..mesh.topology import Flags, parts_of
from .seen_triangles import seen_triangles

_COARSE: Final = 100_000
"""Looked at is the surface with vertices merged to about as many triangles: cells of a hundredth of
a barrel, in which all triangles that face the same way are seen or unseen together."""
_RAYS: Final = 6
"""A cell that fewer rays meet is taken for seen."""
_SURE: Final = 100
"""A triangle that fewer rays meet is taken for seen beside one that is seen: a leaf in a crown may
be seen from one of 20 directions only."""
_SPECK: Final = 8
"""Triangles of a part that has lost others: fewer are left out, too."""
_RARE: Final = 0.02
"""Nothing is removed where fewer triangles than this are hidden."""


def hidden_faces(points: Reals, corners: Indices, crosses: Reals, clear: Flags) -> Flags:
    """Which triangles (T,) cannot be seen from outside.

    :param points: (V, 3), in the unit cube. :param corners: (T, 3).
    :param crosses: ``cross_products`` of the triangles.
    :param clear: (T,), which one can see through.
    """
    hidden = np.zeros(len(corners), dtype=bool)
    opaque = np.flatnonzero(~clear)
    if not len(opaque):
        return hidden
    coarse = merge_cells(points, corners[opaque], crosses[opaque], _COARSE)
    seen, met = seen_triangles(coarse.points, coarse.corners)
    rays = np.bincount(coarse.corners.ravel(), np.repeat(met, 3), len(coarse.points))
    shown = rays < _RAYS
    shown[coarse.corners[seen]] = True
    a, b, c = coarse.cell_of[corners[opaque]].T
    hidden[opaque] = ~(shown[a] | shown[b] | shown[c])
    return hidden if hidden.sum() >= _RARE * len(hidden) else np.zeros_like(hidden)


def met_first(points: Reals, corners: Indices) -> Flags:
    """Which triangles (T,) of a reduced mesh may be seen from outside."""
    seen, met = seen_triangles(points, corners)
    beside = np.zeros(len(points), dtype=bool)
    beside[corners[seen]] = True
    a, b, c = corners.T
    seen |= (met < _SURE) & (beside[a] | beside[b] | beside[c])
    if (~seen).sum() < _RARE * len(seen):
        return np.ones_like(seen)
    # What is left of a part in a narrow gap would be a speck in the air.
    left = np.flatnonzero(seen)
    before, now = _sizes(points, corners)[left], _sizes(points, corners[left])
    seen[left[(now < _SPECK) & (now < before)]] = False
    return seen


def _sizes(points: Reals, corners: Indices) -> Indices:
    """How many triangles the part of each triangle has; (T,)."""
    part = parts_of(corners.astype(np.int32), len(points))
    made: Indices = np.bincount(part)[part]
    return made
