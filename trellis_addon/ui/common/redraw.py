# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags regions for redrawing; Blender draws them later."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import bpy

from ...blender_context import window_manager_of


def redraw_views() -> None:
    """Redraw every 3D view as a whole, without changing the scene."""
    for area in _areas("VIEW_3D"):
        area.tag_redraw()


def redraw_sidebars() -> None:
    """Redraw the sidebars of all 3D views, which costs less than redrawing the views."""
    _tag("VIEW_3D", "UI")


def redraw_account() -> None:
    """Redraw what shows the account: the sidebars and the preferences."""
    redraw_sidebars()
    _tag("PREFERENCES", "WINDOW")


def _tag(area_type: str, region_type: str) -> None:
    for area in _areas(area_type):
        for region in area.regions:
            if region.type == region_type:
                region.tag_redraw()


def _areas(kind: str) -> Iterator[Any]:
    for window in window_manager_of(bpy.context).windows:
        yield from (area for area in window.screen.areas if area.type == kind)
