# SPDX-License-Identifier: GPL-3.0-or-later
"""Gathers the prop's objects in one collection, names its data-blocks, and drops unused ones."""

from __future__ import annotations

from typing import Any

import bpy

from ...blender_context import scene_of, view_layer_in


def gather(objects: list[Any], name: str) -> Any:
    """Move objects into a new collection of the scene, and return it."""
    collection: Any = bpy.data.collections.new(name)
    for obj in objects:
        for old in list(obj.users_collection):
            old.objects.unlink(obj)
        collection.objects.link(obj)
    scene_of(bpy.context).collection.children.link(collection)
    view_layer_in(bpy.context).update()
    return collection


def also_called(collection: Any, name: str) -> Any:
    """Make a second collection of the same objects under the name that a prop had before.

    Other files link a collection by its name: without this one, a renamed prop would be missing in
    them. It is no asset, so nobody chooses it.
    """
    other: Any = bpy.data.collections.new(name)
    other.instance_offset = collection.instance_offset
    for key, value in collection.items():
        other[key] = value
    for obj in collection.objects:
        other.objects.link(obj)
    for child in collection.children:
        other.children.link(child)
    return other


def purge() -> None:
    """Remove all data-blocks that nothing uses."""
    purge: Any = bpy.data.orphans_purge
    purge(do_recursive=True)


def name_all(objects: list[Any], root: Any, name: str) -> None:
    """Name the data-blocks after the prop; parts keep their own names behind it."""
    meshes = {o.data: None for o in objects if o.type == "MESH"}
    for obj in objects:
        obj.name = name if obj is root else f"{name} {obj.name}"
    for mesh in meshes:
        mesh.name = name if len(meshes) == 1 else f"{name} {mesh.name}"
    for armature in {o.data: None for o in objects if o.type == "ARMATURE"}:
        armature.name = f"{name} {armature.name}"
    for action in [action for action in bpy.data.actions if action.users]:
        action.name = f"{name} {action.name}"
    used = {m: None for mesh in meshes for m in mesh.materials if m}
    for material in used:
        material.name = name if len(used) == 1 else f"{name} {material.name}"
    for image in bpy.data.images:
        if image.users and image.source == "FILE" and not image.name.startswith(name):
            image.name = f"{name} {image.name}"
