# SPDX-License-Identifier: GPL-3.0-or-later
"""One prop, step by step, inside the background Blender."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy

from ..core.files import BLEND, MODEL, THUMBNAIL
from . import glb
from .finish import Finished, finish
from .gltf import empty_file, import_glb
from .messages import Task
from .publish import mark_asset, put_in_place, write_blend
from .thumbnail import render


def convert(task: Task, say: Callable[[str], None]) -> tuple[dict[str, Any], list[str]]:
    """Make ``prop.blend`` and ``thumbnail.png`` of ``model.glb`` in the task's folder.

    :returns: what goes into the record, and notes for the user.
    :raises BadFileError: the model is unusable. :raises OSError: the folder cannot be written.
    """
    folder = Path(task.folder)
    say("Checking the model")
    glb.check(folder / MODEL)
    say("Importing the model in the background")
    empty_file()
    made = finish(import_glb(folder / MODEL), task.name, task.longest_side)
    say("Taking the prop's picture")
    picture = folder / f"{THUMBNAIL}.part"
    try:
        render(made.collection, picture)
        mark_asset(made.collection, task.prompt, task.provenance, picture)
        put_in_place(picture, folder / THUMBNAIL)
    finally:
        picture.unlink(missing_ok=True)
    say("Writing the prop")
    write_blend(made.collection, folder / BLEND)
    facts = _facts(made)
    empty_file()
    return facts, list(made.notes)


def _facts(made: Finished) -> dict[str, Any]:
    return {
        "collection": made.collection.name,
        "size_metres": list(made.size),
        "triangles": made.triangles,
        "materials": len(bpy.data.materials),
        "images": sum(1 for image in bpy.data.images if image.source == "FILE"),
        "blender": ".".join(map(str, bpy.app.version)),
    }
