# SPDX-License-Identifier: GPL-3.0-or-later
"""Rock, mushroom and tree."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..textures import plain
from ..textures_props import bark, gills, leaves, mushroom_cap, stone
from .noise import noise3
from .patch import Array, Patch
from .solids import disc, lump
from .style import Style
from .swept import lathe, tube, with_ends


def rock(style: Style) -> list[Patch]:
    """A boulder with flat broken faces, and two smaller ones beside it."""
    colour = style.colour((0.45, 0.43, 0.40), (0.40, 0.40, 0.42), (0.50, 0.43, 0.35))
    material = stone(colour, style.rng.uniform(0, 0.5))
    big = (style.vary(0.46), style.vary(0.38), style.vary(0.33))
    parts = lump(big, _boulder(style), material, least=8, detail=1.6)
    for side in (-1, 1):
        size = style.rng.uniform(0.10, 0.17)
        spot = (
            side * big[0] * 0.8,
            -big[1] * style.rng.uniform(0.3, 0.8),
            size * 0.48 - big[2] * 0.6,
        )
        radii = (size * 1.2, size, size * 0.8)
        parts += lump(radii, _boulder(style), material, centre=spot, least=4)
    return parts


def _boulder(style: Style) -> Callable[[Array], Array]:
    count = 15
    ways = style.rng.normal(size=(count, 3))
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    far = style.rng.uniform(0.72, 1.0, count)
    ways[0], far[0] = (0.0, 0.0, -1.0), 0.6  # the side it lies on
    noise = noise3(style.rng, 4)

    def shape(way: Array) -> Array:
        facing = np.maximum(way @ ways.T, 0.08)
        cut = np.sum((far / facing) ** -14.0, axis=-1) ** (-1 / 14)
        bumps = 0.05 * noise(way * 2.5) + 0.018 * noise(way * 9)
        return np.asarray(np.minimum(cut, 1.15) + bumps)

    return shape


def mushroom(style: Style) -> list[Patch]:
    """A spotted cap on a pale stem with a skirt, gills below."""
    cap, high = style.vary(0.36, 0.12), style.vary(0.52, 0.1)
    dome, foot = style.vary(0.25, 0.15), style.vary(0.13, 0.12)
    neck = foot * style.rng.uniform(0.6, 0.75)
    colour = style.colour((0.72, 0.10, 0.07), (0.78, 0.30, 0.08), (0.55, 0.32, 0.16))
    pale = (0.90, 0.85, 0.74)
    stem = [(foot * 0.7, 0.0), (foot * 1.1, 0.03), (foot * 1.05, 0.1), (neck, high * 0.5)]
    stem += [(neck * 0.94, high * 0.8), (neck * 1.1, high + 0.04)]
    skirt_at = high * 0.74
    skirt = [(neck * 1.75, skirt_at - 0.07), (neck * 1.3, skirt_at - 0.01), (neck, skirt_at)]
    under = [(neck, skirt_at), (neck * 1.2, skirt_at - 0.025)]
    under += [(neck * 1.75, skirt_at - 0.07)]

    def wave(angle: Array, t: Array) -> Array:
        return np.asarray(1 + 0.06 * np.sin(angle * 7))

    def top(r: Array) -> Array:
        return np.asarray(high + dome * np.sqrt(np.maximum(1 - (r / (cap * 1.04)) ** 2, 0)) ** 1.15)

    edge = float(top(np.array(cap * 0.96)))
    rim = [(cap * 0.9, high - 0.01), (cap * 1.0, high - 0.012), (cap * 1.015, high + 0.03)]
    rim += [(cap * 0.96, edge)]
    stalk = plain(pale, 0.85, 0.045)
    dark = np.asarray(colour) * 0.66
    return [
        *with_ends(lathe(stem, stalk, around=16, rows=10)),
        lathe(skirt, stalk, ripple=wave, around=24, rows=4),
        lathe(under, stalk, ripple=wave, around=24, rows=3),
        disc(cap * 0.96, top, mushroom_cap(colour), least=12),
        lathe(rim, plain(dark, 0.4), around=28, rows=4),
        disc(
            cap * 0.9,
            lambda r: high - 0.015 + 0.05 * (1 - r / cap),
            gills(pale),
            down=True,
            least=8,
        ),
    ]


def tree(style: Style) -> list[Patch]:
    """A trunk with roots, branches, and a crown of leaf clumps."""
    high, width = style.vary(0.95, 0.1), style.vary(0.085, 0.15)
    bark_skin = bark(style.pick((0.36, 0.26, 0.18), (0.42, 0.36, 0.30)))
    green = style.colour((0.24, 0.42, 0.12), (0.32, 0.46, 0.14), (0.18, 0.36, 0.16))
    lean = style.rng.uniform(-0.07, 0.07, (3, 2))
    spine = [(0, 0, 0), (*lean[0] * 0.4, high * 0.3), (*lean[1], high * 0.65), (*lean[2], high)]
    trunk = tube(
        spine,
        lambda t: width * (1 - 0.72 * t) * (1 + 0.9 * np.exp(-t * 14)),
        bark_skin,
        around=12,
        rows=12,
    )
    parts = with_ends(_with_roots(trunk))
    crown = np.array([*lean[2], high])
    noise = noise3(style.rng, 2)
    spots: list[tuple[Array, float]] = [(crown + np.array([0, 0, 0.2]), 0.25), (crown, 0.29)]
    count = int(style.rng.integers(6, 9))
    for index in range(count):
        angle = 2 * np.pi * (index + style.rng.uniform(-0.2, 0.2)) / count
        reach, drop = style.rng.uniform(0.24, 0.38), style.rng.uniform(-0.10, 0.14)
        end = crown + np.array([reach * np.cos(angle), reach * np.sin(angle), drop])
        spots.append((end, float(style.rng.uniform(0.17, 0.25))))
        start = np.array(spine[2]) * np.array([1, 1, style.rng.uniform(0.75, 1.1)])
        middle = (start + end) / 2 - np.array([0, 0, 0.02])
        limb = [tuple(start), tuple(middle), tuple(end)]
        parts += with_ends(tube(limb, lambda t: width * 0.42 * (1 - 0.7 * t), bark_skin, rows=5))
    for spot, size in spots:
        shape = _clump(noise, style.rng.uniform(0, 20, 3))
        parts += lump(
            (size, size, size * 0.84), shape, leaves(green), centre=spot, least=3, detail=1.5
        )
    return parts


def _with_roots(trunk: Patch) -> Patch:
    """Spread the foot of a trunk into five roots."""
    inner = trunk.point

    def surface(s: Array, t: Array) -> tuple[Array, None]:
        points, _ = inner(s, t)
        swell = 1 + 0.45 * np.exp(-t * 16) * np.cos(2 * np.pi * s * 5)
        return points * np.stack([swell, swell, np.ones_like(swell)], axis=-1), None

    return Patch(surface, trunk.size, trunk.material, closed=True, least=(15, 8), detail=1.2)


def _clump(noise: Callable[[Array], Array], shift: Array) -> Callable[[Array], Array]:
    def shape(way: Array) -> Array:
        return 1 + 0.16 * noise(way * 2.2 + shift) + 0.13 * noise(way * 6.5 + shift)

    return shape
