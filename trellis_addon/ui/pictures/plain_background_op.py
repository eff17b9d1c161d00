# SPDX-License-Identifier: GPL-3.0-or-later
"""Defines the operator that has an image model put the reference image's object before a plain
background, for pictures that cannot be cut out by colour.
"""

from typing import TYPE_CHECKING, Any, Final

import bpy

from ..common.class_registration import registering
from ..settings.properties import prompt_of, settings_in
from ..translation.translations import iface, phrase
from .picture_ops import AsksForPictures, is_busy, may_be_asked

if TYPE_CHECKING:
    from .picture_wish import Wish


class TRELLIS_OT_plain_background(AsksForPictures, bpy.types.Operator):
    """Asks for one picture like the reference image, which is shown in the row of pictures."""

    bl_idname = "trellis.plain_background"
    bl_label = "Plain Background"
    bl_description = (
        "Ask an image model for a picture of the same object before a plain background "
        "(this costs credit). It is shown among the pictures, and sent if you choose it"
    )
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Require a reference image, and a prompt, which image models need as well."""
        if is_busy(cls):
            return False
        from .picture_reasons import DESCRIBE, model_of

        group = settings_in(context.scene) if context.scene else None
        if group is None or group.reference is None:
            cls.poll_message_set(phrase("There is no reference image"))
            return False
        if not prompt_of(group):
            cls.poll_message_set(phrase(DESCRIBE))
            return False
        return may_be_asked(cls, model_of(group), 1)

    def wish(self, context: bpy.types.Context) -> "Wish":
        """One picture, with words that keep the object as it is."""
        from ...core.pictures.picture_settings import PLAIN_SUFFIX
        from ..settings.reference_image import data_uri
        from .picture_wish import wish_of

        group = settings_in(context.scene)
        wish = wish_of(group, count=1)
        return wish._replace(suffix=PLAIN_SUFFIX, image=data_uri(group.reference))


def draw_plain_background(layout: Any, context: bpy.types.Context, group: Any) -> None:
    """Draw the button with its cost, as far as that is known."""
    from .picture_reasons import cents_of, model_of
    from .picture_row import with_cost

    words = with_cost(context, iface("Plain Background"), cents_of(model_of(group)), 1)
    layout.operator("trellis.plain_background", text=words, icon="IMAGE_DATA")


CLASSES: Final = (TRELLIS_OT_plain_background,)


register, unregister = registering(CLASSES)
