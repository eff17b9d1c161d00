# SPDX-License-Identifier: GPL-3.0-or-later
"""Defines the operators for jobs: show one, try a failed one again, tell how they have ended."""

from typing import TYPE_CHECKING, Any, Final

import bpy

from ...blender_context import OperatorResult, window_manager_of
from ...preferences import read_settings
from ..common.class_registration import registering
from ..common.error_reports import reports_errors
from ..translation.translations import iface, rpt

if TYPE_CHECKING:
    from ..jobs.job_state import Ended, Report
    from ..jobs.session import Session

PROP_ID: Final = "The id of the prop whose job has failed"

SOON: Final = 0.01
"""The seconds until the event at which the reports are made."""


class TRELLIS_OT_show_job(bpy.types.Operator):
    """Show the whole prompt of this job"""

    bl_idname = "trellis.show_job"
    bl_label = "Show Job"
    bl_options = {"INTERNAL"}

    prop_id: bpy.props.StringProperty(
        name="Prop", description="The id of the prop that is under way", options={"SKIP_SAVE"}
    )

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: Any) -> str:
        """The prompt and the stage, for which a line of the panel has no space."""
        from ..jobs.session import Session
        from .panel import doing

        if running := Session.get().running.find(properties.prop_id):
            return f"{running.prompt}.\n{doing(running)}"
        return iface(cls.__doc__ or "")

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Call the operator that shows the prompt of any prop in the library."""
        show: Any = getattr(bpy.ops, "trellis").show_prompt  # noqa: B009  (not in the stubs)
        how = "EXEC_DEFAULT" if bpy.app.background else "INVOKE_DEFAULT"
        return {"FINISHED"} if show(how, prop_id=self.prop_id) else {"CANCELLED"}


class TRELLIS_OT_try_again(bpy.types.Operator):
    """Go on with what the gateway has made already, else generate the prop once more. Only the
    second costs credit
    """

    bl_idname = "trellis.try_again"
    bl_label = "Try Again"
    bl_options = {"INTERNAL"}

    prop_id: bpy.props.StringProperty(name="Prop", description=PROP_ID, options={"SKIP_SAVE"})

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: Any) -> str:
        """A text that says what this click would cost."""
        from ..jobs.job_state import is_owed
        from ..jobs.session import Session

        ended = Session.get().failure(properties.prop_id)
        if ended is not None and ended.free:
            return iface("Go on with what the gateway has made already. This costs nothing")
        if is_owed(read_settings().library, properties.prop_id):
            return iface(
                "It may have been charged already, and never came. This may cost credit once more"
            )
        return iface("Ask the gateway once more with the same settings. This costs credit")

    @reports_errors
    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Try again from the record on disk, which knows what has been paid for."""
        from ...core.errors import TrellisError
        from ..jobs.session import Session

        session = Session.get()
        ended = session.failure(self.prop_id)
        if ended is None:
            self.report({"WARNING"}, rpt("This job is no longer in the list"))
            return {"CANCELLED"}
        try:
            _again(session, ended)
        except TrellisError as error:
            session.last_error = error.facts
            raise  # reported like all others
        return {"FINISHED"}


def _again(session: "Session", ended: "Ended") -> None:
    from ...core.files.prop_files import path_from_text
    from ...core.generation.finishing import Finishing
    from ...core.generation.request import GenerationRequest
    from ...library.library import Library
    from ..jobs.job_state import goes_on

    settings = read_settings()
    folder = Library(settings.library).find(ended.prop_id)
    record = folder.read()
    finishing = Finishing.from_dict(record.finishing)
    # The free ways first; only the last one costs credit.
    if ended.finishing is not None:
        job = session.workshop.finish(folder, ended.finishing, settings)
    elif goes_on(record):
        job = session.workshop.resume(folder, settings)
    elif source := record.request.get("source"):
        within = record.request.get("source_folder")
        root = path_from_text(str(within)) if within else None
        job = session.workshop.bring_in(path_from_text(str(source)), settings, finishing, root)
    else:
        request = GenerationRequest.checked(**record.request)
        job = session.workshop.generate(request, settings, finishing)
    session.forget(ended.prop_id)
    session.add(
        job,
        ended.prompt,
        *ended.placements,
        reload=ended.reload,
        metres=ended.metres,
        image=ended.image,
        library_only_reason=ended.library_only_reason,
        finishing=ended.finishing,
        did=ended.did,
    )


class TRELLIS_OT_copy_details(bpy.types.Operator):
    """Copy the error with its details and request id to the clipboard, without any secret"""

    bl_idname = "trellis.copy_details"
    bl_label = "Copy Details"
    bl_options = {"INTERNAL"}

    prop_id: bpy.props.StringProperty(name="Prop", description=PROP_ID, options={"SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Copy the details to the clipboard."""
        from ..account.diagnostics import without_secrets
        from ..jobs.session import Session

        ended = Session.get().failure(self.prop_id)
        facts = ended.facts if ended else Session.get().last_error
        if facts is None:
            self.report({"WARNING"}, rpt("There is no error to copy"))
            return {"CANCELLED"}
        lines = [
            f"Prop: {self.prop_id}",
            f"Error: {facts.sentence}",
            f"Kind: {facts.kind}" + (f", status {facts.status}" if facts.status else ""),
            f"Request id: {facts.request_id or 'none'}",
            f"Details: {facts.detail or 'none'}",
        ]
        window_manager_of(context).clipboard = without_secrets("\n".join(lines), read_settings())
        self.report({"INFO"}, rpt("The details are on the clipboard"))
        return {"FINISHED"}


class TRELLIS_OT_dismiss(bpy.types.Operator):
    """Hide the message. The prop stays in the library as it is"""

    bl_idname = "trellis.dismiss"
    bl_label = "Dismiss"
    bl_options = {"INTERNAL"}

    prop_id: bpy.props.StringProperty(
        name="Prop", description="Whose message to hide. Empty: all", options={"SKIP_SAVE"}
    )

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Forget error and note."""
        from ..jobs.session import Session

        Session.get().forget(self.prop_id)
        return {"FINISHED"}


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
        from ..jobs.session import Session

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


CLASSES: Final = (
    TRELLIS_OT_show_job,
    TRELLIS_OT_try_again,
    TRELLIS_OT_copy_details,
    TRELLIS_OT_dismiss,
    TRELLIS_OT_tell_ends,
)


register, unregister = registering(CLASSES)
