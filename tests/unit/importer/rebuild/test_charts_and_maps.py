# SPDX-License-Identifier: GPL-3.0-or-later
"""The numpy parts of the rebuild: charts, their place in a texture, texels, the sky."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from trellis_addon.importer.mesh.quadrics import cross_products, dots, lengths, unit
from trellis_addon.importer.rebuild import (
    chart_layout,
    charts,
    low_mesh,
    occlusion,
    sample_maps,
    texels,
)

SIZE = 256


def tube(rings: int = 24, sides: int = 32, *, closed: bool = True) -> tuple[Any, Any]:
    """A cylinder of radius 0.3 and height 1 with lids, or without."""
    turn = np.arange(sides) * 2 * np.pi / sides
    ring = np.stack([0.3 * np.cos(turn), 0.3 * np.sin(turn)], axis=1)
    height = np.repeat(np.linspace(0, 1, rings + 1), sides)
    points = np.concatenate([np.tile(ring, (rings + 1, 1)), height[:, None]], axis=1)
    k, r = np.meshgrid(np.arange(sides), np.arange(rings))
    a, b = (r * sides + k).ravel(), (r * sides + (k + 1) % sides).ravel()
    corners = np.concatenate(
        [np.stack([a, b, b + sides], axis=1), np.stack([a, b + sides, a + sides], axis=1)]
    )
    if closed:
        top = rings * sides
        low, high = len(points), len(points) + 1
        points = np.concatenate([points, [[0, 0, 0], [0, 0, 1]]])
        here, there = np.arange(sides), (np.arange(sides) + 1) % sides
        lids = [
            np.stack([there, here, np.full(sides, low)], axis=1),
            np.stack([here + top, there + top, np.full(sides, high)], axis=1),
        ]
        corners = np.concatenate([corners, *lids])
    return points, corners


def stair(turns: float = 3.0, steps: int = 240) -> tuple[Any, Any]:
    """A winding ramp: each turn lies above the one before, all in one direction."""
    turn = np.linspace(0, turns * 2 * np.pi, steps + 1)
    inner = np.stack([0.1 * np.cos(turn), 0.1 * np.sin(turn), turn * 0.02], axis=1)
    outer = np.stack([0.5 * np.cos(turn), 0.5 * np.sin(turn), turn * 0.02], axis=1)
    points = np.concatenate([inner, outer])
    a = np.arange(steps)
    b, c, d = a + steps + 1, a + steps + 2, a + 1
    return points, np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)])


def charted(points: Any, corners: Any) -> Any:
    return charts.charts_of(points, corners, charts.borders_of(points, corners))


def made(points: Any, corners: Any, budget: int) -> Any:
    received = low_mesh.Received.of(points, corners)
    _, light = low_mesh.reduced(received, budget)
    return low_mesh.with_charts(light, SIZE)


def test_charts_are_few_and_end_at_creases() -> None:
    points, corners = tube()
    chart = charted(points, corners)
    assert 4 <= chart.max() + 1 <= 9  # two lids, and a wall of 360 degrees in pieces of at most 104
    normals = unit(cross_products(points, corners))
    lid = np.abs(normals[:, 2]) > 0.5
    assert not set(chart[lid]) & set(chart[~lid])


def test_all_triangles_face_their_chart_s_direction() -> None:
    points, corners = tube()
    chart = charted(points, corners)
    crosses = cross_products(points, corners)
    sums = np.stack([np.bincount(chart, c) for c in crosses.T], axis=1)
    within = dots(unit(crosses), unit(sums)[chart])
    assert np.min(within) > np.cos(np.radians(charts.WIDEST_DEGREES + 0.1))


@pytest.mark.parametrize(("degrees", "count"), [(30, 1), (60, 2)])
def test_a_roof_is_one_chart_unless_its_ridge_is_sharp(degrees: float, count: int) -> None:
    slope = np.tan(np.radians(degrees / 2))
    points = np.array([[-1, 0, 0], [-1, 1, 0], [0, 0, slope], [0, 1, slope], [1, 0, 0], [1, 1, 0]])
    corners = np.array([[0, 2, 3], [0, 3, 1], [2, 4, 5], [2, 5, 3]])
    assert len(set(charted(points, corners))) == count


def test_charts_are_connected() -> None:
    points, corners = tube(closed=False)
    other = points + np.array([2.0, 0, 0])
    both = np.concatenate([corners, corners + len(points)])
    chart = charted(np.concatenate([points, other]), both)
    assert not set(chart[: len(corners)]) & set(chart[len(corners) :])


@pytest.mark.parametrize("shape", [tube, stair])
def test_no_texel_is_on_two_triangles(shape: Any) -> None:
    points, corners = shape()
    low = made(points, corners, 400)
    places = low.layout.places
    assert places.min() > 0
    assert places.max() < SIZE
    found = texels.inside(places, np.arange(len(places)))
    deep = found.shares.min(axis=1) > 1e-3
    keys = found.y[deep] * SIZE + found.x[deep]
    assert len(np.unique(keys)) == len(keys)
    assert len(texels.cover(places, SIZE).texels) > 0.25 * SIZE * SIZE


def test_a_stair_overlaps_itself_before_it_is_divided() -> None:
    points, corners = stair()
    chart = charted(points, corners)
    assert chart.max() == 0
    flat = chart_layout.flattened(points, corners, chart)
    scale = chart_layout.expected_scale(flat, SIZE)
    assert len(chart_layout.overlapping(flat, chart, scale)) > 100


def test_charts_keep_their_distance() -> None:
    points, corners = tube()
    chart = charted(points, corners)
    flat = chart_layout.flattened(points, corners, chart)
    places = chart_layout.lay_out(flat, chart, SIZE).places
    found = texels.cover(places, SIZE)
    owner = np.full((SIZE, SIZE), -1)
    owner.ravel()[found.texels] = chart[found.triangles]
    gap = chart_layout.padding_of(SIZE)
    for step in range(1, gap):
        for axis in (0, 1):
            one = owner[step:] if axis == 0 else owner[:, step:]
            other = owner[:-step] if axis == 0 else owner[:, :-step]
            assert not ((one >= 0) & (other >= 0) & (one != other)).any()


def test_a_texture_is_as_dense_everywhere() -> None:
    points, corners = tube()
    low = made(points, corners, 400)
    real = lengths(cross_products(low.points, low.corners))
    u, v = (low.layout.places[:, k] - low.layout.places[:, 0] for k in (1, 2))
    flat = np.abs(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0])
    density = flat / real
    assert density.max() / density.min() < 2.2
    assert low.layout.places.shape == (len(low.corners), 3, 2)


def test_the_budget_is_kept() -> None:
    points, corners = tube(rings=100, sides=64)
    low = made(points, corners, 300)
    assert 280 <= len(low.corners) <= 300
    assert len(low.sharp)  # at the rims of the lids


def test_texels_of_a_square() -> None:
    square = np.array([[[2, 2], [10, 2], [10, 10]], [[2, 10], [2, 2], [10, 10]]], dtype=float)
    found = texels.cover(square, 16)
    there = np.zeros((16, 16), dtype=bool)
    there.ravel()[found.texels] = True
    wanted = np.zeros((16, 16), dtype=bool)
    wanted[2:10, 2:10] = True
    assert np.array_equal(there, wanted)
    assert np.min(found.shares) >= -1e-6  # each on its own triangle
    at = np.einsum("nk,nkc->nc", found.shares, square[found.triangles])
    assert at[:, 0] == pytest.approx(found.texels % 16 + 0.5)
    assert at[:, 1] == pytest.approx(found.texels // 16 + 0.5)


def test_holes_take_what_is_nearest() -> None:
    sums, weights = np.zeros((1, 8, 8)), np.zeros((8, 8))
    sums[0, 0, 0], weights[0, 0] = 6.0, 2.0
    sums[0, 7, 7], weights[7, 7] = 5.0, 1.0
    made_of = texels.filled(list(sums), weights)[0]
    assert made_of[0, 0] == 3.0
    assert made_of[7, 7] == 5.0
    assert made_of[1, 2] == 3.0  # in its quarter
    assert made_of[5, 6] == 5.0
    assert made_of[0, 7] == pytest.approx(4.0)  # as far from both


def test_a_pit_sees_less_of_the_sky_than_a_plane() -> None:
    rng = np.random.default_rng(1)
    flat = np.concatenate([rng.uniform(-1, 1, (40_000, 2)), np.zeros((40_000, 1))], axis=1)
    up = np.tile([0.0, 0.0, 1.0], (40_000, 1))
    assert occlusion.visible_sky(flat, up).mean() > 0.97
    # Two walls beside a strip.
    wall = rng.uniform(-1, 1, (40_000, 2))
    left = np.stack([np.full(40_000, -0.15), wall[:, 0], np.abs(wall[:, 1])], axis=1)
    right = left * (-1, 1, 1)
    whole = np.concatenate([flat, left, right])
    normals = np.concatenate(
        [up, np.tile([1.0, 0, 0], (40_000, 1)), np.tile([-1.0, 0, 0], (40_000, 1))]
    )
    seen = occlusion.visible_sky(whole, normals)[:40_000]
    assert seen[np.abs(flat[:, 0]) < 0.1].mean() < 0.4
    assert seen[np.abs(flat[:, 0]) > 0.8].mean() > 0.5


def test_samples_go_to_the_texels_around_them() -> None:
    places = np.array([[2.5, 3.5], [5.0, 3.5]])  # a texel's centre, and between two of them
    drawing = sample_maps.Drawing(8)
    drawing.add(places, np.array([[7.0, 0.0], [2.0, 0.0]], dtype=np.float32))
    drawing.add(np.array([[2.5, 5.0]]), np.array([[5.0, 1.0]], dtype=np.float32))
    drawn, other = drawing.pictures()
    assert drawn[3, 2] == 7.0
    assert drawn[3, 4:6] == pytest.approx((2.0, 2.0))
    assert drawn[4:6, 2] == pytest.approx((5.0, 5.0))
    assert other[3, 2] == 0.0
    assert other[4, 2] == 1.0
