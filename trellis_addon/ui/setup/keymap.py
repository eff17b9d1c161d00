# SPDX-License-Identifier: GPL-3.0-or-later
"""Adds shortcuts for the 3D view without a key, which the user can assign in the preferences.

Blender keeps what the user sets in its own key configuration, so nothing is stored here.
"""

from __future__ import annotations

from typing import Any, Final

import bpy

from ...blender_context import window_manager_of

KEYMAP: Final = "3D View"


class TRELLIS_MT_pie(bpy.types.Menu):
    """The main operators around the pointer."""

    bl_idname = "TRELLIS_MT_pie"
    bl_label = "Trellis Props"

    def draw(self, _context: bpy.types.Context) -> None:
        """Draw the entries in Blender's order: west, east, south, north, then the diagonals."""
        layout: Any = self.layout
        pie = layout.menu_pie()
        pie.operator_context = "INVOKE_DEFAULT"
        pie.operator("trellis.place", text="Place from Library...", icon="ASSET_MANAGER")
        pie.operator("trellis.add", text="Trellis Prop...", icon="PACKAGE")
        pie.operator("trellis.import_files", text="Import Meshes...", icon="IMPORT")
        pie.operator("trellis.generate_again", text="Variant...", icon="DUPLICATE")
        pie.operator("trellis.place_on_surface", icon="SNAP_FACE")


def _keymap() -> Any:
    """Ours in the add-ons' key configuration; None where there is none (background mode)."""
    config: Any = window_manager_of(bpy.context).keyconfigs.addon
    return config.keymaps.new(name=KEYMAP, space_type="VIEW_3D") if config else None


def _is_ours(item: Any) -> bool:
    if item.idname == "wm.call_menu_pie":
        return bool(item.properties.name == TRELLIS_MT_pie.bl_idname)
    return bool(item.idname == "trellis.add")


def draw_shortcuts(layout: Any, context: bpy.types.Context) -> None:
    """Draw the shortcuts from the user's key configuration, in which keys can be assigned."""
    import rna_keymap_ui  # one of Blender's own modules; only the preferences need it

    config: Any = window_manager_of(context).keyconfigs.user
    keymap = config.keymaps.get(KEYMAP) if config else None
    found = [item for item in keymap.keymap_items if _is_ours(item)] if keymap else []
    if not found:
        layout.label(text="There are no shortcuts in this Blender", icon="INFO")
    for item in found:
        layout.context_pointer_set("keymap", keymap)
        rna_keymap_ui.draw_kmi([], config, keymap, item, layout, 0)


def register() -> None:
    """Register the pie menu and the two entries without a key."""
    bpy.utils.register_class(TRELLIS_MT_pie)
    if keymap := _keymap():
        keymap.keymap_items.new("trellis.add", type="NONE", value="PRESS")
        pie = keymap.keymap_items.new("wm.call_menu_pie", type="NONE", value="PRESS")
        pie.properties.name = TRELLIS_MT_pie.bl_idname


def unregister() -> None:
    """Remove the shortcuts and the pie menu."""
    if keymap := _keymap():
        for item in [item for item in keymap.keymap_items if _is_ours(item)]:
            keymap.keymap_items.remove(item)
    bpy.utils.unregister_class(TRELLIS_MT_pie)
