# SPDX-License-Identifier: GPL-3.0-or-later
"""A light stand-in for the viewport: about 5,000 triangles, small textures, same silhouette.

Linking a heavy prop takes milliseconds, but the first textured redraw still blocks for as long
as its importing would have (measured), so the viewport gets this and renders get the full prop.
Blender's Decimate takes ten seconds for a million triangles and a third of one for 50,000, so a
numpy clustering (100 ms) comes first; by itself it would tear holes at 5,000.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import bpy
import numpy as np

from .building import mesh_of
from .plain import Floats, Integers
from .shaping import decimate
from .textures import small_copy

TRIANGLES: Final = 5000
CLUSTERED: Final = 40_000
PIXELS: Final = 512


def make_proxy(objects: list[Any], name: str, folder: Path) -> Any | None:
    """One object that stands for all mesh objects; None where nothing is left of them.

    :param objects: mesh objects, already finished (their world matrices count).
    """
    total = sum(len(obj.data.polygons) for obj in objects)
    parts = []
    for obj in objects:
        share = max(60, round(TRIANGLES * len(obj.data.polygons) / max(1, total)))
        if part := _part(obj, share, f"{name} proxy", folder):
            parts.append(part)
    if not parts:
        return None
    if len(parts) == 1:
        return parts[0]
    parent: Any = bpy.data.objects.new(f"{name} proxy", None)
    for part in parts:
        part.parent = parent
    return parent


def _part(obj: Any, triangles: int, name: str, folder: Path) -> Any | None:
    mesh = obj.data
    points = _get(mesh.vertices, "co", 3, np.float32).reshape(-1, 3)
    world = np.array(obj.matrix_world, dtype=np.float32)
    points = points @ world[:3, :3].T + world[:3, 3]
    mesh.calc_loop_triangles()
    corners = _get(mesh.loop_triangles, "vertices", 3, np.int32).reshape(-1, 3)
    loops = _get(mesh.loop_triangles, "loops", 3, np.int32).reshape(-1, 3)
    uvs = None
    if mesh.uv_layers:
        uvs = _get(mesh.uv_layers[0].uv, "vector", 2, np.float32).reshape(-1, 2)
    rough = max(CLUSTERED, triangles) if len(corners) > CLUSTERED else len(corners)
    new_points, kept, new_corners = cluster(points, corners, rough)
    if not len(new_corners):
        return None
    new_uvs = None if uvs is None else uvs[loops[kept].ravel()]
    made = mesh_of(new_points, new_corners, new_uvs, name)
    slots = [m for m in mesh.materials if m]
    if slots:
        made.materials.append(_light_material(slots[0], folder))
    part = bpy.data.objects.new(name, made)
    if len(new_corners) > triangles:
        bpy.context.scene.collection.objects.link(part)
        decimate([part], triangles)
        bpy.context.scene.collection.objects.unlink(part)
    return part


def _get(data: Any, attribute: str, width: int, kind: Any) -> Any:
    values = np.empty(len(data) * width, dtype=kind)
    data.foreach_get(attribute, values)
    return values


def cluster(points: Floats, corners: Integers, most: int) -> tuple[Floats, Integers, Integers]:
    """Merge the points of each cell of a grid, as fine as ``most`` triangles allow.

    :returns: new points (V, 3), indices of the triangles kept, their corners (T, 3).
    """
    if len(corners) <= most:
        every: Integers = np.arange(len(corners), dtype=np.int32)
        return points, every, corners
    low, size = points.min(axis=0), float(np.max(np.ptp(points, axis=0))) or 1.0
    coarse, fine = 4, 1024
    best = _clustered(points, corners, low, size / coarse)
    while fine - coarse > 1:
        middle = (coarse + fine) // 2
        tried = _clustered(points, corners, low, size / middle)
        if len(tried[2]) <= most:
            coarse, best = middle, tried
        else:
            fine = middle
    return best


def _clustered(
    points: Floats, corners: Integers, low: Floats, cell: float
) -> tuple[Floats, Integers, Integers]:
    grid = ((points - low) / cell).astype(np.int64)
    keys = (grid[:, 0] << 42) | (grid[:, 1] << 21) | grid[:, 2]
    _, group = np.unique(keys, return_inverse=True)
    group = group.ravel()
    merged = group[corners]
    whole = (
        (merged[:, 0] != merged[:, 1])
        & (merged[:, 1] != merged[:, 2])
        & (merged[:, 2] != merged[:, 0])
    )
    kept = np.flatnonzero(whole)
    merged = merged[kept]
    # Of triangles with the same three cells and the same side, one is enough.
    turn = merged.argmin(axis=1)
    rows = np.arange(len(merged))[:, None]
    turned = merged[rows, (turn[:, None] + np.arange(3)) % 3]
    count = int(group.max()) + 1
    codes = (turned[:, 0] * count + turned[:, 1]) * count + turned[:, 2]
    _, first = np.unique(codes, return_index=True)
    first.sort()
    kept, merged = kept[first].astype(np.int32), merged[first].astype(np.int32)
    weights = np.bincount(group)
    centres = np.stack(
        [np.bincount(group, weights=points[:, axis]) / weights for axis in range(3)], axis=1
    ).astype(np.float32)
    used, corners_out = np.unique(merged, return_inverse=True)
    compact: Integers = corners_out.reshape(-1, 3).astype(np.int32)
    triangles: Integers = np.asarray(kept, dtype=np.int32)
    return centres[used], triangles, compact


def _light_material(material: Any, folder: Path) -> Any:
    """The same look with one small picture: base color; roughness and metallic as numbers."""
    light: Any = bpy.data.materials.new(f"{material.name} proxy")
    if bpy.app.version < (5, 0, 0):
        light.use_nodes = True
    light.use_backface_culling = material.use_backface_culling
    shader = next(n for n in light.node_tree.nodes if n.type == "BSDF_PRINCIPLED")
    old = next((n for n in material.node_tree.nodes if n.type == "BSDF_PRINCIPLED"), None)
    shader.inputs["Roughness"].default_value = 0.7
    if old is None:
        return light
    for name in ("Base Color", "Metallic", "Roughness"):
        if not old.inputs[name].is_linked:
            shader.inputs[name].default_value = old.inputs[name].default_value
    image = base_image(material)
    if image is not None:
        node = light.node_tree.nodes.new("ShaderNodeTexImage")
        node.location = (-400, 300)
        node.image = small_copy(image, PIXELS, folder)
        light.node_tree.links.new(node.outputs["Color"], shader.inputs["Base Color"])
    return light


def base_image(material: Any) -> Any | None:
    """The picture that ends in the shader's base color, whatever stands between."""
    shader = next((n for n in material.node_tree.nodes if n.type == "BSDF_PRINCIPLED"), None)
    sockets = [shader.inputs["Base Color"]] if shader else []
    for _ in range(20):
        if not sockets:
            return None
        links = sockets.pop(0).links
        for link in links:
            if link.from_node.type == "TEX_IMAGE" and link.from_node.image:
                return link.from_node.image
            sockets += [s for s in link.from_node.inputs if s.is_linked]
    return None
