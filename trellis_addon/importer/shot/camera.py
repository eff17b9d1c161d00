# SPDX-License-Identifier: GPL-3.0-or-later
"""Places the camera: the whole prop in the picture, from a height that suits its shape."""

from __future__ import annotations

from math import radians, tan
from typing import Any, Final

import bpy
from mathutils import Euler

from ...blender_context import scene_of
from ...core.generation.shot import Shot
from ..prop.framing import framing
from .subject import Subject

LENS_DEGREES: Final = 24.0
"""The angle of the picture's longer side: that of a portrait lens, which distorts little."""
FILLED: Final = 0.76
"""The share of the picture that the prop takes up, horizontally or vertically. The rest is for its
shadow."""
FLAT_DEGREES: Final = 42.0
UPRIGHT_DEGREES: Final = 13.0
"""How far above the prop the camera stands: a carpet is seen from above, a lamp from the side."""
BLUR: Final = 0.0012
"""How much the far end of the prop is out of focus, as a share of the picture's width."""


def add_camera(subject: Subject, shot: Shot) -> None:
    """Add the camera to the scene, for the size that its picture has."""
    view = Euler((radians(90 - elevation(subject)), 0.0, radians(shot.angle_degrees)))
    long_half = tan(radians(LENS_DEGREES / 2))
    longer = max(shot.width, shot.height)
    halves = (long_half * shot.width / longer, long_half * shot.height / longer)
    clouds = subject.turned() if shot.turntable else [subject.points]
    frame = framing(clouds, view, (halves[0] * FILLED, halves[1] * FILLED))
    data: Any = bpy.data.cameras.new("Trellis shot")
    data.sensor_fit = "AUTO"  # the angle is that of the longer side
    data.angle = 2 * radians(LENS_DEGREES / 2)
    data.clip_start, data.clip_end = frame.nearest / 4, 500.0
    focus = frame.nearest + (frame.farthest - frame.nearest) * 0.3
    data.dof.use_dof = True
    data.dof.focus_distance = focus
    data.dof.aperture_fstop = _fstop(data.lens / 1000, focus, frame.farthest, halves[0])
    camera = bpy.data.objects.new(data.name, data)
    camera.location = frame.location
    camera.rotation_euler = view
    scene = scene_of(bpy.context)
    scene.collection.objects.link(camera)
    scene.camera = camera


def elevation(subject: Subject) -> float:
    """The camera's height in degrees, by how high the prop is for its width."""
    upright = min(1.0, subject.height / (2 * subject.reach or 1.0))
    # The steep part of the change is at flat props: a box as high as wide is an upright one.
    return UPRIGHT_DEGREES + (FLAT_DEGREES - UPRIGHT_DEGREES) * (1 - upright) ** 2


def _fstop(lens: float, focus: float, farthest: float, half: float) -> float:
    """The aperture that blurs the far end by ``BLUR``.

    A point behind the focus is a disc of (aperture * (d - f) / d) in the plane of focus, which is
    2 * f * tan(half the angle) wide.

    :param lens: the focal length in metres.
    """
    behind = max((farthest - focus) / farthest, 1e-6)
    aperture = BLUR * 2 * focus * half / behind
    return max(lens / aperture, 0.1)
