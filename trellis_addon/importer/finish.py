# SPDX-License-Identifier: GPL-3.0-or-later
"""From what a file holds to a prop that an artist would have prepared: one collection, real
size, standing on the ground, good materials, named. Each step is a setting (core.finishing).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from ..core.finishing import Finishing
from . import fitting, materials, shaping, textures
from .proxy import make_proxy
from .viewport_colors import set_viewport_colors

ROLE = "trellis_role"
"""Custom property of the other collections: ``full`` and ``proxy`` inside, ``lod`` beside."""

SHARE = "trellis_share"
"""Custom property of a ``lod`` collection: its share of the triangles."""


@dataclass(frozen=True)
class Finished:
    """The finished prop inside the background Blender."""

    collection: Any
    lods: tuple[Any, ...]
    size: tuple[float, float, float]
    """Width, depth and height in metres."""
    triangles: int
    has_proxy: bool
    notes: tuple[str, ...]


def finish(objects: list[Any], name: str, settings: Finishing, texture_folder: Path) -> Finished:
    """Make one collection of imported objects.

    :param texture_folder: where pictures are put; made when needed.
    :raises BadFileError: the surface has no size, or holds numbers that are none.
    """
    kept, notes = fitting.drop_extras(objects)
    root = fitting.root_of(kept, name)
    collection = _gather(kept, name)
    fitting.turn(root, settings)
    size = fitting.fit(root, kept, settings)
    # The distance is in real metres; and merging first lets the decimation see no seams.
    shaping.merge(kept, settings.merge_distance)
    if settings.triangles:
        notes += shaping.decimate(kept, settings.triangles)
    if settings.merge_distance or settings.triangles:
        size = fitting.fit(root, kept, settings)
    shaping.shade(kept, settings.shading, settings.angle_degrees)
    notes += materials.prepare(kept, opaque=settings.opaque)
    textures.limit(settings.texture_pixels)
    if settings.textures == "packed":
        textures.pack_all(texture_folder)
    else:
        textures.put_beside(texture_folder)
    _name(kept, root, name)
    _purge()
    lods = tuple(_lod(kept, name, share) for share in settings.lods)
    triangles = shaping.triangles_of(kept)
    light = _add_proxy(collection, kept, name, settings, triangles, texture_folder)
    return Finished(collection, lods, size, triangles, light, tuple(notes))


def _gather(objects: list[Any], name: str) -> Any:
    collection: Any = bpy.data.collections.new(name)
    for obj in objects:
        for old in list(obj.users_collection):
            old.objects.unlink(obj)
        collection.objects.link(obj)
    bpy.context.scene.collection.children.link(collection)
    bpy.context.view_layer.update()
    return collection


def _add_proxy(
    collection: Any,
    objects: list[Any],
    name: str,
    settings: Finishing,
    triangles: int,
    folder: Path,
) -> bool:
    """Two children where the prop is heavy: the full prop for renders, a light one to look at."""
    many = triangles > settings.proxy_above_triangles
    meshes = [o for o in objects if o.type == "MESH" and len(o.data.polygons)]
    if not meshes:
        return False
    if not settings.proxy or not (many or textures.largest() > settings.proxy_above_pixels):
        set_viewport_colors(meshes)
        return False
    light = make_proxy(meshes, name, folder, simplify=many)
    if not light:
        return False
    if settings.textures == "packed":
        textures.pack_all(folder)
    full: Any = bpy.data.collections.new(f"{name} full")
    proxy: Any = bpy.data.collections.new(f"{name} proxy")
    full[ROLE], proxy[ROLE] = "full", "proxy"
    for obj in objects:
        collection.objects.unlink(obj)
        full.objects.link(obj)
    for obj in light:
        proxy.objects.link(obj)
    collection.children.link(full)
    collection.children.link(proxy)
    full.hide_viewport, proxy.hide_render = True, True
    return True


def _lod(objects: list[Any], name: str, share: float) -> Any:
    """A collection with copies of the meshes at a share of their triangles.

    In the prop's file beside its own collection: no asset, so that it is never taken for it.
    """
    collection: Any = bpy.data.collections.new(f"{name} LOD {round(share * 100)}")
    collection[ROLE] = "lod"
    collection[SHARE] = share
    copies, meshes = [], {}
    for obj in objects:
        if obj.type == "MESH":
            copy = obj.copy()
            if obj.data not in meshes:
                meshes[obj.data] = obj.data.copy()
            copy.data = meshes[obj.data]
            copy.parent = None
            copy.matrix_world = obj.matrix_world.copy()
            copy.name = f"{obj.name} LOD {round(share * 100)}"
            copies.append(copy)
            collection.objects.link(copy)
    for old, mesh in meshes.items():
        mesh.name = f"{old.name} LOD {round(share * 100)}"
    bpy.context.scene.collection.children.link(collection)
    shaping.decimate(copies, max(4, round(shaping.triangles_of(copies) * share)))
    collection.use_fake_user = True
    return collection


def _purge() -> None:
    purge: Any = bpy.data.orphans_purge
    purge(do_recursive=True)


def _name(objects: list[Any], root: Any, name: str) -> None:
    """Data-blocks are named after the prop; parts keep their own name behind it."""
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
