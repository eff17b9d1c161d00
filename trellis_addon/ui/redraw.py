# SPDX-License-Identifier: GPL-3.0-or-later
"""Draw anew what has changed. Tags only: Blender draws when it gets there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import bpy


def redraw_views() -> None:
    """Every 3D view as a whole. The scene is not touched."""
    for area in _areas("VIEW_3D"):
        area.tag_redraw()


def redraw_sidebars() -> None:
    """The sidebars of all 3D views."""
    _tag("VIEW_3D", "UI")


def redraw_account() -> None:
    """What shows the account: the sidebars and the preferences."""
    redraw_sidebars()
    _tag("PREFERENCES", "WINDOW")


def _tag(area_type: str, region_type: str) -> None:
    for area in _areas(area_type):
        for region in area.regions:
            if region.type == region_type:
                region.tag_redraw()


def _areas(kind: str) -> Iterator[Any]:
    for window in bpy.context.window_manager.windows:
        yield from (area for area in window.screen.areas if area.type == kind)
