# SPDX-License-Identifier: GPL-3.0-or-later
"""The sidebar: View3D > Sidebar > Trellis. Draws only: no disk, no network, no computing."""

from __future__ import annotations

from typing import Any, Final

import blf
import bpy

from ..core.errors import NoKeyError, OfflineError, TrellisError
from ..core.text import prompt_warning
from .operators import obstacle_now, properties
from .session import Running, Session
from .texts import CATEGORY, EXAMPLE, elapsed, wrapped

UI_FONT: Final = 0
"""blf's number of the interface's font."""

AROUND_TEXT: Final = 92
"""Icon, box, margins and the strip of tabs beside a line of text, in pixels at a scale of 1."""

DISMISS: Final = 28
"""The button beside a message."""


class TRELLIS_PT_main(bpy.types.Panel):
    """Prompt, Generate, what is running, and the last message."""

    bl_idname = "TRELLIS_PT_main"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = CATEGORY
    bl_label = "Generate Prop"

    def draw(self, context: bpy.types.Context) -> None:
        """From top to bottom: what is missing, or the prompt; jobs; messages."""
        session, layout = Session.get(), drawing_area(self)
        if missing := obstacle_now():
            draw_obstacle(layout, context, missing)
        else:
            draw_prompt(layout, context)
        for running in session.running:
            draw_running(layout, context, running)
        draw_message(layout, context, session)


class TRELLIS_PT_settings(bpy.types.Panel):
    """Name, seed and how the prop comes into the file."""

    bl_idname = "TRELLIS_PT_settings"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = CATEGORY
    bl_parent_id = "TRELLIS_PT_main"
    bl_label = "Settings"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Blender's own split layout."""
        group = properties(context)
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.prop(group, "name")
        row = layout.row(heading="Seed")
        row.prop(group, "use_seed", text="")
        value = row.row()
        value.active = group.use_seed
        value.prop(group, "seed", text="")
        layout.prop(group, "method")


def drawing_area(panel: bpy.types.Panel) -> bpy.types.UILayout:
    """The panel's layout, which Blender sets before it draws."""
    layout: bpy.types.UILayout | None = panel.layout
    assert layout is not None
    return layout


def draw_prompt(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """The wide field and the button; a disabled button says why."""
    group = properties(context)
    column = layout.column()
    column.prop(group, "prompt", text="", placeholder=EXAMPLE)
    if warning := prompt_warning(group.prompt):
        draw_lines(column, context, warning, "INFO")
    button = column.row()
    button.scale_y = 1.5
    button.enabled = bool(group.prompt.strip())
    button.operator("trellis.generate", icon="PLAY")
    if not button.enabled:
        column.label(text="Describe the prop first", icon="INFO")


def draw_obstacle(
    layout: bpy.types.UILayout, context: bpy.types.Context, missing: TrellisError
) -> None:
    """What is missing, with the button that mends it."""
    box = layout.box().column()
    draw_lines(box, context, missing.facts.message, "ERROR")
    # With --offline-mode the button below is off, and the sentence says what to do instead.
    locked = isinstance(missing, OfflineError) and bpy.app.online_access_override
    if locked or not isinstance(missing, OfflineError | NoKeyError):
        draw_lines(box, context, missing.facts.next_step, "NONE")
    if isinstance(missing, OfflineError):
        box.operator("trellis.allow_online_access", icon="INTERNET")
    else:
        box.operator("trellis.preferences", icon="PREFERENCES")


def draw_running(layout: bpy.types.UILayout, context: bpy.types.Context, running: Running) -> None:
    """One job: its prompt, a bar or the time so far, and Cancel."""
    box = layout.box().column(align=True)
    row = box.row()
    row.label(text=running.prompt)
    row.operator("trellis.cancel", text="", icon="X", emboss=False).prop_id = running.job.prop_id
    if running.fraction is None:
        # Nobody knows how long it takes: a ring that turns, and the time so far.
        turn = 0.1 + 0.75 * (running.seconds % 4 / 4)  # never empty, never a full 100 %
        box.progress(factor=turn, type="RING", text=elapsed(running.seconds))
        draw_lines(box, context, running.text, "NONE")
    else:
        box.progress(factor=running.fraction, type="BAR", text=running.text)


def draw_message(layout: bpy.types.UILayout, context: bpy.types.Context, session: Session) -> None:
    """The last error with its next step, or the last good news."""
    facts = session.last_error
    if facts is None and not session.last_note:
        return
    box = layout.box()
    row = box.row()
    lines = row.column()
    if facts is None:
        icon = "CHECKMARK" if session.last_note_is_good else "INFO"
        draw_lines(lines, context, session.last_note, icon, DISMISS)
    else:
        draw_lines(lines, context, facts.message, "ERROR", DISMISS)
        if facts.next_step:
            draw_lines(lines, context, facts.next_step, "NONE", DISMISS)
    row.operator("trellis.dismiss", text="", icon="X", emboss=False)


def draw_lines(
    layout: bpy.types.UILayout, context: bpy.types.Context, text: str, icon: Any, beside: int = 0
) -> None:
    """A text over as many lines as it needs, the icon before the first.

    :param beside: what stands to the right of the text, in pixels at a scale of 1.
    """
    scale = context.preferences.system.ui_scale
    styles: Any = context.preferences.ui_styles  # the stubs say that it may be None
    blf.size(UI_FONT, styles[0].widget.points * scale)
    room = context.region.width - (AROUND_TEXT + beside) * scale
    column = layout.column(align=True)
    column.scale_y = 0.8
    for number, line in enumerate(wrapped(text, room, lambda t: blf.dimensions(UI_FONT, t)[0])):
        column.label(text=line, icon=icon if number == 0 and icon != "NONE" else "BLANK1")


CLASSES = (TRELLIS_PT_main, TRELLIS_PT_settings)


def register() -> None:
    """Register the panels."""
    for cls in CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    """Unregister them."""
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
