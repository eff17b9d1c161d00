# SPDX-License-Identifier: GPL-3.0-or-later
"""What a model looks like, in values that can be compared: triangles, layers and shaders."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import bpy
import numpy as np
from mathutils.kdtree import KDTree

from support import bpy_context

_LAYOUT: Final = {
    *("location", "location_absolute", "width", "height", "select", "hide", "label", "name"),
    *("show_options", "show_preview", "show_texture", "color", "use_custom_color", "parent"),
    *("dimensions", "warning_propagation", "color_tag", "bl_description", "bl_icon", "is_active"),
    *("debug_zone_body_lazy_function_graph", "debug_zone_lazy_function_graph"),
    *("bl_width_default", "bl_width_max", "bl_width_min", "bl_height_default", "bl_height_max"),
    *("bl_height_min", "bl_idname", "bl_label", "bl_static_type", "type", "bl_options"),
}
"""Fields of a node that say nothing about the look."""


@dataclass(frozen=True)
class Look:
    """All meshes of the open file in the world.

    Shapes: corners (T, 3, 3 + layers), each a place and then the values of UVs and colours;
    normals (T, 3, 3); faces (T, 3); materials (T,), by number of ``shaders``.
    """

    corners: Any
    normals: Any
    faces: Any
    materials: Any
    shaders: list[Any]
    layers: list[str]
    custom: bool
    """Whether all meshes have custom normals, so that none are Blender's own."""

    @property
    def box(self) -> Any:
        """Low and high end of the triangles, (2, 3)."""
        places = self.corners[..., :3].reshape(-1, 3)
        return np.stack([places.min(axis=0), places.max(axis=0)])


def look_of(objects: list[Any]) -> Look:
    """Read the meshes of these objects, as they stand in the world."""
    bpy_context.view_layer().update()
    meshes = [obj for obj in objects if obj.type == "MESH" and len(obj.data.polygons)]
    names = sorted({name for obj in meshes for name, _, _ in _layers(obj.data)})
    shaders: list[Any] = []
    parts = [_part(obj, names, shaders) for obj in meshes]
    corners, normals, faces, materials = (
        np.concatenate([part[field] for part in parts]) for field in range(4)
    )
    return Look(
        corners,
        normals,
        faces,
        materials,
        shaders=shaders,
        layers=names,
        custom=all(obj.data.has_custom_normals for obj in meshes),
    )


def _layers(mesh: Any) -> Iterator[tuple[str, Any, int]]:
    """Name, values at each corner, and whether renders take it."""
    for layer in mesh.uv_layers:
        values: Any = np.empty(len(mesh.loops) * 2, dtype=np.float32)
        layer.uv.foreach_get("vector", values)
        yield f"UV {layer.name} {layer.active_render}", values.reshape(-1, 2), 2
    for index, layer in enumerate(mesh.color_attributes):
        values = np.empty(len(layer.data) * 4, dtype=np.float32)
        layer.data.foreach_get("color", values)
        shown = index == mesh.color_attributes.render_color_index
        values = values.reshape(-1, 4)
        if layer.domain == "POINT":
            values = values[_vertices(mesh)]
        yield f"colour {layer.name} {shown}", values, 4


def _vertices(mesh: Any) -> Any:
    found = np.empty(len(mesh.loops), dtype=np.int32)
    mesh.loops.foreach_get("vertex_index", found)
    return found


def _part(obj: Any, names: list[str], shaders: list[Any]) -> tuple[Any, Any, Any, Any]:
    mesh = obj.data
    world = np.array(obj.matrix_world, dtype=np.float64)
    places = np.array([vertex.co for vertex in mesh.vertices])[_vertices(mesh)]
    places = places @ world[:3, :3].T + world[:3, 3]
    held = {name: values for name, values, _ in _layers(mesh)}
    widths = {name: 2 if name.startswith("UV") else 4 for name in names}
    absent = np.full((len(places), 4), -9.0)
    values = [held.get(name, absent[:, : widths[name]]) for name in names]
    corners = np.concatenate([places, *values], axis=1).reshape(len(mesh.polygons), 3, -1)
    turn = cofactors(world[:3, :3])
    normals = np.empty(len(mesh.loops) * 3, dtype=np.float32)
    mesh.corner_normals.foreach_get("vector", normals)
    normals = unit(normals.reshape(-1, 3, 3) @ turn.T)
    if abs(np.linalg.det(world[:3, :3])) < 1e-9:
        normals[:] = 0.0  # it has no outside any more
    if np.linalg.det(world[:3, :3]) < 0:  # Blender draws it the other way around
        corners, normals = corners[:, ::-1], normals[:, ::-1]
    # By the corners: Blender's own normals of faces are those of custom normals, where it has them.
    sides = corners[:, 1:, :3] - corners[:, :1, :3]
    faces = unit(np.cross(sides[:, 0], sides[:, 1]))
    worn = np.zeros(len(mesh.polygons), dtype=np.int32)
    mesh.polygons.foreach_get("material_index", worn)
    slots = [_number(slot.material, shaders) for slot in obj.material_slots] or [-1]
    return corners, normals, faces, np.array(slots)[worn]


def _number(material: Any, shaders: list[Any]) -> int:
    if material is None:
        return -1
    shader = shader_of(material)
    if shader not in shaders:
        shaders.append(shader)
    return shaders.index(shader)


def cofactors(matrix: Any) -> Any:
    """What turns normals as a matrix turns places, with the side that faces outward."""
    columns = [matrix[:, index] for index in range(3)]
    made = np.stack([np.cross(columns[k - 2], columns[k - 1]) for k in range(3)], axis=1)
    return made * (np.sign(np.linalg.det(matrix)) or 1.0)


def unit(vectors: Any) -> Any:
    """Vectors of length 1, or 0 where there is no direction."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.where(lengths > 1e-12, lengths, np.inf)


def shader_of(material: Any) -> Any:
    """A material as nested tuples: its settings, and what stands behind every output.

    Its colour in Solid mode is left out: see the test's decisions.
    """
    settings = (material.use_backface_culling, material.surface_render_method)
    ends = [
        node
        for node in material.node_tree.nodes
        if node.type in ("OUTPUT_MATERIAL", "GROUP") and not any(o.is_linked for o in node.outputs)
    ]
    return (*settings, *sorted((_node(node) for node in ends), key=repr))


def _node(node: Any) -> Any:
    inputs = tuple(
        (socket.name, _input(socket)) for socket in node.inputs if socket.type != "CUSTOM"
    )
    return (node.bl_idname, _fields(node), inputs)


def _input(socket: Any) -> Any:
    if socket.is_linked:
        link = socket.links[0]
        return (link.from_socket.identifier, _node(link.from_node))
    return _rounded(socket.default_value) if hasattr(socket, "default_value") else None


def _fields(node: Any) -> Any:
    found = {}
    for field in node.bl_rna.properties:
        if field.identifier in _LAYOUT or field.type in ("COLLECTION", "STRING"):
            continue
        value = getattr(node, field.identifier, None)
        if field.type in ("ENUM", "BOOLEAN", "INT", "FLOAT"):
            found[field.identifier] = _rounded(value)
        elif field.identifier == "image" and value is not None:
            found["image"] = picture_facts(value)
    for name in ("uv_map", "layer_name", "attribute_name"):
        if hasattr(node, name):
            found[name] = getattr(node, name)
    return tuple(sorted(found.items(), key=lambda item: item[0]))


def picture_facts(image: Any) -> Any:
    """Content, colour space and alpha of a picture."""
    if image.packed_file is not None:
        content = bytes(image.packed_file.data)
    else:
        file = Path(bpy.path.abspath(image.filepath))
        content = file.read_bytes() if file.is_file() else b"missing"
    digest = hashlib.sha256(content).hexdigest()[:12]
    return (digest, image.colorspace_settings.name, image.alpha_mode, image.source)


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 5)
    if isinstance(value, (str, bool, int)) or value is None:
        return value
    return tuple(round(float(number), 5) for number in value)


def differences(found: Look, wanted: Look) -> list[str]:
    """How two looks differ, in words; none where they are equal.

    Where ``found`` has no custom normals, its normals are Blender's own: they may differ by 8
    degrees at one in a hundred corners, and by more at none that stands out (``keep_normals``).
    """
    if len(found.corners) != len(wanted.corners):
        return [f"{len(found.corners)} triangles instead of {len(wanted.corners)}"]
    if found.layers != wanted.layers:
        return [f"layers {found.layers} instead of {wanted.layers}"]
    size = float(np.max(np.ptp(wanted.box, axis=0)))
    words = []
    off = np.abs(found.box - wanted.box).max() / size
    if off > 2e-5:
        words.append(f"the box differs by {off:.2g} of the size")
    order, turns = _matched(found.corners, wanted.corners, size)
    rows = np.arange(len(order))[:, None]
    corners = found.corners[order][rows, turns]
    off = np.abs(corners - wanted.corners).reshape(-1, corners.shape[2]).max(axis=0)
    if off[:3].max() > 2e-5 * size:
        words.append(f"places differ by {off[:3].max():.2g}")
    if off[3:].max(initial=0.0) > 1e-5:
        words.append(f"UVs or colours differ by {off[3:].max():.2g}")
    words += _turned_differently("faces", found.faces[order], wanted.faces, exact=True)
    sure = _beside_area(wanted, size)
    normals = np.where(sure[..., None], found.normals[order][rows, turns], 0.0)
    words += _turned_differently("corners", normals, wanted.normals, exact=found.custom)
    worn = [found.shaders[m] if m >= 0 else None for m in found.materials[order]]
    meant = [wanted.shaders[m] if m >= 0 else None for m in wanted.materials]
    pairs = {(one, other): None for one, other in zip(worn, meant, strict=True) if one != other}
    return words + [f"material {_first_difference(one, other)}" for one, other in pairs]


def _beside_area(look: Look, size: float) -> Any:
    """Which corners (T, 3) are not at a triangle without an area."""
    places = look.corners[..., :3].reshape(-1, 1, 3)
    faint = look.corners[np.abs(look.faces).sum(axis=1) < 0.1, :, :3].reshape(1, -1, 3)
    near = np.abs(places - faint).max(axis=2, initial=0.0) < 1e-6 * size
    return ~near.any(axis=1).reshape(-1, 3)


def _turned_differently(what: str, found: Any, wanted: Any, *, exact: bool) -> list[str]:
    """Of those that have a direction."""
    known = (np.abs(wanted).sum(axis=-1) > 0.1) & (np.abs(found).sum(axis=-1) > 0.1)
    angles = np.degrees(np.arccos(np.clip((found * wanted).sum(axis=-1)[known], -1, 1)))
    if not len(angles):
        return []
    worst = angles.max() if exact else np.percentile(angles, 99, method="higher")
    limit = 1.0 if exact else 8.5  # the older form of custom normals is coarse
    return [f"{what} are turned by {worst:.1f} degrees"] if worst > limit else []


def _matched(found: Any, wanted: Any, size: float) -> tuple[Any, Any]:
    """Which triangle of ``found`` is which of ``wanted``, and where its corners begin."""
    scale = np.concatenate([np.full(3, 1 / size), np.ones(found.shape[2] - 3)])
    rolls = np.array([[0, 1, 2], [1, 2, 0], [2, 0, 1]])
    turned = (found * scale)[:, rolls]  # (T, 3 turns, 3 corners, values)
    tree = KDTree(len(found))
    for index, triangle in enumerate(found):
        tree.insert(triangle[:, :3].mean(axis=0), index)
    tree.balance()
    free = np.ones(len(found), dtype=bool)
    order, turns = np.empty(len(wanted), np.int64), np.empty((len(wanted), 3), np.int64)
    for place, triangle in enumerate(wanted):
        # In the file's order, for those that only their normals tell apart.
        near = sorted(index for _, index, _ in tree.find_n(triangle[:, :3].mean(axis=0), 40))
        near = [index for index in near if free[index]] or np.flatnonzero(free).tolist()
        off = np.abs(turned[near] - triangle * scale).max(axis=(2, 3))
        at, turn = np.unravel_index(off.argmin(), off.shape)
        order[place], turns[place], free[near[at]] = near[at], rolls[turn], False
    return order, turns


def _first_difference(one: Any, other: Any, path: str = "") -> str:
    """Where two nested tuples part, in words."""
    if isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other):
        for index, (a, b) in enumerate(zip(one, other, strict=True)):
            if a != b:
                step = a if isinstance(a, str) else index
                return _first_difference(a, b, f"{path}/{step}"[-120:])
    return f"{path}: {str(one)[:200]} instead of {str(other)[:200]}"
