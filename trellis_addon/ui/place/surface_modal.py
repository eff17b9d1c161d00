# SPDX-License-Identifier: GPL-3.0-or-later
"""Defines Place on Surface: a prop follows the mouse on the surfaces in the scene."""

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Final

import bpy
from mathutils import Vector

from ...blender_context import OperatorResult, window_manager_of, workspace_of
from ...preferences import read_settings
from ..common.class_registration import registering
from ..common.error_reports import reports_errors
from ..settings.properties import collection_of, settings_in
from ..settings.setting_properties import method_items
from ..translation.translations import rpt, sentence
from .place_ops import put

if TYPE_CHECKING:
    from ...engine.unmade import PropToBuild
    from ...scene.place.placeable import PlaceableProp
    from ...scene.place.placing import Placement
    from ...scene.place.surface import SurfacePose


STEP: Final = 15.0
FINE_STEP: Final = 1.0
"""The degrees for one notch of the wheel, without and with Shift."""

TURN: Final = {"WHEELUPMOUSE": 1, "WHEELDOWNMOUSE": -1, "LEFT_ARROW": 1, "RIGHT_ARROW": -1}

OURS: Final = ("MOUSEMOVE", "INBETWEEN_MOUSEMOVE", "LEFTMOUSE", "LEFT_CTRL", "RIGHT_CTRL", "TIMER")

UNKNOWN: Final = (1.0, 1.0, 1.0)
"""The size in metres of a prop whose size is not recorded."""

HELP: Final = (
    "Click: place   Shift+Click: place and go on   Wheel: turn (Shift: finely)   "
    "Ctrl: align to the surface   Esc or Right Click: cancel"
)


class OnSurface:
    """Follows the mouse with a box until a click. The operator defines which prop this is for
    (``_which``, called before anything is shown), and what the click does (``_put``).
    """

    align: Any
    angle: Any
    report: Any
    _which: Any
    _put: Any
    _prop: Any
    again: ClassVar[bool] = True
    """Whether Shift+Click places a copy and continues."""

    words: ClassVar[str] = HELP
    """The text in the status bar meanwhile."""

    @reports_errors
    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> OperatorResult:
        """Follow the mouse. The prop's file is read with the first click."""
        from ...scene.place.surface import SurfacePose
        from ..common.box_overlay import BoxOverlay

        self._prop = self._which(context)
        self._stand = SurfacePose(align=self.align, angle=self.angle)
        self._count = 0
        self._box = BoxOverlay()
        self._box.show()
        workspace_of(context).status_text_set(self.words)
        this: Any = self
        window_manager_of(context).modal_handler_add(this)
        # Only this: the click on the menu entry must not place anything, and Blender crashes when
        # an operator with a modal handler gives back anything else from here.
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> OperatorResult:
        """One event; whatever goes wrong, nothing stays behind."""
        return self._guarded(context, event)

    def cancel(self, context: bpy.types.Context) -> None:
        """Remove the box if Blender ends the operator: a file is loaded, or the window closes."""
        self._stop(context)

    def _guarded(self, context: bpy.types.Context, event: Any) -> OperatorResult:
        from ...core.errors import TrellisError

        try:
            result = self._event(context, event)
        except TrellisError as error:
            self._stop(context)
            self.report({"ERROR"}, sentence(error.facts))
            return self._result()
        except BaseException:
            # Otherwise, the box would be drawn until another file is opened.
            self._stop(context)
            raise
        if result & {"FINISHED", "CANCELLED"}:
            self._stop(context)
        return result

    def _event(self, context: bpy.types.Context, event: Any) -> OperatorResult:
        from ..common.view_under_pointer import view_under

        if event.type in ("ESC", "RIGHTMOUSE") and event.value == "PRESS":
            return self._result()
        view = view_under(context, event.mouse_x, event.mouse_y)
        if view is None:
            self._draw(None)
            return {"PASS_THROUGH"}
        if event.type in TURN and event.value == "PRESS":
            step = FINE_STEP if event.shift else STEP
            self._stand = self._stand.turned(TURN[event.type] * step)
        elif event.type not in OURS:
            return {"PASS_THROUGH"}  # such as orbiting, zooming with keys, shading, undo
        hit = view.hit(context, event.mouse_x, event.mouse_y)
        self._stand = replace(self._stand, hit=hit, align=self.align != event.ctrl)
        self._draw(self._stand)
        if event.type == "LEFTMOUSE" and event.value == "PRESS" and hit:
            self._put(self._stand, view.space)
            self._count += 1
            if not (event.shift and self.again):
                return {"FINISHED"}
        return {"RUNNING_MODAL"}

    def _draw(self, stand: "SurfacePose | None") -> None:
        from ...scene.place.surface import BoundingBox
        from ..common.redraw import redraw_views

        matrix = stand.matrix if stand else None
        self._box.lines = (
            (self._prop.box or BoundingBox.standing(UNKNOWN)).lines(matrix) if matrix else []
        )
        redraw_views()

    def _result(self) -> OperatorResult:
        """Copies that were placed on the way stay; else it is as if nothing had been."""
        return {"FINISHED"} if self._count else {"CANCELLED"}

    def _stop(self, context: bpy.types.Context) -> None:
        self._box.hide()
        if context.workspace:
            context.workspace.status_text_set(None)


class TRELLIS_OT_place_on_surface(OnSurface, bpy.types.Operator):
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
        name="Method", description="How the prop comes into the file", items=method_items()
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
        """Require a scene."""
        return context.scene is not None

    @reports_errors
    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Place it at the given point (for scripts, and in background mode)."""
        from ...scene.place.surface import Hit, SurfacePose

        normal = Vector(self.normal)
        if normal.length < 1.0e-6:
            self.report({"ERROR"}, rpt("The normal has no direction"))
            return {"CANCELLED"}
        hit = Hit(Vector(self.location), normal.normalized())
        self._prop = self._which(context)
        self._put(SurfacePose(hit, align=self.align, angle=self.angle), context.space_data)
        return {"FINISHED"}

    def _which(self, context: bpy.types.Context) -> "PlaceableProp":
        from ...core.errors import PlacingError
        from ...engine.unmade import unmade
        from ...scene.place.placeable import PlaceableProp, shown_by, stored

        if self.prop_id:
            library = read_settings().library
            self._unmade = unmade(library, self.prop_id)
            if self._unmade:
                return PlaceableProp(self.prop_id, self._unmade.blend, None)
            return stored(library, self.prop_id)
        self._unmade = None
        active = shown_by(context.active_object)
        if active is None:
            raise PlacingError(
                "There is no prop to place", "Select a placed prop, or name one of the library"
            )
        return active

    def _put(self, stand: "SurfacePose", space: Any) -> None:
        """Place the prop.

        :param space: the space of the 3D view from which it is placed, for its local view.
        """
        from ...scene.link.methods import Method
        from ...scene.place.placing import Placement, current_scene
        from ..jobs.session import Session

        if stand.hit is None:
            return
        turned = stand.rotation
        scene = current_scene()
        where = Placement(
            scene=scene.name,
            location=stand.hit.location.to_tuple(),
            method=Method.of(self.method),
            rotation=(turned.w, turned.x, turned.y, turned.z),
            collection=collection_of(settings_in(scene)),
        )
        if self._unmade and not self._prop.blend.is_file():
            self._make(self._unmade, where)
        else:
            put(Session.get(), self._prop, where, space)
        self.location, self.normal = stand.hit.location, stand.hit.normal
        self.angle = math.remainder(stand.angle, math.tau)

    def _make(self, missing: "PropToBuild", where: "Placement") -> None:
        """Build a version that this Blender can read; the session places it when that is done."""
        from ..jobs.end_of_job import ended
        from ..jobs.session import Session

        session = Session.get()
        session.make(missing, read_settings(), where)
        ended(self, session, self._prop.id, missing.words)


register, unregister = registering([TRELLIS_OT_place_on_surface])
