# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing the collection of a ``prop.blend`` into the open file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import bpy

from ..core.errors import PlacingError
from .appending import Before, pack, tidy
from .methods import Method
from .packing import copy_with_pictures, name_source, packed_already
from .roles import is_part


def bring(blend: Path, method: Method) -> bpy.types.Collection:
    """The collection of a prop, by one of Blender's ways.

    :returns: for Link and Pack the library's own collection, shared by all copies; for the two
        ways of Append a local collection that is not yet in any scene.
    :raises PlacingError: the file is missing, from a newer Blender, or holds no collection; or
        this Blender does not know the method.
    """
    match method:
        case Method.LINK:
            return linked_already(blend) or _load(blend, link=True, relative=_relative())
        case Method.PACK:
            if not method.available:
                raise PlacingError("Pack needs Blender 5.0 or newer", "Choose Link or Append")
            return _pack(blend)
        case Method.APPEND:
            return _append(blend, reuse=False)
        case Method.APPEND_REUSE:
            return _append(blend, reuse=True)


def same_file(one: Path, other: Path) -> bool:
    """Whether two paths mean the same file, through symbolic links and letter case."""
    if os.path.normcase(one) == os.path.normcase(other):
        return True
    return os.path.normcase(one.resolve()) == os.path.normcase(other.resolve())


def library_path(library: bpy.types.Library) -> Path:
    """Where a library's file is on the disk."""
    return Path(bpy.path.abspath(library.filepath))


def _relative() -> bool:
    """As the user has it for Blender's own links.

    An unsaved file has no place that a path could be relative to; Blender makes the paths relative
    when it is first saved, unless Remap Relative is off in the file dialog.
    """
    return bool(bpy.data.filepath) and bpy.context.preferences.filepaths.use_relative_paths


def _append(blend: Path, *, reuse: bool) -> bpy.types.Collection:
    before = Before()
    collection = _load(blend, link=False)
    before.note(blend)
    if reuse:
        before.reuse()
    tidy(collection)
    pack(before.new_images)
    return collection


def _pack(blend: Path) -> bpy.types.Collection:
    """The same data for the same prop again."""
    if bpy.app.version < (5, 3, 0):
        collection = _load(blend, link=True, pack=True)
        pack(image for image in bpy.data.images if image.library == collection.library)
        return collection
    if found := packed_already(blend):
        return found
    with copy_with_pictures(blend, lambda path: _load(path, link=False)) as copy:
        collection = _load(copy, link=True, pack=True)
    name_source(collection, blend)
    return collection


def linked_already(blend: Path) -> bpy.types.Collection | None:
    """The prop's collection, if the open file links it."""
    for library in bpy.data.libraries:
        # From 5.0 a packed copy has a library of its own with the same path.
        if getattr(library, "is_archive", False) or not _is_from(library, blend):
            continue
        linked = [c for c in bpy.data.collections if c.library == library and not c.is_missing]
        whole = [c for c in linked if not is_part(c)]
        return next((c for c in whole if c.asset_data), whole[0] if whole else None)
    return None


def _is_from(library: bpy.types.Library, blend: Path) -> bool:
    # A prop's folder has a name of its own, so a look at the names spares fifty props among fifty
    # libraries 2,500 looks at the disk.
    path = os.path.normcase(bpy.path.abspath(library.filepath))
    names = os.path.normcase(os.path.join(*blend.parts[-2:]))
    return path.endswith(names) and same_file(Path(path), blend)


def _load(blend: Path, **how: bool) -> bpy.types.Collection:
    if not blend.is_file():
        raise PlacingError(f"The prop's file is missing: {blend}")
    # The marked collection is the prop; a file from elsewhere may have an unmarked one.
    collection = _first(blend, assets_only=True, **how) or _first(blend, **how)
    if collection is None:
        raise PlacingError("There is no collection in the prop's file", detail=str(blend))
    _name_library(collection)
    return collection


def _name_library(collection: bpy.types.Collection) -> None:
    """By the prop; Blender takes the file's name, which is prop.blend for all of them.

    It keeps the name through saving, reloading and relinking (4.2 to 5.3), and numbers equal ones.
    5.0 looks a path up in the libraries by the order of their names, where a packed copy must not
    come before the one that is linked: there they keep Blender's names.
    """
    if bpy.app.version[:2] == (5, 0):
        return
    library: Any = collection.library
    while library is not None:
        library.name = collection.name
        library = getattr(library, "archive_parent_library", None)  # a packed copy's, from 5.0


def _first(blend: Path, **how: bool) -> bpy.types.Collection | None:
    libraries: Any = bpy.data.libraries  # the stubs do not know that load() is a context
    try:
        with libraries.load(str(blend), **how) as (source, target):
            target.collections = source.collections[:1]
    except OSError as error:
        raise PlacingError(
            "This Blender cannot read the prop's file; it may come from a newer version",
            detail=str(error),
        ) from error
    return target.collections[0] if target.collections else None
