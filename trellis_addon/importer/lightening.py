# SPDX-License-Identifier: GPL-3.0-or-later
"""Meshes as Blender's glTF importer leaves them -> meshes that link and draw fast.

It splits vertices at UV seams and gives every mesh custom normals. Both are undone where nothing
is lost, so that such a prop is as light as one that was read the fast way (``filling``).
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from .building import FileNormals, corner_values, differs, keep_normals, positions, set_triangles
from .shaping import drop_custom_normals
from .welding import Floats, Integers, weld_surface

_OF_POINTS: Final = {"position", ".select_vert"}
_OF_EDGES: Final = {".edge_verts", ".select_edge", "sharp_edge"}
_VALUES: Final = {
    "FLOAT": ("value", 1, np.float32),
    "INT": ("value", 1, np.int32),
    "BOOLEAN": ("value", 1, np.bool_),
    "FLOAT2": ("vector", 2, np.float32),
    "FLOAT_VECTOR": ("vector", 3, np.float32),
    "FLOAT_COLOR": ("color", 4, np.float32),
    "BYTE_COLOR": ("color", 4, np.float32),
}


def lighten(meshes: list[Any]) -> None:
    """Weld the vertices at one place and drop custom normals that say nothing.

    Meshes with bones, shape keys, loose edges or attributes of their own are left as they are.
    """
    for mesh in meshes:
        if len(mesh.polygons) and _is_simple(mesh):
            _lighten(mesh)


def _is_simple(mesh: Any) -> bool:
    triangles = len(mesh.loops) == 3 * len(mesh.polygons)
    if mesh.shape_keys or not triangles:
        return False
    for attribute in mesh.attributes:
        if attribute.domain == "POINT" and attribute.name not in _OF_POINTS:
            return False
        if attribute.domain == "EDGE" and attribute.name not in _OF_EDGES:
            return False
        if attribute.domain in ("CORNER", "FACE") and not (
            attribute.data_type in _VALUES or attribute.name == "custom_normal"
        ):
            return False
    bones = any(group for vertex in mesh.vertices[:200] for group in vertex.groups)
    return not bones and bool(np.isfinite(positions(mesh)).all())


def _lighten(mesh: Any) -> None:
    unit = np.empty(len(mesh.loops) * 3, dtype=np.float32)
    mesh.corner_normals.foreach_get("vector", unit)
    corners = corner_values(mesh, ".corner_vert")
    points = positions(mesh)
    kept, group = weld_surface(points, corners.reshape(-1, 3))
    faceted = _is_faceted(mesh)
    drop_custom_normals(mesh)
    if len(kept) < len(points) and not _loose(mesh):
        _rebuild(mesh, points[kept], group[corners].reshape(-1, 3))
    own = corner_values(mesh, ".corner_vert")
    every: Integers = np.arange(len(own), dtype=np.int32)
    normals = FileNormals(unit.reshape(-1, 3), own, every)
    if not faceted or differs(mesh, normals):
        _smooth(mesh)
        keep_normals(mesh, normals)


def _is_faceted(mesh: Any) -> bool:
    """Whether every face is flat: Blender's normals are mostly right then, and cost nothing."""
    flat = mesh.attributes.get("sharp_face")
    if flat is None:
        return False
    values = np.empty(len(mesh.polygons), dtype=np.bool_)
    flat.data.foreach_get("value", values)
    return bool(values.all())


def _loose(mesh: Any) -> bool:
    used = np.unique(corner_values(mesh, ".corner_edge"))
    return len(used) != len(mesh.edges)


def _rebuild(mesh: Any, points: Floats, corners: Integers) -> None:
    """The same faces over fewer vertices; what belongs to corners and faces stays with them."""
    kept = [_Layer(a) for a in mesh.attributes if a.domain in ("CORNER", "FACE")]
    kept = [layer for layer in kept if not layer.name.startswith(".") and layer.values is not None]
    active = mesh.uv_layers.active.name if mesh.uv_layers.active else ""
    colour = mesh.attributes.render_color_index
    mesh.clear_geometry()
    set_triangles(mesh, points, corners)
    for layer in kept:
        if layer.name != "material_index" or np.any(layer.values):
            layer.write(mesh)
    if active:
        mesh.uv_layers.active = mesh.uv_layers[active]
    if colour >= 0 and mesh.color_attributes:
        mesh.color_attributes.render_color_index = min(colour, len(mesh.color_attributes) - 1)


class _Layer:
    def __init__(self, attribute: Any) -> None:
        self.name, self.kind = attribute.name, attribute.data_type
        self.domain: str = attribute.domain
        self.values: npt.NDArray[Any] | None = None
        if self.kind in _VALUES:
            field, width, number = _VALUES[self.kind]
            self.values = np.empty(len(attribute.data) * width, dtype=number)
            attribute.data.foreach_get(field, self.values)

    def write(self, mesh: Any) -> None:
        attribute = mesh.attributes.get(self.name)
        if attribute is None:
            attribute = mesh.attributes.new(self.name, self.kind, self.domain)
        attribute.data.foreach_set(_VALUES[self.kind][0], self.values)


def _smooth(mesh: Any) -> None:
    """Smooth faces: what is hard is then said by hard edges."""
    flat = mesh.attributes.get("sharp_face")
    if flat is not None:
        mesh.attributes.remove(flat)
