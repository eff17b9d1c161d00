# SPDX-License-Identifier: GPL-3.0-or-later
"""A large mesh -> one of some ten thousand triangles, by merging what lies in one cell of a grid.

It knows no UVs, so charts leave no cracks; their textures are taken over later. Merged is only
what hangs together and looks the same way: thin sheets keep two sides, rods stay rods, and small
separate parts do not melt into their neighbours. numpy only.

Source: Rossignac and Borrel, Multi-resolution 3D Approximations for Rendering Complex Scenes,
1993; the places by Lindstrom, Out-of-Core Simplification of Large Polygonal Models, 2000.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from .quadrics import (
    Indices,
    Reals,
    best_places,
    cross_products,
    dots,
    lengths,
    nearer,
    plane_sums,
    unit,
)

_TABLE: Final = 1 << 24
_OPPOSED: Final = -0.2
"""The cosine from which two vertices of a cell are taken for two sides."""
_TRIES: Final = 3
_PULL: Final = 0.02
_BORDER: Final = 2.0
"""How much more an open border's place counts than a surface's."""


@dataclass(frozen=True)
class Coarse:
    """The merged mesh.

    Shapes: points (C, 3), corners (M, 3), quadrics (C, 11) of all the triangles of the large
    mesh, walls (C, 11): the same of upright planes on its open borders, cell_of (V,): which of
    the points each vertex of the large mesh has become.
    """

    points: Reals
    corners: Indices
    quadrics: Reals
    walls: Reals
    cell_of: Indices


def merge_equal(points: Reals, corners: Indices) -> tuple[Reals, Indices]:
    """Make one vertex of those at the same place: files have several at the borders of charts."""
    parts = np.ascontiguousarray(points, dtype=np.float32).view(np.uint32).astype(np.uint64)
    mixed = parts[:, 0] * np.uint64(0x9E3779B97F4A7C15)
    for k in (1, 2):
        mixed = (mixed ^ (mixed >> np.uint64(29))) + parts[:, k]
        mixed *= np.uint64(0xBF58476D1CE4E5B9)
    _, first, number = np.unique(mixed, return_index=True, return_inverse=True)
    return points[first], number.ravel()[corners]


def merge_cells(points: Reals, corners: Indices, crosses: Reals, most: int) -> Coarse:
    """Merge until about ``most`` triangles are left.

    :param points: (V, 3), within one unit. :param crosses: ``cross_products`` of the triangles.
    """
    area = lengths(crosses)
    # A plane that lies anyhow meets one and a half cells for each one that it could cover, and
    # there are twice as many triangles as vertices.
    cell = max((1.5 * float(area.sum()) / most) ** 0.5, 1e-4)
    normals = unit(crosses)
    facing = _vertex_directions(normals, corners, len(points))
    parts = connected(len(points), corners[:, 0], corners[:, 1], corners[:, 2])
    tries = 0
    while True:
        ids, count = _cells(points, facing, parts, cell)
        kept, merged = whole_and_single(ids[corners], count)
        tries += 1
        enough = len(merged) >= min(0.6 * most, 0.8 * len(corners))
        if (enough and len(merged) <= 1.4 * most) or tries == _TRIES:
            break
        cell *= (max(len(merged), 1) / most) ** 0.5
    quadrics = plane_sums(count, ids[corners], normals, points[corners[:, 0]], area / 6)
    walls = _walls(points, corners, crosses, ids, count, cell)
    each = np.bincount(ids, minlength=count)
    means = np.stack([np.bincount(ids, weights=column, minlength=count) for column in points.T])
    centres = (means / each).T
    places = nearer(best_places(quadrics + walls, centres, _PULL), centres, 0.7 * cell)
    turned = dots(cross_products(places, merged), crosses[kept]) < 0
    back = np.unique(merged[turned])
    places[back] = centres[back]
    return Coarse(places, merged, quadrics, walls, ids)


def whole_and_single(corners: Indices, count: int) -> tuple[Indices, Indices]:
    """The triangles that have three corners left, each set of corners once.

    :returns: which ones those are, and their corners.
    """
    a, b, c = corners.T
    kept = np.flatnonzero((a != b) & (b != c) & (c != a))
    order, again = repeated(sets(corners[kept], count))
    single = np.ones(len(kept), dtype=bool)
    single[order[1:][again]] = False
    kept = kept[single]
    return kept, corners[kept]


def sets(corners: Indices, count: int) -> Indices:
    """One number for each set of three corners, whatever their order."""
    a, b, c = corners.T
    low, high = np.minimum(np.minimum(a, b), c), np.maximum(np.maximum(a, b), c)
    made: Indices = (low * count + (a + b + c - low - high)) * count + high
    return made


def repeated(keys: Indices) -> tuple[Indices, Indices]:
    """An order that sorts the keys, and where in it a key is that of the one before."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    return order, ordered[1:] == ordered[:-1]


def connected(count: int, *ends: Indices) -> Indices:
    """Which of ``count`` vertices hang together: a number for each, the same along all edges.

    :param ends: vertices with an edge from each array's to the next array's.
    """
    labels = np.arange(count)
    ones, others = np.concatenate(ends[:-1]), np.concatenate(ends[1:])
    while len(ones):
        a, b = labels[ones], labels[others]
        apart = a != b
        ones, others, a, b = ones[apart], others[apart], a[apart], b[apart]
        labels[np.maximum(a, b)] = np.minimum(a, b)
        while True:
            further = labels[labels]
            if np.array_equal(further, labels):
                break
            labels = further
    return labels


def _walls(
    points: Reals, corners: Indices, crosses: Reals, ids: Indices, count: int, cell: float
) -> Reals:
    """Planes that stand upright on open borders: without them the borders would shrink."""
    at = _open_half_edges(corners, len(points))
    ends = np.stack([corners.ravel()[at], corners[:, [1, 2, 0]].ravel()[at]], axis=1)
    along = points[ends[:, 1]] - points[ends[:, 0]]
    upright = unit(np.cross(along, crosses[at // 3]))
    return plane_sums(
        count, ids[ends], upright, points[ends[:, 0]], _BORDER * cell * lengths(along)
    )


def _open_half_edges(corners: Indices, count: int) -> Indices:
    """Those that no other triangle has; triangle * 3 + corner where it begins.

    Around an inner vertex the differences of the next and the last corner of each of its
    triangles add up to nothing, so there is no need to sort all edges.
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
    """Roughly where each vertex looks: the mean of up to three of its triangles."""
    made = np.zeros((count, 3))
    for k in range(3):
        one = np.zeros((count, 3))
        one[corners[:, k]] = normals
        made += one
    return made


def _cells(points: Reals, facing: Reals, parts: Indices, cell: float) -> tuple[Indices, int]:
    grid = ((points - points.min(axis=0)) / cell).astype(np.int64)
    x, y, z = grid.max(axis=0) + 1
    ids, count = _numbered((grid[:, 0] * y + grid[:, 1]) * z + grid[:, 2], int(x * y * z))
    if parts.any():  # there is more than the part of vertex 0
        whose, many = _numbered(parts, len(parts))
        ids, count = _numbered(ids * many + whose, count * many)
    # Those that look another way than one vertex of the cell go into a cell of their own.
    for _ in range(2):
        speaker = np.empty(count, dtype=np.int64)
        speaker[ids] = np.arange(len(points))
        opposed = dots(facing, facing[speaker[ids]]) < _OPPOSED
        ids, count = _numbered(ids * 2 + opposed, 2 * count)
    return ids, count


def _numbered(keys: Indices, size: int) -> tuple[Indices, int]:
    """Keys from 0 on without gaps, and how many there are."""
    if size > _TABLE:
        names, numbers = np.unique(keys, return_inverse=True)
        return numbers.ravel().astype(np.int64), len(names)
    there = np.zeros(size, dtype=bool)
    there[keys] = True
    return (np.cumsum(there) - 1)[keys], int(there.sum())
