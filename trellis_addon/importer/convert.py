# SPDX-License-Identifier: GPL-3.0-or-later
"""One prop, step by step, inside the background Blender."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import bpy

from ..core.files import THUMBNAIL
from ..core.finishing import Finishing
from ..library.atomic import sync_file, sync_folder
from .finish import Finished, finish
from .gltf import empty_file
from .messages import Task
from .publish import load_preview, mark_asset, put_in_place, restore_preview, write_blend
from .sources import import_model
from .textures import FOLDER
from .thumbnail import render

log = logging.getLogger(__name__)

Result = tuple[dict[str, Any], list[str]]
Usable = Callable[[dict[str, Any], list[str]], None]

_KEEP_PREVIEWS: Final = ((4, 2), (4, 5))
"""``libraries.write`` drops previews in 4.3, 5.0 and 5.1, and keeps them in these two and from 5.2
on (measured). Putting one back that is there does no harm, so the others count as losing it."""


def _nobody(_facts: dict[str, Any], _notes: list[str]) -> None:
    """Nobody waits for the prop before its picture is taken."""


def convert(task: Task, say: Callable[[str], None], usable: Usable = _nobody) -> Result:
    """Make ``prop.blend``, its textures and ``thumbnail.png`` of the received model.

    :param usable: told, for a task that is ``early``, when the prop can be placed: whole, but for
        its picture. What fails after that takes nothing of it away.
    :returns: what goes into the record, and notes for the user.
    :raises BadFileError: the model is unusable. :raises OSError: the folder cannot be written.
    """
    folder = Path(task.folder)
    textures = _new_texture_folder(folder)
    picture = folder / f"{THUMBNAIL}.part"
    blend = folder / f"{task.blend}.part"
    stands = False
    try:
        say("Importing in the background")
        empty_file()
        imported = import_model(folder / task.model)
        settings = imported.settings(Finishing.from_dict(task.finishing))
        made = finish(imported.objects, task.name, settings, textures)
        mark_asset(made.collection, task.prompt, task.provenance)
        facts, notes = _facts(made, textures), [*imported.notes, *made.notes]
        if task.early:
            write_blend({made.collection, *made.lods}, blend)
            _sync(textures)
            put_in_place(blend, folder / task.blend)
            stands = True
            usable(facts, notes)
        say("Taking the prop's picture")
        notes += _take_picture(made.collection, picture)
        say("Writing the prop")
        _write_with_picture(made, blend, picture)
        if picture.exists():
            put_in_place(picture, folder / THUMBNAIL)
        _sync(textures)
        # The last step that can fail: an earlier .blend and its textures stay until here.
        put_in_place(blend, folder / task.blend)
    except BaseException:
        if not stands:
            shutil.rmtree(textures, ignore_errors=True)
        raise
    finally:
        picture.unlink(missing_ok=True)
        blend.unlink(missing_ok=True)
    _drop_old_textures(folder, {textures.name, *task.keep})
    empty_file()
    return facts, notes


def _take_picture(collection: Any, picture: Path) -> list[str]:
    """No fault of the picture takes the prop away; it is told as a note."""
    try:
        render(collection, picture)
    except (RuntimeError, TypeError, AttributeError) as error:  # the latter two: no Cycles
        log.warning("no picture: %s", error)
        return ["No picture could be taken"]
    load_preview(collection, picture)
    return []


def _write_with_picture(made: Finished, blend: Path, picture: Path) -> None:
    name = made.collection.name
    write_blend({made.collection, *made.lods}, blend)
    keeps = bpy.app.version[:2] in _KEEP_PREVIEWS or bpy.app.version >= (5, 2, 0)
    if picture.exists() and not keeps:
        restore_preview(blend, name, picture)


def _new_texture_folder(folder: Path) -> Path:
    """A name that is free: finishing again must not touch what an open file is showing."""
    path, number = folder / FOLDER, 1
    while path.exists():
        number += 1
        path = folder / f"{FOLDER}-{number}"
    return path


def _sync(textures: Path) -> None:
    """Have the textures on the disk before a ``.blend`` that needs them has its name."""
    if textures.is_dir():
        for path in textures.iterdir():
            sync_file(path)
        sync_folder(textures)


def _drop_old_textures(folder: Path, keep: set[str]) -> None:
    for old in folder.glob(f"{FOLDER}*"):
        if old.name not in keep and old.is_dir():
            shutil.rmtree(old, ignore_errors=True)


def _facts(made: Finished, textures: Path) -> dict[str, Any]:
    return {
        "collection": made.collection.name,
        "size_metres": list(made.size),
        "triangles": made.triangles,
        "proxy": made.has_proxy,
        "lods": [lod.name for lod in made.lods],
        "materials": len(bpy.data.materials),
        "images": sum(1 for image in bpy.data.images if image.source == "FILE"),
        "files": sorted(
            f"{textures.name}/{file.name}" for file in textures.glob("*") if file.is_file()
        ),
        "blender": ".".join(map(str, bpy.app.version)),
    }
