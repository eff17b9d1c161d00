# SPDX-License-Identifier: GPL-3.0-or-later
"""Removes what no one can see: parts of the surface that lie inside a closed, opaque part, or that
several parts together hide.

What can be seen through a gap stays, as a part with a gap is not closed. What only dips into
another part stays whole, too, since cutting it would open it.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from ..mesh.topology import Flags
from ..mesh.vertex_welding import Floats, Integers
from ..surface.surface import Limits, Surface
from .buried import barely_seen, buried
from .enclosure import inside

MOST_HULLS: Final = 64
"""How many closed parts are looked into, the largest first: the others of a heap of thousands are
too small for anything in them to matter."""
SKIN: Final = 50
"""The least triangles of an inner skin, of which some places may come through the outer one."""
_LONG: Final = 0.01
"""A triangle with a longer edge than this share of the diagonal is also looked at between its
corners, as it might stick out there."""


def remove_hidden(surface: Surface, limits: Limits) -> tuple[Surface, int]:
    """Remove parts inside of closed, opaque ones."""
    hidden = hidden_faces(surface, limits)
    count = int(np.count_nonzero(hidden))
    return (surface.kept(~hidden), count) if count else (surface, 0)


def hidden_faces(surface: Surface, limits: Limits) -> Flags:
    """Which triangles (T,) belong to a part that lies wholly inside a closed, opaque part."""
    count = surface.part_count
    if count < 2:
        return np.zeros(len(surface.corners), dtype=bool)
    gone = np.zeros(count, dtype=bool)
    sizes = surface.sizes
    clear = np.bincount(surface.parts[surface.clear], minlength=count) > 0
    hulls = np.flatnonzero(surface.closed & ~clear & (sizes.triangles > 3))
    members = _Members(surface)
    for hull in hulls[np.argsort(-sizes.diagonal[hulls])][:MOST_HULLS]:
        within = ((sizes.low >= sizes.low[hull]) & (sizes.high <= sizes.high[hull])).all(axis=1)
        within[hull] = False
        within &= ~gone
        if not gone[hull] and within.any():
            gone[_inside_of(surface, members, int(hull), np.flatnonzero(within), limits)] = True
    if limits.is_full:
        # The largest part is never inside of the others.
        possible = ~gone
        possible[np.argmax(sizes.diagonal)] = False
        gone |= buried(surface, possible)
        # The skin of a hollow looks into it. What looks outward may be meant to be seen in a gap.
        skins = (~surface.closed | (sizes.volume < 0)) & (sizes.triangles >= SKIN)
        gone |= barely_seen(surface, possible & ~gone & skins)
    return gone[surface.parts]


class _Members:
    """The triangles of each part."""

    def __init__(self, surface: Surface) -> None:
        self._order = np.argsort(surface.parts, kind="stable")
        self._starts = np.searchsorted(
            surface.parts[self._order], np.arange(len(surface.sizes.area) + 1)
        )

    def of(self, part: int) -> Any:
        """The triangles (N,) of a part."""
        return self._order[self._starts[part] : self._starts[part + 1]]


def _inside_of(
    surface: Surface, members: _Members, hull: int, parts: Any, limits: Limits
) -> Integers:
    """Which of the parts (N,) lie wholly inside the hull."""
    shell = surface.corners[members.of(hull)]
    # One point of each first, as most parts are beside the hull.
    some = surface.points[[surface.corners[members.of(part)[0], 0] for part in parts]]
    parts = parts[inside(surface.points, shell, some)]
    if not len(parts):
        return np.asarray(parts)
    samples = [_samples(surface, members.of(part), limits) for part in parts]
    found = inside(surface.points, shell, np.concatenate(samples))
    ends = np.cumsum([len(each) for each in samples])[:-1]
    return np.asarray(parts[[bool(each.all()) for each in np.split(found, ends)]])


def _samples(surface: Surface, faces: Any, limits: Limits) -> Floats:
    """Points all over some triangles: their corners, and more where they are large."""
    corners = surface.corners[faces]
    found = [surface.points[np.unique(corners)]]
    a, b, c = (surface.points[corners[:, k]] for k in range(3))
    longest = np.max([((p - q) ** 2).sum(axis=1) for p, q in ((a, b), (b, c), (c, a))], axis=0)
    large = longest > (_LONG * limits.diagonal) ** 2
    a, b, c = a[large], b[large], c[large]
    found += [(a + b) / 2, (b + c) / 2, (c + a) / 2, (a + b + c) / 3]
    return np.concatenate(found).astype(np.float32)
