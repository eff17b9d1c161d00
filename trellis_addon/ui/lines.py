# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts in a panel, broken to the region's width: Blender's labels do not wrap before 5.3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import blf
import bpy

from .texts import wrapped
from .translations import phrase

_RNA: Any = bpy.types.UILayout.bl_rna  # the stubs do not know its functions
_LAYOUT: Final = _RNA.functions.keys()
"""By name, as `hasattr` of the class is False for what a layout can do."""

HAS_MULTILINE: Final = "label_multiline" in _LAYOUT
"""From 5.3: a label that wraps."""

HAS_TEXTBOX: Final = "textbox" in _LAYOUT
"""From 5.2: a field of several lines."""

UI_FONT: Final = 0
"""blf's number of the interface's font."""

AROUND_TEXT: Final = 92
"""Icon, box, margins and the strip of tabs beside a line of text, in pixels at a scale of 1."""

LEFT_OUT: Final = "…"

LONGEST_LINE: Final = 400
"""Characters. No region has room for more on one line, so more is never measured."""

NARROW: Final = 250
"""Below this width, in pixels at a scale of 1, there is no room for a column of labels."""


def panel_width(context: bpy.types.Context) -> float:
    """In pixels at a scale of 1."""
    width: float = context.region.width / context.preferences.system.ui_scale
    return width


def split_where_wide(layout: Any, context: bpy.types.Context) -> None:
    """Blender's split layout of settings; in a narrow sidebar the names stand in the fields."""
    layout.use_property_split = panel_width(context) >= NARROW
    layout.use_property_decorate = False


def choice(layout: Any, group: Any, name: str, text: str = "") -> None:
    """A menu of choices with its name: beside it in Blender's split layout, else above it.

    :param text: instead of the property's own name.
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
    scale = context.preferences.system.ui_scale
    styles: Any = context.preferences.ui_styles  # the stubs say that it may be None
    blf.size(UI_FONT, styles[0].widget.points * scale)
    room: float = context.region.width - (AROUND_TEXT + beside) * scale
    return room


def _width(text: str) -> float:
    width: float = blf.dimensions(UI_FONT, text)[0]
    return width


def draw_lines(
    layout: bpy.types.UILayout,
    context: bpy.types.Context,
    text: str,
    icon: Any = "NONE",
    beside: float = 0,
    *,
    indent: bool = True,
) -> None:
    """A text over as many lines as it needs, the icon before the first.

    :param indent: without an icon, too, the text begins where it would beside one.
    :param beside: what stands to the right of the text, in pixels at a scale of 1.
    """
    text = phrase(text)  # before it is broken: Blender would look up each line
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
    """A text on one line, shortened where it does not fit.

    :param head: the share that its beginning gets of what is left. By default it is shortened in
        its middle: of a path, its two ends say most. With 1 its end is left out.
    """
    return fit(text, text_room(context, beside), _width, head)


def fit(text: str, room: float, width_of: Callable[[str], float], head: float = 1 / 3) -> str:
    """The same for any room and font. A long text costs a dozen measurings, not one a letter.

    :param width_of: a text's width, in the unit of ``room``.
    """
    if len(text) <= LONGEST_LINE and width_of(text) <= room:
        return text
    too_long = min(len(text), LONGEST_LINE)
    fits = max(0, min(8, too_long - 1))  # so many are kept in whatever room: fewer say nothing
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
