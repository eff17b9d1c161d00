# SPDX-License-Identifier: GPL-3.0-or-later
"""Which triangles rays from outside meet first, and what becomes of faults of the reduced mesh."""

from __future__ import annotations

from typing import Any

import numpy as np
from support.surfaces import cup, inverted, joined, moved, scaled, sheet, sphere

from trellis_addon.importer.mesh.surface_faults import faults_of
from trellis_addon.importer.rebuild.hidden_faces import met_first
from trellis_addon.importer.rebuild.low_mesh import Received, reduced, with_charts
from trellis_addon.importer.rebuild.seen_triangles import seen_triangles


def doubles(surface: Any) -> tuple[Any, Any]:
    points, corners = surface
    return points.astype(float), corners.astype(np.int64)


def test_skin_close_below_another_one_is_not_seen() -> None:
    ball, skin = sphere(24), scaled(sphere(24), 0.997)
    for inner in (skin, inverted(skin)):
        points, corners = doubles(joined(ball, inner))
        seen, met = seen_triangles(points, corners)
        outer = np.arange(len(corners)) < len(ball[1])
        # Some of the least triangles, at the poles, lie between all rays.
        assert seen[outer].mean() > 0.95
        assert not seen[~outer].any()
        assert (met[~outer] > 0).mean() > 0.95


def test_sheets_are_seen_from_both_sides() -> None:
    for surface in (sheet(8), inverted(sheet(8)), cup(12), inverted(cup(12))):
        assert met_first(*doubles(surface)).all()


def test_speck_goes_with_the_part_that_it_was_of() -> None:
    ball = sphere(16)
    points, corners = doubles(joined(ball, scaled(ball, 0.8)))
    # A spike of the inner ball, of six triangles, reaches out of the outer one.
    spike = len(ball[0]) * 3 // 2
    points[spike] *= 1.6
    inner = np.arange(len(corners)) >= len(ball[1])
    assert 0 < seen_triangles(points, corners)[0][inner].sum() <= 6
    kept = met_first(points, corners)
    assert kept[~inner].mean() > 0.9
    assert not kept[(corners == spike).any(axis=1)].any()


def test_reduced_mesh_is_wound_alike_and_has_no_edge_of_three() -> None:
    points, corners = doubles(joined(sphere(48), moved(sphere(48), (0.0, 0.0, 1.9))))
    rng = np.random.default_rng(0)
    island = points[corners].mean(axis=1)[:, 0] > 0.7
    corners[island] = corners[island][:, ::-1]
    # A fin on an edge: three triangles there.
    edge = corners[rng.integers(len(corners) // 2)][:2]
    tip = len(points)
    points = np.concatenate([points, points[edge].mean(axis=0, keepdims=True) * 1.4])
    corners = np.concatenate([corners, [[edge[0], edge[1], tip]]])
    before = faults_of(points.astype(np.float32), corners.astype(np.int32))
    assert before.flipped_edges
    assert before.non_manifold_edges
    _, light = reduced(Received.of(points, corners), 2_000)
    low = with_charts(light, 256)
    after = faults_of(low.points.astype(np.float32), low.corners.astype(np.int32))
    assert after.flipped_edges == 0
    assert after.non_manifold_edges == 0
