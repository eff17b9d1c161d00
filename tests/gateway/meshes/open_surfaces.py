# SPDX-License-Identifier: GPL-3.0-or-later
"""Props with open surfaces that are meant to be open: plant, curtain and window."""

from __future__ import annotations

import numpy as np

from ..textures import Material, metal, plain, wood
from ..textures_props import leaves
from .patch import Array, Patch, moved, rotation
from .solids import box, disc
from .style import Style
from .swept import lathe, tube, with_ends


def plant(style: Style) -> list[Patch]:
    """Arching leaves, each a sheet without thickness, in a pot of earth."""
    radius, high = style.vary(0.17, 0.1), style.vary(0.26, 0.1)
    clay = plain(style.pick((0.74, 0.38, 0.22), (0.62, 0.60, 0.56)), 0.8)
    wall = [(radius * 0.7, 0.0), (radius * 0.95, high * 0.85), (radius, high * 0.86)]
    wall += [(radius, high), (radius * 0.9, high), (radius * 0.88, high * 0.88)]
    parts = [
        lathe(wall, clay, sharp=True, around=20, rows=8),
        disc(radius * 0.7, lambda r: 0 * r, clay, down=True, least=3),
        disc(radius * 0.88, lambda r: 0 * r + high * 0.88, plain((0.16, 0.11, 0.08), 0.95)),
    ]
    green = leaves(style.colour((0.24, 0.46, 0.14), (0.18, 0.40, 0.20), (0.34, 0.50, 0.16)))
    count = int(style.rng.integers(13, 19))
    for index in range(count):
        leaf = _leaf(style, green, rise=style.rng.uniform(0.25, 0.75))
        turn = 360 * (index * 0.382 + style.rng.uniform(-0.03, 0.03))
        parts += moved([leaf], (0, 0, high * 0.86), rotation("z", turn))
    return parts


def _leaf(style: Style, green: Material, rise: float) -> Patch:
    length, width = style.vary(0.5, 0.2), style.vary(0.062, 0.25)

    def surface(s: Array, t: Array) -> tuple[Array, None]:
        half = width * np.sin(np.pi * (0.08 + 0.90 * t)) ** 0.8
        across = 2 * s - 1
        out = 0.02 + length * (t - 0.25 * rise * t**2)
        up = length * rise * 2.2 * (t - 0.62 * t**2) + 0.3 * half * across**2
        return np.stack([out, across * half, up], axis=-1), None

    return Patch(surface, (2 * width, length * 1.3), green, sheet=True, least=(3, 8))


def curtain(style: Style) -> list[Patch]:
    """A cloth in folds on a rod: one sheet, open on three sides."""
    wide, high = style.vary(0.9, 0.1), style.vary(1.0, 0.1)
    folds, deep = int(style.rng.integers(6, 10)), style.vary(0.035, 0.2)
    colour = style.colour((0.55, 0.12, 0.14), (0.18, 0.27, 0.42), (0.72, 0.66, 0.52))

    def surface(s: Array, t: Array) -> tuple[Array, None]:
        phase = 2 * np.pi * folds * s + 0.6 * np.sin(3 * s + 2 * t)
        y = -0.05 + deep * (1.15 - 0.5 * t) * np.sin(phase)
        return np.stack([(s - 0.5) * wide, y, t * high], axis=-1), None

    cloth = Patch(surface, (wide * 1.4, high), plain(colour, 0.95, 0.1), sheet=True, least=(60, 6))
    brass = metal((0.76, 0.57, 0.25), rust=0.05, rough=0.3)
    rod = [(side * wide * 0.55, 0.0, high + 0.02) for side in (-1, 0, 1)]
    return [cloth, *with_ends(tube(rod, lambda t: 0.014 + 0 * t, brass, around=10, rows=8))]


def window(style: Style) -> list[Patch]:
    """A frame with a cross and four panes, each pane one sheet."""
    wide, high, bar = style.vary(0.7, 0.1), style.vary(1.0, 0.1), style.vary(0.06, 0.1)
    timber, glass = wood(style.wood()), plain((0.62, 0.74, 0.78), 0.08, 0.03)
    x, z = (wide - bar) / 2, (high - bar) / 2
    parts: list[Patch] = []
    for side in (-x, 0.0, x):
        size = (bar if side else bar * 0.6, 0.07, high)
        parts += box(size, timber, centre=(side, 0, 0))
    for level in (-z, 0.0, z):
        size = (wide - 2 * bar, 0.068, bar if level else bar * 0.6)
        parts += box(size, timber, centre=(0, 0, level))
    for side in (-1, 1):
        for level in (-1, 1):
            parts += moved([_pane(x, z, glass)], (side * x / 2, 0.0, level * z / 2))
    return parts


def _pane(wide: float, high: float, glass: Material) -> Patch:
    def surface(s: Array, t: Array) -> tuple[Array, None]:
        return np.stack([(s - 0.5) * wide, 0 * s, (t - 0.5) * high], axis=-1), None

    return Patch(surface, (wide, high), glass, sheet=True, detail=0.5)
