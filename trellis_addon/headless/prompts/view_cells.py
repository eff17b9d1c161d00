# SPDX-License-Identifier: GPL-3.0-or-later
"""Converts the columns ``image_back``, ``image_left``, ``image_right`` to a request's further
views, and the field ``views`` of a record.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from ...core.errors import InputError
from ...core.generation.views import FURTHER
from .cells import shortened

COLUMNS: Final = {f"image_{view}": view for view in FURTHER}
"""The columns, and the view that each is for."""
VIEWS: Final = "views"


def views_in(
    cells: dict[str, Any], picture: Callable[[str], str | None]
) -> tuple[tuple[str, str | None], ...] | None:
    """Take the further views out of a row's cells; None if it has none.

    :param picture: turns a name of a file into what the gateway accepts.
    :raises InputError: a view is there twice, or is no text, or its picture cannot be used.
    """
    found: list[tuple[str, Any]] = [
        (view, cells.pop(name)) for name, view in COLUMNS.items() if name in cells
    ]
    if VIEWS in cells:
        if found:
            raise InputError(f"{VIEWS} and {found[0][0]} exclude one another; leave one empty")
        found = _pairs(cells.pop(VIEWS))
    for view, name in found:
        if not isinstance(name, str):
            raise InputError(f"The image of the {view} is not a text: {shortened(name)}")
    return tuple((view, picture(name)) for view, name in found) if found else None


def _pairs(cell: Any) -> list[tuple[str, Any]]:
    """The pairs of a record, or of its JSON in a cell."""
    if isinstance(cell, str):
        try:
            cell = json.loads(cell)
        except (ValueError, RecursionError) as error:
            raise InputError('The views are not a list such as [["back", "back.png"]]') from error
    if not isinstance(cell, list) or not all(isinstance(p, list) and len(p) == 2 for p in cell):
        raise InputError('The views are not a list such as [["back", "back.png"]]')
    return [(str(view), name) for view, name in cell]
