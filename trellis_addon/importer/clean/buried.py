# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds parts that no way from outside leads to, where no single closed part is around them.

A barrel is closed by staves and lids that are parts of their own. Cells that the outside does not
reach tell which parts may be hidden in there; gaps narrower than two cells are closed in such a
grid, so rays from these parts must find no way out either.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ..mesh.topology import Flags
from ..mesh.vertex_welding import Floats, Integers
from ..surface.surface import Surface
from .enclosure import Rays
from .voxels import reached

TURNS: Final = 12
"""Rays go both ways along an axis that is turned this often."""
PLACES: Final = 4000
"""From this many points in all, so that there are 96,000 rays. A gap of a thousandth of what can be
seen from inside stays unseen by 4,000 of them in one case of 50."""
FEW_TURNS: Final = 2
FEW_PLACES: Final = 1000
BARELY: Final = 0.01
"""An open part of which less can be seen is an inner skin that comes through the outer one."""
FEWEST: Final = 32
"""Points on each part or group, however small."""


def buried(surface: Surface, possible: Flags) -> Flags:
    """Which of the possible parts (P,) cannot be seen from outside at all; (P,)."""
    sizes, opaque = surface.sizes, surface.corners[~surface.clear]
    # What reaches the bounds of the prop can be seen.
    low, high = sizes.low.min(axis=0), sizes.high.max(axis=0)
    possible = possible & (sizes.low > low).all(axis=1) & (sizes.high < high).all(axis=1)
    if not len(opaque):
        possible[:] = False
    rng = np.random.default_rng(0)
    faces = Groups(surface.points, surface.corners, surface.parts)
    # A few rays find most of what can be seen, so that often no grid is needed.
    possible &= ~seen_groups(faces, opaque, possible, (FEW_TURNS, FEW_PLACES), rng)
    possible &= ~_reached(surface, possible)
    possible &= ~seen_groups(faces, opaque, possible, (TURNS, PLACES), rng)
    return possible


def barely_seen(surface: Surface, possible: Flags) -> Flags:
    """Which of the possible parts (P,) are seen from outside at a few places only; (P,)."""
    opaque = surface.corners[~surface.clear]
    if not len(opaque) or not possible.any():
        return np.zeros(len(possible), dtype=bool)
    rng = np.random.default_rng(0)
    faces = Groups(surface.points, surface.corners, surface.parts)
    few = seen_share(faces, opaque, possible, (FEW_TURNS, FEW_PLACES), rng) <= 3 * BARELY
    possible = possible & few
    share = seen_share(faces, opaque, possible, (TURNS, PLACES), rng)
    return np.asarray(possible & (share <= BARELY))


def _reached(surface: Surface, parts: Flags) -> Flags:
    """Which of the parts (P,) are beside a cell that the outside reaches."""
    found = np.zeros(len(parts), dtype=bool)
    few = np.flatnonzero(parts[surface.parts])
    if len(few):
        beside = reached(surface.points, surface.corners, ~surface.clear, few)
        found[surface.parts[few[beside]]] = True
    return found


@dataclass(frozen=True)
class Groups:
    """Triangles, each of which belongs to a group.

    Shapes: points (V, 3), corners (T, 3), of (T,): the number of each triangle's group.
    """

    points: Floats
    corners: Integers
    of: Integers


def seen_groups(
    faces: Groups, opaque: Integers, wanted: Flags, effort: tuple[int, int], rng: Any
) -> Flags:
    """Which of the wanted groups (G,) a ray leaves without meeting anything opaque.

    :param opaque: triangles (N, 3) of the same points.
    :param effort: how often the axis of the rays is turned, and how many points they start from.
    """
    seen = np.zeros(len(wanted), dtype=bool)
    if not wanted.any():
        return seen
    places, of = _places(faces, wanted, effort[1], rng)
    for _ in range(effort[0]):
        left = ~seen[of]
        if not left.any():
            break
        turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        at = (places[left] @ turn).astype(np.float32)
        turned = (faces.points @ turn).astype(np.float32)
        seen[of[left][Rays(turned, opaque).escape(at)]] = True
    return seen


def seen_share(
    faces: Groups, opaque: Integers, wanted: Flags, effort: tuple[int, int], rng: Any
) -> Any:
    """The share of each wanted group (G,) that a ray leaves without meeting anything opaque; of
    the others, it is 0. For the parameters, see ``seen_groups``.
    """
    if not wanted.any():
        return np.zeros(len(wanted))
    places, of = _places(faces, wanted, effort[1], rng)
    free = np.zeros(len(of), dtype=bool)
    for _ in range(effort[0]):
        turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        left = np.flatnonzero(~free)
        turned = (faces.points @ turn).astype(np.float32)
        free[left] = Rays(turned, opaque).escape((places[left] @ turn).astype(np.float32))
    total = np.bincount(of, minlength=len(wanted))
    return np.bincount(of, free, len(wanted)) / np.maximum(total, 1)


def _places(faces: Groups, wanted: Flags, total: int, rng: Any) -> tuple[Floats, Any]:
    """Points all over the groups, and the group of each; (N, 3), (N,)."""
    chosen = np.flatnonzero(wanted[faces.of])
    of = faces.of[chosen]
    order = np.argsort(of, kind="stable")
    chosen, of = chosen[order], of[order]
    which, starts, counts = np.unique(of, return_index=True, return_counts=True)
    each = np.maximum(FEWEST, counts * total // len(chosen))
    index = np.repeat(np.arange(len(which)), each)
    triangles = chosen[starts[index] + rng.integers(0, counts[index])]
    shares = rng.dirichlet((1, 1, 1), len(triangles))
    points = np.einsum("nk,nkx->nx", shares, faces.points[faces.corners[triangles]])
    return points.astype(np.float32), which[index]
