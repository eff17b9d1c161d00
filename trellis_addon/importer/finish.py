# SPDX-License-Identifier: GPL-3.0-or-later
"""From what a file holds to a prop that an artist would have prepared: one collection, real
size, standing on the ground, named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import bpy
import numpy as np
from mathutils import Matrix, Vector

from ..core.errors import BadFileError

_DROPPED: Final = {"CAMERA": "camera", "LIGHT": "light", "SPEAKER": "speaker"}


@dataclass(frozen=True)
class Finished:
    """The finished prop inside the background Blender."""

    collection: Any
    size: tuple[float, float, float]
    """Width, depth and height in metres."""
    triangles: int
    notes: tuple[str, ...]


def finish(objects: list[bpy.types.Object], name: str, longest_side: float) -> Finished:
    """Make one collection of imported objects.

    :param longest_side: metres; 0 keeps the size as received.
    :raises BadFileError: when the surface has no size or holds numbers that are none.
    """
    kept, notes = _drop(objects)
    collection = bpy.data.collections.new(name)
    root = _root(kept, name)
    for obj in [root, *(o for o in kept if o is not root)]:
        for old in list(obj.users_collection):
            old.objects.unlink(obj)
        collection.objects.link(obj)
    bpy.context.scene.collection.children.link(collection)
    bpy.context.view_layer.update()
    size = _fit(root, kept, longest_side)
    _name(kept, root, name)
    bpy.data.orphans_purge(do_recursive=True)  # type: ignore[call-arg]  # the stubs' fault
    meshes: list[Any] = [o.data for o in kept if o.type == "MESH"]
    triangles = sum(len(mesh.polygons) for mesh in meshes)
    return Finished(collection, size, triangles, tuple(notes))


def _drop(objects: list[bpy.types.Object]) -> tuple[list[bpy.types.Object], list[str]]:
    notes = []
    for kind, word in _DROPPED.items():
        unwanted = [o for o in objects if o.type == kind]
        if unwanted:
            notes.append(f"{len(unwanted)} {word}{'s' * (len(unwanted) > 1)} of the model left out")
    kept = [o for o in objects if o.type not in _DROPPED]
    for obj in [o for o in objects if o.type in _DROPPED]:
        for child in obj.children:
            world = child.matrix_world.copy()
            child.parent = None
            child.matrix_world = world
        bpy.data.objects.remove(obj)
    return kept, notes


def _root(objects: list[bpy.types.Object], name: str) -> bpy.types.Object:
    """The one object that everything hangs from: a lone mesh itself, else a new empty."""
    if lone := _unwrapped(objects):
        return lone
    top = [o for o in objects if o.parent is None]
    root = bpy.data.objects.new(name, None)
    root.empty_display_size = 0.1
    for obj in top:
        obj.parent = root
    objects.append(root)
    return root


def _unwrapped(objects: list[bpy.types.Object]) -> bpy.types.Object | None:
    """The only mesh, freed from the empties around it (TRELLIS's GLBs have two of them).

    None where there are several parts, or something moves: their structure is kept.
    """
    meshes = [o for o in objects if o.type == "MESH"]
    plain = all(o.type in ("MESH", "EMPTY") and not o.animation_data for o in objects)
    if len(meshes) != 1 or not plain or meshes[0].data.users > 1:
        return None
    mesh = meshes[0]
    bpy.context.view_layer.update()
    world = mesh.matrix_world.copy()
    mesh.parent = None
    mesh.matrix_world = world
    for empty in [o for o in objects if o is not mesh]:
        bpy.data.objects.remove(empty)
    objects[:] = [mesh]
    return mesh


def _bounds(objects: list[bpy.types.Object]) -> tuple[Vector, Vector]:
    """The world-space box around all vertices, in metres."""
    lows, highs = [], []
    for obj in objects:
        if obj.type != "MESH" or not len(obj.data.vertices):
            continue
        points = np.empty(len(obj.data.vertices) * 3, dtype=np.float32)
        obj.data.vertices.foreach_get("co", points)
        world = np.array(obj.matrix_world, dtype=np.float64)
        placed = points.reshape(-1, 3) @ world[:3, :3].T + world[:3, 3]
        lows.append(placed.min(axis=0))
        highs.append(placed.max(axis=0))
    low, high = np.min(lows, axis=0), np.max(highs, axis=0)
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        raise BadFileError("The model has points that are nowhere (NaN or infinite)")
    if float(np.max(high - low)) <= 0.0:
        raise BadFileError("The model has no size: all its points are in one place")
    return Vector(low.tolist()), Vector(high.tolist())


def _fit(
    root: bpy.types.Object, objects: list[bpy.types.Object], longest_side: float
) -> tuple[float, float, float]:
    """Scale to the wanted size and put the base's centre at the origin."""
    low, high = _bounds(objects)
    scale = longest_side / max((high - low).to_tuple()) if longest_side > 0 else 1.0
    base = Vector(((low.x + high.x) / 2, (low.y + high.y) / 2, low.z))
    fit = Matrix.Scale(scale, 4) @ Matrix.Translation(-base)
    if root.type == "MESH" and root.data.users == 1 and not root.animation_data:
        # Into the mesh itself: the artist gets a prop with scale 1 and nothing to apply.
        mesh: Any = root.data
        mesh.transform(fit @ root.matrix_world, shape_keys=True)
        if root.matrix_world.is_negative:
            mesh.flip_normals()
        root.matrix_world = Matrix.Identity(4)
        root.rotation_mode = "XYZ"
    else:
        root.matrix_world = fit @ root.matrix_world
    bpy.context.view_layer.update()
    size = (high - low) * scale
    return (round(size.x, 4), round(size.y, 4), round(size.z, 4))


def _name(objects: list[bpy.types.Object], root: bpy.types.Object, name: str) -> None:
    """Data-blocks are named after the prop; parts keep their own name behind it."""
    meshes = {o.data for o in objects if o.type == "MESH"}
    for obj in objects:
        obj.name = name if obj is root else f"{name} {obj.name}"
    for mesh in meshes:
        mesh.name = name if len(meshes) == 1 else f"{name} {mesh.name}"
    materials = [m for mesh in meshes for m in mesh.materials if m]
    for material in set(materials):
        material.name = name if len(set(materials)) == 1 else f"{name} {material.name}"
    for image in bpy.data.images:
        if image.users and image.source == "FILE":
            image.name = f"{name} {image.name}"
