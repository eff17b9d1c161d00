# SPDX-License-Identifier: GPL-3.0-or-later
"""Draw anew what shows the account: the sidebars and the preferences."""

from __future__ import annotations

from typing import Final

import bpy

SHOWN_IN: Final = {"VIEW_3D": "UI", "PREFERENCES": "WINDOW"}
"""Which region of which editor."""


def redraw() -> None:
    """Tag the regions; Blender draws them when it gets there."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            for region in area.regions:
                if SHOWN_IN.get(area.type) == region.type:
                    region.tag_redraw()
