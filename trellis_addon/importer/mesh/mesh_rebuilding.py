# SPDX-License-Identifier: GPL-3.0-or-later
"""Rebuilds a Blender mesh from other triangles, with the attributes of its corners and faces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from .mesh_building import (
    FileNormals,
    corner_values,
    differs,
    keep_normals,
    positions,
    set_triangles,
)
from .mesh_editing import drop_custom_normals
from .vertex_welding import Floats, Integers

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


def is_simple(mesh: Any) -> bool:
    """Whether a mesh has only triangles and layers that :func:`rebuild` keeps: no bones, no shape
    keys, no custom attributes.
    """
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


def has_loose_edges(mesh: Any) -> bool:
    """Whether there are edges without a face."""
    used = np.zeros(len(mesh.edges), dtype=bool)
    used[corner_values(mesh, ".corner_edge")] = True
    return not bool(used.all())


@dataclass(frozen=True)
class Shading:
    """How the face corners of a mesh are shaded: normals (L, 3)."""

    normals: Floats
    is_faceted: bool

    @classmethod
    def of(cls, mesh: Any) -> Shading:
        """Read it, and remove custom normals, which a rebuilt mesh would have wrong."""
        unit = np.empty(len(mesh.loops) * 3, dtype=np.float32)
        mesh.corner_normals.foreach_get("vector", unit)
        faceted = _is_faceted(mesh)
        drop_custom_normals(mesh)
        return cls(unit.reshape(-1, 3), faceted)

    def restore(self, mesh: Any) -> None:
        """Give the normals back to the face corners of a rebuilt mesh, by the cheapest means."""
        own = corner_values(mesh, ".corner_vert")
        every: Integers = np.arange(len(own), dtype=np.int32)
        wanted = FileNormals(self.normals, own, every)
        if not self.is_faceted or differs(mesh, wanted):
            _smooth(mesh)
            keep_normals(mesh, wanted)


def _is_faceted(mesh: Any) -> bool:
    """Whether every face is flat: Blender's own normals are mostly right then, and are free."""
    flat = mesh.attributes.get("sharp_face")
    if flat is None:
        return False
    values = np.empty(len(mesh.polygons), dtype=np.bool_)
    flat.data.foreach_get("value", values)
    return bool(values.all())


def _smooth(mesh: Any) -> None:
    """Make all faces smooth, as sharp edges represent what is not."""
    flat = mesh.attributes.get("sharp_face")
    if flat is not None:
        mesh.attributes.remove(flat)


def rebuild(
    mesh: Any,
    points: Floats,
    corners: Integers,
    loops: Integers | None = None,
    faces: Integers | None = None,
) -> None:
    """Replace the triangles of a mesh, with the attributes of face corners and faces.

    :param points: (V, 3). :param corners: (T, 3).
    :param loops: (3T,), the present corner that each new one takes its attributes from; None if the
        faces stay the same. :param faces: (T,), as much for faces.
    """
    kept = [_Layer(a) for a in mesh.attributes if a.domain in ("CORNER", "FACE")]
    kept = [layer for layer in kept if not layer.name.startswith(".") and layer.values is not None]
    active = mesh.uv_layers.active.name if mesh.uv_layers.active else ""
    shown = [layer.name for layer in mesh.uv_layers if layer.active_render]
    colour = mesh.attributes.render_color_index
    mesh.clear_geometry()
    set_triangles(mesh, points, corners)
    for layer in kept:
        # Without the attribute, every face has slot 0, so one full of zeros is only a burden.
        if layer.name != "material_index" or np.any(layer.values):
            layer.write(mesh, loops if layer.domain == "CORNER" else faces)
    if active:
        mesh.uv_layers.active = mesh.uv_layers[active]
    for name in shown:
        mesh.uv_layers[name].active_render = True
    if colour >= 0 and mesh.color_attributes:
        mesh.color_attributes.render_color_index = min(colour, len(mesh.color_attributes) - 1)


class _Layer:
    def __init__(self, attribute: Any) -> None:
        self.name, self.kind = attribute.name, attribute.data_type
        self.domain: str = attribute.domain
        self.values: npt.NDArray[Any] | None = None
        if self.kind in _VALUES:
            field, width, number = _VALUES[self.kind]
            values: npt.NDArray[Any] = np.empty(len(attribute.data) * width, dtype=number)
            attribute.data.foreach_get(field, values)
            self.values = values.reshape(-1, width)

    def write(self, mesh: Any, chosen: Integers | None) -> None:
        attribute = mesh.attributes.get(self.name)
        if attribute is None:
            attribute = mesh.attributes.new(self.name, self.kind, self.domain)
        assert self.values is not None
        values = self.values if chosen is None else self.values[chosen]
        attribute.data.foreach_set(_VALUES[self.kind][0], values.ravel())
