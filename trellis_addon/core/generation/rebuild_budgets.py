# SPDX-License-Identifier: GPL-3.0-or-later
"""The budgets to which a prop can be rebuilt, and how the settings choose one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from .finishing import Finishing

_SMALLEST_MAP: Final = 64


@dataclass(frozen=True)
class Budget:
    """How many triangles a rebuilt prop may have, and the side of its maps in pixels."""

    triangles: int
    pixels: int
    quads: bool = False


BUDGETS: Final[Mapping[str, Budget]] = {
    "hero": Budget(50_000, 2048),
    "standard": Budget(10_000, 1024),
    "background": Budget(2_000, 512),
}
_FEW, _MANY = 4_000, 30_000
"""A custom budget gets the maps of Background below the first, and those of Hero above the second.
"""


def budget_of(settings: Finishing) -> Budget | None:
    """The budget of the settings; None if the prop is not to be rebuilt.

    A limit of triangles that is smaller than the budget replaces it, as reducing the new mesh again
    would spoil its charts.
    """
    if settings.rebuild == "off":
        return None
    named = BUDGETS.get(settings.rebuild)
    triangles = named.triangles if named else settings.rebuild_triangles
    if settings.triangles:
        triangles = min(triangles, settings.triangles)
    like = "background" if triangles < _FEW else "hero" if triangles > _MANY else "standard"
    pixels = settings.map_size or (named or BUDGETS[like]).pixels
    # Mip levels halve a map, so its side is a power of two.
    pixels = 1 << (max(pixels, _SMALLEST_MAP).bit_length() - 1)
    return Budget(triangles, pixels, settings.rebuild_quads)
