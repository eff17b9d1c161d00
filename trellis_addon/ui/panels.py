# SPDX-License-Identifier: GPL-3.0-or-later
"""The sidebar's first panel: View3D > Sidebar > Trellis. Draws only: no disk, no network."""

from __future__ import annotations

from typing import Any, Final

import bpy

from ..core.errors import NoKeyError, OfflineError, TrellisError
from .arrivals import Arrival
from .first_run import draw_first_run, first_run_is_on
from .jobs import charge_words
from .jobs_panel import draw_next_step
from .lines import draw_lines, fitted
from .operators import properties
from .presets import draw_presets
from .prompt_panel import draw_prompt
from .registering import registering
from .session import Session
from .sidebar import InSidebar
from .translations import iface

DISMISS: Final = 28
"""The button beside a message, in pixels at a scale of 1."""

SHOW: Final = 90
"""The button Show beside a name, likewise."""


class TRELLIS_PT_main(InSidebar, bpy.types.Panel):
    """What is missing, or the prompt with Generate, and the last message."""

    bl_idname = "TRELLIS_PT_main"
    bl_label = "Generate Prop"

    def draw_header_preset(self, _context: bpy.types.Context) -> None:
        """Blender's own presets, of all settings."""
        if not first_run_is_on():
            draw_presets(self.layout)

    def draw(self, context: bpy.types.Context) -> None:
        """From top to bottom: what is missing, or the prompt and the last message."""
        layout: Any = self.layout
        if draw_first_run(layout, context):
            return
        draw_prompt(layout, context, properties(context))
        draw_message(layout, context, Session.get())


def draw_obstacle(
    layout: bpy.types.UILayout, context: bpy.types.Context, missing: TrellisError, beside: int = 0
) -> None:
    """What is missing, with the button that mends it. ``beside``: as in :func:`draw_lines`."""
    box = layout.box().column()
    draw_lines(box, context, missing.facts.message, "ERROR", beside)
    # With --offline-mode the button below is off, and the sentence says what to do instead.
    locked = isinstance(missing, OfflineError) and bpy.app.online_access_override
    if locked or not isinstance(missing, OfflineError | NoKeyError):
        draw_lines(box, context, missing.facts.next_step, "NONE", beside)
    if isinstance(missing, OfflineError):
        box.operator("trellis.allow_online_access", icon="INTERNET")
    else:
        box.operator("trellis.preferences", icon="PREFERENCES")


def draw_message(layout: bpy.types.UILayout, context: bpy.types.Context, session: Session) -> None:
    """An error of the last click, or the last good news. Failed jobs stand in the Jobs panel."""
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
        # A job that failed stands in the Jobs panel; this one was stopped before it was sent.
        draw_lines(lines, context, charge_words("not_charged"), "NONE", DISMISS)
        draw_next_step(lines, facts.kind, facts.status)
    button: Any = row.operator("trellis.dismiss", text="", icon="X", emboss=False)
    button.prop_id = ""


def _draw_arrival(layout: Any, context: bpy.types.Context, arrival: Arrival, note: str) -> None:
    """Which prop has come, with the way to it. It fades."""
    box = layout.box()
    row = box.row(align=True)
    words = fitted(context, iface("Placed: {}").format(arrival.name), SHOW + DISMISS)
    row.label(text=words, icon="CHECKMARK")
    row.operator("trellis.show_placed", icon="ZOOM_SELECTED")
    row.operator("trellis.dismiss", text="", icon="X", emboss=False).prop_id = ""
    if note:
        draw_lines(box.column(), context, note, "NONE")


register, unregister = registering([TRELLIS_PT_main])
