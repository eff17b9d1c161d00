# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the panel "Jobs": running and waiting jobs, and failed ones with their next step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import bpy

from ...preferences import stored
from ..common.texts import USUAL_TIME, clock
from ..jobs.session import Session
from ..settings.properties import settings_in
from ..setup.setup_ops import account_page
from ..translation.translations import iface, phrase
from .resume_unfinished import interrupted

if TYPE_CHECKING:
    from ..jobs.job_state import Ended, Running

BUTTON: Final = 16
"""The width of a button beside a text, in pixels at a scale of 1."""

NAME_SHARE: Final = 0.62
"""The share of a job's line for its name; the bar and the X have the rest."""

AROUND: Final = 60
"""The width of the tabs and the panel's margins, in pixels at a scale of 1."""

ICON: Final = 28
"""The width of the picture in front of a job's name, in pixels at a scale of 1."""

BESIDE: Final = 70
"""How much wider than narrow a panel has to be for a sentence with Continue beside it, likewise."""

WAITING_SHOWN: Final = 3
"""The most waiting jobs that have a row of their own; fifty would hide everything else."""

STEPS: Final = {
    "no_key": ("trellis.preferences", "PREFERENCES"),
    "offline": ("trellis.allow_online_access", "INTERNET"),
    "address": ("trellis.preferences", "PREFERENCES"),
    "cost_limit": ("trellis.preferences", "PREFERENCES"),
    "unreachable": ("trellis.preferences", "PREFERENCES"),
    "library": ("trellis.preferences", "PREFERENCES"),
}
"""The operator that helps, and its icon, by the kind of the error."""

OTHER_MODEL: Final = ("no_model", "refused", "invalid_request")
"""Errors that can be solved by another model, or by other settings of it."""


def is_needed() -> bool:
    """Whether there is something to show."""
    session = Session.get()
    return bool(session.running or session.ended or interrupted())


def draw_all_at_once(layout: Any) -> None:
    """Draw the buttons of the header, which cancel or clear all at once."""
    session = Session.get()
    if (own := stored()) is not None:
        # With its frame, as the light theme would draw it white on white without one.
        layout.prop(own, "show_boxes", text="", icon="CUBE")
    if len(session.running) > 1:
        layout.operator_context = "INVOKE_DEFAULT"  # it asks first
        layout.operator("trellis.cancel", text="", icon="CANCEL", emboss=False).prop_id = ""
    elif not session.running and len(session.ended) > 1:
        layout.operator("trellis.dismiss", text="", icon="X", emboss=False).prop_id = ""


def draw_jobs(layout: Any, context: bpy.types.Context) -> None:
    """What is under way in its order, what waits, then the failures, the newest first."""
    session = Session.get()
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
    """Draw how many props an earlier Blender has left unfinished, with a button to continue."""
    from ..common.text_layout import NARROW, panel_width

    if count := len(interrupted()):
        words = iface("1 prop was interrupted" if count == 1 else "{} props were interrupted")
        beside = panel_width(context) >= NARROW + BESIDE
        row = layout.row() if beside else layout.column(align=True)
        row.label(text=words.format(count), icon="INFO")
        if beside:
            row = row.row()
            row.alignment = "RIGHT"  # only as wide as its text, so that the sentence has the rest
        row.operator("trellis.resume_interrupted")


def worth_showing(running: Sequence[Running]) -> tuple[list[Running], int]:
    """All running jobs and the next few waiting ones, and the number of those behind them."""
    waiting = [each for each in running if each.waiting]
    under_way = [each for each in running if not each.waiting]
    return [*under_way, *waiting[:WAITING_SHOWN]], len(waiting[WAITING_SHOWN:])


def draw_running(layout: Any, context: bpy.types.Context, running: Running) -> None:
    """Draw a job on one line: its name, a bar or the time so far, and Cancel.

    The name is a button, as labels and bars have no tooltip, which shows the stage.
    """
    from ..common.text_layout import AROUND_TEXT, fitted, panel_width

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
        # It is unknown how long this takes, so a ring turns, which is never empty and never full.
        turn = 0.1 + 0.75 * (running.seconds % 4 / 4)
        sides.progress(factor=turn, type="RING", text=clock(running.seconds))
    else:
        sides.progress(factor=running.fraction, type="BAR", text=running.state)
    end = row.row(align=True)
    end.operator_context = "EXEC_DEFAULT"  # unlike Esc, this X is not pressed by accident
    end.operator("trellis.cancel", text="", icon="X", emboss=False).prop_id = running.job.prop_id


def doing(running: Running) -> str:
    """What a job is doing, with the usual time while the gateway is working on it."""
    words = phrase(running.text.partition(";")[0])  # the rest is the usual time, too
    return f"{words} ({iface(USUAL_TIME)})" if running.at_gateway else words


def picture_of(running: Running) -> int:
    """The icon of a job: the prop's picture, or its reference image, or else a box."""
    from ..gallery_data.gallery import Gallery

    gallery = Gallery.get()
    entry = gallery.entry(running.job.prop_id)
    if entry and (icon := gallery.previews.icon(entry)):
        return icon
    image = bpy.data.images.get(running.image) if running.image else None
    icon = bpy.types.UILayout.icon(image) if image else 0
    gallery.wake()
    return icon or gallery.previews.forming()


def draw_ended(layout: Any, context: bpy.types.Context, ended: Ended) -> None:
    """Draw a failure: the error, whether it was charged, and buttons for the next steps."""
    from ..account.cost_display import cost_words
    from ..common.text_layout import draw_lines, fitted

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
    cost = "" if ended.free else cost_words(settings_in(context.scene).model.model)
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
    """Draw whether a job was charged, with a link to the account if that is unknown."""
    from ..common.text_layout import draw_lines
    from ..jobs.job_state import charge_words

    row = layout.row()
    draw_lines(row.column(), context, charge_words(charge, cents), "NONE", BUTTON)
    if charge == "unknown" and account_page():
        row.operator("trellis.top_up", text="", icon="URL", emboss=False)


def draw_next_step(layout: Any, kind: str, status: int | None) -> None:
    """Draw the button that helps with an error of this kind, if there is one."""
    if kind in OTHER_MODEL:
        layout.popover("TRELLIS_PT_model", text="Choose a Model", icon="MESH_MONKEY")
        return
    if kind == "account":
        if status == 402 and account_page():
            name, icon = "trellis.top_up", "URL"
        else:
            # The payment page of another gateway is unknown, so the preferences are opened.
            name, icon = STEPS["no_key"]
    elif kind in STEPS:
        name, icon = STEPS[kind]
    else:
        return
    layout.operator(name, icon=icon)
