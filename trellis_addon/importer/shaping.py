# SPDX-License-Identifier: GPL-3.0-or-later
"""What changes the surface: merging, smoothing, fewer triangles. Blender's own tools."""

from __future__ import annotations

from math import radians
from typing import Any

import bmesh
import bpy
import numpy as np


def triangles_of(objects: list[Any]) -> int:
    """The number of triangles of all meshes, quads counted twice."""
    return sum(len(o.data.loops) - 2 * len(o.data.polygons) for o in objects if o.type == "MESH")


def merge(objects: list[Any], distance: float) -> None:
    """Merge vertices nearer than ``distance`` metres; UVs and materials stay."""
    if distance <= 0:
        return
    for mesh in _meshes(objects):
        work = bmesh.new()
        work.from_mesh(mesh)
        bmesh.ops.remove_doubles(work, verts=work.verts[:], dist=distance)
        work.to_mesh(mesh)
        work.free()


def shade(objects: list[Any], how: str, angle_degrees: float) -> None:
    """Smooth, flat, or hard at edges sharper than an angle; ``received`` leaves it."""
    if how == "received":
        return
    for mesh in _meshes(objects):
        _drop_custom_normals(mesh)
        mesh.polygons.foreach_set("use_smooth", np.full(len(mesh.polygons), how != "flat"))
        if how == "angle":
            mesh.set_sharp_from_angle(angle=radians(angle_degrees))
        elif "sharp_edge" in mesh.attributes:
            mesh.attributes.remove(mesh.attributes["sharp_edge"])
        mesh.update()


def _drop_custom_normals(mesh: Any) -> None:
    if mesh.has_custom_normals and "custom_normal" in mesh.attributes:
        mesh.attributes.remove(mesh.attributes["custom_normal"])
    elif mesh.has_custom_normals:  # 4.2 keeps them elsewhere
        mesh.free_normals_split() if hasattr(mesh, "free_normals_split") else None
        mesh.normals_split_custom_set([(0.0, 0.0, 0.0)] * len(mesh.loops))


def decimate(objects: list[Any], most: int) -> list[str]:
    """Collapse edges until at the most so many triangles are left; UVs and textures stay.

    :returns: a note when there was something to do.
    """
    before = triangles_of(objects)
    if before <= most:
        return []
    for _ in range(4):  # the modifier only comes near its ratio
        now = triangles_of(objects)
        if now <= most:
            break
        for obj in objects:
            if obj.type == "MESH" and len(obj.data.polygons) > 4 and not obj.data.shape_keys:
                _collapse(obj, 0.995 * most / now)
    return [f"Reduced from {before:,} to {triangles_of(objects):,} triangles"]


def _collapse(obj: Any, ratio: float) -> None:
    modifier = obj.modifiers.new("Trellis", "DECIMATE")
    modifier.ratio = min(1.0, ratio)
    modifier.use_collapse_triangulate = True
    bpy.context.view_layer.update()
    depsgraph = bpy.context.evaluated_depsgraph_get()
    reduced = bpy.data.meshes.new_from_object(obj.evaluated_get(depsgraph), depsgraph=depsgraph)
    obj.modifiers.remove(modifier)
    old = obj.data
    reduced.name = old.name
    obj.data = reduced
    if old.users == 0:
        bpy.data.meshes.remove(old)


def _meshes(objects: list[Any]) -> list[Any]:
    return list({o.data: None for o in objects if o.type == "MESH"})
