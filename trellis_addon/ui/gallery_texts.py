# SPDX-License-Identifier: GPL-3.0-or-later
"""What the gallery says of a prop, in words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import blf
import bpy

from .gallery import UNDER_WAY
from .texts import wrapped
from .translations import iface

if TYPE_CHECKING:
    from ..library.index import Entry

STATE_ICONS: Final = {
    "failed": "ERROR",
    "cancelled": "CANCEL",
    "broken": "FILE_BLANK",
}

FORMING: Final = (*UNDER_WAY, "ready")
"""The states whose props have our own icon until there is a picture; the others have a sign."""

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
    """``0.42 x 0.42 x 0.9 m``: width, depth, height in the unit that suits the longest."""
    longest = max(size)
    _, unit, factor = next(row for row in _METRIC if longest >= row[0])
    if feet:
        unit, factor = "ft", 1 / FOOT
    return f"{TIMES.join(f'{side * factor:.3g}' for side in size)} {unit}"


def date_text(seconds: float) -> str:
    """``22 Nov 2026 18:40``, as Blender's file browser writes it, in this machine's time zone."""
    try:
        when = datetime.fromtimestamp(seconds, UTC).astimezone()
    except (ValueError, OverflowError, OSError):
        return ""
    return f"{when.day} {when:%b %Y %H:%M}"


def short_facts(entry: Entry, *, feet: bool = False) -> list[str]:
    """The same for a narrow panel: without labels where the value speaks for itself."""
    own = {"Triangles": "{} triangles", "Seed": "Seed {}"}
    return [iface(own.get(label, "{}")).format(value) for label, value in facts(entry, feet=feet)]


def facts(entry: Entry, *, feet: bool = False) -> list[tuple[str, str]]:
    """What is known of a prop: labels and values, in the order of their weight."""
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
    """A prompt in lines, also where it has no spaces (椅子) or one very long word.

    :param room: a line's width in pixels.
    """
    styles: Any = context.preferences.ui_styles  # the stubs say that it may be None
    blf.size(0, styles[0].widget.points * context.preferences.system.ui_scale)

    def width(piece: str) -> float:
        measured: float = blf.dimensions(0, piece)[0]
        return measured

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
    """At most so many lines, with a mark where something was left out."""
    if len(lines) <= most:
        return lines
    return [*lines[: most - 1], f"{lines[most - 1]}…"]
