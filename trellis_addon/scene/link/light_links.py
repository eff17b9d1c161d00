# SPDX-License-Identifier: GPL-3.0-or-later
"""Links a heavy prop by its light file, so that its full mesh is read only when it is needed.

The light file (``importer/prop/light_file.py``) has the same collections and objects under the same
names. Blender reads the full meshes beside it when a render evaluates their objects: without the
extension, in any thread, and in a file of any name. Whatever else needs them reads the full file in
place of the light one.

A saved file names ``prop.blend`` all the same, as Blender does not promise that its next version
reads the meshes beside a light file, and programs that collect the files of a scene know libraries
and images. Blender writes a library's path, but does not read the library when its path is set. So
the paths are changed before and after saving. Blender calls no handlers for its automatic saves and
for ``quit.blend``: these name the light file, and show and render the full prop all the same.

Props are linked so only where handlers change the paths, which is in the window.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import bpy

from ...core.files.light_files import FULL_MESH, LightFile, full_path, light_file, light_path

GUARD: Final = "name_full_files"
"""The name of the handler that calls :func:`name_full` before a file is saved."""

_named: Final[set[str]] = set()
"""The names of the libraries that have another path while a file is saved."""
_CARRIES_PATHS: Final = (5, 2, 0)
"""Since then, **Make Local** keeps where a baked mesh is (measured: not in 4.5)."""


def name_meshes(library: bpy.types.Library, objects: Iterable[Any]) -> None:
    """Name the baked meshes of a light library by their absolute paths, in memory only, where an
    object that is made local would lose them: their paths are relative to the library.

    :param objects: those of the library.
    """
    if bpy.app.version >= _CARRIES_PATHS:
        return
    for modifier in filter(None, (obj.modifiers.get(FULL_MESH) for obj in objects)):
        (bake,) = modifier.bakes
        bake.directory = bpy.path.abspath(bake.directory, library=library)


def light_of(blend: Path) -> LightFile | None:
    """The light file to link in place of a prop's ``.blend``; None if that is to be linked."""
    guarded = any(each.__name__ == GUARD for each in bpy.app.handlers.save_pre)
    return light_file(blend, bpy.app.version) if guarded else None


def prop_path(library: bpy.types.Library) -> Path:
    """The absolute path of the prop's ``.blend``, even if its light file is linked."""
    path = bpy.path.abspath(library.filepath)
    return Path(full_path(path) or path)


def file_there(library: bpy.types.Library) -> bool:
    """Whether the file from which a library was read exists."""
    return Path(bpy.path.abspath(library.filepath)).is_file()


def is_light(library: bpy.types.Library) -> bool:
    """Whether a library is read from a light file.

    A library that is packed into the open file, by Blender's own commands, does not count: it keeps
    its path, as the meshes are found from there.
    """
    archive: Any = getattr(library, "is_archive", False)  # packed data, since 5.0
    packed = archive or library.packed_file is not None
    return not packed and full_path(library.filepath) is not None


def name_full() -> None:
    """Let light libraries have the path of the full file, for a file that is about to be saved."""
    for library in filter(is_light, bpy.data.libraries):
        path = full_path(library.filepath)
        # Where neither is there, the whole library is away, as on a drive that is not mounted.
        if path and (prop_path(library).is_file() or not file_there(library)):
            _named.add(library.name)
            library.filepath = path


def name_light() -> None:
    """Undo :func:`name_full`, when the file was saved, or could not be saved."""
    for library in bpy.data.libraries:
        # A file that is saved elsewhere has got other relative paths.
        if library.name in _named and (path := light_path(library.filepath)):
            library.filepath = path
    _named.clear()


def usable(library: bpy.types.Library) -> bool:
    """Whether a library is a full one, or a light one whose file matches the prop's."""
    return not is_light(library) or light_of(prop_path(library)) is not None
