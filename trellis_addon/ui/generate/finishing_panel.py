# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws Sidebar > Trellis > Prop, with the finishing settings. It is closed by default."""

from __future__ import annotations

from typing import Any

import bpy

from ...blender_context import layout_of
from ..common.class_registration import registering
from ..settings.properties import prompt_of, settings_in
from ..setup.panel_base import SettingsPanel


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


register, unregister = registering([TRELLIS_PT_finishing, TRELLIS_PT_optimise, TRELLIS_PT_proxy])
