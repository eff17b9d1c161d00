# SPDX-License-Identifier: GPL-3.0-or-later
"""Has a surface in a tree that finds what a ray hits and what is near a point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from mathutils.bvhtree import BVHTree

from ..mesh.quadrics import bounds_of, diagonal_of
from ..mesh.topology import sorted_keys

_MANY: Final = 100_000
"""From this number of triangles, the rays are stopped by a coarser surface, as a tree of 1 M
triangles takes more than a second."""

_CELL: Final = 1 / 128
"""The cells of the coarser surface, as a share of the diagonal. Two skins nearer than a cell count
as one. The shares of four ugly props differ by at most 0.045 from those by the whole surface,
which takes four times as long at 1 M triangles (measured)."""


@dataclass(frozen=True)
class SurfaceTree:
    """A surface, and the tree of it or of a coarser one.

    Shapes: points (V, 3), corners (T, 3) of all triangles, tree_points (N, 3) and tree_corners
    (T, 3): the triangles as the tree has them, many of which are collapsed if it is coarser.
    """

    points: npt.NDArray[Any]
    corners: npt.NDArray[Any]
    tree_points: npt.NDArray[Any]
    tree_corners: npt.NDArray[Any]
    tree: Any
    diagonal: float
    slack: float
    """How far the tree's triangles may be from the surface; 0 if it is the same."""

    @classmethod
    def of(cls, points: npt.NDArray[Any], corners: npt.NDArray[Any]) -> SurfaceTree:
        """Build it from points (V, 3) and corners (T, 3)."""
        diagonal = diagonal_of(points)
        at, moved, stops, slack = points, corners, corners, 0.0
        if len(corners) > _MANY:
            slack = _CELL * diagonal
            at, moved, stops = _coarser(points, corners, slack)
        tree = BVHTree.FromPolygons(at.tolist(), stops.tolist(), all_triangles=True)
        return cls(points, corners, at, moved, tree, diagonal, slack)


def _coarser(
    points: npt.NDArray[Any], corners: npt.NDArray[Any], cell: float
) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
    """The surface with all points of a cell moved to one of them.

    :returns: the points, the corners (T, 3) of all triangles, of which many are collapsed, and
        those (N, 3) that are left.
    """
    places = ((points - bounds_of(points)[0]) / np.float32(cell)).astype(np.uint64)
    key = (places[:, 0] << 20) | (places[:, 1] << 10) | places[:, 2]
    order, key = sorted_keys(key, 1 << 30)
    begins = np.ones(len(key), dtype=bool)
    begins[1:] = key[1:] != key[:-1]
    group = np.empty(len(key), dtype=np.int32)
    group[order] = np.cumsum(begins, dtype=np.int32) - 1
    moved = group[corners]
    a, b, c = moved[:, 0], moved[:, 1], moved[:, 2]
    kept = moved[(a != b) & (b != c) & (c != a)]
    # Many triangles fall onto each other, and one of each is enough to stop a ray.
    ordered = np.sort(kept, axis=1).astype(np.int64)
    same = (ordered[:, 0] << 42) | (ordered[:, 1] << 21) | ordered[:, 2]
    return points[order[begins]], moved, kept[np.unique(same, return_index=True)[1]]
