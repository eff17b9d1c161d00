# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes one prop, step by step, inside the background Blender."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import bpy

from ...core.files.held_files import discard
from ...core.files.prop_files import THUMBNAIL
from ...core.generation.finishing import Finishing
from ...core.generation.picture import How
from ...core.generation.proxy_draft import PROXY_DUE
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
from .light_file import NewLight, drop_old, renew_light, write_light
from .making import StepError
from .picture import Sitting, fact_about, write_with_picture
from .proxy_collections import replace_draft

log = logging.getLogger(__name__)

ROUGH_PROXY: Final = "The viewport shows a rough version, as the light one could not be made"
"""The note about a prop that only has the draft of its proxy."""

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
    sitting = Sitting(task, picture, report_status)
    blend = folder / f"{task.blend}.part"
    stands, light = False, None
    try:
        report_status("Importing in the background")
        empty_file()
        imported = import_model(folder / task.model)
        settings = imported.settings(Finishing.from_dict(task.finishing))
        # The thumbnail and the proxy take most of the time, and the artist need not wait for them.
        is_early = task.early and task.picture == How.TAKE
        made = finish(
            imported.objects,
            task.name,
            settings,
            textures,
            is_hasty=is_early,
            meanwhile=None if is_early else sitting.meanwhile,
        )
        store_provenance(made.collection, task.provenance)
        former = [also_called(made.collection, name) for name in task.former_names]
        made = replace(made, former=tuple(former))
        # Before the asset: otherwise the Asset Browser would show the prop twice.
        light = write_light(made, folder / task.blend)
        _publish(made, task)
        facts, notes = _facts(made, textures), [*imported.notes, *made.notes]
        if is_early:
            _write_early(made, blend, folder / task.blend, light, textures)
            stands = True
            usable(facts, notes)
            notes += _proxy_of(made, light, task, sitting)
            facts = _facts(replace(made, draft=None), textures)
        # After that, too: the artist need not wait for the measuring.
        quality, told = _quality(made)
        notes += told
        shown, told = sitting.show(made.collection)
        facts, notes = facts | fact_about(task, shown), notes + told
        report_status("Writing the prop")
        write_with_picture(
            {made.collection, *made.lods, *made.former}, made.collection, blend, shown
        )
        # Without a new thumbnail, that of an earlier finishing stays.
        if picture.exists():
            put_in_place(picture, folder / THUMBNAIL)
        _sync(textures)
        if light:
            light.put(blend)
        # This is the last step that can fail: an earlier .blend and its textures stay until here.
        put_in_place(blend, folder / task.blend)
    except BaseException:
        # A prop that was announced may already be linked, and needs its textures.
        if not stands:
            shutil.rmtree(textures, ignore_errors=True)
            if light:
                light.discard()
        raise
    finally:
        discard(picture)
        discard(blend)
        if light:
            discard(light.written)
    _drop_old_textures(folder, {textures.name, *task.keep})
    drop_old(folder / task.blend, light)
    empty_file()  # an idle process should not hold the prop's memory
    if quality is not None:
        files = [folder / name for name in (task.blend, *facts["files"])]
        size = sum(path.stat().st_size for path in files)
        facts[QUALITY] = replace(quality, file_bytes=size).to_dict()
    return facts, notes


def _publish(made: FinishedProp, task: Task) -> None:
    mark_asset(made.collection, task.prompt, task.provenance)
    set_exporters(made.collection)


def _write_early(
    made: FinishedProp, blend: Path, target: Path, light: NewLight | None, textures: Path
) -> None:
    """Write the prop for the first time, before its proxy and its thumbnail are made.

    A power failure loses nothing that the record names: the prop is made again then. But an earlier
    file must not be lost.
    """
    durably = target.exists()
    write_blend({made.collection, *made.lods, *made.former}, blend, durably=durably)
    if durably:
        _sync(textures)
    if light:
        light.put(blend, durably=durably)
    put_in_place(blend, target, durably=durably)


def _proxy_of(
    made: FinishedProp, light: NewLight | None, task: Task, sitting: Sitting
) -> list[str]:
    """Make the proxy in the place of its draft. If that fails, the draft stays, with a note."""
    if made.draft is None:
        return []
    try:
        replace_draft(made.draft, sitting.meanwhile)
    except StepError as error:
        log.warning("no proxy: %s", error.__cause__, exc_info=error)
        return [ROUGH_PROXY]
    if light is not None:
        made.collection.asset_clear()
        renew_light(made, light)
        _publish(made, task)
    return []


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
        for path in textures.iterdir():
            sync_file(path)
        sync_folder(textures)


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
        PROXY_DUE: made.draft is not None,
        "lods": [lod.name for lod in made.lods],
        "materials": len(bpy.data.materials),
        "images": sum(1 for image in bpy.data.images if image.source == "FILE"),
        "files": sorted(
            f"{textures.name}/{file.name}" for file in textures.glob("*") if file.is_file()
        ),
        "blender": ".".join(map(str, bpy.app.version)),
    }
