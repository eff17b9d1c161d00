# SPDX-License-Identifier: GPL-3.0-or-later
"""Packs a prop with its images, for Blender versions that cannot pack images of linked data.

Up to 5.2, the images of packed data can be packed afterwards. Since 5.3, ``Image.pack`` refuses
linked images, and Pack itself leaves out files beside a library. So the images have to be inside of
the library that Blender packs: a copy of the prop's file with packed images.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bpy

from ...core.errors import PlacingError
from .appending import ORIGIN, origin, pack


def packed_already(blend: Path) -> bpy.types.Collection | None:
    """The packed collection of this version of a file; None if there is none or only an old one."""
    if not blend.is_file():
        return None
    wanted = origin(blend)
    collections: Any = bpy.data.collections  # the stubs are of a Blender without packed links
    packed = (one for one in collections if one.is_linked_packed)
    return next((one for one in packed if one.get(ORIGIN) == wanted), None)


@contextmanager
def copy_with_pictures(
    blend: Path, append: Callable[[Path], bpy.types.Collection]
) -> Iterator[Path]:
    """Make a temporary copy of a prop's file with its images inside, which exists in the context.

    To make it, the prop is appended to the open file and removed again.

    :param append: loads the file's collection as local data.
    :raises PlacingError: from ``append``, or the copy cannot be written.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="trellis-pack-") as place:
            copy = Path(place) / blend.name
            _write_copy(blend, copy, append)
            yield copy
    except OSError as error:
        raise PlacingError("The prop could not be packed", detail=str(error)) from error


def _write_copy(blend: Path, copy: Path, append: Callable[[Path], bpy.types.Collection]) -> None:
    before, libraries = _local_ids(), set(bpy.data.libraries)
    try:
        collection = append(blend)
        collection[ORIGIN] = origin(blend)  # by which packed_already finds it
        pack(one for one in _local_ids() - before if isinstance(one, bpy.types.Image))
        bpy.data.libraries.write(str(copy), {collection}, path_remap="NONE", fake_user=True)
    finally:
        bpy.data.batch_remove(_local_ids() - before)
        for library in (
            set(bpy.data.libraries) - libraries
        ):  # an empty entry stays of what is appended
            bpy.data.libraries.remove(library)


def name_source(collection: bpy.types.Collection, blend: Path) -> None:
    """Change the path of packed data to the prop's own file, as the copy will be removed.

    If the prop is also linked, Blender merges the two libraries when the file is opened.
    """
    archive: Any = collection.library
    for library in (archive.archive_parent_library, archive):
        library.filepath = str(blend)


def _local_ids() -> set[bpy.types.ID]:
    kinds = (one.identifier for one in bpy.data.bl_rna.properties if one.type == "COLLECTION")
    found = (one for kind in kinds for one in getattr(bpy.data, kind))
    return {one for one in found if one.library is None and not isinstance(one, bpy.types.Library)}
