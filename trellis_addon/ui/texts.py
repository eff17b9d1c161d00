# SPDX-License-Identifier: GPL-3.0-or-later
"""Words that stand in more than one place of the interface, and how lines are broken."""

from __future__ import annotations

import textwrap
from typing import Final

CATEGORY: Final = "Trellis"
"""The sidebar's tab."""

UNDO_STEP: Final = "Generate Trellis Prop"

USUAL_TIME: Final = "usually 30 s to 5 min"


def wrapped(text: str, region_width: int, ui_scale: float) -> list[str]:
    """Break a text into the lines of a panel; Blender's labels do not wrap.

    :param region_width: pixels.
    :param ui_scale: Blender's resolution scale times pixel size.
    """
    letters = max(16, int((region_width / ui_scale - 46) / 6.1))
    return textwrap.wrap(text, letters) or [""]


def elapsed(seconds: float) -> str:
    """``48 s``, ``2 min 05 s``."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
