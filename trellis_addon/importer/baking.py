# SPDX-License-Identifier: GPL-3.0-or-later
"""The look of a large mesh, drawn into the picture of its light stand-in. numpy only.

Samples are spread evenly over the large mesh. Each knows which vertex of the stand-in its corner
has become, starts at a triangle there, and walks over edges to the triangle that it lies on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from .atlas import Atlas
from .clustering import repeated
from .quadrics import Indices, Reals, cross_products, dots

_WALK: Final = 6
_RING: Final = 40
_OUTSIDE: Final = 0.02
_FAINT: Final = 1e-4
_NONE: Final = 1e-12


@dataclass(frozen=True)
class Samples:
    """Places on triangles: which triangle (N,), and its corners' shares (N, 3)."""

    triangles: Indices
    shares: Reals


def spread(areas: Reals, count: int) -> Samples:
    """About ``count`` samples, each for the same area; inside a triangle by a quasi-random
    sequence (Roberts' R2), so that they neither lump together nor leave holes.
    """
    ends = np.cumsum(areas) * (count / max(float(areas.sum()), 1e-30))
    whole: Indices = np.floor(ends + 0.5).astype(np.int64)
    each = whole - np.concatenate([[0], whole[:-1]])
    triangles = np.repeat(np.arange(len(areas)), each)
    steps = np.arange(len(triangles))
    u, v = (steps * 0.7548776662466927) % 1.0, (steps * 0.5698402909980532) % 1.0
    over = u + v > 1
    u[over], v[over] = 1 - u[over], 1 - v[over]
    return Samples(triangles, np.stack([1 - u - v, u, v], axis=1))


def pixels_of(
    samples_at: Reals, starts: Indices, points: Reals, corners: Indices, atlas: Atlas
) -> Indices:
    """The pixel of the picture that each sample falls into, row by row from the lower left.

    :param samples_at: (N, 3). :param starts: the triangle (N,) where each begins to walk.
    """
    frames = _Frames(points, corners)
    at, shares = starts, frames.shares(samples_at, starts)
    beyond = _neighbours(corners, len(points), cross_products(points, corners))
    out = np.flatnonzero(shares.min(axis=1) < -_OUTSIDE)
    here, seen, best = at[out], shares[out], shares[out].min(axis=1)
    for _ in range(_WALK):
        further = beyond[here, seen.argmin(axis=1)]
        on = further >= 0
        out, here, best = out[on], further[on], best[on]
        if not len(out):
            break
        seen = frames.shares(samples_at[out], here)
        inside = seen.min(axis=1)
        # Beside a convex edge a sample lies outside of both sides: the best one keeps it.
        better = inside > best
        at[out[better]], shares[out[better]] = here[better], seen[better]
        best = np.maximum(best, inside)
        on = inside < -_OUTSIDE
        out, here, seen, best = out[on], here[on], seen[on], best[on]
    shares = np.maximum(shares, 0)
    shares /= shares.sum(axis=1, keepdims=True)
    places = np.einsum("nk,nkc->nc", shares, atlas.places[at]).astype(np.int64)
    made: Indices = places[:, 1] * atlas.size + places[:, 0]
    return made


def starts_of(points: Reals, places: Reals, into: Indices, corners: Indices) -> Indices:
    """For each place, the nearest triangle around the point that it has become.

    :param places: (C, 3). :param into: (C,), that point; one that has no triangle gives any.
    """
    ends = corners.ravel()
    order = np.argsort(ends, kind="stable")
    first = np.searchsorted(ends[order], np.arange(len(points) + 1))
    have = first[into + 1] - first[into]
    frames = _Frames(points, corners)
    best, found = np.full(len(places), np.inf), np.zeros(len(places), dtype=np.int64)
    for k in range(_RING):
        rows = np.flatnonzero(have > k)
        if not len(rows):
            break
        triangle = order[first[into[rows]] + k] // 3
        shares = np.maximum(frames.shares(places[rows], triangle), 0)
        shares /= shares.sum(axis=1, keepdims=True)
        away = places[rows] - np.einsum("nk,nkc->nc", shares, points[corners[triangle]])
        far = dots(away, away)
        better = far < best[rows]
        best[rows[better]], found[rows[better]] = far[better], triangle[better]
    return found


@dataclass(frozen=True)
class Drawing:
    """What the samples draw: the pixel of each (N,), and where a triangle is too small to have
    been hit by any, faintly the mean of the samples around its corners.

    :param owners: (N,), the stand-in's vertex that each sample's corner has become.
    """

    pixels: Indices
    owners: Indices
    corners: Indices
    atlas: Atlas

    def picture(self, values: Reals) -> Reals:
        """The mean of the samples (N, C) of each pixel, (size, size, C); pixels without any are
        filled from around them, so that nothing foreign bleeds in when the texture is filtered.
        """
        size = self.atlas.size
        spots = np.concatenate([self.atlas.places, self.atlas.places.mean(axis=1)[:, None]], axis=1)
        spots = spots.reshape(-1, 2).astype(np.int64)
        faint = spots[:, 1] * size + spots[:, 0]
        each = np.maximum(np.bincount(self.owners, minlength=int(np.max(self.corners)) + 1), 1)
        total = size * size
        sums = np.bincount(self.pixels, minlength=total).astype(np.float64)
        columns = [sums + _FAINT * np.bincount(faint, minlength=total)]
        for column in values.T:
            around = np.bincount(self.owners, weights=column, minlength=len(each)) / each
            corners = around[self.corners]
            guess = np.concatenate([corners, corners.mean(axis=1)[:, None]], axis=1).ravel()
            drawn = np.bincount(self.pixels, weights=column, minlength=total)
            columns.append(drawn + _FAINT * np.bincount(faint, weights=guess, minlength=total))
        return _filled(np.stack(columns, axis=1).reshape(size, size, -1))


def _filled(sums: Reals) -> Reals:
    """Sums after their counts (S, S, 1 + C) -> means (S, S, C), without holes."""
    levels = [sums]
    while len(levels[-1]) > 1:
        half = len(levels[-1]) // 2
        blocks = levels[-1].reshape(half, 2, half, 2, -1)
        known = blocks / np.maximum(blocks[..., :1], _NONE)
        levels.append(known.sum(axis=(1, 3)))
    coarse = levels[-1]
    for level in reversed(levels[:-1]):
        filled = np.repeat(np.repeat(coarse, 2, axis=0), 2, axis=1)
        coarse = np.where(level[..., :1] > 0, level, filled)
    made: Reals = coarse[..., 1:] / np.maximum(coarse[..., :1], _NONE)
    return made


class _Frames:
    """What is needed to tell a place's shares of a triangle's corners."""

    def __init__(self, points: Reals, corners: Indices) -> None:
        a = points[corners[:, 0]]
        u, v = points[corners[:, 1]] - a, points[corners[:, 2]] - a
        uu, uv, vv = dots(u, u), dots(u, v), dots(v, v)
        whole = np.maximum(uu * vv - uv * uv, 1e-24)[:, None]
        across = (vv[:, None] * u - uv[:, None] * v) / whole
        up = (uu[:, None] * v - uv[:, None] * u) / whole
        self._rows = np.concatenate([a, across, up], axis=1)

    def shares(self, places: Reals, triangles: Indices) -> Reals:
        rows = self._rows[triangles]
        away = places - rows[:, :3]
        one, two = dots(away, rows[:, 3:6]), dots(away, rows[:, 6:])
        return np.stack([1 - one - two, one, two], axis=1)


def _neighbours(corners: Indices, count: int, crosses: Reals) -> Indices:
    """Per triangle and corner: the triangle across the edge that faces the corner, or -1."""
    one, other = corners[:, [1, 2, 0]].ravel(), corners[:, [2, 0, 1]].ravel()
    order, again = repeated(np.minimum(one, other) * count + np.maximum(one, other))
    across = np.full(len(one), -1)
    a, b = order[:-1][again], order[1:][again]
    across[a], across[b] = b // 3, a // 3
    made: Indices = across.reshape(-1, 3)
    away = dots(np.repeat(crosses, 3, axis=0), crosses[made.ravel()]).reshape(-1, 3) < 0
    made[away & (made >= 0)] = -1  # the other side of a sheet
    return made


def sample_places(points: Reals, corners: Indices, samples: Samples) -> Reals:
    """(N, 3) on the large mesh."""
    made: Reals = np.einsum("nk,nkc->nc", samples.shares, points[corners[samples.triangles]])
    return made
