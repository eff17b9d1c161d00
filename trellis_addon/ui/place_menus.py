# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the operators for placing stand: Add > Trellis Prop from Library, Object > Trellis."""

from __future__ import annotations

from typing import Any

import bpy

from .prop_ops import DISPLAYS, WAYS


class TRELLIS_MT_object(bpy.types.Menu):
    """Object > Trellis."""

    bl_idname = "TRELLIS_MT_object"
    bl_label = "Trellis"

    def draw(self, context: bpy.types.Context) -> None:
        """For the selected props, then for all."""
        layout: Any = self.layout  # the stubs know neither our operators nor icons by variable
        layout.operator_context = "INVOKE_REGION_WIN"
        layout.operator("trellis.place_on_surface", text="Place More on Surface", icon="SNAP_FACE")
        layout.separator()
        for identifier, name, _text in WAYS:
            entry = layout.operator("trellis.make_editable", text=f"Make Editable: {name}")
            entry.method = identifier
        for everything, words in ((False, "Show Selected"), (True, "Show All")):
            layout.separator()
            for identifier, name, _text, icon, _number in DISPLAYS:
                entry = layout.operator(
                    "trellis.display", text=f"{words} Props as {name}", icon=icon
                )
                entry.mode, entry.all_props = identifier, everything


def draw_object(self: bpy.types.Menu, _context: bpy.types.Context) -> None:
    """At the end of the Object menu."""
    self.layout.separator()
    self.layout.menu(TRELLIS_MT_object.bl_idname)


def draw_add(self: bpy.types.Menu, _context: bpy.types.Context) -> None:
    """In the Add menu."""
    self.layout.operator_context = "INVOKE_REGION_WIN"
    self.layout.operator("trellis.place", text="Trellis Prop from Library...", icon="ASSET_MANAGER")


def register() -> None:
    """Add the entries."""
    bpy.utils.register_class(TRELLIS_MT_object)
    bpy.types.VIEW3D_MT_object.append(draw_object)
    bpy.types.VIEW3D_MT_add.append(draw_add)


def unregister() -> None:
    """Take them back."""
    bpy.types.VIEW3D_MT_add.remove(draw_add)
    bpy.types.VIEW3D_MT_object.remove(draw_object)
    bpy.utils.unregister_class(TRELLIS_MT_object)
