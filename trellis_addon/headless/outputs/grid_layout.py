# SPDX-License-Identifier: GPL-3.0-or-later
"""Arranges many props in a grid, in which one large prop does not make all cells large."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ...scene.place.surface import BoundingBox

GAP: Final = 0.25
"""The least distance between neighbours in metres; a fifth of the median prop if that is more."""
LABEL_SHARE: Final = 0.12
"""The height of letters, as a share of the median prop's width."""
LABEL_LINES: Final = 2.2
"""The height of a label of two lines, as a multiple of its letters' height."""

Footprint = tuple[float, float]
"""The width (X) and depth (Y) of a prop in metres."""


@dataclass(frozen=True)
class Cell:
    """The place of a prop, in metres relative to the first prop of the grid."""

    x: float
    y: float
    """Rows follow each other towards -Y, so that seen from above, the first one is at the top."""
    label: tuple[float, float]
    """The middle of the upper edge of its label, in front of the prop."""
    width: float
    """The greatest width of the label."""


@dataclass(frozen=True)
class GridLayout:
    """All cells, and the size of letters."""

    cells: tuple[Cell, ...]
    letter: float
    """The height of letters in metres."""


def grid(footprints: Sequence[Footprint], columns: int = 0) -> GridLayout:
    """Arrange props row by row. Each column is as wide as its widest prop.

    :param columns: 0: chosen so that the grid is about as wide as deep.
    """
    if not footprints:
        return GridLayout((), 0.0)
    # The median, as a single house among chairs must not make all gaps and letters huge.
    usual = sorted(max(size) for size in footprints)[len(footprints) // 2]
    gap, letter = max(GAP, 0.2 * usual), LABEL_SHARE * usual
    count = min(columns or _columns(footprints), len(footprints))
    rows = math.ceil(len(footprints) / count)
    widths = [max(w for w, _ in footprints[column::count]) for column in range(count)]
    depths = [max(d for _, d in footprints[row * count :][:count]) for row in range(rows)]
    xs = _middles(widths, gap)
    ys = _middles(depths, gap + (LABEL_LINES + 0.5) * letter)
    cells = []
    # Cells are centred in their column and row, and labels follow directly in front of each prop.
    for index, (_, depth) in enumerate(footprints):
        row, column = divmod(index, count)
        x, y = xs[column], -ys[row]
        cells.append(Cell(x, y, (x, y - depth / 2 - letter / 2), widths[column] + gap / 2))
    return GridLayout(tuple(cells), letter)


def _columns(footprints: Sequence[Footprint]) -> int:
    """The number of columns that makes the grid about as wide as deep."""
    width = sum(w for w, _ in footprints) / len(footprints)
    depth = sum(d for _, d in footprints) / len(footprints)
    shape = depth / width if width > 0 and depth > 0 else 1.0
    wanted = math.ceil(math.sqrt(len(footprints) * shape))
    return max(1, min(len(footprints), wanted))


def _middles(sizes: Sequence[float], gap: float) -> list[float]:
    """The middles of adjacent intervals, of which the first is at 0."""
    middles = [0.0]
    for before, after in itertools.pairwise(sizes):
        middles.append(middles[-1] + before / 2 + gap + after / 2)
    return middles


ROW_GAP: Final = 0.25
"""Metres between props that are placed by one command."""


def row(boxes: Sequence[BoundingBox | None]) -> list[float]:
    """The distances along X of several props from the first, at which none of them overlap."""
    widths = [box.high[0] - box.low[0] if box else 1.0 for box in boxes]
    shifts = [0.0] * len(widths)
    for index in range(1, len(widths)):
        shifts[index] = shifts[index - 1] + (widths[index - 1] + widths[index]) / 2 + ROW_GAP
    return shifts
