# SPDX-License-Identifier: GPL-3.0-or-later
"""Colours the first word of a line in a terminal: red for a failure, green for what is done."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Final, TextIO

_RED: Final = "31"
_GREEN: Final = "32"
_COLOUR_OF: Final = {
    "Error": _RED,
    "failed": _RED,
    "fault": _RED,
    "Stopped": _RED,
    "Finished": _GREEN,
    "Ready": _GREEN,
    "ready": _GREEN,
    "ok": _GREEN,
}
# Behind the count of a batch, as in "12/200 failed: Oak barrel".
_FIRST_WORD: Final = re.compile(rf"( *\d+/\d+ )?({'|'.join(_COLOUR_OF)})\b")


def uses_colour(stream: TextIO, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a stream gets colours: in a terminal, unless ``NO_COLOR`` (no-color.org) or
    ``TERM=dumb`` is set; with ``FORCE_COLOR`` (force-color.org) also elsewhere, such as in the log
    of a CI job.
    """
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR"):
        return True
    if environment.get("TERM") == "dumb":
        return False
    # Windows's older consoles show the codes themselves; its newer Terminal sets this variable.
    if sys.platform == "win32" and not environment.get("WT_SESSION"):
        return False
    with suppress(AttributeError, ValueError):  # no stream, or a closed one
        return stream.isatty()
    return False


def coloured(text: str) -> str:
    """The text with its first word in the colour of what it says (ECMA-48, section 8.3.117)."""
    found = _FIRST_WORD.match(text)
    if not found:
        return text
    before, word = found[1] or "", found[2]
    return f"{before}\x1b[{_COLOUR_OF[word]}m{word}\x1b[0m{text[found.end() :]}"
