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
    for obj in {o.data: o for o in objects if o.type == "MESH"}.values():
        # The distance is the world's; parts of a model may be scaled.
        scale = max(abs(side) for side in obj.matrix_world.to_scale()) or 1.0
        work = bmesh.new()
        work.from_mesh(obj.data)
        bmesh.ops.remove_doubles(work, verts=work.verts[:], dist=distance / scale)
        work.to_mesh(obj.data)
        work.free()


def shade(objects: list[Any], how: str, angle_degrees: float) -> None:
    """Smooth, flat, or hard at edges sharper than an angle; ``received`` leaves it."""
    if how == "received":
        return
    for mesh in _meshes(objects):
        drop_custom_normals(mesh)
        for name in ("sharp_face", "sharp_edge"):
            if name in mesh.attributes:
                mesh.attributes.remove(mesh.attributes[name])
        mesh.polygons.foreach_set("use_smooth", np.full(len(mesh.polygons), how != "flat"))
        if how == "angle":
            mesh.set_sharp_from_angle(angle=radians(angle_degrees))
        mesh.update()


def drop_custom_normals(mesh: Any) -> None:
    """Let Blender compute the normals again."""
    if not mesh.has_custom_normals:
        return
    if "custom_normal" in mesh.attributes:
        mesh.attributes.remove(mesh.attributes["custom_normal"])
        return
    # 4.2 keeps them where only its operator gets at them, on an object's mesh.
    holder = bpy.data.objects.new(mesh.name, mesh)
    bpy.context.scene.collection.objects.link(holder)
    try:
        with bpy.context.temp_override(object=holder, active_object=holder):
            bpy.ops.mesh.customdata_custom_splitnormals_clear()
    finally:
        bpy.data.objects.remove(holder)


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
        for mesh in _meshes(objects):
            if len(mesh.polygons) > 4 and not mesh.shape_keys:
                _collapse(mesh, 0.995 * most / now)
    return [f"Reduced from {before:,} to {triangles_of(objects):,} triangles"]


def _collapse(mesh: Any, ratio: float) -> None:
    """For all objects that share the mesh; by an object of its own, which nothing bends."""
    holder = bpy.data.objects.new(mesh.name, mesh)
    bpy.context.scene.collection.objects.link(holder)
    try:
        modifier: Any = holder.modifiers.new("Trellis", "DECIMATE")
        modifier.ratio = min(1.0, ratio)
        modifier.use_collapse_triangulate = True
        depsgraph = bpy.context.evaluated_depsgraph_get()
        reduced = bpy.data.meshes.new_from_object(
            holder.evaluated_get(depsgraph), depsgraph=depsgraph, preserve_all_data_layers=True
        )
    finally:
        bpy.data.objects.remove(holder)
    name = mesh.name
    mesh.user_remap(reduced)
    bpy.data.meshes.remove(mesh)
    reduced.name = name


def _meshes(objects: list[Any]) -> list[Any]:
    return list({o.data: None for o in objects if o.type == "MESH"})
