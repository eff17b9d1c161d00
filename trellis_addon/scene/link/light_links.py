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

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import bpy

from ...core.files.light_files import LightFile, full_path, light_file, within

log = logging.getLogger(__name__)

GUARD: Final = "name_full_files"
"""The name of the handler that calls :func:`name_full` before a file is saved."""

_named: Final[dict[str, str]] = {}
"""While a file is saved: the names of the libraries, and their folders within that of the prop."""


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


def name_full() -> None:
    """Let light libraries have the path of the full file, for a file that is about to be saved."""
    for library in _light_libraries():
        path = full_path(library.filepath)
        if path and prop_path(library).is_file():
            _named[library.name] = within(library.filepath)
            library.filepath = path


def name_light() -> None:
    """Undo :func:`name_full`, when the file was saved, or could not be saved."""
    for name, folder in _named.items():
        library: bpy.types.Library | None = bpy.data.libraries.get(name)
        # A file that is saved elsewhere has got other relative paths.
        if library is not None and full_path(library.filepath) is None:
            library.filepath = _inside(library.filepath, folder)
    _named.clear()


def renew(library: bpy.types.Library) -> None:
    """Set the path of a light library to the light file that the prop has now, or to its full file.
    To be followed by ``reload()``.
    """
    if library not in set(_light_libraries()):
        return
    blend, path = prop_path(library), full_path(library.filepath) or ""
    light = light_of(blend)
    folder = f"{light.path.parent.relative_to(blend.parent).as_posix()}/" if light else ""
    library.filepath = _inside(path, folder)


def replace_unusable() -> None:
    """Link the full files of props in place of light files that do not match them, in a file that
    was just opened: an automatic save, in which the light file of an earlier making is linked.
    """
    stale = [one for one in _light_libraries() if light_of(prop_path(one)) is None]
    # By name, as reload() invalidates every Python reference to a library and its data.
    for name in [one.name for one in stale if prop_path(one).is_file()]:
        read_full(bpy.data.libraries[name])


def read_full(library: bpy.types.Library) -> bool:
    """Read the full file of a light library. All references to its data become invalid.

    :returns: whether the library is a full one now.
    """
    path = full_path(library.filepath)
    if path is None or library not in set(_light_libraries()):
        return True
    before, library.filepath = library.filepath, path
    try:
        library.reload()
    except RuntimeError as error:
        log.warning("%s cannot be read: %s", path, error)
        library.filepath = before
        return False
    return True


def _light_libraries() -> Iterator[bpy.types.Library]:
    """The libraries that are read from light files.

    A library that is packed into the open file, by Blender's own commands, keeps its path: the
    meshes are found from there.
    """
    for library in bpy.data.libraries:
        archive: Any = getattr(library, "is_archive", False)  # packed data, since 5.0
        if not archive and library.packed_file is None and full_path(library.filepath):
            yield library


def _inside(path: str, folder: str) -> str:
    """The path of a prop's ``.blend``, with a folder before its name."""
    end = max(path.rfind("/"), path.rfind("\\")) + 1
    return f"{path[:end]}{folder}{path[end:]}"
