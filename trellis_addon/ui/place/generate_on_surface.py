# SPDX-License-Identifier: GPL-3.0-or-later
"""Defines Generate on Surface: the user chooses the place, and the prop is generated there."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

import bpy

from ...preferences import read_settings
from ..common.class_registration import registering
from ..settings.properties import prompt_of, settings_in
from ..translation.translations import phrase
from .surface_modal import OnSurface

if TYPE_CHECKING:
    from ...scene.place.placeable import PlaceableProp
    from ...scene.place.surface import SurfacePose


HELP: Final = (
    "Click: generate the prop here   Wheel: turn (Shift: finely)   Ctrl: align to the surface   "
    "Esc or Right Click: cancel"
)


class TRELLIS_OT_generate_on_surface(OnSurface, bpy.types.Operator):
    """Choose the place on the surface under the mouse, then generate the prop there. The click
    costs credit
    """

    bl_idname = "trellis.generate_on_surface"
    bl_label = "Generate on Surface"
    bl_options = {"REGISTER"}

    again: ClassVar[bool] = False
    words: ClassVar[str] = HELP

    align: bpy.props.BoolProperty(
        name="Align to Normal", description="The prop's upright follows the surface"
    )
    angle: bpy.props.FloatProperty(
        name="Angle", description="Turned about the prop's upright", subtype="ANGLE"
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Require a 3D view, in which the place is chosen."""
        if context.scene is None or bpy.app.background:
            cls.poll_message_set(phrase("Needs a 3D view. In a script use trellis.generate"))
            return False
        return True

    def _which(self, context: bpy.types.Context) -> "PlaceableProp":
        """A box of the likely size. What prevents a generation is reported before the place is
        chosen.
        """
        from ...core.errors import InputError
        from ...engine.preflight import obstacle
        from ...scene.place.placeable import PlaceableProp
        from ...scene.place.surface import BoundingBox
        from ..jobs.start_jobs import likely_metres
        from ..settings.finishing_mapping import to_finishing

        group = settings_in(context.scene)
        if not (prompt := prompt_of(group)):
            raise InputError("The prompt is empty", "Describe the prop first")
        if missing := obstacle(read_settings()):
            raise missing
        finishing = to_finishing(group.finishing, prompt)
        metres = likely_metres(finishing)
        return PlaceableProp("", Path(), BoundingBox.standing((metres, metres, metres)))

    def _put(self, stand: "SurfacePose", _space: Any) -> None:
        # Above the horizon, there is no place for the prop.
        if stand.hit is None:
            return
        trellis: Any = bpy.ops
        turned = stand.rotation
        trellis.trellis.generate(
            "INVOKE_DEFAULT",
            at=stand.hit.location,
            turned=(turned.w, turned.x, turned.y, turned.z),
        )


register, unregister = registering([TRELLIS_OT_generate_on_surface])
