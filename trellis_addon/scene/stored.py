# SPDX-License-Identifier: GPL-3.0-or-later
"""Props of the library, as far as placing needs to know them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import bpy

from ..core.errors import InputError, InternalError, PlacingError
from .linking import library_path
from .proxies import prop_of
from .roles import ID
from .surface import Box

ANY_BLEND: Final = "prop*.blend"
"""A prop has a file for each Blender that cannot read the first one."""
_MOST_METRES: Final = 1e6


@dataclass(frozen=True)
class Stored:
    """A prop that is ready to be placed.

    :param box: its extent, known before its file is read; None when nobody wrote it down.
    """

    id: str
    blend: Path
    box: Box | None


def ready_ids(library: Path) -> list[str]:
    """The ids of the props that have a ``.blend``, by name. Looks at folders, reads no record."""
    if not library.is_dir():
        return []
    folders = [path for path in library.iterdir() if path.is_dir()]
    return sorted(path.name for path in folders if any(path.glob(ANY_BLEND)))


def stored(library: Path, prop_id: str) -> Stored:
    """The prop of this id.

    :raises InputError: there is none, or the id is empty.
    :raises LibraryError: its record is unusable.
    :raises PlacingError: it is not ready, or not for this Blender.
    """
    try:
        from ..library.library import Library
        from ..library.versions import blend_for
    except ImportError as error:  # pydantic, which comes with the extension
        raise InternalError(
            "A library that Trellis Props brings along cannot be loaded",
            "Install the extension from its zip file, then restart Blender",
            detail=str(error),
        ) from error
    if not prop_id:
        raise InputError("No prop is chosen", "Choose one of the library")
    folder = Library(library).find(prop_id)
    record = folder.read()
    choice = blend_for(record, bpy.app.version, lambda name: (folder.path / name).is_file())
    if choice.make:
        other = folder.blend.is_file()
        raise PlacingError(
            f"The prop {prop_id} is {'from a newer Blender' if other else 'not ready'}",
            "Import its model again: it is in the library, and that costs nothing",
        )
    return Stored(prop_id, folder.path / choice.name, _box(record.prop.get("size_metres")))


def shown_by(obj: bpy.types.Object | None) -> Stored | None:
    """The prop that an object of the scene shows, to place more of it."""
    prop = prop_of(obj)
    if prop is None or prop.library is None:
        return None
    return Stored(str(prop[ID]), library_path(prop.library), Box.around(prop))


def _box(size: Any) -> Box | None:
    """What the record says, if it is three numbers: the file may come from anywhere."""
    if not isinstance(size, list) or len(size) != 3:
        return None
    if all(isinstance(s, int | float) and 0 <= s <= _MOST_METRES for s in size):
        return Box.standing(size)
    return None
