# SPDX-License-Identifier: GPL-3.0-or-later
"""Sidebar > Trellis > Prop: how the model becomes a prop. Closed until it is needed."""

from __future__ import annotations

from typing import Any

import bpy

from .finishing import NAMES, draw_finishing
from .lines import split_where_wide
from .properties import prompt_of
from .registering import registering
from .sidebar import SettingsPanel


class TRELLIS_PT_finishing(SettingsPanel, bpy.types.Panel):
    """Size, ground, triangles, shading, textures, levels of detail, proxy."""

    bl_idname = "TRELLIS_PT_finishing"
    bl_label = "Prop"

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        """The way back to the defaults."""
        layout: Any = self.layout
        scene: Any = context.scene
        group = scene.trellis.finishing
        layout.enabled = any(group.is_property_set(name) for name in NAMES)
        button = layout.operator("trellis.reset_settings", text="", icon="LOOP_BACK", emboss=False)
        button.group = "FINISHING"

    def draw(self, context: bpy.types.Context) -> None:
        """For the next prop; below it, for one that is there."""
        layout: Any = self.layout
        scene: Any = context.scene
        split_where_wide(layout, context)
        draw_finishing(layout, scene.trellis.finishing, prompt_of(scene.trellis))
        layout.operator_context = "INVOKE_DEFAULT"
        layout.operator(
            "trellis.finish_again", text="Finish Active Prop Again...", icon="MOD_REMESH"
        )


register, unregister = registering([TRELLIS_PT_finishing])
