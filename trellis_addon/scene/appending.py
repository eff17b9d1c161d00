# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left to do after Blender has appended a prop.

An appended prop is there to be edited, so its light stand-in goes: an artist who sees and edits
the stand-in, and renders the untouched full mesh, has been fooled. Linked props keep theirs.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import bpy

from .roles import FULL, PROXY, ROLE, is_part, part

log = logging.getLogger(__name__)

ORIGIN: Final = "trellis_from"
"""On appended data: which data of which file it was."""

_REUSABLE: Final = (
    "meshes", "materials", "images", "textures", "node_groups", "armatures", "actions",
)  # fmt: skip
"""What Blender itself reuses (``IDTYPE_FLAGS_APPEND_IS_REUSABLE``), as far as props have it."""


def tidy(collection: bpy.types.Collection) -> bpy.types.Collection:
    """Make an appended collection one of the user's own: no asset, no fake user, no proxy."""
    collection.asset_clear()
    collection.use_fake_user = False
    if proxy := part(collection, PROXY):
        _remove(proxy)
    if full := part(collection, FULL):
        for obj in full.objects:
            collection.objects.link(obj)
        for child in full.children:
            collection.children.link(child)
        bpy.data.collections.remove(full)
    if is_part(collection):
        del collection[ROLE]
    return collection


def _remove(proxy: bpy.types.Collection) -> None:
    """Take the stand-in away with what nothing else uses. The user's own orphans stay."""
    objects = list(proxy.all_objects)
    meshes = {obj.data for obj in objects if obj.data}
    materials = {slot.material for obj in objects for slot in obj.material_slots if slot.material}
    images = {image for material in materials for image in _images(material)}
    bpy.data.batch_remove([*objects, proxy])
    for ids in (meshes, materials, images):
        bpy.data.batch_remove([data for data in ids if data.users == 0])


def _images(material: bpy.types.Material) -> Iterable[bpy.types.ID]:
    nodes: Any = material.node_tree.nodes if material.node_tree else ()
    return [node.image for node in nodes if getattr(node, "image", None)]


def pack(images: Iterable[bpy.types.Image]) -> None:
    """Take the textures into the open file, so that it does not need the library any more.

    A prop's textures are files beside it; Append and Pack alone would leave them there.
    """
    for image in images:
        if image.source == "FILE" and not image.packed_file:
            try:
                image.pack()
            except RuntimeError as error:  # the file is gone; that is no reason to place nothing
                log.warning("%s cannot be packed: %s", image.name, error)


class Before:
    """What the open file holds before a prop is appended.

    Blender remembers where appended data comes from, too (``ID.library_weak_reference``), but it
    forgets that of the older copy with each append, and after a save of the file it compares a
    relative path with an absolute one. So each piece of data gets a note of its own.
    """

    def __init__(self) -> None:
        self._ids = _local_ids()
        self._noted: dict[str, bpy.types.ID] = {}
        for data in self._ids:
            if note := data.get(ORIGIN):
                self._noted.setdefault(note, data)

    @property
    def new_images(self) -> list[bpy.types.Image]:
        """The images that have come since."""
        return [
            image for image in bpy.data.images if image.library is None and image not in self._ids
        ]

    def note(self, blend: Path) -> None:
        """Write down where the data that has come since is from."""
        for data in _local_ids() - self._ids:
            if reference := data.library_weak_reference:
                data[ORIGIN] = origin(blend, reference.id_name)

    def reuse(self) -> None:
        """Put the earlier data in the place of what has come once more."""
        spare = []
        for data in _local_ids() - self._ids:
            if twin := self._noted.get(data.get(ORIGIN) or ""):
                data.user_remap(twin)
                spare.append(data)
        bpy.data.batch_remove(spare)


def origin(blend: Path, name: str = "") -> str:
    """The same for the same data of the same file; a prop that was finished anew is another."""
    return f"{blend.parent.name}/{blend.name}/{name} {blend.stat().st_mtime_ns}"


def _local_ids() -> set[bpy.types.ID]:
    return {data for kind in _REUSABLE for data in getattr(bpy.data, kind) if data.library is None}
