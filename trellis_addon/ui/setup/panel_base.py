# SPDX-License-Identifier: GPL-3.0-or-later
"""Contains the common code of the sidebar's panels."""

from __future__ import annotations

from typing import Any, ClassVar, Final

import bpy

CATEGORY: Final = "Trellis"
"""The name of the sidebar's tab."""


class InSidebar:
    """A panel in the extension's tab of the 3D viewport's sidebar."""

    bl_space_type: ClassVar[Any] = "VIEW_3D"
    bl_region_type: ClassVar[Any] = "UI"
    bl_category = CATEGORY


class SettingsPanel(InSidebar):
    """A sub-panel of the main panel, which is closed at first."""

    bl_parent_id = "TRELLIS_PT_main"
    bl_options: ClassVar[Any] = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Hide the panel while the checklist is shown."""
        from .checklist import first_run_is_on

        return not first_run_is_on()
