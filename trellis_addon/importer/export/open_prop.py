# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens a prop's file in the empty background scene, ready for an exporter."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from ...blender_context import scene_of, view_layer_in
from ...core.errors import ImporterError
from ..prop.finish_steps import SHARE
from ..prop.making import ROLE
from ..read.blender_gltf import empty_file


@dataclass(frozen=True)
class OpenProp:
    """A prop in the background scene."""

    objects: list[Any]
    """The full prop's objects, selected and in the scene's own collection."""
    lods: list[Any]
    """A collection for each further level of detail, the finest first: not in the view layer."""


def open_prop(blend: Path) -> OpenProp:
    """Load the prop into an empty scene, without its proxy, and select its full objects.

    :raises ImporterError: the file cannot be read, or there is no prop in it.
    """
    empty_file()
    libraries: Any = bpy.data.libraries
    try:
        with libraries.load(str(blend), link=False) as (source, into):
            into.collections = source.collections
    except OSError as error:
        raise ImporterError("Blender cannot read the prop's file", detail=str(error)) from error
    roots = [c for c in bpy.data.collections if c.get(ROLE) is None]
    marked = [c for c in roots if c.asset_data] or roots
    if not marked:
        raise ImporterError("There is no prop in the prop's file", detail=str(blend))
    prop = marked[0]
    prop.asset_clear()
    full = next((child for child in prop.children if child.get(ROLE) == "full"), prop)
    objects = list(full.all_objects)
    lods: list[Any] = [c for c in bpy.data.collections if c.get(ROLE) == "lod" and c.objects]
    lods.sort(key=lambda lod: -lod.get(SHARE, 0.0))
    for obj in objects:
        scene_of(bpy.context).collection.objects.link(obj)
        obj.hide_viewport = obj.hide_select = False
    kept = {*objects, *(obj for lod in lods for obj in lod.objects)}
    bpy.data.batch_remove([c for c in bpy.data.collections if c not in lods])
    bpy.data.batch_remove([obj for obj in bpy.data.objects if obj not in kept])
    _set_aside(lods)
    select(objects)
    purge: Any = bpy.data.orphans_purge
    purge(do_recursive=True)
    return OpenProp(objects, lods)


def select(objects: list[Any]) -> None:
    """Select these objects of the scene, and no others: exporters take the selection."""
    layer: Any = view_layer_in(bpy.context)
    for obj in layer.objects:
        obj.select_set(False)
    for obj in objects:
        obj.hide_set(False)
        obj.select_set(True)
    layer.objects.active = objects[0] if objects else None


def show(lods: list[Any], *, visible: bool = True) -> None:
    """Have levels of detail in the view layer or not. Blender only knows where objects are that are
    in it.
    """
    children: Any = view_layer_in(bpy.context).layer_collection.children
    for child in children:
        if child.collection in lods:
            child.exclude = not visible


def _set_aside(lods: list[Any]) -> None:
    """Have the levels of detail in the scene, and so in an exported .blend, but not in view."""
    for lod in lods:
        scene_of(bpy.context).collection.children.link(lod)
        lod.use_fake_user = False
    show(lods, visible=False)
