# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel "Jobs": a line for each that runs or waits, and what failed with its next step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import bpy

from ..preferences import stored
from .account_ops import account_page
from .cost import cost_words
from .gallery import Gallery
from .jobs import Ended, Running, charge_words
from .lines import AROUND_TEXT, NARROW, draw_lines, fitted, panel_width
from .registering import registering
from .resuming import interrupted
from .session import Session
from .sidebar import InSidebar
from .texts import USUAL_TIME, clock
from .translations import iface, phrase

BUTTON: Final = 16
"""A button beside a text, in pixels at a scale of 1."""

NAME_SHARE: Final = 0.62
"""The part of a job's line that its name has; the bar and the X have the rest."""

AROUND: Final = 60
"""The strip of tabs and the panel's margins, in pixels at a scale of 1."""

ICON: Final = 28
"""The picture in front of a job's name, in pixels at a scale of 1."""

WAITING_SHOWN: Final = 3
"""Jobs that wait and have a row of their own; with fifty nothing else would be found."""

STEPS: Final = {
    "no_key": ("trellis.preferences", "PREFERENCES"),
    "offline": ("trellis.allow_online_access", "INTERNET"),
    "address": ("trellis.preferences", "PREFERENCES"),
    "cost_limit": ("trellis.preferences", "PREFERENCES"),
    "unreachable": ("trellis.preferences", "PREFERENCES"),
    "library": ("trellis.preferences", "PREFERENCES"),
}
"""By the kind of an error: the operator that helps, and its icon."""

OTHER_MODEL: Final = ("no_model", "refused", "invalid_request")
"""Errors whose way out is another model, or other settings of it."""


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
        return bool(session.running or session.ended or interrupted())

    def draw_header_preset(self, _context: bpy.types.Context) -> None:
        """Cancel or clear all at once."""
        session, layout = Session.get(), self.layout
        if (own := stored()) is not None:
            # With its frame: without one the light theme draws it white on white.
            layout.prop(own, "show_boxes", text="", icon="CUBE")
        if len(session.running) > 1:
            layout.operator_context = "INVOKE_DEFAULT"  # it asks first
            layout.operator("trellis.cancel", text="", icon="CANCEL", emboss=False).prop_id = ""
        elif not session.running and len(session.ended) > 1:
            layout.operator("trellis.dismiss", text="", icon="X", emboss=False).prop_id = ""

    def draw(self, context: bpy.types.Context) -> None:
        """What is under way in its order, what waits, then the failures, the newest first."""
        session, layout = Session.get(), self.layout
        draw_interrupted(layout, context)
        shown, more = worth_showing(session.running)
        column = layout.column(align=True)
        for running in shown:
            draw_running(column, context, running)
        if more:
            column.label(text=iface("and {} more wait").format(more), icon="TIME")
        for ended in session.ended:
            draw_ended(layout, context, ended)


def draw_interrupted(layout: Any, context: bpy.types.Context) -> None:
    """What an earlier Blender has left unfinished, with the way on."""
    if count := len(interrupted()):
        words = iface("1 prop was interrupted" if count == 1 else "{} props were interrupted")
        row = layout.row() if panel_width(context) >= NARROW else layout.column(align=True)
        row.label(text=words.format(count), icon="INFO")
        row.operator("trellis.resume_interrupted", icon="PLAY")


def worth_showing(running: Sequence[Running]) -> tuple[list[Running], int]:
    """All that are under way and the next few that wait; and how many wait behind these."""
    waiting = [each for each in running if each.waiting]
    under_way = [each for each in running if not each.waiting]
    return [*under_way, *waiting[:WAITING_SHOWN]], len(waiting[WAITING_SHOWN:])


def draw_running(layout: Any, context: bpy.types.Context, running: Running) -> None:
    """One job on one line: its name, a bar or the time so far, and Cancel.

    The name is a button, since labels and bars have no tooltip: that one tells the stage.
    """
    row = layout.row(align=True)
    sides = row.split(factor=NAME_SHARE, align=True)
    left = sides.row(align=True)
    left.alignment = "LEFT"
    width = panel_width(context)
    beside = width - AROUND_TEXT - ((width - AROUND) * NAME_SHARE - ICON)
    name = fitted(context, running.prompt, beside, head=1.0)
    icon = picture_of(running)
    left.operator(
        "trellis.show_job", text=name, icon_value=icon, emboss=False, translate=False
    ).prop_id = running.job.prop_id
    if running.waiting:
        sides.label(text=iface("Waiting"), translate=False)
    elif running.fraction is None:
        # Nobody knows how long it takes: a ring that turns, and the time so far.
        turn = 0.1 + 0.75 * (running.seconds % 4 / 4)  # never empty, never a full 100 %
        sides.progress(factor=turn, type="RING", text=clock(running.seconds))
    else:
        sides.progress(factor=running.fraction, type="BAR", text=running.state)
    end = row.row(align=True)
    end.operator_context = "EXEC_DEFAULT"  # a click on this X is no reflex, so nothing is asked
    end.operator("trellis.cancel", text="", icon="X", emboss=False).prop_id = running.job.prop_id


def doing(running: Running) -> str:
    """What happens to it now, with the usual time while the gateway works on it."""
    words = phrase(running.text.partition(";")[0])  # what follows is the usual time once more
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
    """A failure: the sentence, whether it was charged, and the buttons for what to do next."""
    box = layout.box().column()
    row = box.row()
    head = row.row()
    head.alert = True
    head.label(text=fitted(context, ended.prompt, BUTTON, head=1.0), icon="ERROR", translate=False)
    row.operator("trellis.dismiss", text="", icon="X", emboss=False).prop_id = ended.prop_id
    draw_lines(box, context, ended.facts.message, "NONE")
    if ended.facts.next_step:
        draw_lines(box, context, ended.facts.next_step, "NONE")
    draw_charge(box, context, ended.charge, ended.cents)
    draw_next_step(box, ended.facts.kind, ended.facts.status)
    buttons = box.row(align=True)
    words = iface("Continue") if ended.free else iface("Try Again")
    cost = "" if ended.free else cost_words(context.scene.trellis.model.model)
    both = f"{words} ({cost})" if cost else words
    room = fitted(context, both, BUTTON) == both
    again = buttons.operator(
        "trellis.try_again", text=both if room else words, icon="LOOP_BACK", translate=False
    )
    again.prop_id = ended.prop_id
    buttons.operator("trellis.copy_details", text="", icon="COPYDOWN").prop_id = ended.prop_id


def draw_charge(
    layout: Any, context: bpy.types.Context, charge: str, cents: float | None = None
) -> None:
    """Whether it was charged; where only the account knows, the way there."""
    row = layout.row()
    draw_lines(row.column(), context, charge_words(charge, cents), "NONE", BUTTON)
    if charge == "unknown" and account_page():
        row.operator("trellis.top_up", text="", icon="URL", emboss=False)


def draw_next_step(layout: Any, kind: str, status: int | None) -> None:
    """The button that helps against a fault of this kind, where there is one."""
    if kind in OTHER_MODEL:
        layout.popover("TRELLIS_PT_model", text="Choose a Model", icon="MESH_MONKEY")
        return
    if kind == "account":
        if status == 402 and account_page():
            name, icon = "trellis.top_up", "URL"
        else:
            # A gateway of one's own has no page to pay on: its address is in the preferences.
            name, icon = STEPS["no_key"]
    elif kind in STEPS:
        name, icon = STEPS[kind]
    else:
        return
    layout.operator(name, icon=icon)


register, unregister = registering([TRELLIS_PT_jobs])
