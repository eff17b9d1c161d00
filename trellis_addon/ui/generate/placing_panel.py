# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws Sidebar > Trellis > Placing: the settings for how and where the next prop is placed."""

from __future__ import annotations

from typing import Any

import bpy

from ..common.class_registration import registering
from ..settings.properties import settings_in
from ..setup.panel_base import SettingsPanel


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


register, unregister = registering([TRELLIS_PT_placing])
