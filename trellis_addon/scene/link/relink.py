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

from ...core.errors import PlacingError
from ...core.files.light_files import FULL_MESH, full_path
from .light_links import file_there, is_light, prop_path, usable
from .linking import replace_light

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
    for name in [library.name for library in _linked()]:
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


def renew_light() -> tuple[str, ...]:
    """Read light files again that renders show as a box, as their meshes are missing: another
    Blender has finished the prop again, or the folder was cleared.

    :returns: the ids of their props.
    """
    renewed: list[str] = []
    for name in [one.name for one in _linked() if is_light(one) and not _has_meshes(one)]:
        library = bpy.data.libraries[name]
        prop = prop_of(library)
        if prop and prop_path(library).is_file() and read_again(name):
            renewed.append(prop[0])
    return tuple(renewed)


def read_again(name: str) -> bool:
    """Read a prop's file again; the full file, if its light file does not match it any more."""
    library = bpy.data.libraries[name]
    try:
        if usable(library):
            library.reload()
        else:
            replace_light(library)
    except (RuntimeError, PlacingError) as error:
        log.warning("%s cannot be read again: %s", name, error)
        return False
    return True


def _has_meshes(library: bpy.types.Library) -> bool:
    """Whether the meshes exist that a light library has in renders."""
    objects: list[Any] = [one for one in _data_of(library) if isinstance(one, bpy.types.Object)]
    bakes = [obj.modifiers[FULL_MESH].bakes[0] for obj in objects if FULL_MESH in obj.modifiers]
    folders = (bpy.path.abspath(bake.directory, library=library) for bake in bakes)
    return usable(library) and all(Path(folder).is_dir() for folder in folders)


def prop_of(library: bpy.types.Library) -> tuple[str, str] | None:
    """The id and the file name of a prop in a link; None for a link to something else."""
    match = _OF_A_PROP.search(full_path(library.filepath) or library.filepath)
    return (match["id"], match["name"]) if match else None


def _linked() -> Iterator[bpy.types.Library]:
    """The libraries from which something is linked.

    Since 5.0, packed data also has libraries, one with the data and one without. Neither needs its
    file.
    """
    for library in bpy.data.libraries:
        if not getattr(library, "is_archive", False) and _data_of(library):
            yield library


def _data_of(library: bpy.types.Library) -> set[bpy.types.ID]:
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
    libraries = [one for one in _linked() if prop_path(one).resolve().parent == wanted]
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
