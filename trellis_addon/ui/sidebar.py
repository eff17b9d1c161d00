# SPDX-License-Identifier: GPL-3.0-or-later
"""What the panels of the sidebar have in common."""

from __future__ import annotations

from typing import Any, ClassVar

import bpy

from .first_run import first_run_is_on
from .texts import CATEGORY


class InSidebar:
    """A panel of the 3D viewport's sidebar, in our tab."""

    bl_space_type: ClassVar[Any] = "VIEW_3D"
    bl_region_type: ClassVar[Any] = "UI"
    bl_category = CATEGORY


class SettingsPanel(InSidebar):
    """A closed part of the main panel, for when everything is there."""

    bl_parent_id = "TRELLIS_PT_main"
    bl_options: ClassVar[Any] = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Not during the first run."""
        return not first_run_is_on()
