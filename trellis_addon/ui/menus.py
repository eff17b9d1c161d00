# SPDX-License-Identifier: GPL-3.0-or-later
"""Add > Trellis Prop...: an operator that is in no menu is not found by F3."""

from __future__ import annotations

import bpy


def draw_add(self: bpy.types.Menu, _context: bpy.types.Context) -> None:
    """One entry at the end of the Add menu."""
    self.layout.separator()
    self.layout.operator_context = "INVOKE_DEFAULT"
    self.layout.operator("trellis.add", text="Trellis Prop...", icon="MESH_MONKEY")


def register() -> None:
    """Append the entry."""
    bpy.types.VIEW3D_MT_add.append(draw_add)


def unregister() -> None:
    """Remove it."""
    bpy.types.VIEW3D_MT_add.remove(draw_add)
