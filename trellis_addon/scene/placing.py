# SPDX-License-Identifier: GPL-3.0-or-later
"""Where and how a prop stands in the scene, and the one undo step for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import bpy

from ..core.errors import PlacingError
from .linking import append, link


@dataclass(frozen=True)
class Placement:
    """Where a prop is to stand, decided when it is asked for.

    :param scene: the scene's name; it may be gone when the prop arrives.
    :param location: metres, world space.
    :param linked: link (True) or append (False), in Blender's own sense.
    """

    scene: str
    location: tuple[float, float, float]
    linked: bool = True


def at_cursor(scene: bpy.types.Scene, *, linked: bool = True) -> Placement:
    """At the scene's 3D cursor, as it is now."""
    point = scene.cursor.location
    return Placement(scene=scene.name, location=(point.x, point.y, point.z), linked=linked)


def current_scene() -> bpy.types.Scene:
    """The scene in front of the user.

    :raises PlacingError: there is none (Blender is starting or ending).
    """
    scene = bpy.context.scene
    if scene is None:
        raise PlacingError("There is no scene open")
    return scene


def place(blend: Path, placement: Placement) -> bpy.types.Object | None:
    """Put a prop into the scene; gives the object that carries it.

    Selection, active object, active collection and mode stay as they are.

    :returns: None when the prop has no object to stand for it.
    :raises PlacingError: the scene is gone, or the prop's file is unusable.
    """
    scene: bpy.types.Scene | None = bpy.data.scenes.get(placement.scene)
    if scene is None:
        raise PlacingError(f"The scene {placement.scene} is no longer open")
    if not placement.linked:
        return _place_appended(append(blend), scene, placement.location)
    collection = link(blend)
    # The instance stands for the prop: moved, copied and deleted like any object.
    instance = bpy.data.objects.new(collection.name, None)
    instance.instance_type = "COLLECTION"
    instance.instance_collection = collection
    instance.empty_display_size = 0.1
    instance.location = placement.location
    _target(scene).objects.link(instance)
    return instance


def _place_appended(
    collection: bpy.types.Collection, scene: bpy.types.Scene, location: tuple[float, float, float]
) -> bpy.types.Object | None:
    _target(scene).children.link(collection)
    roots = [obj for obj in collection.objects if obj.parent is None]
    for obj in roots:
        for axis in range(3):
            obj.location[axis] += location[axis]
    return roots[0] if roots else None


def _target(scene: bpy.types.Scene) -> bpy.types.Collection:
    """The active collection if something can be put there visibly, else the scene's own."""
    window = bpy.context.window
    layer = (
        bpy.context.view_layer if window is None or window.scene == scene else scene.view_layers[0]
    )
    if bpy.context.scene != scene:
        layer = scene.view_layers[0]
    active = layer.active_layer_collection
    usable = active and not active.exclude and active.collection.library is None
    return active.collection if usable else scene.collection


def undo_step(name: str) -> None:
    """Close one undo step, so that a single Ctrl+Z takes the prop away again."""
    window = bpy.context.window or next(iter(bpy.context.window_manager.windows), None)
    if window is None:
        return
    with bpy.context.temp_override(window=window):
        bpy.ops.ed.undo_push(message=name)
