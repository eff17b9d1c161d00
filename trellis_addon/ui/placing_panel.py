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

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        """The way back to the defaults."""
        layout: Any = self.layout
        scene: Any = context.scene
        layout.enabled = is_changed(scene.trellis)
        button = layout.operator("trellis.reset_settings", text="", icon="LOOP_BACK", emboss=False)
        button.group = "PLACING"

    def draw(self, context: bpy.types.Context) -> None:
        """Blender's own split layout."""
        layout: Any = self.layout
        scene: Any = context.scene
        split_where_wide(layout, context)
        choice(layout, scene.trellis, "method")
        choice(layout, scene.trellis, "where")
        choice(layout, scene.trellis, "collection")
        choice(layout, scene.trellis, "name")


def is_changed(group: Any) -> bool:
    """Whether anything of this panel is other than its default."""
    defaults = group.bl_rna.properties
    chosen = any(getattr(group, name) != defaults[name].default for name in ("method", "where"))
    return bool(chosen or group.collection or group.name)


register, unregister = registering([TRELLIS_PT_placing])
