# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes one product shot, inside the background Blender."""

from __future__ import annotations

from collections.abc import Callable
from math import radians
from pathlib import Path
from typing import Any

from mathutils import Matrix

from ...core.generation.shot import Shot
from ..pipe.shot_messages import ShotTask
from ..read.blender_gltf import empty_file
from . import render
from .camera import add_camera
from .studio import build
from .subject import subject_of


def take_shot(
    task: ShotTask, report_status: Callable[[str], None]
) -> tuple[dict[str, Any], list[str]]:
    """Render the prop as the task says, into its folder.

    :returns: like ``convert.convert``: here the number of pictures, and notes.
    :raises ImporterError: the prop cannot be read, or Blender cannot render it.
    """
    shot = Shot.from_dict(task.shot)
    report_status("Opening the prop")
    subject = subject_of(Path(task.folder) / task.blend)
    report_status("Building the studio")
    notes = render.prepare(shot)
    build(Matrix.Rotation(radians(shot.angle_degrees), 4, "Z"), shot.backdrop, subject.height)
    add_camera(subject, shot)
    target = Path(task.target) / task.name
    if shot.turntable:
        notes += render.turntable(shot, subject, target, report_status)
    else:
        render.still(shot, target, report_status)
    empty_file()
    return {"pictures": shot.frames if shot.turntable else 1}, notes
