# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the sub-panel "Model", with the model and its settings."""

from __future__ import annotations

from typing import Any

import bpy

from ..common.class_registration import registering
from ..settings.model_properties import model_group
from ..setup.panel_base import SettingsPanel


class TRELLIS_PT_model(SettingsPanel, bpy.types.Panel):
    """Picker and seed."""

    bl_idname = "TRELLIS_PT_model"
    bl_label = "Model"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Require a scene, and hide the panel while the checklist is shown."""
        return model_group(context) is not None and super().poll(context)

    def draw_header_preset(self, _context: bpy.types.Context) -> None:
        """Draw the reset button at the right end of the header."""
        layout: Any = self.layout
        layout.operator("trellis.reset_model", text="", icon="LOOP_BACK", emboss=False)

    def draw(self, context: bpy.types.Context) -> None:
        """Blender's own split layout."""
        from ..account.account import MODELS, Account
        from ..common.text_layout import draw_lines, split_where_wide

        group: Any = model_group(context)  # there is one: poll has asked
        layout: Any = self.layout
        split_where_wide(layout, context)
        row = layout.row(align=True)
        row.use_property_split = False  # models have long names, which need the whole width
        row.prop(group, "model", text="")
        row.operator("trellis.refresh_models", text="", icon="FILE_REFRESH")
        account = Account.get()
        if trouble := account.troubles.get(MODELS):
            draw_lines(layout, context, trouble.sentence, "ERROR")
        row = layout.row(heading="Seed", align=True)
        row.prop(group, "use_seed", text="")
        value = row.row(align=True)
        value.active = group.use_seed
        value.prop(group, "seed", text="")
        draw_dice(row)


class TRELLIS_PT_model_advanced(SettingsPanel, bpy.types.Panel):
    """Settings of language models, which most 3D models do not know."""

    bl_idname = "TRELLIS_PT_model_advanced"
    bl_parent_id = "TRELLIS_PT_model"
    bl_label = "Advanced"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the settings, after a note that most models ignore them."""
        from ..common.text_layout import choice, draw_lines, split_where_wide

        layout: Any = self.layout
        if (group := model_group(context)) is None:
            return
        split_where_wide(layout, context)
        draw_lines(layout, context, "3D models ignore most of this", "INFO")
        column = layout.column(align=True)
        column.prop(group, "temperature", slider=True)
        column.prop(group, "top_p", slider=True)
        layout.prop(group, "max_tokens")
        choice(layout, group, "system")


def draw_dice(layout: Any) -> None:
    """Draw the button for a new seed, with one of Blender's icons until ours is loaded."""
    from ..gallery_data.gallery import Gallery

    gallery = Gallery.get()
    icon = gallery.previews.dice()
    gallery.wake()
    if icon:
        layout.operator("trellis.random_seed", text="", icon_value=icon)
    else:
        layout.operator("trellis.random_seed", text="", icon="FILE_REFRESH")


register, unregister = registering([TRELLIS_PT_model, TRELLIS_PT_model_advanced])
