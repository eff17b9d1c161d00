# SPDX-License-Identifier: GPL-3.0-or-later
"""Defines the popover with the settings of pictures, and the menu of earlier ones."""

from __future__ import annotations

from typing import Any, Final

import bpy

from ...preferences import read_settings
from ..common.class_registration import registering
from ..settings.properties import settings_in
from ..translation.translations import iface

MOST_EARLIER: Final = 15
SHOWN: Final = 48
"""The most characters of a prompt in the menu."""


class TRELLIS_PT_picture_settings(bpy.types.Panel):
    """Which model makes the pictures, how many, and what is added to the prompt."""

    bl_idname = "TRELLIS_PT_picture_settings"
    bl_space_type = "VIEW_3D"
    bl_region_type = "HEADER"
    bl_label = "Picture Settings"
    bl_options = {"INSTANCED"}
    bl_ui_units_x = 15

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the number, the model with its price, and the words that are added."""
        from ..account.account import PICTURE_MODELS, Account
        from ..common.text_layout import HAS_TEXTBOX
        from .picture_reasons import cents_of, cost_words, model_of

        layout: Any = self.layout
        group = settings_in(context.scene)
        own, model = group.pictures, model_of(group)
        head = layout.row()
        head.label(text="Picture Settings")
        head.operator("trellis.reset_pictures", text="", icon="LOOP_BACK", emboss=False)
        layout.prop(own, "count")
        column = layout.column(align=True)
        column.label(text="Picture Model")
        row = column.row(align=True)
        row.prop(own, "model", text="", placeholder=model or iface("The cheapest"))
        row.operator("trellis.refresh_picture_models", text="", icon="FILE_REFRESH")
        if trouble := Account.get().troubles.get(PICTURE_MODELS):
            column.label(text=trouble.message, icon="ERROR")
        elif model and cents_of(model) is not None:
            words = iface("A picture: {}").format(cost_words(model, 1))
            column.label(text=words, icon="BLANK1")
        column = layout.column(align=True)
        column.label(text="Added to the Prompt")
        if HAS_TEXTBOX:
            column.textbox(own, "suffix")
        else:
            column.prop(own, "suffix", text="")


class TRELLIS_MT_earlier_pictures(bpy.types.Menu):
    """Pictures of the library, the newest first"""

    bl_idname = "TRELLIS_MT_earlier_pictures"
    bl_label = "Earlier Pictures"

    def draw(self, _context: bpy.types.Context) -> None:
        """Draw the prompts, from memory."""
        from ...core.text import shorten
        from ..gallery_data.gallery import Gallery
        from .picture_desk import PictureDesk

        layout: Any = self.layout
        desk, gallery = PictureDesk.get(), Gallery.get()
        desk.notice(read_settings())
        for facts in (desk.sets or ())[:MOST_EARLIER]:
            words = shorten(facts.prompt, SHOWN)
            if facts.missing:
                told = iface("{} of {}").format(len(facts.pictures), facts.total)
                words = f"{words} ({told})"
            # Sets of one prompt look the same but for their pictures.
            first = facts.pictures[:1]
            icon = (
                gallery.previews.picture(f"{facts.id}:{first[0][0]}", first[0][1]) if first else 0
            )
            look: dict[str, Any] = {"icon_value": icon} if icon else {"icon": "IMAGE_DATA"}
            button = layout.operator(
                "trellis.earlier_pictures", text=words, translate=False, **look
            )
            button.set_id = facts.id
        gallery.wake()
        if not desk.sets:
            known = desk.sets is not None
            layout.label(text="None yet" if known else "Looking through the library")


CLASSES: Final = (TRELLIS_PT_picture_settings, TRELLIS_MT_earlier_pictures)


register, unregister = registering(CLASSES)
