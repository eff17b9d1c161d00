# SPDX-License-Identifier: GPL-3.0-or-later
"""Wraps texts to the width of a panel, as Blender's labels do not wrap before 5.3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import blf
import bpy

from ...blender_context import preferences_of, region_of
from ..translation.translations import phrase
from .texts import wrapped

_RNA: Any = bpy.types.UILayout.bl_rna  # the stubs do not know its functions
_LAYOUT: Final = _RNA.functions.keys()
"""The functions' names, as ``hasattr`` of the class is False for all of them."""

HAS_MULTILINE: Final = "label_multiline" in _LAYOUT
"""Whether there is a label that wraps, which is new in 5.3."""

HAS_TEXTBOX: Final = "textbox" in _LAYOUT
"""Whether there is a field with several lines, which is new in 5.2."""

UI_FONT: Final = 0
"""The number of the interface's font in ``blf``."""

AROUND_TEXT: Final = 92
"""The width of the icon, box, margins and tabs beside a line of text, in pixels at a scale of 1."""

LEFT_OUT: Final = "…"

LONGEST_LINE: Final = 400
"""In characters. No region has space for more on one line, so longer texts are never measured."""

NARROW: Final = 250
"""Below this width, in pixels at a scale of 1, there is no space for a column of labels."""


def panel_width(context: bpy.types.Context) -> float:
    """In pixels at a scale of 1."""
    width: float = region_of(context).width / preferences_of(context).system.ui_scale
    return width


def split_where_wide(layout: Any, context: bpy.types.Context) -> None:
    """Use Blender's split layout; in a narrow sidebar, the names are inside of the fields."""
    layout.use_property_split = panel_width(context) >= NARROW
    layout.use_property_decorate = False


def choice(layout: Any, group: Any, name: str, text: str = "") -> None:
    """Draw a menu of choices with its name: beside it in Blender's split layout, else above it.

    :param text: replaces the property's own name.
    """
    words = text or group.bl_rna.properties[name].name
    if layout.use_property_split:
        layout.prop(group, name, text=words)
        return
    column = layout.column(align=True)
    column.label(text=words)
    column.prop(group, name, text="")


def text_room(context: bpy.types.Context, beside: float = 0) -> float:
    """Makes the font ready to be measured; gives the width that a text may have, in pixels."""
    scale = preferences_of(context).system.ui_scale
    styles: Any = preferences_of(context).ui_styles  # the stubs say that it may be None
    blf.size(UI_FONT, styles[0].widget.points * scale)
    room: float = region_of(context).width - (AROUND_TEXT + beside) * scale
    return room


def text_width(font: int, text: str) -> float:
    """The width of a text in pixels; the stubs say that ``blf.dimensions`` gives nothing."""
    fonts: Any = blf
    width: float = fonts.dimensions(font, text)[0]
    return width


def _width(text: str) -> float:
    return text_width(UI_FONT, text)


def draw_lines(
    layout: bpy.types.UILayout,
    context: bpy.types.Context,
    text: str,
    icon: Any = "NONE",
    beside: float = 0,
    *,
    indent: bool = True,
) -> None:
    """Draw a text in as many lines as it needs, with the icon before the first one.

    :param indent: whether a text without an icon is indented as if it had one.
    :param beside: what is to the right of the text, in pixels at a scale of 1.
    """
    # Translated as a whole, as Blender would look up each of the lines.
    text = phrase(text)
    blank: Any = "BLANK1" if indent else "NONE"
    first = icon if icon != "NONE" else blank
    if HAS_MULTILINE:
        wrapping: Any = layout  # the stubs are of an older Blender
        wrapping.label_multiline(text=text, icon=first, translate=False)
        return
    room = text_room(context, beside)
    column = layout.column(align=True)
    column.scale_y = 0.8
    for number, line in enumerate(wrapped(text, room, _width)):
        column.label(text=line, icon=first if number == 0 else blank)


def fitted(context: bpy.types.Context, text: str, beside: float = 0, head: float = 1 / 3) -> str:
    """Shorten a text so that it fits on one line.

    :param head: the share of the remaining characters that come from the beginning. By default, the
        middle is left out, as the two ends of a path matter most. With 1, the end is left out.
    """
    return fit(text, text_room(context, beside), _width, head)


def fit(text: str, room: float, width_of: Callable[[str], float], head: float = 1 / 3) -> str:
    """Shorten a text to a width, as :func:`fitted`, for any font.

    :param width_of: a text's width, in the unit of ``room``.
    """
    if len(text) <= LONGEST_LINE and width_of(text) <= room:
        return text
    too_long = min(len(text), LONGEST_LINE)
    fits = max(0, min(8, too_long - 1))  # always kept, as fewer characters say nothing
    # A binary search, so that a long text takes a dozen measurements. One for each letter of a long
    # prompt took 0.2 s of every draw (measured).
    while too_long - fits > 1:
        middle = (fits + too_long) // 2
        if width_of(_shortened(text, middle, head)) <= room:
            fits = middle
        else:
            too_long = middle
    return _shortened(text, fits, head)


def _shortened(text: str, keep: int, head: float) -> str:
    start = int(keep * head)
    return text[:start].rstrip() + LEFT_OUT + text[len(text) - (keep - start) :]
