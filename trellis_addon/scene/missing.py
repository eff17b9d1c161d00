# SPDX-License-Identifier: GPL-3.0-or-later
"""The open file's links into the library: found again when it was moved, counted when one goes."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import bpy

from .linking import library_path

log = logging.getLogger(__name__)

_OF_A_PROP: Final = re.compile(
    r"(?:^|[/\\])(?P<id>[^/\\]+-[0-9a-f]{8})[/\\](?P<name>prop[^/\\]*\.blend)$"
)
"""The end of a link to a prop, written on any system."""

Choose = Callable[[str, str], Path | None]
"""From a prop's id and the file's name in the link to the file to link instead."""


@dataclass(frozen=True)
class Relinked:
    """What became of the links whose file is gone."""

    found: tuple[str, ...]
    """Ids of the props that are linked again."""
    lost: tuple[str, ...]
    """Ids of those that are not in the library folder either."""


def in_library(library: Path) -> Choose:
    """Look for a prop in a library folder, for the file that this Blender can read.

    A prop whose record cannot be read is taken by its files' names.
    """
    from ..core.errors import LibraryError
    from ..library.folder import PropFolder
    from ..library.versions import blend_for

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
    """Link the props of the open file again whose library files are gone.

    Only links that end in ``<prop id>/prop*.blend`` are looked at. Relative links stay relative.
    Blender itself merges two links to one file when the scene is opened the next time.
    """
    found, lost = [], []
    # By name: reload() makes every reference to a library's data invalid.
    for name in [library.name for library in _linked()]:
        library = bpy.data.libraries[name]
        prop = prop_of(library)
        if prop is None or library_path(library).is_file():
            continue
        path = choose(*prop)
        if path is not None and _relink(library, path):
            found.append(prop[0])
        else:
            lost.append(prop[0])
    return Relinked(tuple(found), tuple(lost))


def prop_of(library: bpy.types.Library) -> tuple[str, str] | None:
    """A prop's id and its file's name, from a link; None for a link to something else."""
    match = _OF_A_PROP.search(library.filepath)
    return (match["id"], match["name"]) if match else None


def _linked() -> Iterator[bpy.types.Library]:
    """Libraries from which something is linked.

    From 5.0, packed data has libraries too, one with the data and one without; neither needs a
    file.
    """
    for library in bpy.data.libraries:
        if not getattr(library, "is_archive", False) and _data_of(library):
            yield library


def _data_of(library: bpy.types.Library) -> set[bpy.types.ID]:
    return {one for one in library.users_id if one.library == library}


def _relink(library: bpy.types.Library, path: Path) -> bool:
    before = library.filepath
    relative = before.startswith("//") and bool(bpy.data.filepath)
    library.filepath = _relative(path) if relative else str(path)
    try:
        library.reload()
    except RuntimeError as error:
        log.warning("%s cannot be linked: %s", path, error)
        library.filepath = before
        return False
    return True


def _relative(path: Path) -> str:
    try:
        return bpy.path.relpath(str(path))
    except ValueError:  # another drive of Windows
        return str(path)


def links_into(folder: Path) -> list[str]:
    """Names of the local data of the open file that use anything linked from a prop's folder.

    A library that is still loaded, but that nothing uses any more, does not count.
    """
    wanted = folder.resolve()
    libraries = [one for one in _linked() if library_path(one).resolve().parent == wanted]
    if not libraries:
        return []
    users: set[str] = set()
    for owners in _users(libraries):
        users.update(one.name for one in owners if one.library not in libraries)
    return sorted(users)


def _users(libraries: list[bpy.types.Library]) -> Iterator[set[bpy.types.ID]]:
    linked = {one for library in libraries for one in _data_of(library)}
    data: Any = bpy.data  # the stubs make all of user_map's arguments required
    yield from data.user_map(subset=linked).values()
