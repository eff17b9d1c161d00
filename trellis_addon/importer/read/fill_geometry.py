# SPDX-License-Identifier: GPL-3.0-or-later
"""Fills the real geometry into the meshes that Blender's importer has made from a thin copy."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt

from ..mesh.mesh_building import FileNormals, keep_normals, make_flat, set_triangles
from ..mesh.vertex_welding import Floats, Integers, invalid_faces, weld, weld_surface
from .glb_geometry import PlainMesh
from .strip_geometry import MARK


def fill(read: list[PlainMesh]) -> None:
    """Fill every marked mesh in the open file and remove its mark."""
    meshes: Iterable[Any] = bpy.data.meshes  # the stubs say that `pop` gives nothing
    for mesh in meshes:
        number = mesh.pop(MARK, None)
        if number is not None:
            _fill(mesh, read[number])


def _fill(mesh: Any, plain: PlainMesh) -> None:
    uv_names = [layer.name for layer in mesh.uv_layers]
    colour_names = [layer.name for layer in mesh.color_attributes]
    slots = _slots(mesh)
    mesh.clear_geometry()
    kept: Any = slice(None)
    corners = plain.corners
    first, group = weld(plain.points)
    welded = group[corners]
    # What is sound after the welding was so before it, too.
    if invalid_faces(welded).any():
        # Blender validates what it imports. That takes 0.2 to 0.3 s at 1 M triangles, so it is only
        # done if there is something to remove.
        if invalid_faces(corners).any():
            kept = _kept_by_blender(plain.points, corners)
            corners = corners[kept]
        first, group = weld_surface(plain.points, corners)
        welded = group[corners]
    set_triangles(mesh, plain.points[first], welded)
    for name, uvs in zip(uv_names, plain.uvs, strict=False):
        mesh.uv_layers.new(name=name).uv.foreach_set("vector", _of_corners(uvs, kept))
    for name, colours in zip(colour_names, plain.colours, strict=False):
        layer = mesh.color_attributes.new(name, "BYTE_COLOR", "CORNER")
        layer.data.foreach_set("color", _of_corners(colours, kept))
    if colour_names:
        mesh.color_attributes.render_color_index = 0
    if slots.any():
        worn = mesh.attributes.new("material_index", "INT", "FACE")
        worn.data.foreach_set("value", slots[plain.parts][kept])
    if plain.normals is None:
        make_flat(mesh)
    else:
        keep_normals(mesh, FileNormals(plain.normals, group, corners.ravel()))


def _slots(mesh: Any) -> Integers:
    """The material slot of each face; (F,)."""
    slots = np.zeros(len(mesh.polygons), dtype=np.int32)
    # The attribute is read by a memory copy, and ``polygons`` number by number.
    if worn := mesh.attributes.get("material_index"):
        worn.data.foreach_get("value", slots)
    return slots


def _of_corners(values: Floats, kept: Any) -> Floats:
    """The values (3T, width) of the kept triangles, flattened."""
    made: Floats = values.reshape(-1, 3, values.shape[1])[kept].ravel()
    return made


def _kept_by_blender(points: Floats, corners: Integers) -> npt.NDArray[Any]:
    """Which triangles Blender's mesh validation keeps, as its importer validates meshes too."""
    trial: Any = bpy.data.meshes.new("Trial")
    try:
        set_triangles(trial, points, corners)
        numbers = trial.attributes.new("number", "INT", "FACE")
        numbers.data.foreach_set("value", np.arange(len(corners), dtype=np.int32))
        trial.validate()
        left = np.empty(len(trial.polygons), dtype=np.int32)
        trial.attributes["number"].data.foreach_get("value", left)
        return left
    finally:
        bpy.data.meshes.remove(trial)
