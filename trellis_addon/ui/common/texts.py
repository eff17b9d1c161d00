# SPDX-License-Identifier: GPL-3.0-or-later
"""Contains texts that are used in several places of the interface, and wraps lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

EXAMPLE: Final = "Weathered oak barrel, iron hoops"
"""The text that an empty prompt field shows."""

USUAL_TIME: Final = "usually 30 s to 5 min"


def wrapped(text: str, room: float, width_of: Callable[[str], float]) -> list[str]:
    """Break a text into the lines of a panel; Blender's labels do not wrap.

    :param room: the widest that a line may be, in pixels; a longer word gets a line of its own.
    :param width_of: a text's width in pixels, in the font that draws it.
    """
    lines = [""]
    for word in text.split():
        if not word.isascii() and width_of(word) > room:
            _add_letters(lines, word, room, width_of)
            continue
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and width_of(longer) > room:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _add_letters(
    lines: list[str], word: str, room: float, width_of: Callable[[str], float]
) -> None:
    """Break a word between any letters, as Chinese and Japanese have no spaces."""
    lines[-1] += " " if lines[-1] else ""
    for letter in word:
        if lines[-1] and width_of(lines[-1] + letter) > room:
            lines.append("")
        lines[-1] += letter


def clock(seconds: float) -> str:
    """Format a time such as ``0:48`` or ``2:05``, where there is no space for a longer text."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}"


def elapsed(seconds: float) -> str:
    """Format a time such as ``48 s`` or ``2 min 05 s``."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
