# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel "Jobs": what runs and waits, and what failed with its next step as a button."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import bpy

from ..preferences import stored
from .account_ops import account_page
from .gallery import Gallery
from .jobs import Ended, Running
from .lines import NARROW, draw_lines, fitted, panel_width
from .registering import registering
from .session import Session
from .sidebar import InSidebar
from .texts import USUAL_TIME, elapsed
from .translations import iface

BUTTON: Final = 16
"""A button beside a text, in pixels at a scale of 1."""

UNIT: Final = 20
"""Blender's unit of layout, in pixels at a scale of 1."""

PICTURE: Final = 2.4
"""The height of a job's picture, in units."""

MARGINS: Final = 60
"""The strip of tabs, the panel's and the box's margins, in pixels at a scale of 1."""

TEXT_BESIDE: Final = BUTTON + int(PICTURE * UNIT) - UNIT
"""What stands beside a job's text: its picture and the button, but no icon."""

WAITING_SHOWN: Final = 3
"""Jobs that wait and have a row of their own; with fifty nothing else would be found."""

STEPS: Final = {
    "no_key": ("trellis.preferences", "PREFERENCES"),
    "offline": ("trellis.allow_online_access", "INTERNET"),
    "address": ("trellis.preferences", "PREFERENCES"),
    "cost_limit": ("trellis.preferences", "PREFERENCES"),
    "unreachable": ("trellis.preferences", "PREFERENCES"),
    "library": ("trellis.preferences", "PREFERENCES"),
    "no_model": ("trellis.preferences", "PREFERENCES"),
}
"""By the kind of an error: the operator that mends it, and its icon."""


class TRELLIS_PT_jobs(InSidebar, bpy.types.Panel):
    """Jobs under way, and the last failures."""

    bl_idname = "TRELLIS_PT_jobs"
    bl_label = "Jobs"
    bl_order = 10

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Only while there is something to show: then always, also while the rows of the first
        run are back (the key was cleared), for what costs money has to have its Cancel.
        """
        session = Session.get()
        return bool(session.running or session.ended)

    def draw_header_preset(self, _context: bpy.types.Context) -> None:
        """Cancel or clear all at once."""
        session, layout = Session.get(), self.layout
        if (own := stored()) is not None:
            layout.prop(own, "show_boxes", text="", icon="CUBE", emboss=False)
        if len(session.running) > 1:
            layout.operator("trellis.cancel", text="", icon="CANCEL", emboss=False).prop_id = ""
        elif not session.running and len(session.ended) > 1:
            layout.operator("trellis.dismiss", text="", icon="X", emboss=False).prop_id = ""

    def draw(self, context: bpy.types.Context) -> None:
        """What is under way in its order, what waits, then the failures, the newest first."""
        session, layout = Session.get(), self.layout
        shown, more = worth_showing(session.running)
        for running in shown:
            draw_running(layout, context, running)
        if more:
            layout.label(text=iface("and {} more wait").format(more), icon="TIME")
        for ended in session.ended:
            draw_ended(layout, context, ended)


def worth_showing(running: Sequence[Running]) -> tuple[list[Running], int]:
    """All that are under way and the next few that wait; and how many wait behind these."""
    waiting = [each for each in running if each.waiting]
    under_way = [each for each in running if not each.waiting]
    return [*under_way, *waiting[:WAITING_SHOWN]], len(waiting[WAITING_SHOWN:])


def draw_running(layout: Any, context: bpy.types.Context, running: Running) -> None:
    """One job: its prompt, a bar or the honest time so far, and Cancel."""
    width = panel_width(context)
    outer = layout.box().column(align=True)
    sides = outer.split(factor=PICTURE * UNIT / max(1.0, width - MARGINS))
    sides.template_icon(icon_value=picture_of(running), scale=PICTURE)
    box = sides.column(align=True)
    # In a narrow sidebar a text beside the picture would be a word a line.
    below, beside = (outer, -UNIT) if width < NARROW else (box, TEXT_BESIDE)
    row = box.row()
    row.label(text=fitted(context, running.prompt, TEXT_BESIDE, head=1.0))
    row.operator("trellis.cancel", text="", icon="X", emboss=False).prop_id = running.job.prop_id
    if running.waiting:
        draw_lines(below, context, running.text, "NONE", beside, indent=False)
    elif running.fraction is None:
        # Nobody knows how long it takes: a ring that turns, and the time so far.
        turn = 0.1 + 0.75 * (running.seconds % 4 / 4)  # never empty, never a full 100 %
        so_far = "{}" if width < NARROW else iface("{} so far")
        box.progress(factor=turn, type="RING", text=so_far.format(elapsed(running.seconds)))
        draw_lines(below, context, doing(running), "NONE", beside, indent=False)
    else:
        box.progress(factor=running.fraction, type="BAR", text=running.text)


def doing(running: Running) -> str:
    """What happens to it now, with the usual time while the gateway works on it."""
    words = iface(running.text.partition(";")[0])  # what follows is the usual time once more
    return f"{words} ({iface(USUAL_TIME)})" if running.at_gateway else words


def picture_of(running: Running) -> int:
    """The icon of a job: the prop's own picture, else its reference image, else a box."""
    gallery = Gallery.get()
    entry = gallery.entry(running.job.prop_id)
    if entry and (icon := gallery.previews.icon(entry)):
        return icon
    image = bpy.data.images.get(running.image) if running.image else None
    icon = bpy.types.UILayout.icon(image) if image else 0
    gallery.wake()
    return icon or gallery.previews.forming()


def draw_ended(layout: Any, context: bpy.types.Context, ended: Ended) -> None:
    """A failure: the sentence, what to do next, and the buttons for it."""
    box = layout.box().column()
    row = box.row()
    row.label(text=fitted(context, ended.prompt, BUTTON, head=1.0), icon="ERROR")
    row.operator("trellis.dismiss", text="", icon="X", emboss=False).prop_id = ended.prop_id
    draw_lines(box, context, ended.facts.message, "NONE")
    if ended.facts.next_step:
        draw_lines(box, context, ended.facts.next_step, "NONE")
    draw_next_step(box, ended.facts.kind, ended.facts.status)
    buttons = box.row(align=True)
    buttons.operator("trellis.try_again", icon="LOOP_BACK").prop_id = ended.prop_id
    buttons.operator("trellis.copy_details", text="", icon="COPYDOWN").prop_id = ended.prop_id


def draw_next_step(layout: Any, kind: str, status: int | None) -> None:
    """The button that mends a fault of this kind, where there is one."""
    if kind == "account":
        if status == 402 and not account_page():
            return  # a gateway of one's own has no page to pay on
        name, icon = ("trellis.top_up", "URL") if status == 402 else STEPS["no_key"]
    elif kind in STEPS:
        name, icon = STEPS[kind]
    else:
        return
    layout.operator(name, icon=icon)


register, unregister = registering([TRELLIS_PT_jobs])
