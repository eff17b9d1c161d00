# SPDX-License-Identifier: GPL-3.0-or-later
"""Add > Generate Trellis Prop... and Add > Trellis: F3 finds the operators of menus alone, by the
words that stand there.
"""

from __future__ import annotations

from typing import Any

import bpy


class TRELLIS_MT_add(bpy.types.Menu):
    """Add > Trellis."""

    bl_idname = "TRELLIS_MT_add"
    bl_label = "Trellis"

    def draw(self, _context: bpy.types.Context) -> None:
        """The prompt, the reference image, files, and the prop that is chosen."""
        layout: Any = self.layout
        layout.operator_context = "INVOKE_REGION_WIN"
        layout.operator("trellis.generate_on_surface", icon="SNAP_FACE")
        layout.operator("trellis.edit_prompt", icon="TEXT")
        layout.operator("trellis.reference_from_view", icon="VIEW3D")
        layout.operator("trellis.reference_from_render", icon="RENDER_RESULT")
        layout.separator()
        layout.operator("trellis.import_files", icon="IMPORT")
        layout.separator()
        layout.operator("trellis.generate_again", text="Generate Variant...", icon="DUPLICATE")
        layout.operator("trellis.resume_prop", icon="PLAY")
        layout.operator("trellis.repair_prop", icon="TOOL_SETTINGS")


def draw_add(self: bpy.types.Menu, _context: bpy.types.Context) -> None:
    """At the end of the Add menu."""
    self.layout.separator()
    self.layout.operator_context = "INVOKE_DEFAULT"
    self.layout.operator("trellis.add", text="Generate Trellis Prop...", icon="PACKAGE")
    self.layout.menu(TRELLIS_MT_add.bl_idname)


def register() -> None:
    """Append the entries."""
    bpy.utils.register_class(TRELLIS_MT_add)
    bpy.types.VIEW3D_MT_add.append(draw_add)


def unregister() -> None:
    """Remove them."""
    bpy.types.VIEW3D_MT_add.remove(draw_add)
    bpy.utils.unregister_class(TRELLIS_MT_add)
