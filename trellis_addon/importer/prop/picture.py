# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes a prop's picture, with the prop or later, and writes it into the prop's file."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import bpy

from ...core.errors import ImporterError
from ...core.files.held_files import discard
from ...core.files.light_files import sign_again
from ...core.files.prop_files import THUMBNAIL
from ...core.generation.picture import IN_RECORD, How
from ..mesh.image_pixels import Pixels, kept_in_memory
from ..pipe.messages import PictureTask, Task
from ..read.blender_gltf import empty_file
from .asset_file import load_preview, put_in_place, restore_preview, write_blend
from .making import Making
from .thumbnail import render

log = logging.getLogger(__name__)

NO_PICTURE: Final = "No picture could be taken"
"""The note about a prop without one."""

_KEEP_PREVIEWS: Final = ((4, 2), (4, 5))
"""``libraries.write`` drops previews in 4.3, 5.0 and 5.1, and keeps them in these two and since 5.2
(measured). Restoring a preview that is there does no harm, so all other versions are treated like
those that lose it."""


@dataclass
class Sitting:
    """Does about a prop's picture what the task says. It is taken at most once, and may be taken
    before the collection is an asset.
    """

    task: Task
    picture: Path
    """The file to write."""
    report_status: Callable[[str], None]
    _notes: list[str] | None = field(default=None, init=False)

    def take(self, collection: Any, pictures: Mapping[Any, Pixels] = MappingProxyType({})) -> None:
        """Render the collection, if the task asks for that. If it fails, a note says so.

        :param pictures: the pixels of images that have been decoded already.
        """
        if self.task.picture != How.TAKE or self._notes is not None:
            return
        self.report_status("Taking the prop's picture")
        self._notes = []
        try:
            with kept_in_memory(pictures):
                render(collection, self.picture, self.task.threads)
        except (RuntimeError, TypeError, AttributeError) as error:  # the latter two: no Cycles
            log.warning("no picture: %s", error)
            self._notes.append(NO_PICTURE)

    def meanwhile(self, prop: Making, pictures: dict[Any, Pixels]) -> None:
        """Take it while the proxy is made, which needs less than all cores."""
        self.take(prop.collection, pictures)

    def show(self, collection: Any) -> tuple[Path | None, list[str]]:
        """Make the picture, which is taken if it was not, the preview of an asset.

        :returns: the picture that the prop shows now, and notes.
        """
        self.take(collection)
        notes, shown = self._notes or [], self.picture
        if self.task.picture == How.KEEP:
            shown = Path(self.task.folder) / THUMBNAIL
        if self.task.picture == How.LEAVE or not shown.is_file():
            return None, notes
        if not notes:
            load_preview(collection, shown)
        return shown, notes


def fact_about(task: Task, shown: Path | None) -> dict[str, Any]:
    """What the record says of the picture; nothing for a task that does not tell."""
    if not task.picture_key:
        return {}
    return {IN_RECORD: task.picture_key if shown or task.picture == How.LEAVE else ""}


def write_with_picture(
    collections: set[Any], collection: Any, blend: Path, picture: Path | None
) -> None:
    """Write the prop's file with its preview.

    :param collections: the prop's own collection and those of its levels of detail.
    :param picture: the preview's file; None if there is none.
    """
    name = collection.name
    write_blend(collections, blend)
    keeps = bpy.app.version[:2] in _KEEP_PREVIEWS or bpy.app.version >= (5, 2, 0)
    if picture and not keeps:
        restore_preview(blend, name, picture)


def take_picture(
    task: PictureTask, report_status: Callable[[str], None]
) -> tuple[dict[str, Any], list[str]]:
    """Take the picture of a prop that was made without, and write its file again.

    :returns: like ``convert.convert``: here only what the record says of the picture.
    :raises ImporterError: the prop's file cannot be read. :raises OSError: it cannot be written.
    """
    folder = Path(task.folder)
    picture, part = folder / f"{THUMBNAIL}.part", folder / f"{task.blend}.part"
    try:
        collections, collection = _loaded(folder / task.blend, task.collection)
        shown, notes = Sitting(task, picture, report_status).show(collection)
        if shown:
            write_with_picture(collections, collection, part, shown)
            put_in_place(picture, folder / THUMBNAIL)
            sign_again(folder / task.blend, part)
            put_in_place(part, folder / task.blend)
    finally:
        discard(picture)
        discard(part)
    empty_file()  # an idle process should not hold the prop's memory
    return fact_about(task, shown), notes


def _loaded(blend: Path, name: str) -> tuple[set[Any], Any]:
    """Everything of a prop's file, in the empty background scene: the collections to write, and the
    prop's own one.
    """
    empty_file()
    libraries: Any = bpy.data.libraries
    try:
        with libraries.load(str(blend), link=False) as (source, into):
            into.collections = source.collections
    except OSError as error:
        raise ImporterError("Blender cannot read the prop's file", detail=str(error)) from error
    collections: Any = bpy.data.collections
    collection = collections.get(name)
    if collection is None:
        raise ImporterError("There is no prop in the prop's file", detail=f"{blend}: {name}")
    # Also the levels of detail, and the former names of a renamed prop: whatever is in no other.
    within = {child for each in collections for child in each.children}
    return {collection, *(each for each in collections if each not in within)}, collection
