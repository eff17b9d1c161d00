# SPDX-License-Identifier: GPL-3.0-or-later
"""Defines the main operators, which are thin: properties -> frozen request -> job -> report."""

from typing import TYPE_CHECKING, Any

import bpy

from ...blender_context import OperatorResult, preferences_of, window_manager_of
from ...core.identity import ADDON_ID
from ...preferences import read_settings
from ..common.class_registration import registering
from ..settings.properties import settings_in
from ..setup.panel_base import CATEGORY
from ..translation.translations import iface, phrase, rpt, sentence

if TYPE_CHECKING:
    from ...core.errors import TrellisError
    from ...core.settings import Settings
    from ..jobs.job_state import Level, Running
    from ..jobs.session import Session


MODAL_SECONDS = 0.2
DIALOG_WIDTH = 420
"""The width of the dialog, in pixels at a scale of 1."""


class TRELLIS_OT_generate(bpy.types.Operator):
    """Generate a prop from the prompt and place it.

    Blender stays usable meanwhile; in a script the call returns when the prop is placed
    """

    bl_idname = "trellis.generate"
    bl_label = "Generate"
    bl_description = (
        "Generate a textured prop from the prompt with the AI gateway (this costs credit) and "
        "place it. Blender stays usable meanwhile. In a script, "
        'bpy.ops.trellis.generate(prompt="...") returns when the prop is placed'
    )
    bl_options = {"REGISTER"}

    prompt: bpy.props.StringProperty(
        name="Prompt",
        description="What the prop is, in words. Empty: the prompt in the sidebar",
        options={"SKIP_SAVE"},
    )
    at: bpy.props.FloatVectorProperty(
        name="Location",
        description="Where the prop will stand, instead of the sidebar's Place",
        subtype="TRANSLATION",
        options={"SKIP_SAVE"},
    )
    turned: bpy.props.FloatVectorProperty(
        name="Rotation",
        description="How the prop is turned there, as a quaternion",
        subtype="QUATERNION",
        size=4,
        default=(1.0, 0.0, 0.0, 0.0),
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Require a scene. The panel and the click tell what else is missing."""
        return context.scene is not None

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Generate and block until the props are placed: for scripts and background mode."""
        from ..jobs.session import Session

        self._prop_ids = self._start(context, at_once=True)
        session = Session.get()
        for prop_id in self._prop_ids:
            session.wait(prop_id)
        return self._give_reports(session)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> OperatorResult:
        """Start the jobs and watch them without holding anything up.

        A click before the panel was ever drawn waits for the libraries, which take half a second,
        while the window stays usable.
        """
        from ..common.event_timers import EventTimers
        from ..jobs.preload import libraries_are_missing

        self._prop_ids = []
        self._waits = libraries_are_missing()
        if not self._waits and not self._begin(context):
            return {"CANCELLED"}
        self._timer = EventTimers.start(context, MODAL_SECONDS)
        window_manager_of(context).modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> OperatorResult:
        """Let everything pass but Esc over the sidebar, which asks; end with the jobs."""
        from ..jobs.preload import libraries_are_missing
        from ..jobs.session import Session

        session = Session.get()
        if self._waits:
            self._waits = libraries_are_missing()
            if not self._waits and not self._begin(context):
                self._stop_watching()
                return {"CANCELLED"}
            return {"PASS_THROUGH"}
        if not session.beginning and all(map(session.has_ended, self._prop_ids)):
            # As a warning, as an error would pop up at the pointer and swallow the next key press.
            result = self._give_reports(session, worst="WARNING")
            self._stop_watching()
            return result
        # Only over the sidebar, as Esc elsewhere belongs to other tools, such as a transform.
        if event.type == "ESC" and event.value == "PRESS" and over_sidebar(context, event):
            ids = ",".join(i for i in self._prop_ids if not session.has_ended(i))
            if ids:
                getattr(bpy.ops, "trellis").cancel("INVOKE_DEFAULT", prop_id=ids)  # noqa: B009
            return {"RUNNING_MODAL"}
        return {"PASS_THROUGH"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Stop watching if Blender ends the operator, as when a file is loaded. The session keeps
        the jobs running.
        """
        # The operator does not own the jobs, as Blender may end it at any time.
        self._stop_watching()

    def _begin(self, context: bpy.types.Context) -> bool:
        """Start the jobs; whether there is anything to watch."""
        from ..jobs.session import Session

        # Plain Python values on the operator; the jobs and their threads never see the operator.
        session, asked = Session.get(), self._asked()
        if session.clicks.is_double(asked):
            self.report({"INFO"}, rpt("Already begun"))
            return False
        self._prop_ids = self._start(context)
        if not self._prop_ids:
            return False
        session.clicks.begun(asked)
        session.reports.watch(self._prop_ids)
        return True

    def _asked(self) -> tuple[object, ...]:
        """What identifies this call, to recognize the second click of a double click."""
        at = tuple(self.at) if self.properties.is_property_set("at") else None
        return self.prompt, at, tuple(self.turned)

    def _start(self, context: bpy.types.Context, *, at_once: bool = False) -> list[str]:
        from ...core.errors import TrellisError
        from ..jobs.session import Session
        from ..jobs.start_jobs import start

        at = self.at if self.properties.is_property_set("at") else None
        try:
            return start(
                settings_in(context.scene),
                prompt=self.prompt,
                at=at,
                turned=tuple(self.turned),
                at_once=at_once,
            )
        except TrellisError as error:
            Session.get().last_error = error.facts
            self.report({"ERROR"}, sentence(error.facts))
            return []

    def _give_reports(self, session: "Session", worst: "Level" = "ERROR") -> OperatorResult:
        found = [session.reports.pop(prop_id, None) for prop_id in self._prop_ids]
        reports = [report for report in found if report]
        # If a script has called the operator, Blender raises an error's report as a RuntimeError.
        for report in reports:
            self.report({worst if report.level == "ERROR" else report.level}, report.text)
        good = reports and all(report.level == "INFO" for report in reports)
        return {"FINISHED"} if good else {"CANCELLED"}

    def _stop_watching(self) -> None:
        from ..common.event_timers import EventTimers
        from ..jobs.session import Session

        Session.get().reports.unwatch(self._prop_ids)
        EventTimers.stop(self._timer)


class TRELLIS_OT_add(bpy.types.Operator):
    """Ask for a prompt, then generate a prop and place it at the 3D cursor"""

    bl_idname = "trellis.add"
    bl_label = "Generate Trellis Prop"
    bl_options = {"REGISTER"}

    prompt: bpy.props.StringProperty(
        name="Prompt", description="What the prop is, in a few words: shape, material, style"
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Any:
        """Show a small dialog with the prompt. The libraries are loaded while it is typed."""
        from ..jobs.preload import libraries_are_missing

        libraries_are_missing()
        self.prompt = settings_in(context.scene).prompt
        return window_manager_of(context).invoke_props_dialog(
            self, width=DIALOG_WIDTH, confirm_text="Generate"
        )

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the field, and what prevents a generation, with the button that fixes it."""
        from ..account.cost_display import draw_cost
        from ..common.texts import EXAMPLE
        from ..setup.checklist import draw_obstacle

        layout: Any = self.layout
        from ..jobs.start_jobs import where_words

        layout.activate_init = True
        layout.prop(self, "prompt", text="", placeholder=EXAMPLE)
        if missing := obstacle_now():
            # A text is broken to the region's width, and the dialog lies over a wider one.
            scale = preferences_of(context).system.ui_scale
            region = context.region.width / scale if context.region else DIALOG_WIDTH
            draw_obstacle(layout, context, missing, beside=round(region - DIALOG_WIDTH))
        else:
            draw_cost(layout, context, settings_in(context.scene).model.model)
            layout.label(text=iface(where_words(settings_in(context.scene))), icon="PIVOT_CURSOR")

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Hand over to the one operator that generates."""
        settings_in(context.scene).prompt = self.prompt
        how = "EXEC_DEFAULT" if bpy.app.background else "INVOKE_DEFAULT"
        getattr(bpy.ops, "trellis").generate(how, prompt=self.prompt)  # noqa: B009  (not in stubs)
        return {"FINISHED"}


class TRELLIS_OT_cancel(bpy.types.Operator):
    """Stop this generation. What the gateway has begun may still be billed"""

    bl_idname = "trellis.cancel"
    bl_label = "Cancel Generation"
    bl_options = {"INTERNAL"}

    prop_id: bpy.props.StringProperty(
        name="Prop",
        description="The ids of the props to cancel, separated by commas. Empty: all",
        options={"SKIP_SAVE"},
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Any:
        """Ask for confirmation, with the names of the props. For Esc, which may be pressed by
        accident, and for cancelling all at once.
        """
        from ...core.text import shorten

        found = self._meant()
        if not found:
            return {"CANCELLED"}
        one = len(found) == 1
        title = iface("Stop {}?").format(
            shorten(found[0].prompt, 40) if one else iface("{} props").format(len(found))
        )
        names = "" if one else ", ".join(shorten(running.prompt, 30) for running in found[:4])
        billed = any(running.may_have_cost for running in found)
        message = iface("The gateway may still bill it") if billed else ""
        return window_manager_of(context).invoke_confirm(
            self,
            event,
            title=title,
            message=". ".join(filter(None, (names, message))),
            # Not "Cancel", which is the text of the other button.
            confirm_text=iface("Stop Generating"),
            icon="WARNING",
        )

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Tell the session."""
        from ..jobs.session import Session

        session, ids = Session.get(), [running.job.prop_id for running in self._meant()]
        if self.prop_id and not ids:
            return {"CANCELLED"}  # it has ended while the dialog asked
        if len(ids) == 1 and self.prop_id:
            session.cancel(ids[0])
        else:
            session.cancel_all(ids)
        return {"FINISHED"}

    def _meant(self) -> "list[Running]":
        from ..jobs.session import Session

        ids = [each for each in self.prop_id.split(",") if each]
        return [r for r in Session.get().running if not ids or r.job.prop_id in ids]


class TRELLIS_OT_preferences(bpy.types.Operator):
    """Open the preferences of Trellis Props: API key, gateway URL, library folder"""

    bl_idname = "trellis.preferences"
    bl_label = "Open Preferences"
    bl_options = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Show the extension's own page."""
        bpy.ops.preferences.addon_show(module=ADDON_ID)
        return {"FINISHED"}


class TRELLIS_OT_allow_online_access(bpy.types.Operator):
    """Switch on Blender's own Allow Online Access (Preferences > System > Network)"""

    bl_idname = "trellis.allow_online_access"
    bl_label = "Allow Online Access"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Require that the preference is not overridden by an option of Blender's command line."""
        if bpy.app.online_access_override:
            cls.poll_message_set(phrase("Blender was started with --offline-mode"))
            return False
        return True

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """The user's own click is the consent."""
        preferences_of(context).system.use_online_access = True
        return {"FINISHED"}


def settings_now() -> "Settings":
    """The current settings from the preferences."""
    return read_settings()


def obstacle_now() -> "TrellisError | None":
    """What prevents a generation, if anything."""
    from ...engine.preflight import obstacle

    return obstacle(settings_now())


def over_sidebar(context: bpy.types.Context, event: Any) -> bool:
    """Whether the pointer is over a 3D view's sidebar that shows the extension's tab."""
    for area in context.screen.areas if context.screen else ():
        if area.type != "VIEW_3D":
            continue
        for region in area.regions:
            inside = (
                region.x <= event.mouse_x < region.x + region.width
                and region.y <= event.mouse_y < region.y + region.height
            )
            if region.type == "UI" and inside:
                return bool(getattr(region, "active_panel_category", "") == CATEGORY)
    return False


CLASSES = (
    TRELLIS_OT_generate,
    TRELLIS_OT_add,
    TRELLIS_OT_cancel,
    TRELLIS_OT_preferences,
    TRELLIS_OT_allow_online_access,
)


register, unregister = registering(CLASSES)
