# SPDX-License-Identifier: GPL-3.0-or-later
"""Removes floaters: specks that hang in the air beside the prop.

A small part that touches the prop is meant, such as a rivet or a button; and so are many small
parts, such as sparks, gravel or leaves.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from ..mesh.index_arrays import spread
from ..mesh.topology import Flags
from ..surface.surface import Limits, Surface

SMALL: Final = 0.01
SMALL_FULL: Final = 0.025
"""The diagonal of a floater, at most, as a share of the prop's: of 1 m, a speck of 1 cm."""
MOST_AREA: Final = 0.01
"""Floaters with a larger share of the surface are what the prop is made of."""
TWINS: Final = 5
"""As many parts with the same number of triangles and the same size were modelled."""
_CELLS: Final = 64
_MOST_PAIRS: Final = 50_000_000


def remove_floaters(surface: Surface, limits: Limits) -> tuple[Surface, int]:
    """Remove small parts that touch nothing; the count is of parts."""
    if surface.part_count < 2:
        return surface, 0
    sizes = surface.sizes
    share = SMALL_FULL if limits.is_full else SMALL
    small = sizes.diagonal <= share * limits.diagonal
    # At least the largest part of a mesh stays: an object of its own may be as small as it likes.
    small[np.argmax(sizes.diagonal)] = False
    small &= ~_twins(surface, small)
    if not small.any() or sizes.area[small].sum() > MOST_AREA * sizes.area.sum():
        return surface, 0
    chosen = np.flatnonzero(small)
    chosen = chosen[~_touching(surface, chosen, ~small)]
    gone = np.zeros(len(small), dtype=bool)
    gone[chosen] = True
    return (surface.kept(~gone[surface.parts]), len(chosen)) if len(chosen) else (surface, 0)


def _twins(surface: Surface, small: Flags) -> Flags:
    """Which small parts have several others of the same size and number of triangles."""
    sizes = surface.sizes
    twins = np.zeros(len(small), dtype=bool)
    which = np.flatnonzero(small)
    # In steps of 2 %, of which the next one counts, too.
    steps = np.round(np.log(np.maximum(sizes.diagonal[which], 1e-30)) / np.log(1.02))
    for shift in (0.0, 0.5):
        key = np.stack([sizes.triangles[which], np.floor(steps / 2 + shift)], axis=1)
        _, group, counts = np.unique(key, axis=0, return_inverse=True, return_counts=True)
        twins[which[counts[group.ravel()] >= TWINS]] = True
    return twins


def _touching(surface: Surface, chosen: Any, large: Flags) -> Flags:
    """Which of the chosen parts (N,) have a triangle of a large part within their own reach."""
    sizes = surface.sizes
    reach = np.maximum(sizes.diagonal[chosen] / 2, 1e-30)
    middle = (sizes.low[chosen].astype(np.float64) + sizes.high[chosen]) / 2
    around = surface.corners[_near(surface, middle, reach, large)]
    touching = np.zeros(len(chosen), dtype=bool)
    if len(around) * len(chosen) > _MOST_PAIRS:
        return ~touching
    a, b, c = (surface.points[around[:, k]].astype(np.float64) for k in range(3))
    low, high = np.minimum(np.minimum(a, b), c), np.maximum(np.maximum(a, b), c)
    for number, (centre, radius) in enumerate(zip(middle, reach, strict=True)):
        beside = ((low <= centre + radius) & (high >= centre - radius)).all(axis=1)
        if beside.any():
            distance = _distances(centre, a[beside], b[beside], c[beside])
            touching[number] = float(np.min(distance)) <= radius
    return touching


def _near(surface: Surface, middle: Any, reach: Any, large: Flags) -> Any:
    """The triangles (N,) of large parts whose box is over a cell near one of the spheres."""
    low = surface.points.min(axis=0).astype(np.float64)
    scale = _CELLS / np.maximum(surface.points.max(axis=0) - low, 1e-30)

    def cells(values: Any) -> Any:
        return np.clip(((values - low) * scale).astype(np.int64), 0, _CELLS - 1)

    first, last = cells(middle - reach[:, None]), cells(middle + reach[:, None])
    wide = last - first + 1
    part, place = spread(np.prod(wide, axis=1))
    at = first[part] + np.stack(
        [
            place % wide[part, 0],
            place // wide[part, 0] % wide[part, 1],
            place // (wide[part, 0] * wide[part, 1]),
        ],
        axis=1,
    )
    sums = np.zeros((_CELLS + 1,) * 3, dtype=np.int32)
    sums[1:, 1:, 1:][tuple(at.T)] = 1
    for axis in range(3):
        np.cumsum(sums, axis=axis, out=sums)
    faces = np.flatnonzero(large[surface.parts])
    # A box of sums tells for triangles of any size whether one of their cells is marked.
    place = cells(surface.points)[surface.corners[faces]]
    lo, hi = place.min(axis=1), place.max(axis=1) + 1
    total = np.zeros(len(faces), dtype=np.int64)
    for corner in range(8):
        ends = [(hi if corner >> k & 1 else lo)[:, k] for k in range(3)]
        sign = 1 if corner.bit_count() % 2 else -1
        total += sign * sums[tuple(ends)]
    return faces[total > 0]


def _distances(point: Any, a: Any, b: Any, c: Any) -> Any:
    """How far triangles (N, 3) are from a point; (N,)."""
    ab, ac, ap = b - a, c - a, point - a
    normal = np.cross(ab, ac)
    square = np.maximum(np.einsum("ij,ij->i", normal, normal), 1e-300)
    u = np.einsum("ij,ij->i", np.cross(ap, ac), normal) / square
    v = np.einsum("ij,ij->i", np.cross(ab, ap), normal) / square
    over = (u >= 0) & (v >= 0) & (u + v <= 1)
    plane = np.abs(np.einsum("ij,ij->i", ap, normal)) / np.sqrt(square)
    rim = np.minimum(
        np.minimum(_to_edge(point, a, b), _to_edge(point, b, c)), _to_edge(point, c, a)
    )
    return np.where(over, plane, rim)


def _to_edge(point: Any, a: Any, b: Any) -> Any:
    along = b - a
    length = np.maximum(np.einsum("ij,ij->i", along, along), 1e-300)
    share = np.clip(np.einsum("ij,ij->i", point - a, along) / length, 0.0, 1.0)
    return np.linalg.norm(a + share[:, None] * along - point, axis=1)
