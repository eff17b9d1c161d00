# SPDX-License-Identifier: GPL-3.0-or-later
"""Sidebar > Trellis > Placing: how and where the next prop comes into the file."""

from __future__ import annotations

from typing import Any

import bpy

from .lines import choice, split_where_wide
from .registering import registering
from .sidebar import SettingsPanel


class TRELLIS_PT_placing(SettingsPanel, bpy.types.Panel):
    """Link or append, cursor, origin or surface, collection, name."""

    bl_idname = "TRELLIS_PT_placing"
    bl_label = "Placing"

    def draw_header_preset(self, _context: bpy.types.Context) -> None:
        """The way back to the defaults."""
        layout: Any = self.layout
        layout.operator("trellis.reset_placing", text="", icon="LOOP_BACK", emboss=False)

    def draw(self, context: bpy.types.Context) -> None:
        """Blender's own split layout."""
        layout: Any = self.layout
        scene: Any = context.scene
        split_where_wide(layout, context)
        choice(layout, scene.trellis, "method")
        choice(layout, scene.trellis, "where")
        choice(layout, scene.trellis, "collection")
        choice(layout, scene.trellis, "name")


register, unregister = registering([TRELLIS_PT_placing])
