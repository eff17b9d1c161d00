# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing the collection of a ``prop.blend`` into the open file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import bpy

from ..core.errors import PlacingError


def link(blend: Path) -> bpy.types.Collection:
    """The collection of a prop, linked; every copy of the prop shares it.

    :raises PlacingError: when the file is missing, from a newer Blender, or holds no collection.
    """
    return _linked_already(blend) or _load(blend, link=True)


def append(blend: Path) -> bpy.types.Collection:
    """The collection of a prop as data of the open file, no longer an asset of its own.

    :raises PlacingError: as :func:`link`.
    """
    collection = _load(blend, link=False)
    collection.asset_clear()
    collection.use_fake_user = False
    return collection


def _linked_already(blend: Path) -> bpy.types.Collection | None:
    for library in bpy.data.libraries:
        if _same(Path(bpy.path.abspath(library.filepath)), blend):
            for collection in bpy.data.collections:
                if collection.library == library and not collection.is_missing:
                    return collection
    return None


def _same(one: Path, other: Path) -> bool:
    return os.path.normcase(one.resolve()) == os.path.normcase(other.resolve())


def _load(blend: Path, *, link: bool) -> bpy.types.Collection:
    if not blend.is_file():
        raise PlacingError(f"The prop's file is missing: {blend}")
    libraries: Any = bpy.data.libraries  # the stubs do not know that load() is a context
    try:
        # An unsaved file has no place that a path could be relative to.
        with libraries.load(str(blend), link=link, relative=bool(bpy.data.filepath) and link) as (
            source,
            target,
        ):
            target.collections = source.collections[:1]
    except OSError as error:
        raise PlacingError(
            "This Blender cannot read the prop's file; it may come from a newer version",
            detail=str(error),
        ) from error
    if not target.collections or target.collections[0] is None:
        raise PlacingError("There is no collection in the prop's file", detail=str(blend))
    collection: bpy.types.Collection = target.collections[0]
    return collection
