# SPDX-License-Identifier: GPL-3.0-or-later
"""Barrel, crate, chest and vase."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..textures import Material, metal, plain, wood
from ..textures_props import glaze
from .patch import Array, Patch, moved, rotation
from .solids import box, disc, lump
from .style import Style
from .swept import lathe, tube, with_ends

IRON = (0.20, 0.20, 0.21)
BRASS = (0.72, 0.53, 0.22)


def barrel(style: Style) -> list[Patch]:
    """Staves with a belly, iron hoops, sunken heads and a bung."""
    height, belly = style.vary(0.92, 0.10), style.vary(0.33, 0.08)
    end = belly * style.rng.uniform(0.76, 0.86)
    staves = int(style.rng.integers(16, 23))
    colour = style.wood()

    def radius(z: float) -> float:
        return end + (belly - end) * (1 - (2 * z / height - 1) ** 2)

    def grooves(angle: Array, t: Array) -> Array:
        place = (angle / (2 * np.pi) * staves) % 1.0
        return np.asarray(1 - 0.014 * np.exp(-((np.minimum(place, 1 - place) / 0.06) ** 2)))

    heights = np.linspace(0, height, 13)
    wall = lathe(
        [(radius(z), z) for z in heights],
        wood(colour, planks=2 * np.pi * belly / staves),
        ripple=grooves,
        around=40,
        rows=8,
        detail=1.3,
    )
    inner, sunk, head_wood = end - 0.022, 0.035, wood(colour, planks=0.11)
    rim = wood(np.asarray(colour) * 0.8)
    top = [(end, height), (inner, height), (inner, height - sunk)]
    bottom = [(inner, sunk), (inner, 0.0), (end, 0.0)]
    parts = [
        wall,
        lathe(top, rim, sharp=True, around=24),
        lathe(bottom, rim, sharp=True, around=24),
    ]
    parts.append(disc(inner, lambda r: 0 * r + height - sunk, head_wood))
    parts.append(disc(inner, lambda r: 0 * r + sunk, head_wood, down=True))
    places = (0.055, 0.27, 0.73, 0.945)
    parts += [_hoop(radius, place * height, style.vary(0.048, 0.1)) for place in places]
    bung = lump((0.03, 0.022, 0.03), lambda way: np.ones(way.shape[:-1]), wood((0.35, 0.2, 0.1)))
    return parts + moved(bung, (0.0, -belly, height / 2))


def _hoop(radius: Callable[[float], float], middle: float, width: float) -> Patch:
    low, high, thick = middle - width / 2, middle + width / 2, 0.009
    profile = [
        (radius(low) - 0.012, low),
        (radius(low) + thick, low),
        (radius(high) + thick, high),
        (radius(high) - 0.012, high),
        (radius(low) - 0.012, low),
    ]
    return lathe(profile, metal(IRON, rust=0.35, rivets=0.35), sharp=True, around=32, rows=4)


def crate(style: Style) -> list[Patch]:
    """Boards, a frame of beams with a diagonal on each side, iron corners."""
    side, high = style.vary(0.8, 0.05), style.vary(0.8, 0.12)
    beam, colour = style.vary(0.085), style.wood()
    boards, frame = wood(colour, planks=high / 6), wood(np.asarray(colour) * 0.82)
    inner = (side - 0.05, side - 0.05, high - 0.05)
    parts = box(inner, boards, grain="x", boarded=True)
    reach, rise = side / 2 - beam / 2, high / 2 - beam / 2
    for x in (-reach, reach):
        for y in (-reach, reach):
            parts += box((beam, beam, high), frame, centre=(x, y, 0))
    for z in (-rise, rise):
        for a in (-reach, reach):
            parts += box((side - 2 * beam, beam, beam), frame, centre=(0, a, z))
            parts += box((beam, side - 2 * beam, beam), frame, centre=(a, 0, z))
    length = float(np.hypot(side - 2 * beam, high - 2 * beam)) + 0.03
    tilt = float(np.degrees(np.arctan2(high - 2 * beam, side - 2 * beam)))
    for turn in (0, 90, 180, 270):
        plank = box((length, 0.03, beam * 0.9), frame, centre=(0, 0, 0))
        plank = moved(plank, (0, -side / 2 + 0.025, 0), rotation("y", tilt))
        parts += moved(plank, (0, 0, 0), rotation("z", turn))
    for x in (-1, 1):
        for y in (-1, 1):
            for z in (-1, 1):
                at = (x * (side / 2 - 0.045), y * (side / 2 - 0.045), z * (high / 2 - 0.045))
                parts += box((0.1, 0.1, 0.1), metal(IRON, rust=0.5), centre=at, bevel=0.01)
    return parts


def chest(style: Style) -> list[Patch]:
    """A treasure chest: a box, a round lid, iron bands and a brass lock."""
    wide, deep = style.vary(0.95, 0.08), style.vary(0.58, 0.08)
    high, colour = style.vary(0.40, 0.1), style.wood()
    boards = wood(colour, planks=high / 4)
    iron = metal(IRON, rust=0.25, rivets=0.11)
    parts = box((wide, deep, high), boards, centre=(0, 0, high / 2), grain="x", boarded=True)
    lid_base = high + 0.012
    parts += moved(_half_round(deep / 2, wide, boards), (0, 0, lid_base))
    for x in (-wide / 2 + 0.05, -wide / 6, wide / 6, wide / 2 - 0.05):
        parts += moved(_half_round(deep / 2 + 0.014, 0.07, iron), (x, 0, lid_base))
        parts += box((0.07, deep + 0.028, high), iron, centre=(x, 0, high / 2), grain="z")
    for z in (0.03, high - 0.03):
        parts += box((wide + 0.02, deep + 0.02, 0.05), iron, centre=(0, 0, z))
    brass = metal(BRASS, rust=0.05, rough=0.3)
    front = -deep / 2 - 0.02
    parts += box((0.15, 0.04, 0.17), brass, centre=(0, front, high - 0.01), bevel=0.012)
    parts += box((0.028, 0.05, 0.06), plain((0.03, 0.03, 0.03)), centre=(0, front, high - 0.03))
    return parts


def _half_round(radius: float, length: float, material: Material) -> list[Patch]:
    """Half a cylinder along X with its ends; the flat side lies at z = 0."""

    def arch(s: Array, t: Array) -> tuple[Array, Array]:
        angle = np.pi * s
        normal = np.stack([0 * s, -np.cos(angle), np.sin(angle)], axis=-1)
        return radius * normal + np.stack([(0.5 - t) * length, 0 * s, 0 * s], axis=-1), normal

    def end(s: Array, t: Array) -> tuple[Array, Array]:
        y, z = -radius * np.cos(np.pi * s), radius * t * np.sin(np.pi * s)
        normal = np.broadcast_to(np.array([1.0, 0.0, 0.0]), (*s.shape, 3))
        return np.stack([0 * s + length / 2, y, z], axis=-1), np.array(normal)

    def floor(s: Array, t: Array) -> tuple[Array, Array]:
        normal = np.broadcast_to(np.array([0.0, 0.0, -1.0]), (*s.shape, 3))
        y = (2 * s - 1) * radius
        return np.stack([(t - 0.5) * length, y, 0 * s], axis=-1), np.array(normal)

    def chart(s: Array, t: Array) -> tuple[Array, Array]:
        return 0.5 - 0.5 * np.cos(np.pi * s), t * np.sin(np.pi * s)

    size = (2 * radius, radius)
    side = Patch(end, size, material, chart=chart, grain="u", least=(8, 1))
    return [
        Patch(arch, (np.pi * radius, length), material, grain="v", least=(10, 1)),
        Patch(floor, (2 * radius, length), material, grain="v", least=(10, 1)),
        side,
        *moved([side], (0, 0, 0), rotation("z", 180)),
    ]


def vase(style: Style) -> list[Patch]:
    """A glazed vase with a painted pattern, sometimes with two handles."""
    belly, neck = style.vary(0.28, 0.15), style.vary(0.10, 0.15)
    foot, lip = style.vary(0.14, 0.1), style.vary(0.16, 0.15)
    high, middle = 0.9, style.vary(0.42, 0.12)
    squat = any(word in ("pot", "jar", "bowl", "pots", "planter") for word in style.words())
    if squat:
        high, middle, neck, lip, belly = 0.62, 0.3, belly * 0.85, belly * 0.95, belly * 1.15
    body = style.colour(
        (0.16, 0.30, 0.50), (0.74, 0.38, 0.22), (0.30, 0.46, 0.40), (0.85, 0.8, 0.7)
    )
    dark = sum(body) < 1.2
    ink = style.pick((0.92, 0.88, 0.78)) if dark else style.pick((0.16, 0.13, 0.25))
    outer = [(foot, 0.0), (foot * 1.04, 0.02), (foot * 0.96, 0.05), (belly * 0.86, middle * 0.6)]
    outer += [(belly, middle), (belly * 0.84, middle + 0.36 * (high - middle))]
    outer += [(neck, high * 0.86), (neck * 1.02, high * 0.93), (lip, high)]
    inner = [(lip, high), (lip - 0.014, high + 0.006), (neck - 0.022, high * 0.9)]
    inner += [(neck - 0.02, high * 0.8), (neck * 0.9, high * 0.62)]
    glazed = glaze(body, ink, bands=int(style.rng.integers(2, 5)))
    parts = [
        lathe(outer, glazed, around=24, rows=14),
        lathe(inner, plain(np.asarray(body) * 0.5, rough=0.3), around=24, rows=4),
        disc(neck * 0.9, lambda r: 0 * r + high * 0.62, plain((0.03, 0.03, 0.03))),
        disc(foot, lambda r: 0 * r, plain((0.6, 0.42, 0.3), rough=0.9), down=True),
    ]
    wants = any(word in ("urn", "amphora", "jug", "handles") for word in style.words())
    if wants or (not squat and style.rng.random() < 0.35):
        bow = [(neck * 0.98, 0, high * 0.92), (neck + 0.13, 0, high * 0.93)]
        bow += [(belly * 1.02, 0, high * 0.76), (belly * 0.88, 0, middle + 0.24 * (high - middle))]
        handle = tube(bow, lambda t: 0.022 + 0 * t, plain(np.asarray(ink), rough=0.2), rows=10)
        ends = with_ends(handle)
        parts += [*ends, *moved(ends, (0, 0, 0), rotation("z", 180))]
    return parts
