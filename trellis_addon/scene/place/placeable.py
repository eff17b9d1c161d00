# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks up props in the library for placing them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import bpy

from ...core.errors import InputError, InternalError, PlacingError
from ..link.light_links import prop_path
from ..link.proxies import prop_of
from ..link.roles import ID
from .surface import BoundingBox

ANY_BLEND: Final = "prop*.blend"
"""A prop has further files for Blender versions that cannot read its first one."""
_MOST_METRES: Final = 1e6


@dataclass(frozen=True)
class PlaceableProp:
    """A prop that is ready to be placed.

    :param box: its extent from the record, without reading its file; None if it is not recorded.
    :param collection: the name of its collection from the record; "" if it is not recorded.
    """

    id: str
    blend: Path
    box: BoundingBox | None
    collection: str = ""


def ready_ids(library: Path) -> list[str]:
    """The ids of the props that have a ``.blend``, sorted. Reads folders only, not the records."""
    if not library.is_dir():
        return []
    folders = [path for path in library.iterdir() if path.is_dir()]
    return sorted(path.name for path in folders if any(path.glob(ANY_BLEND)))


def stored(library: Path, prop_id: str) -> PlaceableProp:
    """Look up a prop by its id.

    :raises InputError: there is none, or the id is empty.
    :raises LibraryError: its record is unusable.
    :raises PlacingError: it is not ready, or not made for this Blender.
    """
    # Imported here, as pydantic would add 50 to 70 ms to Blender's start-up (measured).
    try:
        from ...library.blend_versions import blend_for
        from ...library.library import Library
    except ImportError as error:  # pydantic, which comes with the extension
        raise InternalError.no_library(error) from error
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
    name = record.prop.get("collection")
    return PlaceableProp(
        prop_id,
        folder.path / choice.name,
        _box(record.prop.get("size_metres")),
        name if isinstance(name, str) else "",
    )


def shown_by(obj: bpy.types.Object | None) -> PlaceableProp | None:
    """The prop that an object in the scene shows, to place further copies of it."""
    prop = prop_of(obj)
    if prop is None or prop.library is None:
        return None
    return PlaceableProp(str(prop[ID]), prop_path(prop.library), BoundingBox.around(prop))


def _box(size: Any) -> BoundingBox | None:
    """The box for the size in a record, if that is valid, as the file may come from anywhere."""
    if not isinstance(size, list) or len(size) != 3:
        return None
    if all(isinstance(s, int | float) and 0 <= s <= _MOST_METRES for s in size):
        return BoundingBox.standing(size)
    return None
