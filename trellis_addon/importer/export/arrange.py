# SPDX-License-Identifier: GPL-3.0-or-later
"""Arranges a prop as an engine takes it: one mesh for each level of detail, hulls, and names."""

from __future__ import annotations

from typing import Any, Final

import bpy
import numpy as np
from mathutils import Matrix

from ...blender_context import scene_of, view_layer_in
from ...core.destinations.destination import Export
from ...core.destinations.names import Names
from ..mesh.mesh_building import positions, triangles_of
from ..prop.size_and_origin import bake
from .convex_parts import Soup, hulls_of
from .open_prop import OpenProp, select, show
from .other_files import HIDDEN

FBX_TYPE: Final = "fbx_type"
"""Blender's FBX exporter writes this property of an empty as the type of its node."""


def arrange(prop: OpenProp, export: Export, names: Names) -> list[str]:
    """Join, name and select what is exported; an export without names leaves all as it is.

    :returns: notes on what could not be done.
    """
    if not names.renames:
        return []
    meshes = [obj for obj in prop.objects if obj.type == "MESH"]
    if _moves(prop.objects) or not meshes:
        _name_root(prop.objects, names.prop)
        if export.lods == "none" and export.collision == "none":
            return []
        return ["The prop moves, so it has neither levels of detail nor collision hulls"]
    soup = soup_of(meshes)
    if export.join or len(prop.objects) == 1:
        full = [join(meshes, "trellis full")]
        _remove(prop.objects)
    else:
        full = list(prop.objects)
        settle(full)
    levels = []
    if export.lods == "suffix":
        show(prop.lods)
        levels = [join(list(lod.objects), f"trellis level {n}") for n, lod in enumerate(prop.lods)]
        _remove([obj for lod in prop.lods for obj in lod.objects])
        bpy.data.batch_remove(prop.lods)
    _name(full, levels, names)
    made = full + levels
    if export.lod_group and levels:
        made.append(_grouped(made, names.prop))
    if export.collision != "none":
        made += _hulls(soup, export, names, len(levels))
    for obj in made[len(full) :]:
        obj[HIDDEN] = obj.type == "MESH"
    prop.objects[:], prop.lods[:] = made, []
    select(made)
    return []


def join(objects: list[Any], name: str) -> Any:
    """Make one object of copies of meshes, without a transform of its own.

    Modifiers are applied. UV maps are joined by their order, not by their names.
    """
    view_layer_in(bpy.context).update()
    depsgraph = bpy.context.evaluated_depsgraph_get()
    scene = scene_of(bpy.context)
    copies = []
    for obj in objects:
        mesh = bpy.data.meshes.new_from_object(
            obj.evaluated_get(depsgraph), preserve_all_data_layers=True, depsgraph=depsgraph
        )
        copy: Any = bpy.data.objects.new(obj.name, mesh)
        scene.collection.objects.link(copy)
        bake(copy, obj.matrix_world)
        for number, layer in enumerate(mesh.uv_layers):
            layer.name = f"trellis joined {number}"  # so that the names below are free
        for number, layer in enumerate(mesh.uv_layers):
            layer.name = f"UVMap.{number:03}" if number else "UVMap"
        copies.append(copy)
    if len(copies) > 1:
        with bpy.context.temp_override(
            active_object=copies[0], object=copies[0], selected_editable_objects=copies
        ):
            bpy.ops.object.join()
    copies[0].name = copies[0].data.name = name
    return copies[0]


def settle(objects: list[Any]) -> None:
    """Turn and scale each mesh as its object stands, so that objects are only moved."""
    layer = view_layer_in(bpy.context)
    layer.update()
    worlds = {obj: obj.matrix_world.copy() for obj in objects}
    parents = {obj: obj.parent for obj in objects if obj.parent}
    for obj in parents:
        obj.parent = None
    for obj, world in worlds.items():
        move = Matrix.Translation(world.to_translation())
        if obj.type == "MESH":
            if obj.data.users > 1:
                obj.data = obj.data.copy()
            bake(obj, move.inverted() @ world)
        obj.matrix_world = move
    layer.update()
    for obj, parent in parents.items():
        obj.parent = parent
        obj.matrix_parent_inverse = parent.matrix_world.inverted()
    layer.update()


def soup_of(meshes: list[Any]) -> Soup:
    """The triangles of meshes in world space; (N, 3, 3)."""
    view_layer_in(bpy.context).update()
    depsgraph = bpy.context.evaluated_depsgraph_get()
    parts = [np.empty((0, 3, 3))]
    for obj in meshes:
        mesh = obj.evaluated_get(depsgraph).data
        world = np.array(obj.matrix_world, dtype=np.float64)
        corners, _, _ = triangles_of(mesh)
        points = positions(mesh).astype(np.float64) @ world[:3, :3].T + world[:3, 3]
        parts.append(points[corners])
    return np.concatenate(parts)


def _moves(objects: list[Any]) -> bool:
    return any(
        obj.animation_data or obj.type == "ARMATURE" or (obj.type == "MESH" and obj.data.shape_keys)
        for obj in objects
    )


def _name_root(objects: list[Any], name: str) -> None:
    roots = [obj for obj in objects if obj.parent is None]
    if len(roots) == 1:
        roots[0].name = name


def _name(full: list[Any], levels: list[Any], names: Names) -> None:
    """Name the levels; of several parts of the full one, the root has the name."""
    for number, obj in enumerate(levels, 1):
        obj.name = obj.data.name = names.level(number)
    if len(full) == 1:
        full[0].name = full[0].data.name = names.mesh(len(levels))
    else:
        _name_root(full, names.mesh(len(levels)))


def _grouped(levels: list[Any], name: str) -> Any:
    """Give the levels a parent that FBX has as LOD group."""
    group: Any = bpy.data.objects.new(name, None)
    group[FBX_TYPE] = "LodGroup"
    scene_of(bpy.context).collection.objects.link(group)
    for obj in levels:
        obj.parent = group
    return group


def _hulls(soup: Soup, export: Export, names: Names, levels: int) -> list[Any]:
    made = []
    for number, hull in enumerate(hulls_of(soup, export.collision, export.hull_vertices)):
        mesh: Any = bpy.data.meshes.new(names.hull(number, levels))
        mesh.from_pydata(hull.points.tolist(), [], hull.triangles.tolist())
        mesh.shade_smooth()  # flat faces would have their own vertices each in a GLB
        obj = bpy.data.objects.new(mesh.name, mesh)
        scene_of(bpy.context).collection.objects.link(obj)
        made.append(obj)
    return made


def _remove(objects: list[Any]) -> None:
    bpy.data.batch_remove(objects)
    view_layer_in(bpy.context).update()
