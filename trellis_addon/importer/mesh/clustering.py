# SPDX-License-Identifier: GPL-3.0-or-later
"""Reduces a large mesh to some ten thousand triangles, by merging the vertices in each grid cell.

UVs are ignored, so that UV seams leave no cracks; the textures are baked later. Vertices are only
merged if they are connected and face the same direction: thin sheets keep two sides, rods stay
rods, and small separate parts do not merge with their neighbours. numpy only.

Sources: Rossignac and Borrel, Multi-resolution 3D Approximations for Rendering Complex Scenes,
1993; for the positions, Lindstrom, Out-of-Core Simplification of Large Polygonal Models, 2000.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from .quadrics import (
    Indices,
    Reals,
    best_places,
    bounds_of,
    cross_products,
    dots,
    lengths,
    nearer,
    plane_sums,
    unit,
)
from .topology import connected
from .vertex_welding import Integers

_TABLE: Final = 1 << 24
_OPPOSED: Final = -0.2
"""Below this cosine, two vertices in a cell belong to different sides of a sheet."""
_TRIES: Final = 3
_PULL: Final = 0.02
_BORDER: Final = 2.0
"""The weight of an open border's position, relative to that of a surface."""


@dataclass(frozen=True)
class Coarse:
    """The merged mesh.

    Shapes: points (C, 3), corners (M, 3), quadrics (C, 11) of all triangles of the large mesh,
    walls (C, 11): quadrics of planes perpendicular to the surface at open borders, cell_of (V,):
    the point that each vertex of the large mesh was merged into.
    """

    points: Reals
    corners: Indices
    quadrics: Reals
    walls: Reals
    cell_of: Indices


def merge_equal(points: Reals, corners: Indices) -> tuple[Reals, Indices]:
    """Merge vertices at the same position, as files have several of them at UV seams."""
    # A hash of each position, as sorting one number is faster than sorting three. A collision would
    # merge two vertices of a proxy wrongly, which is improbable and harmless.
    parts = np.ascontiguousarray(points, dtype=np.float32).view(np.uint32).astype(np.uint64)
    mixed = parts[:, 0] * np.uint64(0x9E3779B97F4A7C15)
    for k in (1, 2):
        mixed = (mixed ^ (mixed >> np.uint64(29))) + parts[:, k]
        mixed *= np.uint64(0xBF58476D1CE4E5B9)
    _, first, number = np.unique(mixed, return_index=True, return_inverse=True)
    return points[first], number.ravel()[corners]


def merge_cells(points: Reals, corners: Indices, crosses: Reals, most: int) -> Coarse:
    """Merge vertices until about ``most`` triangles are left.

    :param points: (V, 3), in the unit cube. :param crosses: ``cross_products`` of the triangles.
    """
    area = lengths(crosses)
    # A plane in any orientation meets 1.5 cells for each one that it could cover, and a mesh has
    # twice as many triangles as vertices. ``area`` is twice the triangles' area.
    cell = max((1.5 * float(area.sum()) / most) ** 0.5, 1e-4)
    normals = unit(crosses)
    facing = _vertex_directions(normals, corners, len(points))
    parts = connected(len(points), corners[:, :2].ravel(), corners[:, 1:].ravel())
    tries = 0
    while True:
        # The estimate is rough, so the cell's size is corrected by the result.
        ids, count = _cells(points, facing, parts, cell)
        kept, merged = whole_and_single(ids[corners], count)
        tries += 1
        enough = len(merged) >= min(0.6 * most, 0.8 * len(corners))
        if (enough and len(merged) <= 1.4 * most) or tries == _TRIES:
            break
        cell *= (max(len(merged), 1) / most) ** 0.5
    quadrics = plane_sums(count, ids[corners], normals, points[corners[:, 0]], area / 6)
    walls = walls_at_borders(points, corners, crosses, ids, count, cell)
    each = np.bincount(ids, minlength=count)
    means = np.stack([np.bincount(ids, weights=column, minlength=count) for column in points.T])
    centres = (means / each).T
    places = nearer(best_places(quadrics + walls, centres, _PULL), centres, 0.7 * cell)
    # Where the best position turns a triangle over, the mean of the vertices is used instead.
    turned = dots(cross_products(places, merged), crosses[kept]) < 0
    back = np.unique(merged[turned])
    places[back] = centres[back]
    return Coarse(places, merged, quadrics, walls, ids)


def whole_and_single(corners: Indices, count: int) -> tuple[Indices, Indices]:
    """Find the triangles that still have three different corners, each set of corners only once.

    :returns: the indices of these triangles, and their corners.
    """
    a, b, c = corners.T
    kept = np.flatnonzero((a != b) & (b != c) & (c != a))
    order, again = repeated(sets(corners[kept], count))
    single = np.ones(len(kept), dtype=bool)
    single[order[1:][again]] = False
    kept = kept[single]
    return kept, corners[kept]


def sets(corners: Indices, count: int) -> Indices:
    """A number for each set of three corners that does not depend on their order."""
    a, b, c = corners.T
    low, high = np.minimum(np.minimum(a, b), c), np.maximum(np.maximum(a, b), c)
    made: Indices = (low * count + (a + b + c - low - high)) * count + high
    return made


def repeated(keys: Indices) -> tuple[Indices, Indices]:
    """The order that sorts the keys, and where in this order a key equals the previous one."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    return order, ordered[1:] == ordered[:-1]


def walls_at_borders(
    points: Reals, corners: Indices, crosses: Reals, ids: Indices, count: int, cell: float
) -> Reals:
    """Quadrics (count, 11) of planes perpendicular to the surface at open borders. Without them,
    the borders would shrink.

    :param ids: (V,), the numbers of the points in the result.
    :param cell: a length: the border weighs as much as a strip of the surface so wide.
    """
    at = _open_half_edges(corners, len(points))
    ends = np.stack([corners.ravel()[at], corners[:, [1, 2, 0]].ravel()[at]], axis=1)
    along = points[ends[:, 1]] - points[ends[:, 0]]
    upright = unit(np.cross(along, crosses[at // 3]))
    return plane_sums(
        count, ids[ends], upright, points[ends[:, 0]], _BORDER * cell * lengths(along)
    )


def _open_half_edges(corners: Indices, count: int) -> Indices:
    """The half-edges that no other triangle has, as triangle * 3 + the corner where it begins.

    Around an inner vertex, the differences between the next and the previous corner of each of its
    triangles add up to 0, so that not all edges have to be sorted.
    """
    sums = np.zeros(count)
    for k in range(3):
        step = corners[:, (k + 1) % 3] - corners[:, (k + 2) % 3]
        sums += np.bincount(corners[:, k], weights=step.astype(np.float64), minlength=count)
    rim = sums != 0
    one, other = corners.ravel(), corners[:, [1, 2, 0]].ravel()
    maybe = np.flatnonzero(rim[one] & rim[other])
    a, b = one[maybe], other[maybe]
    order, again = repeated(np.minimum(a, b) * count + np.maximum(a, b))
    alone = np.ones(len(order), dtype=bool)
    alone[1:][again] = alone[:-1][again] = False
    found: Indices = maybe[order[alone]]
    return found


def _vertex_directions(normals: Reals, corners: Indices, count: int) -> Reals:
    """The rough direction that each vertex faces: the sum of up to three of its normals."""
    made = np.zeros((count, 3))
    # One triangle for each of the three corner columns: a plain assignment, and much cheaper than
    # summing over all triangles of a vertex.
    for k in range(3):
        one = np.zeros((count, 3))
        one[corners[:, k]] = normals
        made += one
    return made


def _cells(points: Reals, facing: Reals, parts: Integers, cell: float) -> tuple[Indices, int]:
    low, high = bounds_of(points)
    grid = ((points - low) / cell).astype(np.int64)
    x, y, z = ((high - low) / cell).astype(np.int64) + 1
    ids, count = _numbered((grid[:, 0] * y + grid[:, 1]) * z + grid[:, 2], int(x * y * z))
    if parts.any():  # there are more components than that of vertex 0
        whose, many = _numbered(parts, len(parts))
        ids, count = _numbered(ids * many + whose, count * many)
    # Vertices that face away from an arbitrary vertex of their cell go into a separate cell.
    for _ in range(2):
        speaker = np.empty(count, dtype=np.int64)
        speaker[ids] = np.arange(len(points))
        opposed = dots(facing, facing[speaker[ids]]) < _OPPOSED
        ids, count = _numbered(ids * 2 + opposed, 2 * count)
    return ids, count


def _numbered(keys: Indices | Integers, size: int) -> tuple[Indices, int]:
    """Renumber keys from 0 without gaps; also gives the number of different keys."""
    # A lookup table does without sorting, as long as its size is acceptable.
    if size > _TABLE:
        names, numbers = np.unique(keys, return_inverse=True)
        return numbers.ravel().astype(np.int64), len(names)
    there = np.zeros(size, dtype=bool)
    there[keys] = True
    return (np.cumsum(there) - 1)[keys], int(there.sum())
