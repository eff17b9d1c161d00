# SPDX-License-Identifier: GPL-3.0-or-later
"""Sword."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..textures import Material, metal
from ..textures_props import wrapped
from .patch import Array, Patch, moved, rotation
from .solids import disc, lump
from .style import Style
from .swept import lathe, tube, with_ends

STEEL = (0.66, 0.68, 0.71)
BRASS = (0.76, 0.57, 0.25)


def sword(style: Style) -> list[Patch]:
    """A straight sword, point upwards: blade with a ridge, guard, wound grip, pommel."""
    blade, width = style.vary(0.72, 0.1), style.vary(0.074, 0.15)
    grip, guard = style.vary(0.15, 0.1), style.vary(0.13, 0.15)
    fitting = metal(style.pick(BRASS, (0.45, 0.46, 0.48)), rust=0.05, rough=0.3)
    leather = style.colour((0.26, 0.13, 0.07), (0.12, 0.10, 0.10), (0.30, 0.08, 0.08))
    parts = _blade(blade, width, 0.009, metal(STEEL, rust=0.03, rough=0.22))
    bend = style.rng.uniform(-0.03, 0.045)
    arm = [(-guard, 0, bend), (-guard * 0.5, 0, bend * 0.2), (0, 0, 0)]
    arm += [(guard * 0.5, 0, bend * 0.2), (guard, 0, bend)]
    bar = tube(arm, lambda t: 0.017 + 0.006 * np.abs(2 * t - 1), fitting, around=10, rows=12)
    parts += with_ends(bar)
    for side in (-1, 1):
        parts += lump((0.025, 0.025, 0.025), _even, fitting, centre=(side * guard, 0, bend))
    parts += lump((0.05, 0.026, 0.028), _even, fitting)

    def winding(angle: Array, t: Array) -> Array:
        place = (t * 11 + angle / (2 * np.pi)) % 1.0
        return np.asarray(1 - 0.10 * (np.abs(place - 0.5) * 2) ** 4)

    handle = [(0.018, -grip), (0.022, -grip * 0.5), (0.018, 0.0)]
    skin = wrapped(leather, 11)
    parts += with_ends(lathe(handle, skin, ripple=winding, around=14, rows=30, detail=1.6))
    collar = [
        (0.018, -grip - 0.008),
        (0.027, -grip - 0.004),
        (0.027, -grip + 0.008),
        (0.018, -grip + 0.014),
    ]
    parts += with_ends(lathe(collar, fitting, sharp=True, around=12, rows=4))
    pommel = -grip - 0.035
    parts += lump((0.038, 0.026, 0.038), _even, fitting, centre=(0, 0, pommel))
    red = metal((0.6, 0.05, 0.07), 0.0, 0.1)
    gem = disc(0.018, lambda r: 0.008 * (1 - (r / 0.018) ** 2), red)
    back = replace(disc(0.018, lambda r: 0 * r, red, down=True), detail=0.7)
    for turn in (90, -90):
        parts += moved([gem, back], (0, -np.sign(turn) * 0.023, pommel), rotation("x", turn))
    return parts


def _blade(length: float, width: float, thick: float, steel: Material) -> list[Patch]:
    """Four flat strips that meet in two edges and two ridges."""

    def half_width(t: Array) -> Array:
        taper = 1 - 0.32 * t
        return width / 2 * taper * np.clip((1 - t) / 0.13, 0.002, 1) ** 0.8

    def strip(side: int, face: int) -> Patch:
        def surface(s: Array, t: Array) -> tuple[Array, None]:
            w = half_width(t)
            depth = thick * np.minimum(1.0, w / (width * 0.3))
            x = side * w * s
            y = face * depth * (1 - s)
            return np.stack([x, y, t * length], axis=-1), None

        flip = side * face > 0
        return Patch(surface, (width / 2, length), steel, flip=flip, least=(1, 10))

    def foot(s: Array, t: Array) -> tuple[Array, None]:
        across = 2 * s - 1
        half = thick * np.minimum(1.0, half_width(0 * s) / (width * 0.3)) * (1 - np.abs(across))
        x = half_width(0 * s) * across
        return np.stack([x, (2 * t - 1) * half, 0 * s], axis=-1), None

    base = Patch(foot, (width, thick), steel, flip=True, least=(2, 2))
    return [*(strip(side, face) for side in (-1, 1) for face in (-1, 1)), base]


def _even(way: Array) -> Array:
    return np.ones(way.shape[:-1])
