# SPDX-License-Identifier: GPL-3.0-or-later
"""Completes what Blender's Append leaves undone for a prop.

An appended prop is meant to be edited, so its proxy is removed: otherwise an artist would see and
edit the proxy, but render the unchanged full mesh. Linked props keep theirs.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import bpy

from ...blender_context import custom_property, is_local
from ...importer.prop.collection_exporters import set_again
from .roles import FULL, PROXY, ROLE, is_part, part

log = logging.getLogger(__name__)

ORIGIN: Final = "trellis_from"
"""A custom property of appended data: its name and file in the library."""

_REUSABLE: Final = (
    "meshes", "materials", "images", "textures", "node_groups", "armatures", "actions",
)  # fmt: skip
"""The types that Blender itself reuses (``IDTYPE_FLAGS_APPEND_IS_REUSABLE``) and that occur in
props."""


def tidy(collection: bpy.types.Collection) -> bpy.types.Collection:
    """Turn an appended collection into one of the user's own: no asset, fake user or proxy."""
    # Otherwise the user's file would offer a second asset of the same prop, and would keep the data
    # of a prop that the user has deleted.
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
    set_again(collection)
    return collection


def _remove(proxy: bpy.types.Collection) -> None:
    """Remove the proxy with the data that nothing else uses. The user's own orphans stay."""
    # Collected beforehand, as Blender's purge of orphans would also remove the user's.
    objects = list(proxy.all_objects)
    meshes = {obj.data for obj in objects if obj.data}
    materials = {slot.material for obj in objects for slot in obj.material_slots if slot.material}
    images = {image for material in materials for image in _images(material)}
    bpy.data.batch_remove([*objects, proxy])
    # In this order, as a mesh is a user of its materials, and they are users of their images.
    for ids in (meshes, materials, images):
        bpy.data.batch_remove([data for data in ids if data.users == 0])


def _images(material: bpy.types.Material) -> Iterable[bpy.types.ID]:
    nodes: Any = material.node_tree.nodes if material.node_tree else ()
    return [node.image for node in nodes if getattr(node, "image", None)]


def pack(images: Iterable[bpy.types.Image]) -> None:
    """Pack the textures into the open file, so that it no longer needs the library.

    The textures of a prop are files beside it, and Append and Pack by themselves leave them there.
    """
    for image in images:
        if image.source == "FILE" and not image.packed_file:
            try:
                image.pack()
            except RuntimeError as error:  # the file is gone, but the prop can still be placed
                log.warning("%s cannot be packed: %s", image.name, error)


class AppendSnapshot:
    """The data in the open file before a prop is appended, to find out what is new.

    Blender also remembers where appended data comes from (``ID.library_weak_reference``). But with
    each append it forgets this for the older copy, and after the file is saved it compares a
    relative path with an absolute one. So each data-block gets a custom property.
    """

    def __init__(self) -> None:
        self._ids = _local_ids()
        self._noted: dict[str, bpy.types.ID] = {}
        for data in self._ids:
            if note := custom_property(data, ORIGIN):
                self._noted.setdefault(note, data)

    @property
    def new_images(self) -> list[bpy.types.Image]:
        """The images that have been added since."""
        return [image for image in bpy.data.images if is_local(image) and image not in self._ids]

    def note(self, blend: Path) -> None:
        """Record where the data that has been added since comes from."""
        # Blender's own reference is still right at this moment, directly after the append.
        for data in _local_ids() - self._ids:
            if reference := data.library_weak_reference:
                data[ORIGIN] = origin(blend, reference.id_name)

    def reuse(self) -> None:
        """Replace data that has been appended again by the earlier copy."""
        spare = []
        for data in _local_ids() - self._ids:
            if twin := self._noted.get(custom_property(data, ORIGIN) or ""):
                data.user_remap(twin)
                spare.append(data)
        bpy.data.batch_remove(spare)


def origin(blend: Path, name: str = "") -> str:
    """Identify data by its name, file and the file's time, so that a prop that has been finished
    again is different.
    """
    return f"{blend.parent.name}/{blend.name}/{name} {blend.stat().st_mtime_ns}"


def _local_ids() -> set[bpy.types.ID]:
    return {data for kind in _REUSABLE for data in getattr(bpy.data, kind) if data.library is None}
