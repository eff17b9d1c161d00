# SPDX-License-Identifier: GPL-3.0-or-later
"""Prepares materials as an artist expects them: vertex colours are shown, opaque is opaque."""

from __future__ import annotations

from typing import Any, Final

import bpy
import numpy as np

from ..mesh.image_pixels import Pixels
from ..mesh.mesh_building import positions, triangles_of
from ..mesh.quadrics import Reals
from ..proxy.baking import spread
from ..proxy.material_sampling import shader_of
from ..proxy.node_evaluation import Places

_SAMPLES: Final = 100_000
_SOLID: Final = 0.98
_SHARE: Final = 0.995
"""A surface counts as opaque if at least this share of it has at least the alpha ``_SOLID``."""


def prepare(objects: list[Any], *, opaque: bool) -> list[str]:
    """Make a material for vertex colours, and switch off alpha channels that are nearly opaque.

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
    """Switch off a material's alpha if its surface is nearly opaque everywhere.

    What counts is the visible alpha: that of the image where triangles show it, multiplied by
    factors and vertex colours, after an alpha cutoff.
    """
    shader = shader_of(material)
    if shader is None:
        return False
    alpha = shader.inputs["Alpha"]
    if not alpha.is_linked:
        if not _SOLID <= alpha.default_value < 1.0:
            return False
    elif not _is_solid(alpha, material, objects):
        return False
    for link in list(alpha.links):
        material.node_tree.links.remove(link)
    alpha.default_value = 1.0
    if material.surface_render_method == "BLENDED":
        # Blended materials are not sorted by depth, so that back faces would cover front ones.
        material.surface_render_method = "DITHERED"
    return True


def _is_solid(alpha: Any, material: Any, objects: list[Any]) -> bool:
    pictures: dict[Any, Pixels] = {}
    seen = [_alphas(alpha, obj, material, pictures) for obj in _wearing(material, objects)]
    values = np.concatenate([*seen, np.empty(0)])
    return bool(len(values) and np.count_nonzero(values >= _SOLID) >= _SHARE * len(values))


def _wearing(material: Any, objects: list[Any]) -> list[Any]:
    """The objects that use this material, one for each mesh."""
    meshes = {o.data: o for o in objects if o.type == "MESH" and len(o.data.polygons)}
    return [obj for mesh, obj in meshes.items() if material in list(mesh.materials)]


def _alphas(alpha: Any, obj: Any, material: Any, pictures: dict[Any, Pixels]) -> Reals:
    """The input's value at samples of the triangles that use the material."""
    mesh = obj.data
    slots = [index for index, slot in enumerate(mesh.materials) if slot == material]
    vertices, loops, worn = triangles_of(mesh)
    mine = np.isin(worn, slots)
    if not mine.any():
        return np.empty(0)
    corners = positions(mesh).astype(np.float64)[vertices[mine]]
    areas = np.linalg.norm(
        np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1
    )
    samples = spread(areas, _SAMPLES)
    if not len(samples.triangles):
        return np.empty(0)
    at = loops[mine][samples.triangles]
    return Places(mesh, at, samples.shares, pictures).value(alpha)
