# SPDX-License-Identifier: GPL-3.0-or-later
"""Place on Surface: a prop follows the mouse over what is in the scene, and stands on it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, Final

import bpy
from bpy_extras.view3d_utils import region_2d_to_origin_3d, region_2d_to_vector_3d
from mathutils import Vector

from ..core.errors import PlacingError, TrellisError
from ..core.text import shorten
from ..preferences import read_settings
from ..scene.methods import Method, items
from ..scene.placing import Placement, current_scene, place, undo_step
from ..scene.stored import Stored, shown_by, stored
from ..scene.surface import Box, Hit, Ray, Stand, under
from .overlay import BoxOverlay, redraw_views

STEP: Final = 15.0
FINE_STEP: Final = 1.0
"""Degrees for one notch of the wheel, without and with Shift."""

TURN: Final = {"WHEELUPMOUSE": 1, "WHEELDOWNMOUSE": -1, "LEFT_ARROW": 1, "RIGHT_ARROW": -1}

OURS: Final = ("MOUSEMOVE", "INBETWEEN_MOUSEMOVE", "LEFTMOUSE", "LEFT_CTRL", "RIGHT_CTRL", "TIMER")

UNKNOWN: Final = Box.standing((1.0, 1.0, 1.0))
"""For a prop whose size nobody wrote down."""

HELP: Final = (
    "Click: place   Shift+Click: place and go on   Wheel: turn (Shift: finely)   "
    "Ctrl: align to the surface   Esc: cancel"
)


class TRELLIS_OT_place_on_surface(bpy.types.Operator):
    """Place a prop on the surface under the mouse. Without an id: more of the active prop"""

    bl_idname = "trellis.place_on_surface"
    bl_label = "Place on Surface"
    bl_options = {"REGISTER"}

    prop_id: bpy.props.StringProperty(
        name="Prop",
        description="The prop's id: its folder in the library. Empty: the active object's prop",
        options={"SKIP_SAVE"},
    )
    method: bpy.props.EnumProperty(
        name="Method", description="How the prop comes into the file", items=items()
    )
    align: bpy.props.BoolProperty(
        name="Align to Normal", description="The prop's upright follows the surface"
    )
    angle: bpy.props.FloatProperty(
        name="Angle", description="Turned about the prop's upright", subtype="ANGLE"
    )
    location: bpy.props.FloatVectorProperty(
        name="Location", description="For scripts: where it stands", subtype="TRANSLATION"
    )
    normal: bpy.props.FloatVectorProperty(
        name="Normal",
        description="For scripts: the surface's direction",
        subtype="DIRECTION",
        default=(0.0, 0.0, 1.0),
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Needs a scene."""
        return context.scene is not None

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Place it at the given point (for scripts, and in background mode)."""
        normal = Vector(self.normal)
        if normal.length < 1.0e-6:
            self.report({"ERROR"}, "The normal has no direction")
            return {"CANCELLED"}
        hit = Hit(Vector(self.location), normal.normalized())
        try:
            self._prop = self._which(context)
            self._put(Stand(hit, align=self.align, angle=self.angle))
        except TrellisError as error:
            self.report({"ERROR"}, error.facts.sentence)
            return {"CANCELLED"}
        return {"FINISHED"}

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Follow the mouse. The prop's file is read with the first click."""
        try:
            self._prop = self._which(context)
        except TrellisError as error:
            self.report({"ERROR"}, error.facts.sentence)
            return {"CANCELLED"}
        self._stand = Stand(align=self.align, angle=self.angle)
        self._count = 0
        self._box = BoxOverlay()
        self._box.show()
        context.workspace.status_text_set(HELP)
        context.window_manager.modal_handler_add(self)
        # Only this: the click on the menu entry must not place anything, and Blender crashes when
        # an operator with a modal handler gives back anything else from here.
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """One event; whatever goes wrong, nothing stays behind."""
        return self._guarded(context, event)

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender ends the operator (a file is loaded, the window closes)."""
        self._stop(context)

    def _guarded(self, context: bpy.types.Context, event: Any) -> set[str]:
        try:
            result = self._event(context, event)
        except TrellisError as error:
            self._stop(context)
            self.report({"ERROR"}, error.facts.sentence)
            return self._end()
        except BaseException:
            self._stop(context)
            raise
        if result & {"FINISHED", "CANCELLED"}:
            self._stop(context)
        return result

    def _event(self, context: bpy.types.Context, event: Any) -> set[str]:
        if event.type in ("ESC", "RIGHTMOUSE") and event.value == "PRESS":
            return self._end()
        view = view_under(context, event.mouse_x, event.mouse_y)
        if view is None:
            self._draw(None)
            return {"PASS_THROUGH"}
        if event.type in TURN and event.value == "PRESS":
            step = FINE_STEP if event.shift else STEP
            self._stand = self._stand.turned(TURN[event.type] * step)
        elif event.type not in OURS:
            return {"PASS_THROUGH"}  # orbiting, zooming with the keys, shading, undo
        hit = under(current_scene(), context.evaluated_depsgraph_get(), ray_under(*view, event))
        self._stand = replace(self._stand, hit=hit, align=self.align != event.ctrl)
        self._draw(self._stand)
        if event.type == "LEFTMOUSE" and event.value == "PRESS" and hit:
            self._put(self._stand)
            self._count += 1
            if not event.shift:
                return {"FINISHED"}
        return {"RUNNING_MODAL"}

    def _which(self, context: bpy.types.Context) -> Stored:
        if self.prop_id:
            return stored(read_settings().library, self.prop_id)
        active = shown_by(context.active_object)
        if active is None:
            raise PlacingError(
                "There is no prop to place", "Select a placed prop, or name one of the library"
            )
        return active

    def _put(self, stand: Stand) -> None:
        if stand.hit is None:
            return
        turned = stand.rotation
        where = Placement(
            scene=current_scene().name,
            location=stand.hit.location.to_tuple(),
            method=Method.of(self.method),
            rotation=(turned.w, turned.x, turned.y, turned.z),
        )
        place(self._prop.blend, where)
        undo_step(f"Place {shorten(self._prop.id, 40)}")
        self.location, self.normal = stand.hit.location, stand.hit.normal
        self.angle = math.remainder(stand.angle, math.tau)

    def _draw(self, stand: Stand | None) -> None:
        matrix = stand.matrix if stand else None
        self._box.lines = (self._prop.box or UNKNOWN).lines(matrix) if matrix else []
        redraw_views()

    def _end(self) -> set[str]:
        """Copies that were placed on the way stay; else it is as if nothing had been."""
        return {"FINISHED"} if self._count else {"CANCELLED"}

    def _stop(self, context: bpy.types.Context) -> None:
        self._box.hide()
        if context.workspace:
            context.workspace.status_text_set(None)


def view_under(context: bpy.types.Context, x: int, y: int) -> tuple[Any, Any] | None:
    """Region and RegionView3D of the 3D view below a point of the window; None elsewhere.

    A sidebar or toolbar that lies over the view is not the view.
    """
    for area in context.screen.areas if context.screen else ():
        if area.type != "VIEW_3D":
            continue
        under_it = [region for region in area.regions if _inside(region, x, y)]
        if not under_it or any(region.type != "WINDOW" for region in under_it):
            continue
        return under_it[0], _region_3d(area, under_it[0])
    return None


def _inside(region: Any, x: int, y: int) -> bool:
    shown: bool = region.width > 1 and region.height > 1
    across: bool = region.x <= x < region.x + region.width
    return shown and across and bool(region.y <= y < region.y + region.height)


def _region_3d(area: Any, region: Any) -> Any:
    space = area.spaces.active
    if not space.region_quadviews:
        return space.region_3d
    windows = [each for each in area.regions if each.type == "WINDOW"]
    return space.region_quadviews[windows.index(region)]


def ray_under(region: Any, view: Any, event: Any) -> Ray:
    """What the pointer points along."""
    point = (event.mouse_x - region.x, event.mouse_y - region.y)
    origin = region_2d_to_origin_3d(region, view, point)
    return Ray(origin, region_2d_to_vector_3d(region, view, point).normalized())


def register() -> None:
    """Register the operator."""
    bpy.utils.register_class(TRELLIS_OT_place_on_surface)


def unregister() -> None:
    """Take it back."""
    bpy.utils.unregister_class(TRELLIS_OT_place_on_surface)
