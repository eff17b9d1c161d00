# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the sub-panels Model, Prop and Placing, with the settings of the next prop."""

from __future__ import annotations

from typing import Any

import bpy

from ...blender_context import layout_of
from ..common.class_registration import registering
from ..settings.model_properties import model_group
from ..settings.properties import prompt_of, settings_in
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


class TRELLIS_PT_finishing(SettingsPanel, bpy.types.Panel):
    """Size and origin; below them the closed parts."""

    bl_idname = "TRELLIS_PT_finishing"
    bl_label = "Prop"

    def draw_header_preset(self, _context: bpy.types.Context) -> None:
        """Draw the button that resets the settings."""
        layout: Any = self.layout
        layout.operator("trellis.reset_finishing", text="", icon="LOOP_BACK", emboss=False)

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the settings that matter for almost every prop."""
        from ..common.text_layout import split_where_wide
        from ..settings.finishing_mapping import draw_size

        layout: Any = self.layout
        split_where_wide(layout, context)
        group = settings_in(context.scene)
        draw_size(layout, group.finishing, prompt_of(group))


class TRELLIS_PT_optimise(SettingsPanel, bpy.types.Panel):
    """Triangles, shading, textures, levels of detail."""

    bl_idname = "TRELLIS_PT_optimise"
    bl_parent_id = "TRELLIS_PT_finishing"
    bl_label = "Optimise"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the settings of the mesh, then those of its textures."""
        from ..common.text_layout import split_where_wide
        from ..settings.finishing_mapping import draw_optimise

        layout: Any = self.layout
        split_where_wide(layout, context)
        draw_optimise(layout, settings_in(context.scene).finishing)


class TRELLIS_PT_proxy(SettingsPanel, bpy.types.Panel):
    """The light copy that the viewport shows."""

    bl_idname = "TRELLIS_PT_proxy"
    bl_parent_id = "TRELLIS_PT_finishing"
    bl_label = "Proxy"

    def draw_header(self, context: bpy.types.Context) -> None:
        """Switch it on or off."""
        layout_of(self).prop(settings_in(context.scene).finishing, "proxy", text="")

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the sizes above which a prop gets a proxy."""
        from ..common.text_layout import split_where_wide
        from ..settings.finishing_mapping import draw_proxy

        layout: Any = self.layout
        split_where_wide(layout, context)
        draw_proxy(layout, settings_in(context.scene).finishing)


class TRELLIS_PT_placing(SettingsPanel, bpy.types.Panel):
    """Link or append, cursor, origin or surface, collection, name."""

    bl_idname = "TRELLIS_PT_placing"
    bl_label = "Placing"

    def draw_header_preset(self, _context: bpy.types.Context) -> None:
        """Draw the button that resets the settings."""
        layout: Any = self.layout
        layout.operator("trellis.reset_placing", text="", icon="LOOP_BACK", emboss=False)

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the method, the place, the collection and the name."""
        from ..common.text_layout import choice, split_where_wide

        layout: Any = self.layout
        group = settings_in(context.scene)
        split_where_wide(layout, context)
        choice(layout, group, "method")
        choice(layout, group, "where")
        choice(layout, group, "collection")
        choice(layout, group, "name")


register, unregister = registering(
    [
        TRELLIS_PT_model,
        TRELLIS_PT_model_advanced,
        TRELLIS_PT_finishing,
        TRELLIS_PT_optimise,
        TRELLIS_PT_proxy,
        TRELLIS_PT_placing,
    ]
)
