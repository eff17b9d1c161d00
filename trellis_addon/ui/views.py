# SPDX-License-Identifier: GPL-3.0-or-later
"""Which 3D view the pointer is over, and what it points along there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import bpy
from bpy_extras.view3d_utils import region_2d_to_origin_3d, region_2d_to_vector_3d

if TYPE_CHECKING:
    from ..scene.surface import Hit, Ray


@dataclass(frozen=True)
class View:
    """One view of a 3D viewport (a quad view has four).

    :param region: it is drawn there. :param data: its ``RegionView3D``. :param space: of its area.
    """

    region: Any
    data: Any
    space: Any

    def ray(self, x: int, y: int) -> Ray:
        """What a point of the window points along, in world space."""
        from ..scene.surface import Ray

        point = (x - self.region.x, y - self.region.y)
        origin = region_2d_to_origin_3d(self.region, self.data, point)
        direction = region_2d_to_vector_3d(self.region, self.data, point)
        return Ray(origin, direction.normalized())

    def hit(self, context: bpy.types.Context, x: int, y: int) -> Hit | None:
        """What is seen at a point of the window: a surface, else the ground, else None."""
        from ..scene.local_view import is_local
        from ..scene.local_view import under as under_in_local_view
        from ..scene.placing import current_scene
        from ..scene.surface import ground, under

        ray, depsgraph = self.ray(x, y), context.evaluated_depsgraph_get()
        if is_local(self.space):
            return under_in_local_view(depsgraph, ray, self.space) or ground(ray)
        return under(current_scene(), depsgraph, ray)


def view_under(context: bpy.types.Context, x: int, y: int) -> View | None:
    """The view below a point of the window; None elsewhere.

    A sidebar or toolbar that lies over the view is not the view.
    """
    for area in context.screen.areas if context.screen else ():
        if area.type != "VIEW_3D":
            continue
        under_it = [region for region in area.regions if _inside(region, x, y)]
        if under_it and all(region.type == "WINDOW" for region in under_it):
            return View(under_it[0], under_it[0].data, area.spaces.active)
    return None


def _inside(region: Any, x: int, y: int) -> bool:
    shown: bool = region.width > 1 and region.height > 1
    across: bool = region.x <= x < region.x + region.width
    return shown and across and bool(region.y <= y < region.y + region.height)
