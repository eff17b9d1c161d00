# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes faces look outward: neighbours alike, and closed parts with their outer side out."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from ..mesh.topology import Flags, connected
from ..surface.border_samples import REACH
from ..surface.gap_winding import turned_across_gaps
from ..surface.surface import Limits, Surface
from .enclosure import inside

HOLLOW: Final = 1e-6
"""The least volume of a closed part for which it has an inside, as a share of its area^1.5."""


def make_consistent(surface: Surface, _limits: Limits) -> tuple[Surface, int]:
    """Turn faces that are wound against their neighbours: the side with less area turns.

    Of a surface with only one side, as a Moebius strip, nothing turns.
    """
    turn = _against_neighbours(surface)
    count = int(np.count_nonzero(turn))
    return (surface.wound(turn), count) if count else (surface, 0)


def make_consistent_across_gaps(surface: Surface, limits: Limits) -> tuple[Surface, int]:
    """Do the same, also between patches with a gap between their open borders."""
    turn = _against_neighbours(surface)
    made = surface.wound(turn) if turn.any() else surface
    across = turned_across_gaps(made, REACH * limits.diagonal)
    made = made.wound(across) if across.any() else made
    count = int(np.count_nonzero(turn ^ across))
    return (made, count) if count else (surface, 0)


def _against_neighbours(surface: Surface) -> Flags:
    """Which triangles (T,) turn."""
    edges = surface.edges
    turn: Flags = np.zeros(len(surface.corners), dtype=bool)
    if not edges.flipped.any():
        return turn
    pairs, one, other = edges.neighbours
    faces = len(surface.corners)
    one, other = one // 3, other // 3
    # Every face twice, as it is and turned: faces that fit are joined, and also their turned forms.
    against = edges.flipped[pairs] * np.int32(faces)
    label = connected(
        2 * faces,
        np.concatenate([one, one + np.int32(faces)]),
        np.concatenate([other + against, (other + np.int32(faces) - against)]).astype(np.int32),
    )
    own, opposite = label[:faces], label[faces:]
    turn = own > opposite
    patch = np.minimum(own, opposite)
    area = np.bincount(patch, _areas(surface), int(np.max(label)) + 1)
    turned = np.bincount(patch, _areas(surface) * turn, len(area))
    turn ^= (turned > area / 2)[patch]
    return turn


def turn_outward(surface: Surface, _limits: Limits) -> tuple[Surface, int]:
    """Turn closed parts that are inside out. One inside another, as the inner wall of a glass,
    stays as it is.
    """
    shells = _shells(surface)
    if not shells.any():
        return surface, 0
    sizes = surface.sizes
    wrong = shells & (sizes.volume < -HOLLOW * sizes.area**1.5)
    for part in np.flatnonzero(wrong):
        wrong[part] = not _is_within(surface, int(part), shells)
    turn: Flags = wrong[surface.parts]
    count = int(np.count_nonzero(turn))
    return (surface.wound(turn), count) if count else (surface, 0)


def _shells(surface: Surface) -> Flags:
    """Which parts (P,) have an inside and an outside everywhere."""
    fits = (surface.edges.count == 2) & (surface.edges.forward == 1)
    bad = surface.touching(~fits)
    return np.asarray(np.bincount(surface.parts[bad], minlength=surface.part_count) == 0)


def _is_within(surface: Surface, part: int, shells: Flags) -> bool:
    sizes = surface.sizes
    around = shells & ((sizes.low <= sizes.low[part]) & (sizes.high >= sizes.high[part])).all(
        axis=1
    )
    around[part] = False
    first = surface.corners[np.argmax(surface.parts == part)]
    for hull in np.flatnonzero(around):
        shell = surface.corners[surface.parts == hull]
        if inside(surface.points, shell, surface.points[first[:1]])[0]:
            return True
    return False


def _areas(surface: Surface) -> Any:
    a, b, c = (surface.points[surface.corners[:, k]] for k in range(3))
    return np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
