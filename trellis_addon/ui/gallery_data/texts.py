# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the gallery's texts about a prop."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import blf
import bpy

from ...blender_context import preferences_of
from ..common.text_layout import text_width
from ..common.texts import wrapped
from ..translation.translations import iface
from .gallery import UNDER_WAY

if TYPE_CHECKING:
    from ...library.library_index import GalleryEntry

STATE_ICONS: Final = {
    "failed": "ERROR",
    "cancelled": "CANCEL",
    "broken": "FILE_BLANK",
}

FORMING: Final = (*UNDER_WAY, "ready")
"""The states whose props have the extension's icon until there is a picture; others have one of
Blender's."""

STATE_WORDS: Final = {
    "requested": "Not finished: nothing was sent yet",
    "sending": "Not finished: it was sent to the gateway",
    "waiting": "Not finished: the gateway was working on it",
    "downloading": "Not finished: the model was being downloaded",
    "downloaded": "Not finished: the model is there and was not imported yet",
    "importing": "Not finished: the model was being imported",
    "failed": "It failed",
    "cancelled": "It was cancelled",
    "broken": "The record is damaged",
}

FOOT: Final = 0.3048
TIMES: Final = " \N{MULTIPLICATION SIGN} "
_METRIC: Final = ((1.0, "m", 1.0), (0.01, "cm", 100.0), (-1.0, "mm", 1000.0))


def size_text(size: tuple[float, float, float], *, feet: bool = False) -> str:
    """Format a size such as ``0.42 x 0.42 x 0.9 m``: width, depth and height, in the unit that
    suits the longest of them.
    """
    longest = max(size)
    _, unit, factor = next(row for row in _METRIC if longest >= row[0])
    if feet:
        unit, factor = "ft", 1 / FOOT
    return f"{TIMES.join(f'{side * factor:.3g}' for side in size)} {unit}"


def date_text(seconds: float) -> str:
    """Format a time such as ``22 Nov 2026 18:40``, like Blender's file browser, in the local time
    zone; "" if it is out of range.
    """
    try:
        when = datetime.fromtimestamp(seconds, UTC).astimezone()
    except (ValueError, OverflowError, OSError):
        return ""
    return f"{when.day} {when:%b %Y %H:%M}"


def short_facts(entry: GalleryEntry, *, feet: bool = False) -> list[str]:
    """The facts about a prop for a narrow panel, without labels where the values are clear."""
    own = {"Triangles": "{} triangles", "Seed": "Seed {}"}
    return [iface(own.get(label, "{}")).format(value) for label, value in facts(entry, feet=feet)]


def facts(entry: GalleryEntry, *, feet: bool = False) -> list[tuple[str, str]]:
    """The facts about a prop as labels and values, the most important ones first."""
    rows = []
    if entry.size is not None:
        rows.append(("Size", size_text(entry.size, feet=feet)))
    if entry.triangles is not None:
        rows.append(("Triangles", f"{entry.triangles:,}"))
    if entry.created and (date := date_text(entry.created)):
        rows.append(("Date", date))
    if entry.cost_cents is not None:
        rows.append(("Cost", iface("{} US cents").format(f"{entry.cost_cents:g}")))
    if entry.seed is not None:
        rows.append(("Seed", str(entry.seed)))
    if entry.tags:
        rows.append(("Tags", ", ".join(entry.tags)))
    return rows


def prompt_lines(context: bpy.types.Context, text: str, room: float) -> list[str]:
    """Break a prompt into lines, even if it has no spaces (椅子) or a very long word.

    :param room: the width of a line in pixels. A few letters fit in any case, as what is left of a
        very narrow sidebar can be less than nothing.
    """
    styles: Any = preferences_of(context).ui_styles  # the stubs say that it may be None
    blf.size(0, styles[0].widget.points * preferences_of(context).system.ui_scale)
    room = max(room, text_width(0, "MMMM"))

    def width(piece: str) -> float:
        return text_width(0, piece)

    lines = []
    for line in wrapped(text, room, width):
        rest = line
        while width(rest) > room:
            cut = max(1, int(len(rest) * room / width(rest)))
            lines.append(rest[:cut])
            rest = rest[cut:]
        lines.append(rest)
    return lines


def first_lines(lines: list[str], most: int) -> list[str]:
    """Limit the number of lines, with a mark if something was left out."""
    if len(lines) <= most:
        return lines
    return [*lines[: most - 1], f"{lines[most - 1]}…"]
