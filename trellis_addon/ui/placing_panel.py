# SPDX-License-Identifier: GPL-3.0-or-later
"""Sidebar > Trellis > Placing: how and where the next prop comes into the file."""

from __future__ import annotations

from typing import Any

import bpy

from .first_run import first_run_is_on
from .lines import choice, split_where_wide
from .registering import registering
from .texts import CATEGORY


class TRELLIS_PT_placing(bpy.types.Panel):
    """Link or append, cursor, origin or surface, collection, name."""

    bl_idname = "TRELLIS_PT_placing"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = CATEGORY
    bl_parent_id = "TRELLIS_PT_main"
    bl_label = "Placing"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Not before everything is there."""
        return not first_run_is_on()

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
