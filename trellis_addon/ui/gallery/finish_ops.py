# SPDX-License-Identifier: GPL-3.0-or-later
"""Defines the operators that finish a prop again, and that reset the settings. Both are free."""

from typing import TYPE_CHECKING, Any, Final

import bpy

from ...blender_context import OperatorResult, layout_of, window_manager_of
from ...preferences import read_settings
from ..common.class_registration import registering
from ..common.error_reports import reports_errors
from ..place.library_ops import chosen_prop
from ..place.place_ops import suggest
from ..settings.finishing_properties import TrellisFinishing
from ..settings.properties import settings_in
from ..translation.translations import phrase, rpt

if TYPE_CHECKING:
    from ...core.generation.finishing import Finishing
    from ...library.prop_folder import PropFolder


class TRELLIS_OT_finish_again(bpy.types.Operator):
    """Make a prop again from its received model, with other settings"""

    bl_idname = "trellis.finish_again"
    bl_label = "Finish Prop Again"
    bl_description = (
        "Make a prop again from its received model, with another size, triangle count or shading. "
        "It costs nothing and needs no network. Files that link the prop show the new one"
    )
    bl_options = {"REGISTER"}

    prop_id: bpy.props.StringProperty(
        name="Prop",
        description="The prop's id. Empty: the active asset's or the active object's",
        search=suggest,
        options={"SKIP_SAVE"},
    )
    finishing: bpy.props.PointerProperty(
        type=TrellisFinishing,
        name="Prop",
        description="What is to be different; the rest stays as the prop has it",
    )
    use_sidebar: bpy.props.BoolProperty(
        name="Settings of the Sidebar",
        description="Take all settings from the sidebar. For scripts, as those of this operator "
        "cannot be given in a call before Blender 5.0",
        options={"SKIP_SAVE", "HIDDEN"},
    )

    @reports_errors
    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Any:
        """Show the prop's own settings."""
        from ..settings.finishing_mapping import fill

        self.prop_id = self.prop_id or chosen_prop(context)
        _, own, _ = found(self.prop_id)
        fill(self.finishing, own)
        return window_manager_of(context).invoke_props_dialog(
            self, width=380, title="Finish Prop Again", confirm_text="Finish Again"
        )

    def draw(self, context: bpy.types.Context) -> None:
        """The prop and its settings."""
        from ..gallery_data.gallery import Gallery
        from ..settings.finishing_mapping import draw_finishing

        column = layout_of(self).column()
        column.label(
            text=Gallery.get().name_of(self.prop_id), icon="ASSET_MANAGER", translate=False
        )
        column.use_property_split, column.use_property_decorate = True, False
        draw_finishing(column, self.finishing)

    @reports_errors
    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Begin; in background mode and in scripts there, until it is done."""
        from ..jobs.end_of_job import ended
        from ..jobs.session import Session
        from ..settings.finishing_mapping import changed, to_finishing

        session = Session.get()
        folder, own, name = found(self.prop_id or chosen_prop(context))
        prompt = str(folder.read().request.get("prompt") or "")
        finishing = changed(self.finishing, own, prompt)
        if self.use_sidebar:
            finishing = to_finishing(settings_in(context.scene).finishing, prompt)
        job = session.workshop.finish(folder, finishing, read_settings())
        session.add(job, name, reload=True, finishing=finishing)
        words = rpt("Making {} again in the background").format(name)
        return ended(self, session, folder.id, words)


AT_DEFAULTS: Final = "Everything is at its default"


class TRELLIS_OT_reset_finishing(bpy.types.Operator):
    """Set everything in this panel to its default"""

    bl_idname = "trellis.reset_finishing"
    bl_label = "Reset Prop Settings"
    bl_options = {"UNDO", "INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only where something is changed."""
        from ..settings.finishing_properties import NAMES

        if context.scene is None:
            return False
        group = settings_in(context.scene).finishing
        if not any(group.is_property_set(name) for name in NAMES):
            cls.poll_message_set(phrase(AT_DEFAULTS))
            return False
        return True

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Forget what was set."""
        from ..settings.finishing_mapping import reset

        reset(settings_in(context.scene).finishing)
        return {"FINISHED"}


class TRELLIS_OT_reset_placing(bpy.types.Operator):
    """Set everything in this panel to its default"""

    bl_idname = "trellis.reset_placing"
    bl_label = "Reset Placing"
    bl_options = {"UNDO", "INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only where something is changed."""
        if context.scene is None:
            return False
        group = settings_in(context.scene)
        defaults: Any = group.bl_rna.properties
        chosen = any(getattr(group, name) != defaults[name].default for name in ("method", "where"))
        if not (chosen or group.collection or group.name):
            cls.poll_message_set(phrase(AT_DEFAULTS))
            return False
        return True

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Forget what was set; the prompt stays."""
        for name in ("name", "method", "where", "collection"):
            settings_in(context.scene).property_unset(name)
        return {"FINISHED"}


class TRELLIS_OT_improve_prop(bpy.types.Operator):
    """Make a prop again from its received model, so that it becomes ready for a use"""

    bl_idname = "trellis.improve_prop"
    bl_label = "Improve Prop"
    bl_description = (
        "Make the prop again from its received model with the setting that is missing; all other "
        "settings stay. It costs nothing and can be undone by finishing the prop again"
    )
    bl_options = {"REGISTER", "INTERNAL"}

    prop_id: bpy.props.StringProperty(
        name="Prop", description="The prop's id", options={"SKIP_SAVE"}
    )
    step: bpy.props.StringProperty(
        name="Step", description="What is to be done with the prop", options={"SKIP_SAVE"}
    )
    use: bpy.props.StringProperty(
        name="Use", description="What the prop is to become ready for", options={"SKIP_SAVE"}
    )

    @reports_errors
    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Begin; in background mode and in scripts there, until it is done."""
        from dataclasses import replace

        from ...core.generation.readiness import STEPS
        from ..jobs.end_of_job import ended
        from ..jobs.session import Session

        session = Session.get()
        folder, own, name = found(self.prop_id)
        finishing = replace(own, **STEPS[self.step].settings(self.use))
        job = session.workshop.finish(folder, finishing, read_settings())
        session.add(job, name, reload=True, finishing=finishing)
        return ended(
            self, session, folder.id, rpt("Making {} again in the background").format(name)
        )


def found(prop_id: str) -> "tuple[PropFolder, Finishing, str]":
    """Find a prop that has a model.

    :returns: its folder, its settings (the defaults if they are unusable), and its name.
    :raises InputError: there is no such prop, or it has no model.
    :raises LibraryError: its record is unusable.
    """
    from ...core.errors import InputError, InvalidRequestError
    from ...core.generation.finishing import Finishing
    from ...library.library import Library
    from ..jobs.job_state import record_name

    if not prop_id:
        raise InputError("No prop is chosen", "Select one in the scene or the Asset Browser")
    folder = Library(read_settings().library).find(prop_id)
    record = folder.read()
    if record.model_file not in record.files:
        raise InputError(f"{record_name(record)} has no model yet", "Wait for it, or continue it")
    try:
        own = Finishing.from_dict(record.finishing)
    except InvalidRequestError:
        own = Finishing()
    return folder, own, record_name(record)


def draw_asset(self: bpy.types.Menu, context: bpy.types.Context) -> None:
    """Draw the entry for the active asset, if it is a prop."""
    if prop_id := chosen_prop(context):
        layout_of(self).separator()
        layout_of(self).operator_context = "INVOKE_DEFAULT"
        button = layout_of(self).operator("trellis.finish_again", text="Finish Prop Again...")
        setattr(button, "prop_id", prop_id)  # noqa: B010  (not in the stubs)


CLASSES = (
    TRELLIS_OT_finish_again,
    TRELLIS_OT_reset_finishing,
    TRELLIS_OT_reset_placing,
    TRELLIS_OT_improve_prop,
)
MENUS = (("ASSETBROWSER_MT_context_menu", draw_asset),)


register, unregister = registering(CLASSES, MENUS)
