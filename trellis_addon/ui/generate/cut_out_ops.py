# SPDX-License-Identifier: GPL-3.0-or-later
"""Defines the operators that cut a reference image out of its background, and take that back."""

from __future__ import annotations

from typing import Any, Final

import bpy

from ...blender_context import OperatorResult
from ..common.class_registration import registering
from ..common.error_reports import reports_errors
from ..settings.properties import settings_in
from ..translation.translations import phrase, rpt

ORIGINAL: Final = "trellis_original"
"""The custom property with which a cut out image names the image that it was made from."""


def _chosen(context: bpy.types.Context) -> Any:
    from ..settings.reference_slots import chosen_view, image_in

    group = settings_in(context.scene)
    return image_in(group, chosen_view(group))


def original_of(image: Any) -> Any:
    """The image that a cut out one was made from; None if there is none, or it was deleted."""
    return image.get(ORIGINAL) if image else None


class TRELLIS_OT_cut_out_reference(bpy.types.Operator):
    """Replaces the chosen slot's image by its object alone."""

    bl_idname = "trellis.cut_out_reference"
    bl_label = "Cut Out Background"
    bl_description = (
        "Make the background of the reference image transparent, so that the model "
        "sees the object alone. For plain, graded and softly patterned backgrounds; "
        "the image itself is not changed"
    )
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Require an image that is not cut out yet."""
        if _chosen(context) is None:
            cls.poll_message_set(phrase("There is no reference image"))
            return False
        if original_of(_chosen(context)):
            cls.poll_message_set(phrase("The background is cut out already"))
            return False
        return True

    @reports_errors
    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Put the result into the slot, where its picture is seen before it is sent."""
        from ..settings.reference_image import cut_out_copy
        from ..settings.reference_slots import chosen_view, put_image

        image = _chosen(context)
        found = cut_out_copy(image)
        if found is None:
            self.report({"INFO"}, rpt("The background is transparent already"))
            return {"CANCELLED"}
        found[ORIGINAL] = image
        group = settings_in(context.scene)
        put_image(group, chosen_view(group), found)
        return {"FINISHED"}


class TRELLIS_OT_use_original(bpy.types.Operator):
    """Take the image with its background back"""

    bl_idname = "trellis.use_original"
    bl_label = "Use Original"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Require an image that was cut out."""
        if original_of(_chosen(context)):
            return True
        cls.poll_message_set(phrase("The reference image is an original"))
        return False

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Put the original into the slot."""
        from ..settings.reference_slots import chosen_view, put_image

        group = settings_in(context.scene)
        put_image(group, chosen_view(group), original_of(_chosen(context)))
        return {"FINISHED"}


def draw_cut_out(layout: Any, image: Any) -> None:
    """Draw the button that cuts out, or the one that takes it back."""
    if original_of(image):
        layout.operator("trellis.use_original", icon="LOOP_BACK")
    else:
        layout.operator("trellis.cut_out_reference", icon="IMAGE_ALPHA")


CLASSES: Final = (TRELLIS_OT_cut_out_reference, TRELLIS_OT_use_original)


register, unregister = registering(CLASSES)
