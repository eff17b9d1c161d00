# SPDX-License-Identifier: GPL-3.0-or-later
"""Materials as an artist would expect them: present, opaque where they are, right colours."""

from __future__ import annotations

from typing import Any, Final

import bpy
import numpy as np

from .textures import alpha_is_opaque
from .welding import Floats

ENOUGH_TRIANGLES: Final = 500
"""Fewer may have holes painted inside them, which a look at a few places would not find."""


def prepare(objects: list[Any], *, opaque: bool) -> list[str]:
    """Give vertex colours a material, close holes of an alpha that is all but opaque.

    :returns: notes on what was changed.
    """
    notes = []
    for mesh in {o.data: None for o in objects if o.type == "MESH"}:
        if mesh.color_attributes and not any(mesh.materials):
            mesh.materials.clear()
            mesh.materials.append(_vertex_colours(mesh.color_attributes[0].name))
            notes.append("The model's vertex colours were made into a material")
    if opaque:
        closed = [m.name for m in bpy.data.materials if m.node_tree and _close(m, objects)]
        if closed:
            notes.append("An alpha channel that was all but opaque was switched off")
    return notes


def _vertex_colours(layer: str) -> Any:
    material: Any = bpy.data.materials.new("Vertex colours")
    if bpy.app.version < (5, 0, 0):
        material.use_nodes = True
    tree = material.node_tree
    shader = next(n for n in tree.nodes if n.type == "BSDF_PRINCIPLED")
    node = tree.nodes.new("ShaderNodeVertexColor")
    node.layer_name = layer
    node.location = (-300, 300)
    tree.links.new(node.outputs["Color"], shader.inputs["Base Color"])
    shader.inputs["Roughness"].default_value = 0.8
    return material


def _close(material: Any, objects: list[Any]) -> bool:
    """Unlink an alpha whose picture lets all but nothing through."""
    shader = next((n for n in material.node_tree.nodes if n.type == "BSDF_PRINCIPLED"), None)
    if shader is None:
        return False
    alpha = shader.inputs["Alpha"]
    if not alpha.is_linked:
        if not 0.98 <= alpha.default_value < 1.0:
            return False
        alpha.default_value = 1.0
        return True
    image = _image_behind(alpha)
    if image is None or not alpha_is_opaque(image, _uvs(material, objects)):
        return False
    for link in list(alpha.links):
        material.node_tree.links.remove(link)
    alpha.default_value = 1.0
    return True


def _uvs(material: Any, objects: list[Any]) -> Floats | None:
    """UVs of the triangles that wear a material, (T, 3, 2); None where they say too little."""
    found = []
    for mesh in {o.data: None for o in objects if o.type == "MESH"}:
        slots = [index for index, slot in enumerate(mesh.materials) if slot == material]
        if not slots or not mesh.uv_layers or len(mesh.loops) != 3 * len(mesh.polygons):
            continue
        uvs = np.empty(len(mesh.loops) * 2, dtype=np.float32)
        mesh.uv_layers[0].uv.foreach_get("vector", uvs)
        worn = np.zeros(len(mesh.polygons), dtype=np.int32)
        mesh.polygons.foreach_get("material_index", worn)
        found.append(uvs.reshape(-1, 3, 2)[np.isin(worn, slots)])
    whole = np.concatenate(found) if found else np.empty((0, 3, 2), dtype=np.float32)
    return whole if len(whole) >= ENOUGH_TRIANGLES else None


def _image_behind(socket: Any) -> Any | None:
    node = socket.links[0].from_node
    for _ in range(10):
        if node.type == "TEX_IMAGE":
            return node.image
        linked = [s for s in node.inputs if s.is_linked]
        if len(linked) != 1:
            return None
        node = linked[0].links[0].from_node
    return None
