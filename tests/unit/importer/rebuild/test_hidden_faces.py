# SPDX-License-Identifier: GPL-3.0-or-later
"""Which triangles a rebuilt mesh leaves out, as no one can see them."""

from __future__ import annotations

import numpy as np
import pytest
from support.surfaces import Surface, cup, joined, moved, scaled, sheet, sphere

from trellis_addon.importer.mesh.quadrics import cross_products
from trellis_addon.importer.mesh.topology import Flags
from trellis_addon.importer.rebuild.hidden_faces import hidden_faces
from trellis_addon.importer.rebuild.low_mesh import Received, reduced

BALL = scaled(sphere(24), 0.6)


def found(surface: Surface, clear: Flags | None = None) -> Flags:
    """The hidden triangles."""
    points, corners = surface
    clear = np.zeros(len(corners), dtype=bool) if clear is None else clear
    low = points.min(axis=0)
    unit_cube = (points - low).astype(float) / float(np.max(points.max(axis=0) - low))
    ends = corners.astype(np.int64)
    return hidden_faces(unit_cube, ends, cross_products(unit_cube, ends), clear)


def test_half_that_dips_into_another_part_is_hidden() -> None:
    one, other = sphere(24), moved(sphere(24), (0.0, 0.0, 1.0))
    points, corners = joined(one, other)
    hidden = found((points, corners))
    middles = points[corners[hidden]].mean(axis=1)
    inside = np.linalg.norm(middles, axis=1) < 1
    inside |= np.linalg.norm(middles - [0, 0, 1], axis=1) < 1
    assert inside.all()
    # A third of both lies in the other one; what is within a cell or two of its surface stays.
    assert 0.1 < hidden.mean() < 0.34


def test_nothing_is_hidden_without_another_part() -> None:
    assert not found(sphere(24)).any()
    assert not found(sheet(8)).any()


def test_glass_hides_nothing() -> None:
    ball = sphere(24)
    surface = joined(ball, BALL)
    clear = np.arange(len(surface[1])) < len(ball[1])
    assert found(surface).sum() == len(BALL[1])
    assert not found(surface, clear).any()


@pytest.mark.parametrize("gap", [0.02, 0.2])
def test_rim_of_a_slit_stays(gap: float) -> None:
    points, corners = cup(24)
    lid = (points * np.float32(-1) + np.array([0, 0, gap], dtype=np.float32), corners)
    hidden = found(joined((points, corners), lid, scaled(sphere(24), 0.4)))
    shells = joined((points, corners), lid)
    level = shells[0][shells[1]].mean(axis=1)[:, 2]
    assert not hidden[: len(level)][np.abs(level - gap / 2) < 0.05].any()


def test_budget_is_spent_on_what_is_seen() -> None:
    points, corners = joined(sphere(24), BALL)
    received = Received.of(points.astype(float), corners.astype(np.int64))
    assert received.hidden.sum() == len(BALL[1])
    _, light = reduced(received, 300)
    left = light.points[light.corners].mean(axis=1) * received.size + received.low
    assert float(np.min(np.linalg.norm(left, axis=1))) > 0.8
