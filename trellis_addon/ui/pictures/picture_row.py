# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws Pictures below Generate: its button, the pictures, and what can be done with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import bpy

from ...core.cost import money
from ...preferences import read_settings
from ..common.text_layout import draw_lines, fitted, panel_width
from ..gallery_data.gallery import Gallery
from ..settings.picture_properties import chosen_of
from ..settings.reference_slots import views_in
from ..translation.translations import iface, phrase
from .picture_desk import PictureDesk
from .picture_ops import shown_set
from .picture_reasons import cents_of, model_of, reason_against, set_there

if TYPE_CHECKING:
    from ...core.pictures.chosen_picture import ChosenPicture
    from ..settings.properties import TrellisProperties
    from .set_facts import SetFacts

BESIDE_BUTTON: Final = 84
"""The width of what is beside the button Pictures, in pixels at a scale of 1."""

UNIT: Final = 20
"""The pixels of one of Blender's units of layout, at a scale of 1."""

AROUND: Final = 44
"""The width of the tabs, margins and border beside the pictures, in pixels at a scale of 1."""

ONE_ROW: Final = 84
"""The least width of a picture for which all four of them are in one row."""

NOTHING: Final = 0.001
"""A height in units with which the following content is drawn over it."""

DISMISS: Final = 28
"""The width of the button beside a message, in pixels at a scale of 1."""


def draw_pictures(
    layout: Any, context: bpy.types.Context, group: TrellisProperties, prompt: str
) -> None:
    """Draw the button, and below it the pictures, if there are any."""
    desk = PictureDesk.get()
    desk.notice(read_settings())
    column = layout.column(align=True)
    _draw_button(column, context, group, prompt)
    if desk.busy:
        _draw_progress(column, context, desk)
    shown, chosen = shown_set(context), chosen_of(group.pictures, prompt)
    if chosen and (shown is None or shown.id != chosen.set_id):
        _draw_chosen_elsewhere(column, context, chosen)
    if shown:
        _draw_set(column, context, group, shown, prompt)
    _draw_message(column, context, desk)


def _draw_button(
    layout: Any, context: bpy.types.Context, group: TrellisProperties, prompt: str
) -> None:
    reason = reason_against(group, prompt)
    there = prompt and set_there(group, prompt)
    words = iface("Show Pictures") if there else iface("Pictures")
    cents = None if there else cents_of(model_of(group))
    row = layout.row(align=True)
    button = row.row(align=True)
    button.enabled = reason is None
    text = with_cost(context, words, cents, group.pictures.count, BESIDE_BUTTON)
    button.operator("trellis.pictures", text=text, icon="IMAGE_DATA")
    number = row.row(align=True)
    number.ui_units_x = 2.6
    number.prop(group.pictures, "count", text="")
    row.popover("TRELLIS_PT_picture_settings", text="", icon="PREFERENCES")
    row.menu("TRELLIS_MT_earlier_pictures", text="", icon="RECOVER_LAST")


def _draw_progress(layout: Any, context: bpy.types.Context, desk: PictureDesk) -> None:
    row = layout.row(align=True)
    row.label(
        text=fitted(context, phrase(desk.text.partition(";")[0]), DISMISS, head=1), icon="TIME"
    )
    button = row.row(align=True)
    button.enabled = not desk.cancelling
    button.operator("trellis.cancel_pictures", text="", icon="X", emboss=False)


def _draw_chosen_elsewhere(layout: Any, context: bpy.types.Context, chosen: ChosenPicture) -> None:
    """Draw which picture Generate takes, where it is not one of those in the row."""
    row = layout.row(align=True)
    words = iface("Earlier picture {}").format(chosen.number)
    row.label(text=fitted(context, words, 2 * DISMISS, head=1), icon="CHECKMARK", translate=False)
    button = row.operator("trellis.earlier_pictures", text="", icon="LOOP_BACK", emboss=False)
    button.set_id = chosen.set_id
    row.operator("trellis.unchoose_picture", text="", icon="RADIOBUT_OFF", emboss=False)


def _draw_set(
    layout: Any,
    context: bpy.types.Context,
    group: TrellisProperties,
    shown: SetFacts,
    prompt: str,
) -> None:
    """Draw the pictures, whose prompt is told where it is another one than in the field."""
    own = shown.prompt == prompt
    if not own:
        row = layout.row(align=True)
        row.active = False
        words = iface("Of: {}").format(shown.prompt)
        row.label(text=fitted(context, words, head=1), icon="INFO", translate=False)
    chosen = chosen_of(group.pictures, prompt)
    number = chosen.number if chosen and chosen.set_id == shown.id else 0
    if shown.pictures or PictureDesk.get().busy:
        _draw_grid(layout, context, shown, number, active=own)
    if chosen and views_in(group):
        draw_lines(layout, context, "Sent instead of the reference images", "INFO")
    _draw_actions(layout, context, group, shown)


def _draw_grid(
    layout: Any, context: bpy.types.Context, shown: SetFacts, chosen: int, *, active: bool
) -> None:
    """Two pictures beside each other in a narrow sidebar, and four in a wide one."""
    room = max(120.0, panel_width(context) - AROUND)
    columns = 4 if room / 4 >= ONE_ROW else 2
    columns = max(1, min(columns, shown.total))
    side = max(2.0, min(room / columns - 6, 2 * ONE_ROW) / UNIT)
    flow = layout.grid_flow(
        row_major=True, columns=columns, even_columns=True, even_rows=True, align=True
    )
    flow.active = active
    gallery = Gallery.get()
    for number in range(1, shown.total + 1):
        _draw_picture(flow.column(align=True), gallery, shown, number, number == chosen, side)
    gallery.wake()  # for the pictures that were requested just now


def _draw_picture(
    layout: Any, gallery: Gallery, shown: SetFacts, number: int, chosen: bool, side: float
) -> None:
    """Draw a picture with its number as one button, as the gallery draws its cards."""
    path = shown.path(number)
    if path is None:
        row = layout.row()
        row.alignment, row.scale_y = "CENTER", side + 1
        lost = number in shown.lost or not PictureDesk.get().busy
        row.label(text="", icon="CANCEL" if lost else "SORTTIME")
        return
    under = layout.column()
    under.ui_units_y = NOTHING
    button = under.column()
    button.scale_y = side + 1
    button.operator(
        "trellis.choose_picture", text="", depress=chosen, emboss=chosen
    ).number = number
    if icon := gallery.previews.picture(f"{shown.id}:{number}", path):
        layout.template_icon(icon, scale=side)
    else:
        row = layout.row()
        row.alignment, row.scale_y = "CENTER", side
        row.label(text="", icon="IMAGE_DATA")
    caption = layout.row()
    caption.alignment = "CENTER"
    caption.label(text=str(number), icon="CHECKMARK" if chosen else "NONE", translate=False)


def _draw_actions(
    layout: Any, context: bpy.types.Context, group: TrellisProperties, shown: SetFacts
) -> None:
    """Draw what to do with the pictures, each with its cost."""
    desk = PictureDesk.get()
    column = layout.column(align=True)
    if shown.missing and not desk.busy:
        words = iface("Get {} Missing").format(len(shown.missing))
        column.operator("trellis.continue_pictures", text=words, icon="IMPORT")
    like = cents_of(model_of(group))
    more = with_cost(context, iface("More Like This"), like, group.pictures.count)
    column.operator("trellis.more_like_this", text=more, icon="DUPLICATE")
    row = column.row(align=True)
    again = with_cost(context, iface("Again"), cents_of(shown.model), shown.total, 2 * UNIT)
    row.operator("trellis.pictures_again", text=again, icon="FILE_REFRESH")
    row.operator("trellis.unchoose_picture", text="", icon="RADIOBUT_OFF")
    row.operator("trellis.clear_pictures", text="", icon="X")


def with_cost(
    context: bpy.types.Context, words: str, cents: float | None, count: int, beside: int = 0
) -> str:
    """A button's text with the cost of some pictures, in the longest form that fits."""
    if cents is None:
        return words
    for cost in (iface("about {}").format(money(cents * count)), money(cents * count)):
        both = f"{words} ({cost})"
        if fitted(context, both, beside) == both:
            return both
    return words


def _draw_message(layout: Any, context: bpy.types.Context, desk: PictureDesk) -> None:
    """Draw what went wrong and the next step, or a note about the pictures."""
    facts = desk.trouble
    if facts is None and not desk.note:
        return
    box = layout.box()
    row = box.row()
    lines = row.column()
    if facts is None:
        draw_lines(lines, context, desk.note, "INFO", DISMISS)
    else:
        head = lines.column()
        head.alert = True
        draw_lines(head, context, facts.message, "ERROR", DISMISS)
        if facts.next_step:
            draw_lines(lines, context, facts.next_step, "NONE", DISMISS)
    row.operator("trellis.dismiss_pictures", text="", icon="X", emboss=False)
