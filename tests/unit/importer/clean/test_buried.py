# SPDX-License-Identifier: GPL-3.0-or-later
"""What several open parts together hide, and what can be seen between them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.surfaces import Surface, cup, joined, moved, scaled, sheet, sphere

from trellis_addon.importer.clean.hidden import hidden_faces
from trellis_addon.importer.surface.surface import Limits, Received
from trellis_addon.importer.surface.surface import Surface as Clean

FULL = Limits(12**0.5, is_full=True)


def crate() -> Surface:
    """A cube of six boards that overlap by 5 % and share no point; the last one is the lid."""
    board = scaled(sheet(4), 1.05)
    sides = []
    for axis in range(3):
        for end in (-1.0, 1.0):
            points = np.roll(board[0], axis + 1, axis=1).copy()
            points[:, axis] = end
            sides.append((points, board[1]))
    return joined(*sides)


def hidden(hull: Surface, inner: Surface, clear: Any = None, limits: Limits = FULL) -> list[bool]:
    """Whether each triangle of the inner surface is hidden; nothing of the hull may be."""
    points, corners = joined(hull, inner)
    count = len(hull[1])
    slots = np.zeros(len(corners), dtype=np.int32)
    slots[:count] = 0 if clear is None else clear
    surface = Clean.of(points, corners, Received(slots, np.array([False, True])))
    found = hidden_faces(surface, limits)
    assert not found[:count].any()
    return list(found[count:].tolist())


BALL = scaled(sphere(8), 0.6)


def test_ball_in_a_crate_is_hidden_only_thoroughly() -> None:
    assert all(hidden(crate(), BALL))
    safe = Limits(FULL.diagonal)
    assert not any(hidden(crate(), BALL, limits=safe))


@pytest.mark.parametrize("gap", [0.005, 0.02, 0.2])
def test_ball_that_is_seen_through_a_slit_stays(gap: float) -> None:
    # The slits of the two smaller gaps are closed in the grid of cells: there, the rays tell.
    points, corners = cup(24)
    lid = (points * np.float32(-1) + np.array([0, 0, gap], dtype=np.float32), corners)
    assert not any(hidden(joined((points, corners), lid), BALL))


def test_ball_behind_glass_stays() -> None:
    pane = np.zeros(len(crate()[1]), dtype=np.int32)
    pane[-32:] = 1
    assert not any(hidden(crate(), BALL, clear=pane))


def test_part_that_pokes_out_stays() -> None:
    assert not any(hidden(crate(), moved(BALL, (0.6, 0, 0))))


def test_one_triangle_in_a_crate_is_hidden() -> None:
    fin = np.array([[0, 0, 0], [0.1, 0, 0], [0, 0.1, 0]], dtype=np.float32)
    assert all(hidden(crate(), (fin, np.array([[0, 1, 2]], dtype=np.int32))))
