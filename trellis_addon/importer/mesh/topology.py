# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds how triangles are connected: edges and their faces, and connected parts. numpy only.

All functions take welded arrays: points (V, 3) and corners (T, 3), which are indices of points. A
Blender mesh has vertices that are split on purpose, so weld it first::

    vertices, loops, slots = mesh_building.triangles_of(mesh)
    kept, group = vertex_welding.weld(mesh_building.positions(mesh))
    points, corners = positions[kept], group[vertices]

``vertex_welding.weld_surface`` does the same, but leaves apart what ``surface_faults`` looks for.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from .vertex_welding import Integers

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Edges:
    """The edges of triangles: each pair of points once, however many faces share it.

    Shapes: ends (E, 2) with the lower point first, count (E,): faces at the edge, forward (E,):
    how many of these run from the lower point to the higher one, of (T, 3): the edge from each
    corner to the next one.
    """

    ends: Integers
    count: Integers
    forward: Integers
    of: Integers

    @cached_property
    def open(self) -> Flags:
        """Which edges (E,) have one face only."""
        return np.asarray(self.count == 1)

    @cached_property
    def non_manifold(self) -> Flags:
        """Which edges (E,) have more than two faces."""
        return np.asarray(self.count > 2)

    @cached_property
    def flipped(self) -> Flags:
        """Which edges (E,) have two faces that are wound in opposite directions."""
        return np.asarray((self.count == 2) & (self.forward != 1))

    @cached_property
    def neighbours(self) -> tuple[Integers, Integers, Integers]:
        """The edges with exactly two faces (N,), and the corners at both sides of each: (N,), (N,).

        The number of a corner is 3 x face + its place in the face.
        """
        flat = self.of.ravel()
        pairs = np.flatnonzero(self.count == 2).astype(np.int32)
        first, second = np.empty((2, len(self.count)), dtype=np.int32)
        corners = np.arange(len(flat), dtype=np.int32)
        # Of several corners for one edge, the last assignment stays: once from each end.
        first[flat[::-1]] = corners[::-1]
        second[flat] = corners
        return pairs, first[pairs], second[pairs]


def edges_of(corners: Integers) -> Edges:
    """Find the edges of triangles (T, 3); none of them may have a point twice."""
    start = corners.ravel().astype(np.uint64)
    end = corners[:, [1, 2, 0]].ravel().astype(np.uint64)
    forward = start < end
    total = len(start)
    span = np.uint64(int(np.max(corners)) + 1 if total else 1)
    key = np.where(forward, start * span + end, end * span + start)
    order, key = sorted_keys(key, int(span) ** 2)
    first = np.ones(total, dtype=bool)
    first[1:] = key[1:] != key[:-1]
    of = np.empty(total, dtype=np.int32)
    of[order] = np.cumsum(first, dtype=np.int32) - 1
    key = key[first]
    ends = np.stack([key // span, key % span], axis=1).astype(np.int32)
    return _counted(ends, of, forward)


def edges_from(ends: Integers, of: Integers, corners: Integers) -> Edges:
    """Make edges of what is known, such as a Blender mesh's own edges: a third of the time.

    :param ends: (E, 2), the points of each edge, in any order.
    :param of: (T, 3), the edge from each corner to the next one.
    """
    ordered = np.stack([np.minimum(*ends.T), np.maximum(*ends.T)], axis=1)
    forward = corners.ravel() < corners[:, [1, 2, 0]].ravel()
    return _counted(ordered, of.ravel(), forward)


def _counted(ends: Integers, of: Integers, forward: Flags) -> Edges:
    count = np.bincount(of, minlength=len(ends)).astype(np.int32)
    ahead = np.bincount(of, forward, minlength=len(ends)).astype(np.int32)
    return Edges(ends, count, ahead, of.reshape(-1, 3))


def sorted_keys(key: Any, limit: int) -> tuple[Any, Any]:
    """The order of keys below a limit, and the keys in that order."""
    bits = max(1, len(key).bit_length())
    # A key that holds its own place is sorted by value, about five times as fast as by argsort.
    if (limit << bits) <= 1 << 64:
        packed = (key << np.uint64(bits)) | np.arange(len(key), dtype=np.uint64)
        packed.sort()
        return (packed & np.uint64((1 << bits) - 1)).astype(np.int64), packed >> np.uint64(bits)
    order = np.argsort(key)
    return order, key[order]


def connected(
    count: int, one: npt.NDArray[np.integer[Any]], other: npt.NDArray[np.integer[Any]]
) -> Integers:
    """Label nodes, so that those joined by pairs have the same label.

    :param one: (N,), the nodes that are joined with those of ``other`` (N,).
    :returns: labels (count,) from 0, without gaps, in the order of their first nodes.
    """
    root = np.arange(count, dtype=np.int32)
    down = True
    while True:
        differ = one != other
        one, other = one[differ], other[differ]
        if not len(one):
            break
        low, high = np.minimum(one, other), np.maximum(one, other)
        # All roots with a lower neighbour join it, next time those with a higher one. In a single
        # direction, a hub with many lower neighbours would take as many rounds.
        if down:
            root[high] = low
        else:
            root[low] = high
        down = not down
        while True:
            further = root[root]
            if np.array_equal(further, root):
                break
            root = further
        one, other = root[one], root[other]
    # By the first node of each, as the direction of the last round decides which one is the root.
    first, nodes = np.empty(count, dtype=np.int32), np.arange(count, dtype=np.int32)
    first[root[::-1]] = nodes[::-1]
    return _without_gaps(first[root], count)


def _without_gaps(labels: Integers, limit: int) -> Integers:
    used = np.zeros(limit, dtype=bool)
    used[labels] = True
    renamed: Integers = (np.cumsum(used, dtype=np.int32) - 1)[labels]
    return renamed


def parts_of(corners: Integers, points: int) -> Integers:
    """Label the triangles (T,) by connected part; faces that share a point are one part.

    :param points: how many points there are.
    """
    label = connected(
        points,
        np.concatenate([corners[:, 0], corners[:, 1]]),
        np.concatenate([corners[:, 1], corners[:, 2]]),
    )
    return _without_gaps(label[corners[:, 0]], points)


def patches_of(edges: Edges) -> Integers:
    """Label the triangles (T,) by patch; a patch ends at open and at non-manifold edges."""
    _, one, other = edges.neighbours
    return connected(len(edges.of), one // 3, other // 3)
