# SPDX-License-Identifier: GPL-3.0-or-later
"""Welds vertices at the same position. numpy only.

A file splits vertices where UVs or normals are discontinuous. Such a mesh links and draws more
slowly, and smooth shading stops at each split.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int32]

_MIX: Final = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)


def weld(points: Floats) -> tuple[Integers, Integers]:
    """Group equal points.

    :returns: the indices of the first point of each group, ascending, and the group of each point.
        A mesh in another order is drawn several times more slowly: 345 ms for the normals of 1 M
        triangles instead of about 75 (measured).
    """
    # + 0.0 makes -0.0 and 0.0 the same bytes.
    bits = np.ascontiguousarray(points + np.float32(0.0)).view(np.uint32).astype(np.uint64)
    # Sorting by one hash for each point is three times as fast as sorting by three numbers.
    mixed = bits[:, 0] * np.uint64(_MIX[0])
    mixed ^= (bits[:, 1] * np.uint64(_MIX[1])) ^ (mixed >> np.uint64(29))
    mixed ^= (bits[:, 2] * np.uint64(_MIX[2])) ^ (mixed >> np.uint64(32))
    order = np.argsort(mixed)  # not stable, as that would be several times slower in numpy
    ordered = mixed[order]
    starts = np.ones(len(order), dtype=bool)
    starts[1:] = ordered[1:] != ordered[:-1]
    alike = order[1:][~starts[1:]]
    if (bits[alike] != bits[order[:-1][~starts[1:]]]).any():
        # A collision, which was never seen, so this need not be fast.
        order = np.lexsort((bits[:, 2], bits[:, 1], bits[:, 0]))
        starts[1:] = (bits[order[1:]] != bits[order[:-1]]).any(axis=1)
    label = np.empty(len(order), dtype=np.int32)
    label[order] = np.cumsum(starts, dtype=np.int32) - 1
    first = np.minimum.reduceat(order, np.flatnonzero(starts))
    return _in_order(first, label)


def weld_surface(points: Floats, corners: Integers) -> tuple[Integers, Integers]:
    """Like :func:`weld`, except where a triangle (T, 3) would lose its area or equal another one.

    Blender's mesh validation would remove these two kinds, so that this keeps every triangle.
    """
    kept, group = weld(points)
    lost = invalid_faces(group[corners])
    if not lost.any():
        return kept, group
    alone = np.unique(corners[lost])
    label = group.copy()
    label[alone] = len(kept) + np.arange(len(alone), dtype=np.int32)
    _, first, whole = np.unique(label, return_index=True, return_inverse=True)
    return _in_order(first, whole)


def invalid_faces(corners: Integers) -> npt.NDArray[np.bool_]:
    """Which triangles (T, 3) have a vertex twice, or the same vertices as another one; (T,).

    As this compares hashes, one triangle in 10^13 may be reported wrongly. Callers must not lose
    anything by that.
    """
    count = int(np.max(corners)) + 1 if len(corners) else 0
    numbers = np.arange(count, dtype=np.uint64) * np.uint64(_MIX[0])
    numbers = (numbers ^ (numbers >> np.uint64(29))) * np.uint64(_MIX[1])
    numbers ^= numbers >> np.uint64(32)
    first, second, third = corners[:, 0], corners[:, 1], corners[:, 2]
    invalid: npt.NDArray[np.bool_] = (first == second) | (second == third) | (third == first)
    # A sum is the same for every order of the three corners.
    sums = numbers[first] + numbers[second] + numbers[third]
    ordered = np.sort(sums)
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    if len(twice):
        invalid |= np.isin(sums, twice)
    return invalid


def _in_order(first: npt.NDArray[Any], label: npt.NDArray[Any]) -> tuple[Integers, Integers]:
    """Renumber groups by their first point instead of by their label."""
    order = np.argsort(first)
    rank = np.empty(len(first), dtype=np.int32)
    rank[order] = np.arange(len(first), dtype=np.int32)
    return first[order].astype(np.int32), rank[label.ravel()]
