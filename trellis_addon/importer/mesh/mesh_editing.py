# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes the surface by Blender's own tools: merging vertices, shading and decimation."""

from __future__ import annotations

from math import radians
from typing import Any

import bmesh
import bpy
import numpy as np

from ...blender_context import scene_of


def triangles_of(objects: list[Any]) -> int:
    """The number of triangles of all meshes; a quad counts as two."""
    # A polygon of n corners has n - 2 triangles, so no tessellation is needed.
    return sum(len(o.data.loops) - 2 * len(o.data.polygons) for o in objects if o.type == "MESH")


def merge(objects: list[Any], distance: float) -> None:
    """Merge vertices closer than ``distance`` metres. UVs and materials stay."""
    if distance <= 0:
        return
    for obj in {o.data: o for o in objects if o.type == "MESH"}.values():
        # The distance is in world space, and the parts of a model may be scaled.
        scale = max(abs(side) for side in obj.matrix_world.to_scale()) or 1.0
        work = bmesh.new()
        work.from_mesh(obj.data)
        bmesh.ops.remove_doubles(work, verts=work.verts[:], dist=distance / scale)
        work.to_mesh(obj.data)
        work.free()


def shade(objects: list[Any], how: str, angle_degrees: float) -> None:
    """Make faces smooth, flat, or smooth with edges sharper than an angle marked as sharp;
    ``received`` changes nothing.
    """
    if how == "received":
        return
    for mesh in _meshes(objects):
        # Custom normals take precedence over everything that is set below.
        drop_custom_normals(mesh)
        for name in ("sharp_face", "sharp_edge"):
            if name in mesh.attributes:
                mesh.attributes.remove(mesh.attributes[name])
        mesh.polygons.foreach_set("use_smooth", np.full(len(mesh.polygons), how != "flat"))
        if how == "angle":
            mesh.set_sharp_from_angle(angle=radians(angle_degrees))
        mesh.update()


def drop_custom_normals(mesh: Any) -> None:
    """Remove custom normals, so that Blender computes the normals."""
    if not mesh.has_custom_normals:
        return
    if "custom_normal" in mesh.attributes:
        mesh.attributes.remove(mesh.attributes["custom_normal"])
        return
    # In 4.2 they are not an attribute, and only an operator can remove them, on an object's mesh.
    holder = bpy.data.objects.new(mesh.name, mesh)
    scene_of(bpy.context).collection.objects.link(holder)
    try:
        with bpy.context.temp_override(object=holder, active_object=holder):
            bpy.ops.mesh.customdata_custom_splitnormals_clear()
    finally:
        bpy.data.objects.remove(holder)


def decimate(objects: list[Any], most: int) -> list[str]:
    """Collapse edges until at most ``most`` triangles are left. UVs and textures stay.

    :returns: a note, if there was something to do.
    """
    before = triangles_of(objects)
    if before <= most:
        return []
    for _ in range(4):  # the modifier's result only approximates its ratio
        now = triangles_of(objects)
        if now <= most:
            break
        for mesh in _meshes(objects):
            # A mesh with shape keys would lose them.
            if len(mesh.polygons) > 4 and not mesh.shape_keys:
                _collapse(mesh, 0.995 * most / now)
    return [f"Reduced from {before:,} to {triangles_of(objects):,} triangles"]


def _collapse(mesh: Any, ratio: float) -> None:
    """Decimate a mesh for all objects that use it. A temporary object has the modifier, as nothing
    else deforms that one.
    """
    holder = bpy.data.objects.new(mesh.name, mesh)
    scene_of(bpy.context).collection.objects.link(holder)
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
