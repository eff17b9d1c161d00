# SPDX-License-Identifier: GPL-3.0-or-later
"""Bakes the appearance of a large mesh into the texture of its proxy. numpy only.

Samples are spread evenly over the large mesh. For each, it is known which vertex of the proxy its
nearest corner was merged into. The search for the sample's place on the proxy starts at a triangle
of that vertex, and walks across edges until it reaches the triangle that the sample lies on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ..mesh.clustering import repeated
from ..mesh.quadrics import Indices, Reals, cross_products, dots
from ..mesh.vertex_welding import Floats
from .atlas import Atlas

_WALK: Final = 6
_RING: Final = 40
_OUTSIDE: Final = 0.02
_FAINT: Final = 1e-4
_NONE: Final = 1e-12


@dataclass(frozen=True)
class Samples:
    """Points on triangles: indices of the triangles (N,), and barycentric coordinates (N, 3)."""

    triangles: Indices
    shares: Reals


def spread(areas: Reals, count: int) -> Samples:
    """Make about ``count`` samples, each for the same area. Inside a triangle, they follow a
    quasi-random sequence (Roberts' R2), so that they neither form clusters nor leave holes.
    """
    # Rounding the cumulative area, not each triangle's own, so that small triangles get their
    # share of samples as well.
    ends = np.cumsum(areas) * (count / max(float(areas.sum()), 1e-30))
    whole: Indices = np.floor(ends + 0.5).astype(np.int64)
    each = whole - np.concatenate([[0], whole[:-1]])
    triangles = np.repeat(np.arange(len(areas)), each)
    steps = np.arange(len(triangles))
    u, v = steps * 0.7548776662466927, steps * 0.5698402909980532
    u -= np.floor(u)
    v -= np.floor(v)
    # The square's upper half is folded onto the triangle, which keeps the density even.
    over = u + v > 1
    u[over], v[over] = 1 - u[over], 1 - v[over]
    return Samples(triangles, np.stack([1 - u - v, u, v], axis=1))


def pixels_of(
    samples_at: Reals, starts: Indices, points: Reals, corners: Indices, atlas: Atlas
) -> Indices:
    """The pixel of the texture that each sample belongs to, numbered in rows from the lower left.

    The parameters are those of :func:`texture_places`.
    """
    places = texture_places(samples_at, starts, points, corners, atlas.places).astype(np.int64)
    made: Indices = places[:, 1] * atlas.size + places[:, 0]
    return made


def texture_places(
    samples_at: Reals, starts: Indices, points: Reals, corners: Indices, corners_at: Reals
) -> Reals:
    """The place of each sample in the texture, in pixels; (N, 2).

    :param corners_at: (T, 3, 2), the places of the triangles' corners in the texture. The other
        parameters are those of :func:`found_on`.
    """
    found = found_on(samples_at, starts, points, corners)
    places = corners_at.take(found.triangles, axis=0)
    made: Reals = np.einsum("nk,nkc->nc", found.shares, places)
    return made


def found_on(samples_at: Reals, starts: Indices, points: Reals, corners: Indices) -> Samples:
    """Find the triangle of another mesh on which each sample lies, and the place on it.

    :param samples_at: (N, 3). :param starts: the triangle (N,) at which each search begins.
    """
    frames = _Frames(points, corners)
    at, shares = starts.copy(), frames.shares(samples_at, starts)
    beyond = _neighbours(corners, len(points), cross_products(points, corners))
    worst = _least(shares)
    out = np.flatnonzero(worst < -_OUTSIDE)
    here, seen, best = at[out], shares.take(out, axis=0), worst[out]
    for _ in range(_WALK):
        further = beyond[here, seen.argmin(axis=1)]
        on = further >= 0
        out, here, best = out[on], further[on], best[on]
        if not len(out):
            break
        seen = frames.shares(samples_at.take(out, axis=0), here)
        inside = _least(seen)
        # Near a convex edge, a sample may lie outside of both triangles: the better one keeps it.
        better = inside > best
        at[out[better]], shares[out[better]] = here[better], seen[better]
        best = np.maximum(best, inside)
        on = inside < -_OUTSIDE
        out, here, seen, best = out[on], here[on], seen.compress(on, axis=0), best[on]
    shares = np.maximum(shares, 0)
    shares /= shares.sum(axis=1, keepdims=True)
    return Samples(at, shares)


def starts_of(points: Reals, places: Reals, into: Indices, corners: Indices) -> Indices:
    """For each position, the nearest triangle around the vertex that it was merged into.

    :param places: (C, 3). :param into: (C,), that vertex; if it has no triangle, the result is
        arbitrary.
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
        shares = np.maximum(frames.shares(places.take(rows, axis=0), triangle), 0)
        shares /= shares.sum(axis=1, keepdims=True)
        near = points.take(corners.take(triangle, axis=0), axis=0)
        away = places.take(rows, axis=0) - np.einsum("nk,nkc->nc", shares, near)
        far = dots(away, away)
        better = far < best[rows]
        best[rows[better]], found[rows[better]] = far[better], triangle[better]
    return found


@dataclass(frozen=True)
class Drawing:
    """Where the samples are drawn: the pixel of each (N,). A triangle too small to be hit by any
    sample gets, with a small weight, the mean of the samples around its corners.

    :param owners: (N,), the proxy's vertex that each sample's corner was merged into.
    """

    pixels: Indices
    owners: Indices
    corners: Indices
    atlas: Atlas

    def picture(self, values: Reals) -> Floats:
        """The mean of the samples (N, C) in each pixel, (size, size, C). Pixels without samples are
        filled from their surroundings, so that no unrelated colour bleeds in when the texture is
        filtered.
        """
        size = self.atlas.size
        spots = np.concatenate([self.atlas.places, self.atlas.places.mean(axis=1)[:, None]], axis=1)
        spots = spots.reshape(-1, 2).astype(np.int64)
        faint = spots[:, 1] * size + spots[:, 0]
        each = np.maximum(np.bincount(self.owners, minlength=int(np.max(self.corners)) + 1), 1)
        total = size * size
        # In single precision, as an image holds far less.
        sums = np.empty((total, 1 + values.shape[1]), dtype=np.float32)
        # The guesses weigh so little that a single real sample in a pixel outweighs them.
        sums[:, 0] = np.bincount(self.pixels, minlength=total)
        sums[:, 0] += _FAINT * np.bincount(faint, minlength=total)
        for at, column in enumerate(values.T, start=1):
            around = np.bincount(self.owners, weights=column, minlength=len(each)) / each
            corners = around[self.corners]
            guess = np.concatenate([corners, corners.mean(axis=1)[:, None]], axis=1).ravel()
            drawn = np.bincount(self.pixels, weights=column, minlength=total)
            sums[:, at] = drawn + _FAINT * np.bincount(faint, weights=guess, minlength=total)
        return _filled(sums.reshape(size, size, -1))


def halved(pixels: Floats) -> Floats:
    """The sums of all blocks of 2 x 2 pixels; (S, S, C) -> (S / 2, S / 2, C)."""
    # numpy takes several times as long for a sum along two short axes.
    rows = pixels[::2] + pixels[1::2]
    return rows[:, ::2] + rows[:, 1::2]


def _filled(sums: Floats) -> Floats:
    """Turn sums with their counts in front (S, S, 1 + C) into means (S, S, C) without holes."""
    # A mip pyramid: each hole takes the value of the finest level that has one there.
    levels = [sums]
    while len(levels[-1]) > 1:
        levels.append(halved(_means(levels[-1])))
    coarse = levels[-1]
    for level in reversed(levels[:-1]):
        filled = np.repeat(np.repeat(coarse, 2, axis=0), 2, axis=1)
        coarse = np.where(level[..., :1] > 0, level, filled)
    return _means(coarse)[..., 1:]


def _means(sums: Floats) -> Floats:
    made: Floats = np.divide(sums, np.maximum(sums[..., :1], _NONE), dtype=np.float32)
    return made


class _Frames:
    """Precomputed vectors from which barycentric coordinates follow by two dot products."""

    def __init__(self, points: Reals, corners: Indices) -> None:
        a, u, v = (points.take(corners[:, k], axis=0) for k in range(3))
        u -= a
        v -= a
        uu, uv, vv = dots(u, u), dots(u, v), dots(v, v)
        whole = np.maximum(uu * vv - uv * uv, 1e-24)[:, None]
        across = (vv[:, None] * u - uv[:, None] * v) / whole
        up = (uu[:, None] * v - uv[:, None] * u) / whole
        self._rows = np.concatenate([a, across, up], axis=1)

    def shares(self, places: Reals, triangles: Indices) -> Reals:
        rows = self._rows.take(triangles, axis=0)
        away = places - rows[:, :3]
        one, two = dots(away, rows[:, 3:6]), dots(away, rows[:, 6:])
        return np.stack([1 - one - two, one, two], axis=1)


def _least(shares: Reals) -> Reals:
    """The least number of each row; (N,). numpy takes five times as long along a short axis."""
    made: Reals = np.minimum(np.minimum(shares[:, 0], shares[:, 1]), shares[:, 2])
    return made


def _neighbours(corners: Indices, count: int, crosses: Reals) -> Indices:
    """For each triangle and corner, the triangle across the edge opposite the corner, or -1."""
    one, other = corners[:, [1, 2, 0]].ravel(), corners[:, [2, 0, 1]].ravel()
    order, again = repeated(np.minimum(one, other) * count + np.maximum(one, other))
    across = np.full(len(one), -1)
    a, b = order[:-1][again], order[1:][again]
    across[a], across[b] = b // 3, a // 3
    made: Indices = across.reshape(-1, 3)
    away = dots(np.repeat(crosses, 3, axis=0), crosses[made.ravel()]).reshape(-1, 3) < 0
    # At the rim of a sheet, the neighbour is its other side, and a search must not go there.
    made[away & (made >= 0)] = -1
    return made


def sample_places(points: Reals, corners: Indices, samples: Samples) -> Reals:
    """The positions of the samples on the large mesh; (N, 3)."""
    ends = points.take(corners.take(samples.triangles, axis=0), axis=0)
    made: Reals = np.einsum("nk,nkc->nc", samples.shares, ends)
    return made
