# SPDX-License-Identifier: GPL-3.0-or-later
"""Where many props stand beside one another: a grid without gaps that one large prop would tear."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

GAP: Final = 0.25
"""Metres between neighbours, at least; a fifth of the usual prop where that is more."""
LABEL_SHARE: Final = 0.12
"""Height of the letters, as a share of the usual prop's width."""
LABEL_LINES: Final = 2.2
"""Height of a label of two lines, in heights of its letters."""

Footprint = tuple[float, float]
"""Width (X) and depth (Y) in metres."""


@dataclass(frozen=True)
class Cell:
    """A prop's place. Metres from the grid's first prop, whose column and row are at 0."""

    x: float
    y: float
    """Rows go towards -Y, so that from above the first is at the top, as one reads."""
    label: tuple[float, float]
    """The middle of its label's upper edge, in front of the prop."""
    width: float
    """What the label may take."""


@dataclass(frozen=True)
class Grid:
    """All places, and how large the letters are."""

    cells: tuple[Cell, ...]
    letter: float
    """Metres."""


def grid(footprints: Sequence[Footprint], columns: int = 0) -> Grid:
    """Places for props, row by row. Each column is as wide as its widest prop.

    :param columns: 0: about as many as rows, by how wide and deep the props are.
    """
    if not footprints:
        return Grid((), 0.0)
    usual = sorted(max(size) for size in footprints)[len(footprints) // 2]
    gap, letter = max(GAP, 0.2 * usual), LABEL_SHARE * usual
    count = min(columns or _columns(footprints), len(footprints))
    rows = math.ceil(len(footprints) / count)
    widths = [max(w for w, _ in footprints[column::count]) for column in range(count)]
    depths = [max(d for _, d in footprints[row * count :][:count]) for row in range(rows)]
    xs = _middles(widths, gap)
    ys = _middles(depths, gap + (LABEL_LINES + 0.5) * letter)
    cells = []
    for index, (_, depth) in enumerate(footprints):
        row, column = divmod(index, count)
        x, y = xs[column], -ys[row]
        cells.append(Cell(x, y, (x, y - depth / 2 - letter / 2), widths[column] + gap / 2))
    return Grid(tuple(cells), letter)


def _columns(footprints: Sequence[Footprint]) -> int:
    """So many that the whole is about as wide as deep."""
    width = sum(w for w, _ in footprints) / len(footprints)
    depth = sum(d for _, d in footprints) / len(footprints)
    shape = depth / width if width > 0 and depth > 0 else 1.0
    wanted = math.ceil(math.sqrt(len(footprints) * shape))
    return max(1, min(len(footprints), wanted))


def _middles(sizes: Sequence[float], gap: float) -> list[float]:
    """The middles of things in a row, the first at 0."""
    middles = [0.0]
    for before, after in itertools.pairwise(sizes):
        middles.append(middles[-1] + before / 2 + gap + after / 2)
    return middles
