# SPDX-License-Identifier: GPL-3.0-or-later
"""Cuts a prop into a few parts that are nearly convex, for its collision hulls.

This follows the idea of approximate convex decomposition (Lien and Amato, 2007): cut the most
concave part until none is concave any more. As a cut may only pay after the next one (the first
one of a ring leaves two arcs with almost the same hulls), small gains are accepted, and parts that
fit together are joined again at the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

import numpy as np

from ..mesh.quadrics import Indices, Reals
from .convex_hulls import Hull, hull_of, light_hull, outermost

Soup = Reals
"""Triangles without a common index: (N, 3, 3)."""

MOST_PARTS: Final = 8
_MOST_PIECES: Final = 12
_CUTS: Final = 5
"""Planes that are tried along each axis."""
_FINER: Final = (0.5, 0.25, 0.125)
"""Then planes beside the best one, by these ratios of the distance between two."""
_DEPTH: Final = 0.05
"""A part is concave if its surface is this far from its hull; a ratio of the prop's size."""
_SOLID: Final = 0.9
"""A prop that fills this ratio of its hull is one part."""
_GAIN: Final = 0.02
"""Two parts are joined if that adds less than this ratio of the whole hull's volume."""
_DIRECTIONS: Final = 32
_MOST_TRIANGLES: Final = 1_500
"""Of a finer mesh, a regular sample of the triangles is enough to choose a plane."""


@dataclass(frozen=True, eq=False)
class _Part:
    soup: Soup
    hull: Hull
    depth: float
    """How far its surface is from its hull, at most, in the direction that it faces."""

    @classmethod
    def of(cls, soup: Soup) -> _Part:
        hull = _rough_hull(soup)
        return cls(soup, hull, _depth(_sample(soup), hull))


def hulls_of(soup: Soup, how: str, most: int) -> list[Hull]:
    """Convex hulls around triangles (N, 3, 3).

    :param how: ``one`` for the whole, ``few`` for convex parts. :param most: vertices of each hull.
    """
    parts = parts_of(soup) if how == "few" else [soup]
    return [light_hull(part.reshape(-1, 3), most) for part in parts]


def parts_of(soup: Soup, most: int = MOST_PARTS) -> list[Soup]:
    """The triangles (N, 3, 3) in 1 to ``most`` parts with smaller convex hulls."""
    inside = _inside(soup)
    soup = soup[:, ::-1] if inside < 0 else soup
    whole = _Part.of(soup)
    if abs(inside) > _SOLID * whole.hull.volume:
        return [soup]
    least = _DEPTH * float(np.max(np.ptp(soup.reshape(-1, 3), axis=0)))
    done: list[_Part] = []
    waiting = [whole]
    while waiting and len(done) + len(waiting) < _MOST_PIECES:
        part = max(waiting, key=lambda one: one.depth * one.hull.volume)
        waiting.remove(part)
        halves = _halves(part) if part.depth > least else None
        if halves is None:
            done.append(part)
        else:
            waiting += [_Part.of(half) for half in halves]
    return [part.soup for part in _joined(done + waiting, most, _GAIN * whole.hull.volume)]


def _halves(part: _Part) -> tuple[Soup, Soup] | None:
    """The two parts by the plane that leaves the smallest hulls; None if there is no such plane."""
    low, high = part.hull.points.min(axis=0), part.hull.points.max(axis=0)
    sample = _sample(part.soup)
    tried: list[tuple[float, int, float]] = []

    def attempt(axis: int, place: float) -> None:
        one, other = cut(sample, axis, place)
        if len(one) and len(other):
            volume = _rough_hull(one).volume + _rough_hull(other).volume
            tried.append((volume, axis, place))

    for axis in range(3):
        for place in np.linspace(low[axis], high[axis], _CUTS + 2)[1:-1].tolist():
            attempt(axis, place)
    for finer in _FINER if tried else ():
        _, axis, place = min(tried)
        step = finer * float(high[axis] - low[axis]) / (_CUTS + 1)
        attempt(axis, place - step)
        attempt(axis, place + step)
    if not tried:
        return None
    _, axis, place = min(tried)
    return cut(part.soup, axis, place)


def _joined(parts: list[_Part], most: int, cheap: float) -> list[_Part]:
    """Join the two parts that cost the least volume, until none is cheap and few are left."""
    costs: dict[tuple[_Part, _Part], tuple[float, _Part]] = {}
    while len(parts) > 1:
        for pair in combinations(parts, 2):
            if pair not in costs:
                hull = hull_of(np.concatenate([part.hull.points for part in pair]))
                both = _Part(np.concatenate([part.soup for part in pair]), hull, 0.0)
                costs[pair] = (hull.volume - sum(part.hull.volume for part in pair), both)
        best = min(combinations(parts, 2), key=lambda pair: costs[pair][0])
        cost, both = costs[best]
        if cost > cheap and len(parts) <= most:
            break
        parts = [part for part in parts if part not in best] + [both]
    return parts


def cut(soup: Soup, axis: int, place: float) -> tuple[Soup, Soup]:
    """The triangles below and above a plane across an axis; those that cross it are cut."""
    side = soup[:, :, axis] - place
    below, above = (side <= 0).all(axis=1), (side >= 0).all(axis=1)
    crossing = ~(below | above)
    pieces = _split(soup[crossing], side[crossing])
    return (
        np.concatenate([soup[below], pieces[0]]),
        np.concatenate([soup[above & ~below], pieces[1]]),
    )


def _split(soup: Soup, side: Reals) -> tuple[Soup, Soup]:
    """Cut triangles (N, 3, 3) by the signed distances (N, 3) of their corners from a plane."""
    # One corner is alone on its side. It comes first, so that all are cut in the same way.
    lone = _lone_corner(side)
    order = (lone[:, None] + np.arange(3)) % 3
    rows = np.arange(len(soup))[:, None]
    a, b, c = np.moveaxis(soup[rows, order], 1, 0)
    da, db, dc = side[rows, order].T
    ab = a + (b - a) * (da / (da - db))[:, None]
    ac = a + (c - a) * (da / (da - dc))[:, None]
    tip = np.stack([a, ab, ac], axis=1)
    rest = np.concatenate([np.stack([ab, b, c], axis=1), np.stack([ab, c, ac], axis=1)])
    down = da < 0
    twice = np.concatenate([down, down])
    return (
        np.concatenate([tip[down], rest[~twice]]),
        np.concatenate([tip[~down], rest[twice]]),
    )


def _lone_corner(side: Reals) -> Indices:
    above = side > 0
    alone_above = above.sum(axis=1) == 1
    # If one corner is in the plane, the other two are on different sides, and any of them will do.
    made: Any = np.where(alone_above, above.argmax(axis=1), (side < 0).argmax(axis=1))
    return np.asarray(made, dtype=np.int64)


def _sample(soup: Soup) -> Soup:
    return soup[:: max(1, len(soup) // _MOST_TRIANGLES)]


def _inside(soup: Soup) -> float:
    """The volume inside of closed triangles; below 0 if they face inwards."""
    a, b, c = np.moveaxis(soup - soup.reshape(-1, 3).mean(axis=0), 1, 0)
    return float(np.einsum("nk,nk->n", a, np.cross(b, c)).sum()) / 6.0


def _depth(soup: Soup, hull: Hull) -> float:
    """The longest way from the middle of a triangle (N, 3, 3) along its normal out of the hull.

    Not the shortest way out, by which the underside of a table would be close to its hull's top.
    """
    a, b, c = np.moveaxis(soup, 1, 0)
    normals = np.cross(b - a, c - a)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-30)
    faces, distances = hull.planes
    speeds = normals @ faces.T
    ways = np.maximum(distances - soup.mean(axis=1) @ faces.T, 0.0)
    out = np.where(speeds > 1e-6, ways / np.maximum(speeds, 1e-6), np.inf).min(axis=1)
    return float(np.max(out, initial=0.0, where=np.isfinite(out)))


def _rough_hull(soup: Soup) -> Hull:
    points = soup.reshape(-1, 3)
    return hull_of(points[outermost(points, _DIRECTIONS)])
