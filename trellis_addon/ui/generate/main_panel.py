# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the sidebar's first panel, View3D > Sidebar > Trellis, without disk or network access."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import bpy

from ..common.class_registration import registering
from ..settings.presets import draw_presets
from ..settings.properties import settings_in
from ..setup.panel_base import InSidebar
from ..translation.translations import iface
from .prompt_panel import draw_prompt

if TYPE_CHECKING:
    from ..jobs.arrivals import Arrival
    from ..jobs.session import Session

DISMISS: Final = 28
"""The width of the button beside a message, in pixels at a scale of 1."""

SHOW: Final = 46
"""The width of the button Show beside a name, in pixels at a scale of 1."""


class TRELLIS_PT_main(InSidebar, bpy.types.Panel):
    """What is missing, or the prompt with Generate, and the last message."""

    bl_idname = "TRELLIS_PT_main"
    bl_label = "Generate Prop"

    def draw_header_preset(self, _context: bpy.types.Context) -> None:
        """Draw the button for presets of all settings."""
        from ..setup.checklist import first_run_is_on

        if not first_run_is_on():
            draw_presets(self.layout)

    def draw(self, context: bpy.types.Context) -> None:
        """Draw what is missing, or else the prompt and the last message."""
        from ..jobs.preload import Preload
        from ..jobs.session import Session
        from ..setup.checklist import draw_first_run

        Preload.get().notice()
        layout: Any = self.layout
        if draw_first_run(layout, context):
            return
        draw_prompt(layout, context, settings_in(context.scene))
        draw_message(layout, context, Session.get())


def draw_message(layout: bpy.types.UILayout, context: bpy.types.Context, session: Session) -> None:
    """Draw the error of the last click or the last success. Failed jobs are in the Jobs panel."""
    from ..common.text_layout import draw_lines
    from ..jobs.job_state import charge_words

    facts = session.last_error
    if any(ended.facts is facts for ended in session.ended):
        facts = None
    if facts is None and (arrival := session.arrivals.shown):
        _draw_arrival(layout, context, arrival, session.last_note)
        return
    if facts is None and (not session.last_note or session.note_fades):
        return
    box = layout.box()
    row = box.row()
    lines = row.column()
    if facts is None:
        icon = "CHECKMARK" if session.last_note_is_good else "INFO"
        draw_lines(lines, context, session.last_note, icon, DISMISS)
    else:
        head = lines.column()
        head.alert = True
        draw_lines(head, context, facts.message, "ERROR", DISMISS)
        if facts.next_step:
            draw_lines(lines, context, facts.next_step, "NONE", DISMISS)
        from ..job_list.panel import draw_next_step

        # A failed job is in the Jobs panel; this one was stopped before it was sent.
        draw_lines(lines, context, charge_words("not_charged"), "NONE", DISMISS)
        draw_next_step(lines, facts.kind, facts.status)
    button: Any = row.operator("trellis.dismiss", text="", icon="X", emboss=False)
    button.prop_id = ""


def _draw_arrival(layout: Any, context: bpy.types.Context, arrival: Arrival, note: str) -> None:
    """Draw which prop has arrived, with a button that shows it. The row disappears by itself."""
    from ..common.text_layout import draw_lines, fitted

    box = layout.box()
    row = box.row()
    # The note below begins with "Placed", and the name needs the space.
    words = arrival.name if note else iface("Placed: {}").format(arrival.name)
    row.label(text=fitted(context, words, SHOW + DISMISS, head=1), icon="CHECKMARK")
    row = row.row(align=True)
    row.alignment = "RIGHT"  # only as wide as its texts, so that the name has the rest
    row.operator("trellis.show_placed")
    row.operator("trellis.dismiss", text="", icon="X", emboss=False).prop_id = ""
    if note:
        draw_lines(box.column(), context, note, "NONE")


register, unregister = registering([TRELLIS_PT_main])
