# SPDX-License-Identifier: GPL-3.0-or-later
"""Edges, parts and faults of welded triangles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.surfaces import box, joined, moved, sheet, sphere

from trellis_addon.importer.mesh import surface_faults, topology
from trellis_addon.importer.mesh.surface_faults import Faults, faults_of


def test_box_is_closed_and_outward() -> None:
    points, corners = box()
    edges = topology.edges_of(corners)
    assert len(edges.ends) == 18
    assert (edges.count == 2).all()
    assert (edges.forward == 1).all()
    assert (edges.ends[:, 0] < edges.ends[:, 1]).all()
    sizes = surface_faults.sizes_of(points, corners, topology.parts_of(corners, len(points)))
    assert sizes.volume == pytest.approx([8.0])
    assert sizes.area == pytest.approx([24.0])
    assert sizes.diagonal == pytest.approx([12**0.5])
    assert faults_of(points, corners) == Faults(1, 0, 0, 0, 0, 0)


def test_edges_of_corners_and_their_neighbours() -> None:
    _, corners = sphere(12)
    edges = topology.edges_of(corners)
    for k in range(3):
        ends = np.sort(np.stack([corners[:, k], corners[:, (k + 1) % 3]], axis=1), axis=1)
        assert (edges.ends[edges.of[:, k]] == ends).all()
    pairs, one, other = edges.neighbours
    assert (one // 3 != other // 3).all()
    assert (edges.of.ravel()[one] == pairs).all()
    assert (edges.of.ravel()[other] == pairs).all()


def test_known_edges_are_the_same() -> None:
    _, corners = sphere(12)
    corners = corners[3:].copy()
    corners[9:11] = corners[9:11, ::-1]
    found = topology.edges_of(corners)
    shuffle = np.random.default_rng(0).permutation(len(found.ends))
    ends = found.ends[shuffle]
    ends[::2] = ends[::2, ::-1]
    known = topology.edges_from(ends, np.argsort(shuffle).astype(np.int32)[found.of], corners)
    for name in ("ends", "count", "forward"):
        assert (getattr(known, name) == getattr(found, name)[shuffle]).all()
    assert known.flipped.any()


def test_counts_of_each_fault() -> None:
    points, corners = box()
    assert faults_of(points, corners[1:]).open_edges == 3
    flipped = corners.copy()
    flipped[0] = flipped[0, ::-1]
    assert faults_of(points, flipped).flipped_edges == 3
    twice = np.concatenate([corners, corners[:1, [1, 2, 0]]])
    assert faults_of(points, twice).duplicates == 1
    assert faults_of(points, twice).non_manifold_edges == 3
    folded = np.concatenate([corners, corners[:1, [0, 0, 1]]])
    assert faults_of(points, folded) == Faults(1, 0, 0, 0, 1, 0)
    fin = np.array([[*corners[0, :2], len(points)]], dtype=np.int32)
    finned = np.concatenate([points, np.full((1, 3), 9, dtype=np.float32)])
    assert faults_of(finned, np.concatenate([corners, fin])) == Faults(1, 2, 1, 0, 0, 0)


@pytest.mark.parametrize("scale", [1e-12, 1e-6, 1.0, 1e9])
def test_collapsed_faces_at_any_scale(scale: float) -> None:
    points = np.array([[0, 0, 0], [1, 0, 0], [0.5, 0, 0], [0.5, 1e-3, 0]], dtype=np.float32)
    corners = np.array([[0, 1, 2], [0, 1, 3], [1, 1, 3]], dtype=np.int32)
    found = surface_faults.collapsed_faces(points * np.float32(scale), corners)
    assert found.tolist() == [True, False, True]


def test_parts_and_patches() -> None:
    two = joined(box(), moved(sphere(8), (5, 0, 0)), moved(sheet(3), (0, 9, 0)))
    part = topology.parts_of(two[1], len(two[0]))
    sizes = surface_faults.sizes_of(*two, part)
    assert sizes.triangles.tolist() == [12, len(sphere(8)[1]), 18]
    assert sizes.low[1] == pytest.approx((4, -1, -1), abs=1e-6)
    assert sizes.high[2] == pytest.approx((1, 10, 0), abs=1e-6)
    # A wall through a box makes three patches: the wall, and the box on both sides.
    _, corners = box()
    wall = np.array([[0, 1, 7], [0, 7, 6]], dtype=np.int32)
    walled = np.concatenate([corners, wall])
    patches = topology.patches_of(topology.edges_of(walled))
    assert len(set(patches.tolist())) >= 3
    assert patches[-1] == patches[-2]
    assert patches[-1] not in patches[:-2]


@pytest.mark.parametrize("seed", range(3))
def test_connected_agrees_with_a_walk(seed: int) -> None:
    rng = np.random.default_rng(seed)
    one, other = rng.integers(0, 400, (2, 300)).astype(np.int32)
    labels = topology.connected(400, one, other)
    assert set(labels.tolist()) == set(range(int(np.max(labels)) + 1))
    assert labels.tolist() == walked(400, one, other)


@pytest.mark.parametrize("order", ["rising", "falling", "hub", "shuffled"])
def test_long_chains_and_hubs_are_one(order: str) -> None:
    count = 5000
    one, other = np.arange(count - 1), np.arange(1, count)
    if order == "falling":
        one, other = one[::-1], other[::-1]
    if order == "hub":
        one = np.full(count - 1, count - 1)
        other = np.arange(count - 1)
    if order == "shuffled":
        names = np.random.default_rng(0).permutation(count)
        one, other = names[one], names[other]
    assert not topology.connected(count, one.astype(np.int32), other.astype(np.int32)).any()


def test_duplicates_in_any_order_are_one_group() -> None:
    _, corners = sphere(8)
    more = np.concatenate([corners, corners[5:6, [2, 1, 0]], corners[7:8, [1, 2, 0]], corners[5:6]])
    faces, group = surface_faults.duplicate_faces(more)
    total = len(corners)
    found = {tuple(sorted(faces[group == g].tolist())) for g in np.unique(group)}
    assert found == {(5, total, total + 2), (7, total + 1)}


def test_empty_surface_has_no_faults() -> None:
    nothing: Any = np.empty((0, 3))
    assert faults_of(nothing.astype(np.float32), nothing.astype(np.int32)) == Faults(*[0] * 6)


def walked(count: int, one: Any, other: Any) -> list[int]:
    """The same labels by a walk in Python."""
    beside: dict[int, set[int]] = {node: set() for node in range(count)}
    for a, b in zip(one.tolist(), other.tolist(), strict=True):
        beside[a].add(b)
        beside[b].add(a)
    labels: dict[int, int] = {}
    fresh = 0
    for start in range(count):
        if start in labels:
            continue
        stack = [start]
        while stack:
            node = stack.pop()
            if node not in labels:
                labels[node] = fresh
                stack += beside[node]
        fresh += 1
    return [labels[node] for node in range(count)]
