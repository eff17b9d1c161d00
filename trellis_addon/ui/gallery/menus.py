# SPDX-License-Identifier: GPL-3.0-or-later
"""Adds menu entries: one in Add, the others in Object > Trellis. F3 only finds operators in menus,
by the entry's text, and searches each menu once, so no operator is in two of them.
"""

from __future__ import annotations

from typing import Any

import bpy

from ...blender_context import layout_of
from ..common.class_registration import registering
from ..place.prop_ops import DISPLAYS, WAYS


class TRELLIS_MT_object(bpy.types.Menu):
    """Object > Trellis, and the context menu of a prop."""

    bl_idname = "TRELLIS_MT_object"
    bl_label = "Trellis"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw entries for the active prop, then the library, then the next prompt."""
        from .active_prop import active_prop, draw_active

        layout: Any = self.layout
        layout.operator_context = "INVOKE_REGION_WIN"
        if active_prop(context) is not None:
            draw_active(layout, context, in_menu=True)
            # An entry for each, as F3 does not search the menu of an operator's enum.
            for identifier, name, _text in WAYS:
                way = layout.operator("trellis.make_editable", text=f"Make Editable: {name}")
                way.method = identifier
            layout.operator("trellis.show_prompt", icon="TEXT").prop_id = ""
            layout.operator("trellis.reuse_settings", icon="PRESET").prop_id = ""
            layout.operator(
                "trellis.export_prop", text="Export Prop...", icon="EXPORT"
            ).prop_id = ""
            layout.operator(
                "trellis.product_shot", text="Product Shot...", icon="RENDER_STILL"
            ).prop_id = ""
            layout.operator("trellis.open_prop_folder", icon="FILE_FOLDER").prop_id = ""
            layout.separator()
        layout.operator_context = "INVOKE_REGION_WIN"
        layout.operator("trellis.place", text="Place from Library...", icon="ASSET_MANAGER")
        layout.operator("trellis.place_on_surface", icon="SNAP_FACE")
        layout.operator("trellis.import_files", text="Import Meshes...", icon="IMPORT")
        for identifier, name, _text, icon, _number in DISPLAYS:
            entry = layout.operator("trellis.display", text=f"Show All Props as {name}", icon=icon)
            entry.mode, entry.all_props = identifier, True
        layout.separator()
        layout.operator("trellis.generate_on_surface", icon="SNAP_FACE")
        layout.operator("trellis.pictures", icon="IMAGE_DATA")
        layout.operator("trellis.more_like_this", icon="DUPLICATE")
        layout.operator("trellis.edit_prompt", icon="TEXT")
        layout.operator("trellis.reference_from_view", icon="VIEW3D")
        layout.operator("trellis.reference_from_render", icon="RENDER_RESULT")
        layout.operator("trellis.reference_from_four", icon="MESH_CUBE")
        layout.operator("trellis.cut_out_reference", icon="IMAGE_ALPHA")
        layout.operator("trellis.plain_background", icon="IMAGE_DATA")


# Without a menu entry, F3 only finds an operator with Developer Extras switched on, and otherwise
# offers another one that is spelled similarly.
def draw_object(self: bpy.types.Menu, _context: bpy.types.Context) -> None:
    """Draw the submenu at the end of the Object menu."""
    layout_of(self).separator()
    layout_of(self).menu(TRELLIS_MT_object.bl_idname)


def draw_add(self: bpy.types.Menu, _context: bpy.types.Context) -> None:
    """Draw the entry at the end of the Add menu."""
    layout_of(self).separator()
    layout_of(self).operator_context = "INVOKE_DEFAULT"
    layout_of(self).operator("trellis.add", text="Trellis Prop...", icon="PACKAGE")


register, unregister = registering(
    [TRELLIS_MT_object], [("VIEW3D_MT_object", draw_object), ("VIEW3D_MT_add", draw_add)]
)
