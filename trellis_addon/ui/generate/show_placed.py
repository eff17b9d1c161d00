# SPDX-License-Identifier: GPL-3.0-or-later
"""Defines the operator that selects and frames the props that have arrived last."""

from __future__ import annotations

import bpy

from ...blender_context import OperatorResult
from ..common.class_registration import registering
from ..translation.translations import rpt


class TRELLIS_OT_show_placed(bpy.types.Operator):
    """Select the props that have come last, make one active and frame them in this view"""

    bl_idname = "trellis.show_placed"
    bl_label = "Show"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """In the scene that is open; one that is elsewhere is named."""
        from ...scene.place.selection import objects_of, select_only
        from ..jobs.session import Session

        arrival = Session.get().arrivals.shown
        objects = objects_of(arrival.objects) if arrival else []
        scene = context.scene
        here = [obj for obj in objects if scene and obj.name in scene.objects]
        if not here or scene is None:
            gone = not objects
            words = rpt("The prop is no longer there") if gone else rpt("It is in another scene")
            self.report({"WARNING"}, words)
            return {"CANCELLED"}
        if not select_only(scene, here):
            self.report({"WARNING"}, rpt("Switch to Object Mode first"))
            return {"CANCELLED"}
        _frame(context)
        return {"FINISHED"}


def _frame(context: bpy.types.Context) -> None:
    """Call View Selected in the view beside the sidebar, which needs that view as its context."""
    area = context.area
    if area is None or area.type != "VIEW_3D":
        return
    view = next((region for region in area.regions if region.type == "WINDOW"), None)
    if view is not None:
        with context.temp_override(area=area, region=view):
            bpy.ops.view3d.view_selected("INVOKE_DEFAULT")


register, unregister = registering([TRELLIS_OT_show_placed])
