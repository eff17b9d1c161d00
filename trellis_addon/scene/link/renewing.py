# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the files of linked props again, after another making has replaced them."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, Final

import bpy

from ...blender_context import is_local
from ...core.errors import PlacingError
from ...core.files.light_files import BOX, FULL_MESH, full_path
from .light_links import file_there, is_light, name_meshes, prop_path, usable
from .linking import bring_full
from .own_copies import complete_copies, linked_mesh
from .relink import data_of, linked_libraries, prop_of
from .roles import is_part

log = logging.getLogger(__name__)

_SHOWN: Final = (bpy.types.Collection, bpy.types.Object, bpy.types.Mesh)
"""What the open file would lose with a library."""


def replace_unusable() -> None:
    """Link the full files of props in place of light files that do not match them, in a file that
    was just opened: one that Blender has saved by itself.
    """
    stale = [one for one in filter(is_light, bpy.data.libraries) if not usable(one)]
    # By name, as reload() invalidates every Python reference to a library and its data.
    for name in [one.name for one in stale if prop_path(one).is_file()]:
        library = bpy.data.libraries[name]
        try:
            if file_there(library):
                replace_light(library)
            else:
                _name_full(library)
        except (RuntimeError, PlacingError) as error:
            log.warning("%s cannot be read: %s", name, error)


def _name_full(library: bpy.types.Library) -> None:
    """Read the full file of a light library by the same names, of which nothing could be read.

    Only where nothing can be undone: Blender crashes when it redoes a step after the path of a
    library was changed (measured in 5.2).
    """
    library.filepath = full_path(library.filepath) or library.filepath
    library.reload()


def renew_light() -> tuple[str, ...]:
    """Read light files again that renders show as a box, as their meshes are missing: another
    Blender has finished the prop again, or the folder was cleared.

    :returns: the ids of their props.
    """
    renewed: list[str] = []
    for name in [one.name for one in linked_libraries() if is_light(one) and not _has_meshes(one)]:
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
            library = bpy.data.libraries[name]
            name_meshes(library, _objects_of(library))
            _renew_overrides(library)
        else:
            replace_light(library)
    except (RuntimeError, PlacingError) as error:
        log.warning("%s cannot be read again: %s", name, error)
        return False
    return True


def _renew_overrides(library: bpy.types.Library) -> None:
    """Let library overrides read the meshes that their light file has now. Blender renews them only
    when a file is opened.
    """
    for obj in bpy.data.objects:
        of: Any = obj.override_library and obj.override_library.reference
        if of and of.library == library and FULL_MESH in of.modifiers:
            ours: Any = obj.modifiers.get(FULL_MESH)
            path = of.modifiers[FULL_MESH].bakes[0].directory
            if ours:
                ours.bakes[0].directory = bpy.path.abspath(path, library=library)


def _objects_of(library: bpy.types.Library) -> list[Any]:
    return [obj for obj in bpy.data.objects if obj.library == library]


def _has_meshes(library: bpy.types.Library) -> bool:
    """Whether the meshes exist that a light library has in renders."""
    objects = [obj for obj in _objects_of(library) if FULL_MESH in obj.modifiers]
    bakes = [obj.modifiers[FULL_MESH].bakes[0] for obj in objects]
    folders = (bpy.path.abspath(bake.directory, library=library) for bake in bakes)
    return usable(library) and all(Path(folder).is_dir() for folder in folders)


def replace_light(library: bpy.types.Library) -> None:
    """Let everything that uses data of a light library use that of its full file: instances, but
    also library overrides and copies of the user.

    :raises PlacingError: see :func:`.linking.bring`.
    """
    complete_copies()
    full = bring_full(prop_path(library))
    there = {(type(one), one.name): one for one in data_of(full.library)}
    for old in data_of(library):
        twin = there.get((type(old), old.name))
        if isinstance(old, bpy.types.Collection) and not is_part(old):
            twin = full  # whatever its name was before
        elif isinstance(old, bpy.types.Mesh) and old.name.startswith(BOX):
            twin = linked_mesh(old)
        if twin is not None:
            old.user_remap(twin)
    if _is_used(library):
        log.warning("%s stays, as something still uses it", library.name)
    else:
        bpy.data.libraries.remove(library)


def _is_used(library: bpy.types.Library) -> bool:
    shown = {one for one in data_of(library) if isinstance(one, _SHOWN)}
    data: Any = bpy.data  # the stubs make all of user_map's arguments required
    return any(is_local(one) for users in data.user_map(subset=shown).values() for one in users)
