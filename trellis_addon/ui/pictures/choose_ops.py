# SPDX-License-Identifier: GPL-3.0-or-later
"""Defines the operators that choose pictures and change their settings. None of them costs
anything.
"""

from typing import Any, Final

import bpy

from ...blender_context import OperatorResult
from ...core.pictures.picture_settings import MOST_PICTURES
from ...preferences import read_settings
from ..common.class_registration import registering
from ..common.error_reports import reports_errors
from ..settings.properties import prompt_of, settings_in
from ..setup.setup_ops import blocked, finish
from ..translation.translations import iface, phrase
from .picture_ops import NONE_SHOWN, is_busy, shown_set


class TRELLIS_OT_choose_picture(bpy.types.Operator):
    """Make the next prop from this picture"""

    bl_idname = "trellis.choose_picture"
    bl_label = "Choose Picture"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    number: bpy.props.IntProperty(
        name="Number",
        description="The picture's number, from 1 on",
        default=1,
        min=1,
        max=MOST_PICTURES,
        options={"SKIP_SAVE"},
    )
    set_id: bpy.props.StringProperty(
        name="Set",
        description="The id of the set of pictures. Empty: the one in the panel",
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Require a scene."""
        return context.scene is not None

    @classmethod
    def description(cls, context: bpy.types.Context, properties: Any) -> str:
        """Tell the prompt of the picture, and what a click does."""
        shown = shown_set(context)
        chosen = settings_in(context.scene).pictures.chosen if context.scene else ""
        if shown is None:
            return cls.__doc__ or ""
        if chosen == f"{shown.id}:{properties.number}":
            return f"{iface('Generate makes the prop from this picture')}\n{shown.prompt}"
        return f"{iface('Make the next prop from this picture')}\n{shown.prompt}"

    @reports_errors
    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Note the picture, and take up its prompt. A second click changes nothing, so that a
        double click does not take it back.
        """
        from ...core.errors import InputError
        from ..common.redraw import redraw_sidebars
        from .picture_desk import PictureDesk
        from .set_facts import read_set

        shown, desk = shown_set(context), PictureDesk.get()
        if self.set_id:
            shown = read_set(read_settings().library, self.set_id)
        if shown is None:
            raise InputError(NONE_SHOWN, "Make pictures first")
        if shown.path(self.number) is None:
            raise InputError(f"Picture {self.number} is not here", "Choose another one")
        group = settings_in(context.scene)
        if prompt_of(group) != shown.prompt:
            group.use_text, group.prompt = False, shown.prompt
        group.pictures.chosen = f"{shown.id}:{self.number}"
        group.pictures.chosen_prompt = shown.prompt
        desk.shown = shown
        redraw_sidebars()
        return {"FINISHED"}


class TRELLIS_OT_unchoose_picture(bpy.types.Operator):
    """Make the next prop from the prompt alone. The pictures stay"""

    bl_idname = "trellis.unchoose_picture"
    bl_label = "Use No Picture"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Require a chosen picture."""
        if context.scene is None or not settings_in(context.scene).pictures.chosen:
            cls.poll_message_set(phrase("No picture is chosen"))
            return False
        return True

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Keep the set in the panel, which may be there for the chosen picture alone."""
        from ..common.redraw import redraw_sidebars
        from .picture_desk import PictureDesk

        PictureDesk.get().shown = shown_set(context)
        forget_choice(settings_in(context.scene))
        redraw_sidebars()
        return {"FINISHED"}


class TRELLIS_OT_clear_pictures(bpy.types.Operator):
    """Remove the pictures from the panel. They stay in the library, under Earlier Pictures"""

    bl_idname = "trellis.clear_pictures"
    bl_label = "Clear Pictures"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Require that nothing is being made."""
        return context.scene is not None and not is_busy(cls)

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Neither shown nor chosen."""
        from .picture_desk import PictureDesk

        forget_choice(settings_in(context.scene))
        PictureDesk.get().show(None)
        return {"FINISHED"}


class TRELLIS_OT_earlier_pictures(bpy.types.Operator):
    """Show these pictures again. Costs nothing"""

    bl_idname = "trellis.earlier_pictures"
    bl_label = "Show Earlier Pictures"
    bl_options = {"INTERNAL"}

    set_id: bpy.props.StringProperty(
        name="Set", description="The id of the set of pictures", options={"SKIP_SAVE"}
    )

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Require that nothing is being made."""
        return not is_busy(cls)

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: Any) -> str:
        """The whole prompt, for which the menu has no space."""
        from .picture_desk import PictureDesk

        found = PictureDesk.get().set_with(properties.set_id)
        return found.prompt if found else cls.__doc__ or ""

    @reports_errors
    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """As they are on the disk now."""
        from .picture_desk import PictureDesk
        from .set_facts import read_set

        PictureDesk.get().show(read_set(read_settings().library, self.set_id))
        return {"FINISHED"}


class TRELLIS_OT_dismiss_pictures(bpy.types.Operator):
    """Hide this message"""

    bl_idname = "trellis.dismiss_pictures"
    bl_label = "Dismiss"
    bl_options = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """The pictures stay."""
        from ..common.redraw import redraw_sidebars
        from .picture_desk import PictureDesk

        desk = PictureDesk.get()
        desk.trouble, desk.note = None, ""
        redraw_sidebars()
        return {"FINISHED"}


class TRELLIS_OT_reset_pictures(bpy.types.Operator):
    """Set the number of pictures, their model and what is added to the prompt to the defaults"""

    bl_idname = "trellis.reset_pictures"
    bl_label = "Reset Picture Settings"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Require that a setting differs from its default."""
        from ..settings.picture_properties import NAMES

        group = settings_in(context.scene).pictures if context.scene else None
        defaults = group.bl_rna.properties if group else {}
        if not any(getattr(group, name) != defaults[name].default for name in NAMES if group):
            cls.poll_message_set(phrase("Everything is at its default"))
            return False
        return True

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Unset every property; the chosen picture stays."""
        from ..settings.picture_properties import NAMES

        for name in NAMES:
            settings_in(context.scene).pictures.property_unset(name)
        return {"FINISHED"}


class TRELLIS_OT_refresh_picture_models(bpy.types.Operator):
    """Ask the gateway for its list of image models, with their prices. Costs nothing"""

    bl_idname = "trellis.refresh_picture_models"
    bl_label = "Refresh Image Models"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Require a gateway that may be asked, and that it is not being asked already."""
        from ..account.account import PICTURE_MODELS

        return not blocked(cls, PICTURE_MODELS)

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Ask in the background; in background mode, wait."""
        from ..account.account import PICTURE_MODELS, Account

        account = Account.get()
        account.refresh_picture_models(read_settings())
        return finish(self, account, PICTURE_MODELS, "The list of models is fresh")


def forget_choice(group: Any) -> None:
    """Choose no picture."""
    group.pictures.chosen = group.pictures.chosen_prompt = ""


CLASSES: Final = (
    TRELLIS_OT_choose_picture,
    TRELLIS_OT_unchoose_picture,
    TRELLIS_OT_clear_pictures,
    TRELLIS_OT_earlier_pictures,
    TRELLIS_OT_dismiss_pictures,
    TRELLIS_OT_reset_pictures,
    TRELLIS_OT_refresh_picture_models,
)


register, unregister = registering(CLASSES)
