# SPDX-License-Identifier: GPL-3.0-or-later
"""Table lamp and lantern."""

from __future__ import annotations

import numpy as np

from ..textures import metal, plain
from ..textures_props import glaze, glow
from .patch import Array, Patch, moved, rotation
from .solids import disc, lump
from .style import Style
from .swept import lathe, tube, with_ends

BLACK_IRON = (0.13, 0.13, 0.14)
BRASS = (0.72, 0.53, 0.22)


def lamp(style: Style) -> list[Patch]:
    """A table lamp: glazed foot, brass stem, pale shade."""
    belly, high = style.vary(0.13, 0.12), style.vary(0.32, 0.1)
    shade_low, shade_top = style.vary(0.27, 0.08), style.vary(0.15, 0.1)
    shade_high = style.vary(0.28, 0.08)
    body = style.colour((0.14, 0.32, 0.42), (0.55, 0.20, 0.15), (0.25, 0.38, 0.26))
    brass = metal(BRASS, rust=0.03, rough=0.25)
    foot = [(0.12, 0.0), (0.125, 0.012), (0.115, 0.028), (0.05, 0.035)]
    pot = [(0.045, 0.03), (belly * 0.75, 0.07), (belly, 0.06 + high * 0.38)]
    pot += [(belly * 0.62, high * 0.8), (0.03, high)]
    stem = [(0.028, high), (0.03, high + 0.015), (0.013, high + 0.03), (0.011, high + 0.16)]
    low = high + 0.05
    parts = [
        *with_ends(lathe(foot, brass, around=20, rows=5)),
        *with_ends(
            lathe(pot, glaze(body, (0.9, 0.86, 0.75), bands=2, teeth=10), around=20, rows=12)
        ),
        *with_ends(lathe(stem, brass, around=10, rows=6)),
    ]
    top = low + shade_high
    cloth = glow(style.pick((0.93, 0.84, 0.63), (0.92, 0.88, 0.78)))
    outer = [(shade_low, low), (shade_top, top)]
    inner = [(shade_top, top), (shade_top - 0.006, top), (shade_low - 0.006, low), (shade_low, low)]
    parts.append(lathe(outer, cloth, sharp=True, around=28, rows=3))
    parts.append(lathe(inner, glow((0.98, 0.93, 0.75)), sharp=True, around=28, rows=5))
    for radius, z in ((shade_low, low), (shade_top, top)):
        ring = [(radius * np.cos(a), radius * np.sin(a), z) for a in np.linspace(0, 2 * np.pi, 33)]
        parts.append(tube(ring, lambda t: 0.006 + 0 * t, brass, rows=24))
    bulb = lump((0.04, 0.04, 0.055), _even, plain((1.0, 0.95, 0.75), 0.2))
    return parts + moved(bulb, (0, 0, low + 0.15))


def lantern(style: Style) -> list[Patch]:
    """A hand lantern: iron base and roof, lit glass, guard bars and a ring to carry it."""
    radius, glass_high = style.vary(0.15, 0.1), style.vary(0.34, 0.1)
    iron = metal(style.pick(BLACK_IRON, (0.24, 0.19, 0.13)), rust=0.25, rough=0.5)
    base = [(radius * 1.05, 0.0), (radius * 1.3, 0.01), (radius * 1.3, 0.035), (radius * 1.1, 0.05)]
    base += [(radius * 1.12, 0.085), (radius * 0.9, 0.095)]
    top = 0.09 + glass_high
    roof = [(radius * 0.8, top - 0.005), (radius * 1.42, top), (radius * 1.42, top + 0.016)]
    roof += [(radius * 0.95, top + 0.085), (radius * 0.42, top + 0.135)]
    roof += [(radius * 0.40, top + 0.19), (radius * 0.52, top + 0.195), (radius * 0.5, top + 0.215)]
    glass = [(radius * 0.86, 0.09), (radius * 0.98, 0.09 + glass_high * 0.4), (radius * 0.82, top)]
    light = style.pick((1.0, 0.76, 0.30), (1.0, 0.68, 0.26))
    parts = [
        *with_ends(lathe(base, iron, sharp=True, around=24, rows=8)),
        *with_ends(lathe(glass, glow(light), around=20, rows=6)),
        *with_ends(lathe(roof, iron, sharp=True, around=24, rows=12), end=False),
        disc(radius * 0.5, lambda r: top + 0.215 + 0.03 * (1 - (r / radius * 2) ** 2), iron),
    ]
    bars = int(style.rng.integers(4, 7))
    bend = [(radius * 1.12, 0, 0.06), (radius * 1.17, 0, 0.09 + glass_high * 0.5)]
    bar = tube([*bend, (radius * 1.12, 0, top + 0.006)], lambda t: 0.009 + 0 * t, iron, rows=6)
    for index in range(bars):
        parts += moved(with_ends(bar), (0, 0, 0), rotation("z", 360 * (index + 0.5) / bars))
    for share in (0.34, 0.68):
        z, reach = 0.09 + glass_high * share, radius * 1.155
        ring = [(reach * np.cos(a), reach * np.sin(a), z) for a in np.linspace(0, 2 * np.pi, 33)]
        parts.append(tube(ring, lambda t: 0.006 + 0 * t, iron, rows=24))
    handle = radius * 0.62
    turns = np.linspace(-0.5 * np.pi, 1.5 * np.pi, 33)
    loop = [(handle * np.cos(a), 0, top + 0.235 + handle + handle * np.sin(a)) for a in turns]
    parts.append(tube(loop, lambda t: 0.011 + 0 * t, iron, rows=24))
    return parts


def _even(way: Array) -> Array:
    return np.ones(way.shape[:-1])
