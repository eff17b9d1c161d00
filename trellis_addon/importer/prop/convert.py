# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes one prop, step by step, inside the background Blender."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy

from ...core.files.held_files import discard
from ...core.files.light_files import FOLDER as LIGHT
from ...core.files.light_files import sign
from ...core.files.prop_files import THUMBNAIL
from ...core.generation.finishing import Finishing
from ...core.generation.picture import How
from ...core.generation.quality import IN_RECORD as QUALITY
from ...core.generation.quality import Quality
from ...library.blend_versions import FORMER_NAMES
from ...library.disk.atomic_files import sync_file, sync_folder
from ..mesh.textures import FOLDER
from ..pipe.messages import Task
from ..quality.measure import measure
from ..read.blender_gltf import empty_file
from ..read.model_import import import_model
from .asset_file import mark_asset, put_in_place, store_provenance, write_blend
from .collection_exporters import set_exporters
from .data_blocks import also_called
from .finish_steps import FinishedProp, finish
from .light_file import write_light
from .picture import fact_about, picture_of, write_with_picture

log = logging.getLogger(__name__)

Result = tuple[dict[str, Any], list[str]]
Usable = Callable[[dict[str, Any], list[str]], None]


def _nobody(_facts: dict[str, Any], _notes: list[str]) -> None:
    """Do nothing: no caller waits for the prop before its thumbnail is rendered."""


def convert(task: Task, report_status: Callable[[str], None], usable: Usable = _nobody) -> Result:
    """Make ``prop.blend``, its textures and ``thumbnail.png`` from the received model; the picture
    only if the task says so.

    :param usable: called, for a task with ``early``, when the prop can be placed: it is complete
        except for its thumbnail. A later failure does not remove it.
    :returns: the facts for the record, and notes for the user.
    :raises BadFileError: the model is unusable. :raises StepError: a step of the finishing failed.
    :raises OSError: the folder cannot be written.
    """
    folder = Path(task.folder)
    textures = _new_texture_folder(folder)
    picture = folder / f"{THUMBNAIL}.part"
    blend = folder / f"{task.blend}.part"
    stands = False
    try:
        report_status("Importing in the background")
        empty_file()
        imported = import_model(folder / task.model)
        settings = imported.settings(Finishing.from_dict(task.finishing))
        made = finish(imported.objects, task.name, settings, textures)
        store_provenance(made.collection, task.provenance)
        former = [also_called(made.collection, name) for name in task.former_names]
        made = replace(made, former=tuple(former))
        # Before the asset: otherwise the Asset Browser would show the prop twice.
        light = textures / LIGHT if write_light(made, textures / LIGHT, task.blend) else None
        mark_asset(made.collection, task.prompt, task.provenance)
        set_exporters(made.collection)
        facts, notes = _facts(made, textures), [*imported.notes, *made.notes]
        # The thumbnail takes most of the time, and the artist need not wait for it.
        if task.early and task.picture == How.TAKE:
            write_blend({made.collection, *made.lods, *made.former}, blend)
            _sign(light, blend, made)
            _sync(textures)
            put_in_place(blend, folder / task.blend)
            stands = True
            usable(facts, notes)
        # After that, too: the artist need not wait for the measuring.
        quality, told = _quality(made)
        notes += told
        shown, told = picture_of(task, made.collection, picture, report_status)
        facts, notes = facts | fact_about(task, shown), notes + told
        report_status("Writing the prop")
        write_with_picture(
            {made.collection, *made.lods, *made.former}, made.collection, blend, shown
        )
        # Without a new thumbnail, that of an earlier finishing stays.
        if picture.exists():
            put_in_place(picture, folder / THUMBNAIL)
        _sign(light, blend, made)
        _sync(textures)
        # This is the last step that can fail: an earlier .blend and its textures stay until here.
        put_in_place(blend, folder / task.blend)
    except BaseException:
        # A prop that was announced may already be linked, and needs its textures.
        if not stands:
            shutil.rmtree(textures, ignore_errors=True)
        raise
    finally:
        discard(picture)
        discard(blend)
    _drop_old_textures(folder, {textures.name, *task.keep})
    empty_file()  # an idle process should not hold the prop's memory
    if quality is not None:
        files = [folder / name for name in (task.blend, *facts["files"])]
        size = sum(path.stat().st_size for path in files)
        facts[QUALITY] = replace(quality, file_bytes=size).to_dict()
    return facts, notes


def _quality(made: FinishedProp) -> tuple[Quality | None, list[str]]:
    """Measure the prop. If that fails, the prop is kept, and a note says so."""
    try:
        return measure(list(made.objects)), []
    except (RuntimeError, ValueError, IndexError, MemoryError) as error:
        log.warning("no quality: %s", error)
        return None, ["The quality could not be measured"]


def _new_texture_folder(folder: Path) -> Path:
    """Choose an unused name: finishing again must not change what an open file is showing."""
    path, number = folder / FOLDER, 1
    while path.exists():
        number += 1
        path = folder / f"{FOLDER}-{number}"
    return path


def _sync(textures: Path) -> None:
    """Sync the textures to disk before the ``.blend`` that needs them is renamed."""
    if textures.is_dir():
        for path in textures.rglob("*"):
            if path.is_file():
                sync_file(path)
        sync_folder(textures)


def _sign(light: Path | None, blend: Path, made: FinishedProp) -> None:
    if light is not None:
        sign(light, blend, made.collection.name, bpy.app.version)


def _drop_old_textures(folder: Path, keep: set[str]) -> None:
    for old in folder.glob(f"{FOLDER}*"):
        if old.name not in keep and old.is_dir():
            shutil.rmtree(old, ignore_errors=True)


def _facts(made: FinishedProp, textures: Path) -> dict[str, Any]:
    return {
        "collection": made.collection.name,
        FORMER_NAMES: [collection.name for collection in made.former],
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
