# SPDX-License-Identifier: GPL-3.0-or-later
"""Borders that run along each other are closed, whatever their points; openings stay."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.surfaces import cup, inverted, joined, moved, scaled, sheet, sphere, tube, used_only

from trellis_addon.importer.clean.gaps import close_gaps
from trellis_addon.importer.clean.steps import clean
from trellis_addon.importer.mesh.surface_faults import Faults, faults_of
from trellis_addon.importer.surface.surface import Limits, Received, Surface


def received(surface: Any, slots: Any = None) -> Surface:
    points, corners = surface
    slots = np.zeros(len(corners), dtype=np.int32) if slots is None else slots
    uvs = points[corners.ravel()][:, :2].astype(np.float32)
    return Surface.of(points, corners, Received(slots, np.array([False, True]), uvs))


def limits(surface: Surface) -> Limits:
    return Limits(float(np.linalg.norm(np.ptp(surface.points, axis=0))), True)


def lid(columns: int, height: float, *, up: bool) -> Any:
    """A disc of radius 1 of `columns` triangles around its middle."""
    turn = np.linspace(0.1, 0.1 + 2 * np.pi, columns, endpoint=False)
    rim = np.stack([np.cos(turn), np.sin(turn), np.full(columns, height)], axis=1)
    points = np.concatenate([rim, [[0, 0, height]]]).astype(np.float32)
    one = np.arange(columns, dtype=np.int32)
    corners = np.stack([one, (one + 1) % columns, np.full(columns, columns)], axis=1)
    return points, (corners if up else corners[:, ::-1]).astype(np.int32)


def can(columns: int, *, gap: float = 0.0, turned: bool = False) -> Surface:
    """A tube of 64 columns with two lids of another number of them."""
    lids = lid(columns, 2 + gap, up=not turned), lid(columns, -gap, up=False)
    return received(joined(tube(64, 1.0, 2.0), *lids))


@pytest.mark.parametrize("columns", [64, 60, 97])
@pytest.mark.parametrize("gap", [0.0, 0.006])
def test_lids_are_closed_whatever_their_points(columns: int, gap: float) -> None:
    surface = can(columns, gap=gap)
    made, counts = clean(surface, limits(surface))
    assert counts["gaps"] == 128 + 2 * columns
    found = faults_of(made.points, made.corners)
    assert (found.parts, found.open_edges, found.non_manifold_edges, found.flipped_edges) == (
        1,
        0,
        0,
        0,
    )
    assert (made.points == surface.points).all()
    assert made.sizes.volume[0] == pytest.approx(2 * np.pi, rel=0.02)


def test_wide_gap_stays() -> None:
    surface = can(60, gap=0.05)
    assert close_gaps(surface, limits(surface))[0] is surface


def test_lid_that_is_wound_the_other_way_is_turned_and_closed() -> None:
    surface = can(60, turned=True)
    made, counts = clean(surface, limits(surface))
    assert counts["winding"] == 60
    found = faults_of(made.points, made.corners)
    assert (found.open_edges, found.flipped_edges) == (0, 0)


def test_crack_between_sheets_of_other_squares_closes_and_their_rims_stay() -> None:
    surface = received(joined(sheet(8), moved(sheet(5), (2, 0, 0))))
    made, count = close_gaps(surface, limits(surface))
    assert count == 8 + 5
    assert np.count_nonzero(made.edges.open) == 3 * (8 + 5)
    # Along a crack, colours are those of one of its sides.
    new = made.loops[len(surface.corners) :]
    assert (new < 3 * len(surface.corners)).all()


def strip(wide: float) -> Any:
    points, corners = sheet(24)
    return points * np.array([1, wide, 1], dtype=np.float32), corners


def leaf() -> Any:
    """A sheet that ends in two sharp tips."""
    points, corners = sheet(16)
    narrow = 0.2 * (1.02 - points[:, 0] ** 2)
    return np.stack([points[:, 0], points[:, 1] * narrow, 0 * narrow], axis=1), corners


MEANT: dict[str, Any] = {
    "a cup": cup(),
    "a narrow strip": strip(0.001),
    "a leaf": leaf(),
    "a pipe": tube(24, 0.02, 2.0),
    "two sheets, one above the other": joined(sheet(), moved(sheet(), (0, 0, 0.05))),
    "two sheets that lie on each other": joined(sheet(), moved(scaled(sheet(5), 0.9), (0, 0, 0))),
}


@pytest.mark.parametrize("name", MEANT)
def test_what_is_meant_to_be_open_stays(name: str) -> None:
    points, corners = MEANT[name]
    surface = received((points.astype(np.float32), corners))
    assert close_gaps(surface, limits(surface))[0] is surface


def test_glass_is_not_joined_to_its_frame() -> None:
    whole = joined(sheet(8), moved(sheet(5), (2, 0, 0)))
    slots = (np.arange(len(whole[1])) >= 128).astype(np.int32)
    surface = received(whole, slots)
    assert close_gaps(surface, limits(surface))[0] is surface


def test_fin_on_a_fine_mesh_goes_and_a_leaf_on_a_coarse_one_stays() -> None:
    for rings, parts in ((24, 1), (6, 2)):
        points, corners = sphere(rings)
        tip = points[corners[60, 0]] * np.float32(1.1)
        fin = np.array([[corners[60, 0], corners[60, 1], len(points)]], dtype=np.int32)
        surface = received((np.concatenate([points, [tip]]), np.concatenate([corners, fin])))
        made, _ = clean(surface, limits(surface))
        found = faults_of(made.points, made.corners)
        assert (found.parts, found.non_manifold_edges) == (parts, 0)


def test_inner_skin_goes_where_it_barely_comes_through() -> None:
    points, corners = sphere(24, 0.96)
    out = np.linalg.norm(points - points[200], axis=1) < 0.05
    points = np.where(out[:, None], points * np.float32(1.08), points)
    open_skin = used_only(points, inverted((points, corners))[1][40:])
    surface = received(joined(sphere(24), open_skin))
    made, counts = clean(surface, limits(surface))
    assert counts["hidden parts"] >= len(open_skin[1])
    assert faults_of(made.points, made.corners) == Faults(1, 0, 0, 0, 0, 0)
