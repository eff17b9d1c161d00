# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the 3D view below the pointer, and the line of sight through the pointer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import bpy
from bpy_extras.view3d_utils import region_2d_to_origin_3d, region_2d_to_vector_3d

if TYPE_CHECKING:
    from ...scene.place.surface import Hit, Ray


@dataclass(frozen=True)
class RegionView:
    """One view of a 3D viewport, of which a quad view has four.

    :param region: the region in which it is drawn.
    :param data: its ``RegionView3D``.
    :param space: the ``SpaceView3D`` of its area.
    """

    region: Any
    data: Any
    space: Any

    def ray(self, x: int, y: int) -> Ray:
        """The line of sight through a point of the window, in world space."""
        from ...scene.place.surface import Ray

        point = (x - self.region.x, y - self.region.y)
        origin = region_2d_to_origin_3d(self.region, self.data, point)
        direction = region_2d_to_vector_3d(self.region, self.data, point)
        return Ray(origin, direction.normalized())

    def hit(self, context: bpy.types.Context, x: int, y: int) -> Hit | None:
        """What is visible at a point of the window: a surface, or the ground, or else None."""
        from ...scene.place.local_view import is_local
        from ...scene.place.local_view import under as under_in_local_view
        from ...scene.place.placing import current_scene
        from ...scene.place.surface import ground, under

        ray, depsgraph = self.ray(x, y), context.evaluated_depsgraph_get()
        # Scene.ray_cast does not know local views, and would hit what is hidden there.
        if is_local(self.space):
            return under_in_local_view(depsgraph, ray, self.space) or ground(ray)
        return under(current_scene(), depsgraph, ray)


def view_under(context: bpy.types.Context, x: int, y: int) -> RegionView | None:
    """The 3D view below a point of the window; None if there is none, or a sidebar or toolbar
    covers it.
    """
    for area in context.screen.areas if context.screen else ():
        if area.type != "VIEW_3D":
            continue
        # Sidebars lie over the view's own region, so that a point may be in several regions.
        under_it = [region for region in area.regions if _inside(region, x, y)]
        if under_it and all(region.type == "WINDOW" for region in under_it):
            return RegionView(under_it[0], under_it[0].data, area.spaces.active)
    return None


def _inside(region: Any, x: int, y: int) -> bool:
    shown: bool = region.width > 1 and region.height > 1
    across: bool = region.x <= x < region.x + region.width
    return shown and across and bool(region.y <= y < region.y + region.height)
