# SPDX-License-Identifier: GPL-3.0-or-later
"""Sidebar > Trellis > Prop: how the model becomes a prop. Closed until it is needed."""

from __future__ import annotations

from typing import Any

import bpy

from .finishing import draw_optimise, draw_proxy, draw_size
from .lines import split_where_wide
from .properties import prompt_of
from .registering import registering
from .sidebar import SettingsPanel


class TRELLIS_PT_finishing(SettingsPanel, bpy.types.Panel):
    """Size and origin; below them the closed parts."""

    bl_idname = "TRELLIS_PT_finishing"
    bl_label = "Prop"

    def draw_header_preset(self, _context: bpy.types.Context) -> None:
        """The way back to the defaults."""
        layout: Any = self.layout
        layout.operator("trellis.reset_finishing", text="", icon="LOOP_BACK", emboss=False)

    def draw(self, context: bpy.types.Context) -> None:
        """What is decided for almost every prop."""
        layout: Any = self.layout
        split_where_wide(layout, context)
        scene: Any = context.scene
        draw_size(layout, _group(context), prompt_of(scene.trellis))


class TRELLIS_PT_optimise(SettingsPanel, bpy.types.Panel):
    """Triangles, shading, textures, levels of detail."""

    bl_idname = "TRELLIS_PT_optimise"
    bl_parent_id = "TRELLIS_PT_finishing"
    bl_label = "Optimise"

    def draw(self, context: bpy.types.Context) -> None:
        """The mesh, then its pictures."""
        layout: Any = self.layout
        split_where_wide(layout, context)
        draw_optimise(layout, _group(context))


class TRELLIS_PT_proxy(SettingsPanel, bpy.types.Panel):
    """The light copy that the viewport shows."""

    bl_idname = "TRELLIS_PT_proxy"
    bl_parent_id = "TRELLIS_PT_finishing"
    bl_label = "Proxy"

    def draw_header(self, context: bpy.types.Context) -> None:
        """On or off."""
        self.layout.prop(_group(context), "proxy", text="")

    def draw(self, context: bpy.types.Context) -> None:
        """From when on a prop gets one."""
        layout: Any = self.layout
        split_where_wide(layout, context)
        draw_proxy(layout, _group(context))


def _group(context: bpy.types.Context) -> Any:
    scene: Any = context.scene
    return scene.trellis.finishing


register, unregister = registering([TRELLIS_PT_finishing, TRELLIS_PT_optimise, TRELLIS_PT_proxy])
