# SPDX-License-Identifier: GPL-3.0-or-later
"""Many props beside one another: nothing in anything else, and about as wide as deep."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from trellis_addon.headless.outputs.grid_layout import GAP, LABEL_LINES, Footprint, grid

SIDE = st.floats(0.01, 50)


@given(st.lists(st.tuples(SIDE, SIDE), min_size=1, max_size=60), st.integers(0, 9))
def test_no_prop_and_no_label_is_in_another(sizes: list[Footprint], columns: int) -> None:
    made = grid(sizes, columns)
    boxes = []
    for (width, depth), cell in zip(sizes, made.cells, strict=True):
        front = cell.label[1] - LABEL_LINES * made.letter
        assert front < cell.y - depth / 2
        boxes.append((cell.x - width / 2, cell.x + width / 2, front, cell.y + depth / 2))
    for index, (left, right, front, back) in enumerate(boxes):
        for other in boxes[:index]:
            beside = right <= other[0] - GAP + 1e-9 or other[1] <= left - GAP + 1e-9
            assert beside or back < other[2] or other[3] < front


@given(st.integers(1, 2000), SIDE)
def test_same_props_make_a_square(count: int, side: float) -> None:
    cells = grid([(side, side)] * count).cells
    columns = len({cell.x for cell in cells})
    assert columns == math.ceil(math.sqrt(count))
    assert len({(cell.x, cell.y) for cell in cells}) == count


def test_order_is_that_of_reading() -> None:
    cells = grid([(1, 1)] * 6, columns=3).cells
    assert (cells[0].x, cells[0].y) == (0, 0)
    assert [cell.x for cell in cells[:3]] == sorted({cell.x for cell in cells})
    assert cells[3].y < cells[0].y
    assert cells[3].x == cells[0].x


def test_one_large_prop_widens_its_own_column_only() -> None:
    sizes = [(1.0, 1.0)] * 9
    sizes[4] = (20.0, 20.0)
    cells = grid(sizes, columns=3).cells
    assert cells[1].x - cells[0].x > 10
    assert grid([(1.0, 1.0)] * 9, columns=3).cells[1].x < 2


def test_nothing_needs_no_place() -> None:
    assert grid([]).cells == ()
    # A record without a size, or with one of 0.
    assert len(grid([(0.0, 0.0)] * 3).cells) == 3
