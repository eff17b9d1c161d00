# SPDX-License-Identifier: GPL-3.0-or-later
"""Generate on Surface: choose the place with the mouse first, then generate the prop there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

import bpy

from ..core.errors import InputError
from ..preferences import read_settings
from .finishing import to_finishing
from .generating import likely_metres
from .properties import prompt_of
from .registering import registering
from .surface_op import OnSurface
from .translations import phrase

if TYPE_CHECKING:
    from ..scene.stored import Stored
    from ..scene.surface import Stand


HELP: Final = (
    "Click: generate the prop here   Wheel: turn (Shift: finely)   Ctrl: align to the surface   "
    "Esc or Right Click: cancel"
)


class TRELLIS_OT_generate_on_surface(OnSurface, bpy.types.Operator):  # type: ignore[misc]
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
        """Needs a 3D view to choose the place in."""
        if context.scene is None or bpy.app.background:
            cls.poll_message_set(phrase("Needs a 3D view. In a script use trellis.generate"))
            return False
        return True

    def _which(self, context: bpy.types.Context) -> Stored:
        """What is missing is said before the place is chosen."""
        from ..engine.consent import obstacle
        from ..scene.stored import Stored
        from ..scene.surface import Box

        scene: Any = context.scene
        if not prompt_of(scene.trellis):
            raise InputError("The prompt is empty", "Describe the prop first")
        if missing := obstacle(read_settings()):
            raise missing
        finishing = to_finishing(scene.trellis.finishing, prompt_of(scene.trellis))
        metres = likely_metres(finishing)
        return Stored("", Path(), Box.standing((metres, metres, metres)))

    def _put(self, stand: Stand, _space: Any) -> None:
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
