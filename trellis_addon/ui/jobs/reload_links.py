# SPDX-License-Identifier: GPL-3.0-or-later
"""Reloads a prop that was finished again, wherever the open file links it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import bpy

from ...scene.link.methods import Display

_CRASHES: Final = (5, 1, 0)
"""Since then, Blender crashes when it undoes a step from before a library was read again that has
got more data-blocks (measured: not in 5.0, but in 5.2 and 5.3).
"""


def reload_prop(folder: Path, blend: Path) -> int:
    """Read a prop's file again. Instances keep their places; appended copies are not changed.

    Links to a deleted file of the prop are set to the new one, as a new ``prop.blend`` replaces the
    files for other versions of Blender.

    :returns: the number of links that were renewed.
    """
    from ...scene.link.proxies import instances, show
    from ...scene.link.relink import find_missing, in_library
    from ...scene.link.renewing import read_again
    from ...scene.place.undo_steps import forget_undo_steps

    before = _names()
    full = [empty for empty in instances(bpy.data.objects) if _shows_full(empty)]
    count = sum(read_again(name) for name in _links_to(blend))
    choose = in_library(folder.parent)

    def only_this(prop_id: str, name: str) -> Path | None:
        return choose(prop_id, name) if prop_id == folder.name else None

    count += len(find_missing(only_this).found)
    if full and count:
        # A full prop is shown by a collection in the open file, which still has the old objects.
        show(full, Display.FULL)
    if _names() - before:
        forget_undo_steps("Read Again")
    return count


def _names() -> set[tuple[str, str, str]]:
    """The names of all linked data-blocks, with their types and libraries; none where Blender does
    not crash for new ones.
    """
    if bpy.app.version < _CRASHES:
        return set()
    data: Any = bpy.data  # the stubs make all of user_map's arguments required
    # One look at everything, as ``Library.users_id`` looks at everything for each library.
    linked = (block for block in data.user_map() if block.library)
    return {(block.library.name, type(block).__name__, block.name) for block in linked}


def _shows_full(empty: bpy.types.Object) -> bool:
    from ...scene.link.proxies import prop_of

    return empty.instance_collection != prop_of(empty)


def _links_to(blend: Path) -> list[str]:
    """The names of the libraries that link a file. Names are used, as ``reload()`` invalidates all
    references to a library's data.
    """
    from ...scene.link.light_links import prop_path
    from ...scene.link.linking import same_file

    return [
        library.name
        for library in bpy.data.libraries
        if not getattr(library, "is_archive", False) and same_file(prop_path(library), blend)
    ]
