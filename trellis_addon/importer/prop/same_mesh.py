# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares two meshes by everything that a render may show of them."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

_VALUES: Final = {
    "FLOAT": ("value", 1, np.float32),
    "INT": ("value", 1, np.int32),
    "INT8": ("value", 1, np.int8),
    "BOOLEAN": ("value", 1, np.bool_),
    "FLOAT_VECTOR": ("vector", 3, np.float32),
    "FLOAT2": ("vector", 2, np.float32),
    "FLOAT_COLOR": ("color", 4, np.float32),
    "BYTE_COLOR": ("color", 4, np.float32),
    "INT16_2D": ("value", 2, np.int32),
    "INT32_2D": ("value", 2, np.int32),
    "QUATERNION": ("value", 4, np.float32),
    "FLOAT4X4": ("value", 16, np.float32),
}
"""For each type of attribute, where its values are, how many, and of which type."""
_CUSTOM: Final = "custom_normal"
"""The attribute of custom normals since Blender 4.5; before, they are in no attribute."""


def same_mesh(one: Any, other: Any) -> str:
    """What differs between two meshes first, for the log; "" if nothing does."""
    if _counts(one) != _counts(other):
        return f"{_counts(one)} instead of {_counts(other)}"
    if list(one.materials) != list(other.materials) and not _same_names(one, other):
        return "materials"
    if _chosen(one) != _chosen(other):
        return f"{_chosen(one)} instead of {_chosen(other)}"
    names = {a.name: (a.data_type, a.domain) for a in other.attributes}
    if names != {a.name: (a.data_type, a.domain) for a in one.attributes}:
        return "attributes"
    for name, (kind, _) in names.items():
        if name.startswith((".select_", ".uv_select_")):  # for the edit mode only
            continue
        if kind not in _VALUES:
            return f"{name} cannot be compared"
        if not np.array_equal(_read(one, name, kind), _read(other, name, kind)):
            return str(name)
    if not np.array_equal(_sizes(one), _sizes(other)):
        return "faces"
    # Computing them takes longer than all else. They are determined by what is the same already:
    # positions, corners, sharp edges and faces, and custom normals where those are an attribute.
    hidden = one.has_custom_normals or other.has_custom_normals
    if not hidden or _CUSTOM in names or np.array_equal(_normals(one), _normals(other)):
        return ""
    return "normals"


def _same_names(one: Any, other: Any) -> bool:
    """An evaluated mesh may have evaluated materials."""
    return [m and m.name for m in one.materials] == [m and m.name for m in other.materials]


def _counts(mesh: Any) -> tuple[int, ...]:
    return len(mesh.vertices), len(mesh.edges), len(mesh.polygons), len(mesh.loops)


def _chosen(mesh: Any) -> tuple[Any, ...]:
    """The UV map and the colours that a material uses which names none."""
    maps = [layer.name for layer in mesh.uv_layers if layer.active_render]
    colours = mesh.color_attributes
    index = colours.render_color_index
    return maps, colours[index].name if 0 <= index < len(colours) else ""


def _read(mesh: Any, name: str, kind: str) -> Any:
    where, width, dtype = _VALUES[kind]
    data = mesh.attributes[name].data
    values: Any = np.empty(len(data) * width, dtype=dtype)
    data.foreach_get(where, values)
    return values


def _sizes(mesh: Any) -> Any:
    """The corners of each face, shape (faces,)."""
    values = np.empty(len(mesh.polygons), dtype=np.int32)
    mesh.polygons.foreach_get("loop_total", values)
    return values


def _normals(mesh: Any) -> Any:
    values = np.empty(len(mesh.loops) * 3, dtype=np.float32)
    mesh.corner_normals.foreach_get("vector", values)
    return values
