# SPDX-License-Identifier: GPL-3.0-or-later
"""Links, packs or appends the collection of a ``prop.blend``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import bpy

from ...blender_context import preferences_of
from ...core.errors import PlacingError
from .appending import AppendSnapshot, pack, tidy
from .light_links import is_light, light_of, name_meshes, prop_path
from .methods import Method
from .packing import copy_with_pictures, name_source, packed_already
from .roles import is_part


def bring(blend: Path, method: Method, linked: LinkedProps | None = None) -> bpy.types.Collection:
    """Load the collection of a prop by one of Blender's methods.

    :param linked: the props that the open file links, if several are brought one after another.
    :returns: for Link and Pack, the library's own collection, which all copies share; for both
        kinds of Append, a local collection that is not yet in any scene.
    :raises PlacingError: the file is missing, from a newer Blender, or has no collection; or this
        Blender does not have the method.
    """
    match method:
        case Method.LINK:
            known = LinkedProps() if linked is None else linked
            if (found := known.get(blend)) is None:
                found = _load_light(blend) or _load(
                    blend, link=True, relative=uses_relative_paths()
                )
                known.add(blend, found)
            return found
        case Method.PACK:
            if not method.available:
                raise PlacingError("Pack needs Blender 5.0 or newer", "Choose Link or Append")
            return _pack(blend)
        case Method.APPEND:
            return _append(blend, reuse=False)
        case Method.APPEND_REUSE:
            return _append(blend, reuse=True)


def bring_full(blend: Path, linked: LinkedProps | None = None) -> bpy.types.Collection:
    """Link the collection of a prop's full file, even if its light file is linked.

    :param linked: the full files that the open file links, for several one after another.
    :raises PlacingError: see :func:`bring`.
    """
    known = LinkedProps(light=False) if linked is None else linked
    if (found := known.get(blend)) is None:
        found = _load(blend, link=True, relative=uses_relative_paths())
        known.add(blend, found)
    return found


def same_file(one: Path, other: Path) -> bool:
    """Whether two paths are the same file, despite symbolic links and letter case."""
    # Only if needed, as resolving accesses the disk.
    if os.path.normcase(one) == os.path.normcase(other):
        return True
    return os.path.normcase(one.resolve()) == os.path.normcase(other.resolve())


def uses_relative_paths() -> bool:
    """Whether to use relative paths, as the user has chosen for Blender's own links.

    In an unsaved file, no path can be relative. Blender makes the paths relative when the file is
    first saved, unless Remap Relative is off in the file dialog.
    """
    return bool(bpy.data.filepath) and preferences_of(bpy.context).filepaths.use_relative_paths


def _append(blend: Path, *, reuse: bool) -> bpy.types.Collection:
    before = AppendSnapshot()
    collection = _load(blend, link=False)
    # Even without reuse, as a later Append (Reuse Data) should find this copy.
    before.note(blend)
    if reuse:
        before.reuse()
    tidy(collection)
    pack(before.new_images)
    return collection


def _pack(blend: Path) -> bpy.types.Collection:
    """Pack a prop into the open file. Packing it again gives the same data."""
    if bpy.app.version < (5, 3, 0):
        # Blender itself recognizes data that is packed already. It leaves out the image files, but
        # up to 5.2, these can be packed afterwards.
        collection = _load(blend, link=True, pack=True)
        pack(image for image in bpy.data.images if image.library == collection.library)
        return collection
    if found := packed_already(blend):
        return found
    with copy_with_pictures(blend, lambda path: _load(path, link=False)) as copy:
        collection = _load(copy, link=True, pack=True)
    name_source(collection, blend)
    return collection


class LinkedProps:
    """The props that the open file links, looked up once for many: with a look through all
    libraries for each of a thousand props, placing them takes quadratic time.
    """

    def __init__(self, *, light: bool = True) -> None:
        """Look up.

        :param light: whether light files count.
        """
        collections: dict[bpy.types.Library, list[bpy.types.Collection]] = {}
        for found in bpy.data.collections:
            library: bpy.types.Library | None = found.library
            if library is not None and not found.is_missing and not is_part(found):
                collections.setdefault(library, []).append(found)
        self._known: dict[str, list[tuple[Path, bpy.types.Collection]]] = {}
        for source, whole in collections.items():
            # Since 5.0, a packed copy has a separate library with the same path.
            if not getattr(source, "is_archive", False) and (light or not is_light(source)):
                self.add(prop_path(source), next((c for c in whole if c.asset_data), whole[0]))

    def add(self, blend: Path, collection: bpy.types.Collection) -> None:
        """Add a prop that was linked since."""
        self._known.setdefault(_end(blend), []).append((blend, collection))

    def get(self, blend: Path) -> bpy.types.Collection | None:
        """The prop's collection, if the open file links it already."""
        # The names of props' folders are unique. Comparing names first avoids disk accesses.
        found = self._known.get(_end(blend), ())
        return next((linked for path, linked in found if same_file(path, blend)), None)


def _end(blend: Path) -> str:
    """The names of a file and its folder."""
    return os.path.normcase(os.path.join(*blend.parts[-2:]))


def linked_already(blend: Path) -> bpy.types.Collection | None:
    """The prop's collection, if the open file links it already."""
    return LinkedProps().get(blend)


def _load_light(blend: Path) -> bpy.types.Collection | None:
    """Link the light file of a prop; None if its full file is to be linked."""
    light = light_of(blend)
    if light is None:
        return None
    libraries: Any = bpy.data.libraries
    try:
        with libraries.load(str(light.path), link=True, relative=uses_relative_paths()) as (
            source,
            target,
        ):
            target.collections = [name for name in source.collections if name == light.collection]
    except OSError:
        return None
    for collection in target.collections:
        name_library(collection)
        name_meshes(collection.library, collection.all_objects)
        return collection  # type: ignore[no-any-return]
    return None


def _load(blend: Path, **how: bool) -> bpy.types.Collection:
    if not blend.is_file():
        raise PlacingError(f"The prop's file is missing: {blend}")
    # The collection that is marked as an asset is the prop; a foreign file may have none.
    collection = _first(blend, assets_only=True, **how) or _first(blend, **how)
    if collection is None:
        raise PlacingError("There is no collection in the prop's file", detail=str(blend))
    name_library(collection)
    return collection


def name_library(collection: bpy.types.Collection) -> None:
    """Name a library after its prop. Blender uses the file's name, which is always prop.blend.

    The name is kept when saving, reloading and relinking (4.2 to 5.3), and equal names get numbers.
    5.0 searches the libraries for a path in the order of their names, and must find the linked one
    before a packed copy, so the names are not changed there.
    """
    if bpy.app.version[:2] == (5, 0):
        return
    library: Any = collection.library
    while library is not None:
        library.name = collection.name
        library = getattr(library, "archive_parent_library", None)  # of a packed copy, since 5.0


def _first(blend: Path, **how: bool) -> bpy.types.Collection | None:
    libraries: Any = bpy.data.libraries  # the stubs do not know that load() is a context
    try:
        with libraries.load(str(blend), **how) as (source, target):
            target.collections = source.collections[:1]
    except OSError as error:
        raise PlacingError(
            "This Blender cannot read the prop's file; it may come from a newer version",
            detail=str(error),
        ) from error
    return target.collections[0] if target.collections else None
