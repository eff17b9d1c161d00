# SPDX-License-Identifier: GPL-3.0-or-later
"""How jobs ended: as the operator says that began one, and in Blender's Info log for the others."""

from __future__ import annotations

from typing import Any, Final

import bpy

from .event_timers import EventTimers
from .jobs import Report
from .session import Session

SOON: Final = 0.01
"""Seconds to the event with which the reports are given."""


class TRELLIS_OT_tell_ends(bpy.types.Operator):
    """Write into the Info log how jobs have ended"""

    bl_idname = "trellis.tell_ends"
    bl_label = "Report Ended Jobs"
    bl_options = {"INTERNAL"}

    _reports: list[Report]
    _timer: Any

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Any:
        """Take the reports, and give them with the next event.

        Only of a modal operator does Blender put them into the log: what an operator says that
        a script calls goes to the terminal.
        """
        self._reports = Session.get().reports.take_untold()
        if not self._reports:
            return {"CANCELLED"}
        self._timer = EventTimers.start(context, SOON)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> Any:
        """Say all, and end. The event goes on to whom it is meant for."""
        EventTimers.stop(self._timer)
        for report in self._reports:
            # An error would pop up at the pointer and swallow the artist's next key.
            level: Any = "WARNING" if report.level == "ERROR" else report.level
            self.report({level}, report.text)
        return {"FINISHED", "PASS_THROUGH"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender ends the operator before that (a file is loaded)."""
        EventTimers.stop(self._timer)


def ended(operator: Any, session: Session, prop_id: str, words: str) -> set[str]:
    """What an operator gives back that has begun a job which the session ends.

    In background mode timers never run, so it is waited for.

    :param words: what is said meanwhile.
    """
    if not bpy.app.background:
        operator.report({"INFO"}, words)
        return {"FINISHED"}
    session.wait(prop_id)
    report = session.reports.pop(prop_id)
    operator.report({report.level}, report.text)
    return {"FINISHED"} if report.level == "INFO" else {"CANCELLED"}


def tell() -> None:
    """Have the untold reports told, from a timer, which has no window of its own."""
    window = next(iter(bpy.context.window_manager.windows), None)
    if window is not None:
        with bpy.context.temp_override(window=window):
            getattr(bpy.ops, "trellis").tell_ends("INVOKE_DEFAULT")  # noqa: B009  (not in stubs)
