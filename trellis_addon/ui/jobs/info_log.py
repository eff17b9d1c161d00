# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports how jobs ended: by the operator that started a job, else in Blender's Info log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import bpy

from ...blender_context import OperatorResult, window_manager_of

if TYPE_CHECKING:
    from .job_state import Report
    from .session import Session

SOON: Final = 0.01
"""The seconds until the event at which the reports are made."""


class TRELLIS_OT_tell_ends(bpy.types.Operator):
    """Write into the Info log how jobs have ended"""

    bl_idname = "trellis.tell_ends"
    bl_label = "Report Ended Jobs"
    bl_options = {"INTERNAL"}

    if TYPE_CHECKING:  # Blender evaluates the annotations of a class when it is registered
        _reports: list[Report]
        _timer: Any

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Any:
        """Take the reports, and make them at the next event.

        Blender only writes the reports of a modal operator to the log. Those of an operator that is
        called by a script go to the terminal.
        """
        from ..common.event_timers import EventTimers
        from .session import Session

        self._reports = Session.get().reports.take_untold()
        if not self._reports:
            return {"CANCELLED"}
        self._timer = EventTimers.start(context, SOON)
        window_manager_of(context).modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> Any:
        """Make all reports, and end. The event is passed on."""
        from ..common.event_timers import EventTimers

        EventTimers.stop(self._timer)
        for report in self._reports:
            # An error would pop up at the pointer and swallow the user's next key press.
            level: Any = "WARNING" if report.level == "ERROR" else report.level
            self.report({level}, report.text)
        return {"FINISHED", "PASS_THROUGH"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Stop the timer if Blender ends the operator earlier, as when a file is loaded."""
        from ..common.event_timers import EventTimers

        EventTimers.stop(self._timer)


def ended(operator: Any, session: Session, prop_id: str, words: str) -> OperatorResult:
    """What an operator gives back that has begun a job which the session ends.

    In background mode, timers never run, so the job is waited for.

    :param words: the report while the job is running.
    """
    # In a window, the report of the end is left to the session, and the operator ends here.
    if not bpy.app.background:
        operator.report({"INFO"}, words)
        return {"FINISHED"}
    session.wait(prop_id)
    report = session.reports.pop(prop_id)
    operator.report({report.level}, report.text)
    return {"FINISHED"} if report.level == "INFO" else {"CANCELLED"}
