# SPDX-License-Identifier: GPL-3.0-or-later
"""Chair, stool and table."""

from __future__ import annotations

import numpy as np

from ..textures import Material, plain, wood
from .patch import Patch, moved, rotation
from .solids import box, disc
from .style import Style
from .swept import lathe, tube, with_ends


def chair(style: Style) -> list[Patch]:
    """Four legs, a seat with a cushion, a back of slats; the front is towards -Y."""
    wide, deep = style.vary(0.45, 0.06), style.vary(0.44, 0.06)
    seat, back = style.vary(0.46, 0.04), style.vary(0.52, 0.08)
    leg = style.vary(0.048)
    timber = wood(style.wood())
    x, y = wide / 2 - leg / 2, deep / 2 - leg / 2
    parts = box((wide + 0.02, deep + 0.02, 0.04), timber, centre=(0, 0, seat), bevel=0.012)
    for side in (-x, x):
        parts += box((leg, leg, seat), timber, centre=(side, -y, seat / 2))
        parts += box((leg, leg, seat), timber, centre=(side, y, seat / 2))
        post = box((leg, leg, back), timber, centre=(0, 0, back / 2))
        parts += moved(post, (side, y, seat), rotation("x", -9))
        rail = (0.022, 2 * y, 0.03)
        parts += box(rail, timber, centre=(side, 0, seat * 0.36), grain="y")
        parts += box((0.022, 2 * y, 0.06), timber, centre=(side, 0, seat - 0.05), grain="y")
    for depth in (-y, y):
        parts += box((2 * x, 0.022, 0.06), timber, centre=(0, depth, seat - 0.05))
    parts += box((2 * x, 0.022, 0.03), timber, centre=(0, 0, seat * 0.36))
    parts += moved(_back(style, x, leg, back, timber), (0, y, seat), rotation("x", -9))
    cloth = style.colour((0.45, 0.13, 0.13), (0.16, 0.26, 0.34), (0.24, 0.33, 0.2))
    cushion = (wide - 0.05, deep - 0.07, 0.055)
    parts += box(cushion, plain(cloth, 0.95, 0.1), centre=(0, -0.01, seat + 0.045), bevel=0.026)
    return parts


def _back(style: Style, x: float, leg: float, back: float, timber: Material) -> list[Patch]:
    top = 0.09
    parts = box((2 * x + leg, leg * 0.8, top), timber, centre=(0, 0, back - top / 2), bevel=0.012)
    if style.rng.random() < 0.5:
        for share in (0.28, 0.52):
            parts += box((2 * x, 0.02, 0.07), timber, centre=(0, 0, back * share + 0.03))
        return parts
    low = 0.09
    parts += box((2 * x, 0.025, 0.045), timber, centre=(0, 0, low))
    for place in np.linspace(-0.66, 0.66, int(style.rng.integers(3, 6))):
        size = (0.036, 0.016, back - top - low)
        parts += box(size, timber, centre=(place * x, 0, (back - top + low) / 2))
    return parts


def stool(style: Style) -> list[Patch]:
    """A round seat on splayed legs with a ring between them."""
    radius, high = style.vary(0.20, 0.1), style.vary(0.52, 0.1)
    legs, splay = int(style.rng.integers(3, 5)), style.vary(11, 0.2)
    colour = style.wood()
    timber = wood(colour)
    rim = [(radius * 0.9, high - 0.05), (radius, high - 0.035), (radius, high - 0.01)]
    rim += [(radius * 0.95, high)]
    parts = [
        lathe(rim, wood(np.asarray(colour) * 0.9), around=24, rows=5),
        disc(radius * 0.95, lambda r: high - 0.012 * (1 - (r / radius) ** 2), wood(colour, 0.09)),
        disc(radius * 0.9, lambda r: 0 * r + high - 0.05, timber, down=True),
    ]
    length = (high - 0.04) / np.cos(np.radians(splay))
    turned = [(0.014, 0.0), (0.02, 0.1), (0.026, 0.3), (0.022, 0.36), (0.028, 0.4)]
    profile = [(r, z / 0.45 * length) for r, z in [*turned, (0.02, 0.45)]]
    leg = moved(with_ends(lathe(profile, timber, around=8, rows=8)), (0, 0, -length))
    for index in range(legs):
        tilted = moved(leg, (radius * 0.6, 0, high - 0.04), rotation("y", -splay))
        parts += moved(tilted, (0, 0, 0), rotation("z", 360 * (index + 0.2) / legs))
    low = high * 0.3
    reach = radius * 0.6 + (high - low) * np.tan(np.radians(splay)) - 0.006
    ring = [(reach * np.cos(a), reach * np.sin(a), low) for a in np.linspace(0, 2 * np.pi, 33)]
    parts.append(tube(ring, lambda t: 0.011 + 0 * t, timber, rows=24))
    return parts


def table(style: Style) -> list[Patch]:
    """A top of boards, an apron, and four square or turned legs."""
    wide, deep = style.vary(1.25, 0.1), style.vary(0.72, 0.1)
    high, thick = style.vary(0.74, 0.04), style.vary(0.045)
    colour = style.wood()
    timber = wood(np.asarray(colour) * 0.88)
    parts = box((wide, deep, thick), wood(colour, deep / 5), centre=(0, 0, high), bevel=0.01)
    x, y, apron = wide / 2 - 0.09, deep / 2 - 0.09, 0.1
    under = high - thick / 2
    for side in (-1, 1):
        parts += box((2 * x, 0.025, apron), timber, centre=(0, side * y, under - apron / 2))
        parts += box((0.025, 2 * y, apron), timber, centre=(side * x, 0, under - apron / 2))
    turned = style.rng.random() < 0.5
    for sx in (-x, x):
        for sy in (-y, y):
            parts += _leg(sx, sy, under, timber, turned)
    return parts


def _leg(x: float, y: float, high: float, timber: Material, turned: bool) -> list[Patch]:
    if not turned:
        return box((0.075, 0.075, high), timber, centre=(x, y, high / 2))
    block = 0.15
    shape = [(0.022, 0.0), (0.034, 0.03), (0.022, 0.07), (0.026, 0.14), (0.042, 0.5)]
    shape += [(0.034, 0.66), (0.024, 0.70), (0.040, 0.74), (0.026, 0.78), (0.034, 0.82)]
    profile = [(r, z * (high - block) / 0.82) for r, z in shape]
    parts = with_ends(lathe(profile, timber, around=12, rows=14))
    top = box((0.08, 0.08, block), timber, centre=(0, 0, high - block / 2))
    return moved([*parts, *top], (x, y, 0))
