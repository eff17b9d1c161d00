# SPDX-License-Identifier: GPL-3.0-or-later
"""The operators. Thin: properties -> frozen request -> job -> report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy

from ..core.errors import TrellisError
from ..core.identity import ADDON_ID
from ..core.text import shorten
from ..preferences import read_settings
from .event_timers import EventTimers
from .jobs import Level, Running
from .properties import TrellisProperties
from .registering import registering
from .session import Session
from .texts import CATEGORY, EXAMPLE
from .translations import iface, phrase, rpt, sentence

if TYPE_CHECKING:
    from ..core.settings import Settings


MODAL_SECONDS = 0.2
DIALOG_WIDTH = 420
"""Pixels at a scale of 1."""


def properties(context: bpy.types.Context) -> TrellisProperties:
    """``Scene.trellis`` with its type."""
    group: TrellisProperties = context.scene.trellis
    return group


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
        """Needs a scene; what else is missing is said by the panel and on the click."""
        return context.scene is not None

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Generate and block until the props are placed: for scripts and background mode."""
        self._prop_ids = self._start(context, at_once=True)
        session = Session.get()
        for prop_id in self._prop_ids:
            session.wait(prop_id)
        return self._end(session)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Start the jobs and watch them without holding anything up."""
        # Plain Python values on the operator; the jobs and their threads never see the operator.
        session, asked = Session.get(), self._asked()
        if session.clicks.is_double(asked):
            self.report({"INFO"}, rpt("Already begun"))
            return {"CANCELLED"}
        self._prop_ids = self._start(context)
        if not self._prop_ids:
            return {"CANCELLED"}
        session.clicks.begun(asked)
        session.reports.watch(self._prop_ids)
        self._timer = EventTimers.start(context, MODAL_SECONDS)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Let everything pass but Esc over the sidebar, which asks; end with the jobs."""
        session = Session.get()
        if not session.beginning and all(map(session.has_ended, self._prop_ids)):
            # As a warning: an error would pop up at the pointer and swallow the artist's next key.
            result = self._end(session, worst="WARNING")
            self._stop_watching()
            return result
        if event.type == "ESC" and event.value == "PRESS" and over_sidebar(context, event):
            ids = ",".join(i for i in self._prop_ids if not session.has_ended(i))
            if ids:
                getattr(bpy.ops, "trellis").cancel("INVOKE_DEFAULT", prop_id=ids)  # noqa: B009
            return {"RUNNING_MODAL"}
        return {"PASS_THROUGH"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender ends the operator (a file is loaded): the jobs go on in the session."""
        self._stop_watching()

    def _asked(self) -> tuple[object, ...]:
        """What a double click would ask for once more."""
        at = tuple(self.at) if self.properties.is_property_set("at") else None
        return self.prompt, at, tuple(self.turned)

    def _start(self, context: bpy.types.Context, *, at_once: bool = False) -> list[str]:
        from .generating import start

        at = self.at if self.properties.is_property_set("at") else None
        try:
            return start(
                properties(context),
                prompt=self.prompt,
                at=at,
                turned=tuple(self.turned),
                at_once=at_once,
            )
        except TrellisError as error:
            Session.get().last_error = error.facts
            self.report({"ERROR"}, sentence(error.facts))
            return []

    def _end(self, session: Session, worst: Level = "ERROR") -> set[str]:
        found = [session.reports.pop(prop_id, None) for prop_id in self._prop_ids]
        reports = [report for report in found if report]
        for report in reports:
            self.report({worst if report.level == "ERROR" else report.level}, report.text)
        good = reports and all(report.level == "INFO" for report in reports)
        return {"FINISHED"} if good else {"CANCELLED"}

    def _stop_watching(self) -> None:
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
        """A small dialog with the prompt."""
        self.prompt = properties(context).prompt
        return context.window_manager.invoke_props_dialog(
            self, width=DIALOG_WIDTH, confirm_text="Generate"
        )

    def draw(self, context: bpy.types.Context) -> None:
        """The field, and what stands in the way with the button that mends it."""
        from .cost import draw_cost
        from .panels import draw_obstacle  # which imports this module

        layout: Any = self.layout
        from .generating import where_words

        layout.activate_init = True
        layout.prop(self, "prompt", text="", placeholder=EXAMPLE)
        if missing := obstacle_now():
            # A text is broken to the region's width, and the dialog lies over a wider one.
            scale = context.preferences.system.ui_scale
            region = context.region.width / scale if context.region else DIALOG_WIDTH
            draw_obstacle(layout, context, missing, beside=round(region - DIALOG_WIDTH))
        else:
            draw_cost(layout, context, properties(context).model.model)
            layout.label(text=iface(where_words(properties(context))), icon="PIVOT_CURSOR")

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Hand over to the one operator that generates."""
        properties(context).prompt = self.prompt
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
        """Ask first, by name: for Esc, a reflex, and for all at once."""
        found = self._meant()
        if not found:
            return {"CANCELLED"}
        one = len(found) == 1
        title = iface("Cancel {}?").format(
            shorten(found[0].prompt, 40) if one else iface("{} props").format(len(found))
        )
        names = "" if one else ", ".join(shorten(running.prompt, 30) for running in found[:4])
        billed = any(running.may_have_cost for running in found)
        message = iface("The gateway may still bill it") if billed else ""
        return context.window_manager.invoke_confirm(
            self,
            event,
            title=title,
            message=". ".join(filter(None, (names, message))),
            confirm_text=iface("Cancel Generation"),
            icon="WARNING",
        )

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Tell the session."""
        session, ids = Session.get(), [running.job.prop_id for running in self._meant()]
        if len(ids) == 1 and self.prop_id:
            session.cancel(ids[0])
        else:
            session.cancel_all(ids)
        return {"FINISHED"}

    def _meant(self) -> list[Running]:
        ids = [each for each in self.prop_id.split(",") if each]
        return [r for r in Session.get().running if not ids or r.job.prop_id in ids]


class TRELLIS_OT_preferences(bpy.types.Operator):
    """Open the preferences of Trellis Props: API key, gateway URL, library folder"""

    bl_idname = "trellis.preferences"
    bl_label = "Open Preferences"
    bl_options = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
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
        """Not when the command line has decided."""
        if bpy.app.online_access_override:
            cls.poll_message_set(phrase("Blender was started with --offline-mode"))
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """The user's own click is the consent."""
        context.preferences.system.use_online_access = True
        return {"FINISHED"}


def settings_now() -> Settings:
    """The preferences as they are."""
    return read_settings()


def obstacle_now() -> TrellisError | None:
    """What stands in the way of a generation, if anything."""
    from ..engine.consent import obstacle

    return obstacle(settings_now())


def over_sidebar(context: bpy.types.Context, event: Any) -> bool:
    """Whether the pointer is over a 3D view's sidebar with our tab in front."""
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
