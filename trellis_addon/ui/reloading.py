# SPDX-License-Identifier: GPL-3.0-or-later
"""A prop that was made anew, shown in the open file wherever it is linked."""

from __future__ import annotations

import logging
from pathlib import Path

import bpy

from ..scene.methods import Display

log = logging.getLogger(__name__)


def reload_prop(folder: Path, blend: Path) -> int:
    """Read a prop's file again. Instances stay where they are; appended copies are the user's own.

    Links to a file of the prop that is gone, as a new ``prop.blend`` replaces those of other
    Blenders, come to the new one.

    :returns: how many links were renewed.
    """
    from ..scene.missing import find_missing, in_library
    from ..scene.proxies import instances, show

    full = [empty for empty in instances(bpy.data.objects) if _shows_full(empty)]
    count = sum(_reload(name) for name in _links_to(blend))
    choose = in_library(folder.parent)

    def only_this(prop_id: str, name: str) -> Path | None:
        return choose(prop_id, name) if prop_id == folder.name else None

    count += len(find_missing(only_this).found)
    if full and count:
        show(full, Display.FULL)  # which is a collection of the open file, with the old objects
    return count


def _shows_full(empty: bpy.types.Object) -> bool:
    from ..scene.proxies import prop_of

    return empty.instance_collection != prop_of(empty)


def _links_to(blend: Path) -> list[str]:
    """By name: reload() makes every reference to a library's data invalid."""
    from ..scene.linking import library_path, same_file

    return [
        library.name
        for library in bpy.data.libraries
        if not getattr(library, "is_archive", False) and same_file(library_path(library), blend)
    ]


def _reload(name: str) -> bool:
    try:
        bpy.data.libraries[name].reload()
    except RuntimeError as error:
        log.warning("%s cannot be read again: %s", name, error)
        return False
    return True
