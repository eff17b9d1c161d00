# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds links into the library again after it was moved, and tells what uses a prop's folder."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import bpy

from ...core.files.light_files import full_path
from .light_links import file_there, prop_path

log = logging.getLogger(__name__)

_OF_A_PROP: Final = re.compile(
    r"(?:^|[/\\])(?P<id>[^/\\]+-[0-9a-f]{8})[/\\](?P<name>prop[^/\\]*\.blend)$"
)
"""The end of a link to a prop, as written on any operating system."""

Choose = Callable[[str, str], Path | None]
"""Gives the file to link for a prop's id and the name of the file in the link."""


@dataclass(frozen=True)
class Relinked:
    """The result for links whose file is missing."""

    found: tuple[str, ...]
    """The ids of props that are linked again."""
    lost: tuple[str, ...]
    """The ids of props that are not in the library folder either."""


def in_library(library: Path) -> Choose:
    """Look for props in a library folder, for the file that this Blender can read.

    If a prop's record cannot be read, its files are found by their names.
    """
    # Imported here, as pydantic would add 50 to 70 ms to Blender's start-up (measured).
    from ...core.errors import LibraryError
    from ...library.blend_versions import blend_for
    from ...library.prop_folder import PropFolder

    def choose(prop_id: str, name: str) -> Path | None:
        folder = PropFolder(library / prop_id)
        try:
            choice = blend_for(
                folder.read(), bpy.app.version, lambda n: (folder.path / n).is_file()
            )
        except LibraryError:
            candidates = (folder.path / name, folder.blend)
            return next((path for path in candidates if path.is_file()), None)
        return None if choice.make else folder.path / choice.name

    return choose


def find_missing(choose: Choose) -> Relinked:
    """Link props of the open file again if their library files are missing.

    Only links that end in ``<prop id>/prop*.blend`` are considered. Relative links stay relative.
    Blender itself merges two links to one file when the scene is opened the next time.
    """
    found, lost = [], []
    # By name, as reload() invalidates every Python reference to a library and its data.
    for name in [library.name for library in linked_libraries()]:
        library = bpy.data.libraries[name]
        prop = prop_of(library)
        if prop is None or file_there(library):
            continue
        path = choose(*prop)
        if path is not None and _relink(library, path):
            found.append(prop[0])
        else:
            lost.append(prop[0])
    return Relinked(tuple(found), tuple(lost))


def prop_of(library: bpy.types.Library) -> tuple[str, str] | None:
    """The id and the file name of a prop in a link; None for a link to something else."""
    match = _OF_A_PROP.search(full_path(library.filepath) or library.filepath)
    return (match["id"], match["name"]) if match else None


def linked_libraries() -> Iterator[bpy.types.Library]:
    """The libraries from which something is linked.

    Since 5.0, packed data also has libraries, one with the data and one without. Neither needs its
    file.
    """
    for library in bpy.data.libraries:
        if not getattr(library, "is_archive", False) and data_of(library):
            yield library


def data_of(library: bpy.types.Library) -> set[bpy.types.ID]:
    """The data that is linked from a library."""
    return {one for one in library.users_id if one.library == library}


def _relink(library: bpy.types.Library, path: Path) -> bool:
    # In an unsaved file, a path cannot be relative.
    before = library.filepath
    relative = before.startswith("//") and bool(bpy.data.filepath)
    library.filepath = _relative(path) if relative else str(path)
    try:
        library.reload()
    except RuntimeError as error:
        log.warning("%s cannot be linked: %s", path, error)
        library.filepath = before  # the user may still find it by hand
        return False
    return True


def _relative(path: Path) -> str:
    try:
        return bpy.path.relpath(str(path))
    except ValueError:  # another drive of Windows
        return str(path)


def links_into(folder: Path) -> list[str]:
    """The names of local data in the open file that use anything linked from a prop's folder.

    A library that is loaded but no longer used does not count.
    """
    wanted = folder.resolve()
    libraries = [one for one in linked_libraries() if prop_path(one).resolve().parent == wanted]
    if not libraries:
        return []
    users: set[str] = set()
    for owners in _users(libraries):
        users.update(one.name for one in owners if one.library not in libraries)
    return sorted(users)


def _users(libraries: list[bpy.types.Library]) -> Iterator[set[bpy.types.ID]]:
    linked = {one for library in libraries for one in data_of(library)}
    data: Any = bpy.data  # the stubs make all of user_map's arguments required
    yield from data.user_map(subset=linked).values()
