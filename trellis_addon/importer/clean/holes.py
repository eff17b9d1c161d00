# SPDX-License-Identifier: GPL-3.0-or-later
"""Fills small holes: where triangles are missing, and not where an opening is meant.

The border of missing triangles is frayed: it turns left and right. That of an opening goes round
once. Where a border is not frayed, the surface around it must lie in the plane of the hole: around
the mouth of a vase or the end of a pipe it stands upright.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ..mesh.topology import Flags, connected
from ..mesh.vertex_welding import Integers
from ..surface.hole_borders import follow
from ..surface.hole_filling import Filling, fill
from ..surface.surface import Limits, Surface

AROUND: Final = 0.12
"""The longest border of a hole, as a share of the prop's diagonal: 4 cm across in 1 m."""
AROUND_TINY: Final = 0.02
"""A hole with a shorter border is filled whatever is around it."""
AROUND_FRAYED: Final = 0.3
"""The longest border of a frayed hole, of one of a single triangle, which no one models, and of one
with few edges in a fine mesh, where the opening of a window would have many."""
FRAYED: Final = 1.25
"""How often a frayed border turns round, left and right added. A circle and a window have 1."""
BENT: Final = 0.4
"""At least this share of the points of a frayed border are corners of 20 degrees or more; most
points of a cross-shaped window lie on its sides."""
AROUND_FINE: Final = 0.45
"""The same of a frayed hole in a fine mesh."""
TORN: Final = 3.0
"""From this many turns on, the border is longer than the hole is large, and its area tells."""
CRACK: Final = 0.01
"""The area of a crack, at most, as a share of its border's length squared; a circle has 0.08."""
SOME_EDGES: Final = 12
COARSE: Final = 0.9
"""The length of a border's edges, from which on it is as coarse as the triangles around, as a share
of the root of their mean area. A round opening that was modelled has finer ones."""
FEW_EDGES: Final = 8
FINE: Final = 1000
"""From this many triangles on, a part is a fine mesh."""
MOST_EDGES: Final = 256
SMOOTH: Final = 0.6
"""The cosine between the hole and the surface around it, on average, from which they are one."""
OPEN_SHARE: Final = 0.35
"""A part with a larger opening than this share of its area is a sheet, such as a leaf or cloth, and
its holes are its pattern. A half sphere has 0.5, a box without its lid 0.2."""
TWINS: Final = 4
"""As many holes of one shape are a pattern, if they have more than four edges."""
TWINS_COARSE: Final = 10
"""The same for holes as coarse as the triangles around, of which there are few shapes."""


@dataclass(frozen=True)
class Loops:
    """The open borders. Shapes: edges (N,), the corners that begin open edges; after (N,): the edge
    that follows around the hole, or -1; label (N,): the border of each; all others (H,).
    """

    edges: Integers
    after: Integers
    label: Integers
    count: Any
    length: Any
    area: Any
    """The size of the hole, whatever its shape: the length of its vector area."""
    facing: Any
    """The mean cosine between the hole's direction and that of its border's faces."""
    turns: Any
    """How often the border turns round, left and right added."""
    corners: Any
    """The share of the border's points at which it turns by 20 degrees or more."""
    part: Any
    is_ring: Flags
    """Whether it is one closed line, in which every point has one way in and one out."""


def fill_holes(surface: Surface, limits: Limits) -> tuple[Surface, int]:
    """Fill holes where triangles are missing; the count is of holes."""
    if not surface.edges.open.any():
        return surface, 0
    loops = loops_of(surface)
    chosen = np.flatnonzero(_is_missing(surface, loops, limits.diagonal))
    filling = Filling(surface)
    first = np.unique(loops.label, return_index=True)[1]
    for number in first[chosen].tolist():
        ring = [number]
        while (following := int(loops.after[ring[-1]])) != number:
            ring.append(following)
        fill(filling, loops.edges[ring])
    return (filling.result(), len(chosen)) if len(chosen) else (surface, 0)


def loops_of(surface: Surface) -> Loops:
    """Find the open borders of a surface, and measure them."""
    points = surface.points.astype(np.float64)
    edges, start, end, after = follow(surface)
    label = connected(len(edges), np.arange(len(edges), dtype=np.int32), np.maximum(after, 0))
    total = int(np.max(label)) + 1
    is_ring = np.bincount(label[after < 0], minlength=total) == 0
    count = np.bincount(label, minlength=total)
    length = np.linalg.norm(points[end] - points[start], axis=1)
    middle = _sums(points[start], label, total) / count[:, None]
    # The border runs against the edges of its faces.
    across = np.cross(points[end] - middle[label], points[start] - middle[label]) / 2
    vector = _sums(across, label, total)
    area = np.linalg.norm(vector, axis=1)
    a, b, c = (points[surface.corners[edges // 3, k]] for k in range(3))
    face = np.cross(b - a, c - a)
    face /= np.maximum(np.linalg.norm(face, axis=1), 1e-30)[:, None]
    cosine = np.einsum("ij,ij->i", face, (vector / np.maximum(area, 1e-30)[:, None])[label])
    around = np.bincount(label, length, total)
    facing = np.bincount(label, cosine * length, total) / np.maximum(around, 1e-30)
    along = (points[start] - points[end]) / np.maximum(length, 1e-30)[:, None]
    bend = np.arccos(np.clip(np.einsum("ij,ij->i", along, along[after]), -1, 1))
    turns = np.bincount(label, bend, total) / (2 * np.pi)
    sharp = np.bincount(label, bend > np.radians(20), total) / count
    part = np.zeros(total, dtype=np.int64)
    part[label] = surface.parts[edges // 3]
    return Loops(edges, after, label, count, around, area, facing, turns, sharp, part, is_ring)


def _sums(vectors: Any, label: Any, total: int) -> Any:
    return np.stack([np.bincount(label, vectors[:, k], total) for k in range(3)], axis=1)


def _is_missing(surface: Surface, loops: Loops, diagonal: float) -> Flags:
    """Which holes (H,) are missing triangles."""
    whole = surface.sizes.area[loops.part]
    sheet = np.bincount(
        loops.part, loops.area > OPEN_SHARE * whole, minlength=len(surface.sizes.area)
    )
    share = loops.length / diagonal
    fine = surface.sizes.triangles[loops.part] >= FINE
    few = (loops.count == 3) | (fine & (loops.count <= FEW_EDGES))
    grain = np.sqrt(whole / surface.sizes.triangles[loops.part])
    coarse = loops.length >= COARSE * grain * loops.count
    few |= fine & coarse & (loops.count <= SOME_EDGES)
    frayed = (loops.turns >= FRAYED) & (loops.corners >= BENT)
    frayed |= (loops.turns >= TORN) & (loops.area < CRACK * loops.length**2)
    # The border of a square as large as the hole.
    square = np.minimum(share, 4 * np.sqrt(loops.area) / diagonal)
    torn = frayed & (loops.turns >= TORN)
    share[torn] = square[torn]
    missing = (loops.facing > SMOOTH) | frayed
    limit = np.where(few | frayed, AROUND_FRAYED, AROUND)
    missing &= share < np.where(fine & frayed, AROUND_FINE, limit)
    missing |= share < AROUND_TINY
    missing &= loops.is_ring & (loops.count >= 3) & (loops.count <= MOST_EDGES)
    missing &= sheet[loops.part] == 0
    # A hole in a part of its own size is no hole.
    missing &= (np.where(frayed, square, share) * diagonal) ** 2 < whole
    coarse &= few
    pattern = _pattern(loops, missing & ~coarse, TWINS)
    pattern |= _pattern(loops, missing & coarse, TWINS_COARSE)
    return np.asarray(missing & ~pattern)


def _pattern(loops: Loops, missing: Flags, twins: int) -> Flags:
    """Which holes have several others of the same shape, as those of a colander."""
    pattern = np.zeros(len(missing), dtype=bool)
    which = np.flatnonzero(missing & (loops.count > 4))
    if not len(which):
        return pattern
    steps = np.log(np.maximum(loops.length[which], 1e-30)) / np.log(1.02)
    for shift in (0.0, 0.5):
        key = np.stack([loops.count[which], np.floor(steps + shift)], axis=1)
        _, group, counts = np.unique(key, axis=0, return_inverse=True, return_counts=True)
        pattern[which[counts[group.ravel()] >= twins]] = True
    return pattern
