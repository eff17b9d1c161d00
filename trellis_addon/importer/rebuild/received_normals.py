# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the normals of the received meshes, with what their own normal maps add."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..mesh.quadrics import Indices, Reals, unit
from ..proxy.baking import Samples
from ..proxy.joined_mesh import Whole
from ..proxy.material_sampling import shader_of
from ..proxy.node_evaluation import Places


@dataclass(frozen=True)
class _Map:
    """A normal map of one surface.

    Shapes: tangents (T, 3, 3) in world space, signs (T, 3) of the bitangents, of the triangles of
    the surface's mesh.
    """

    node: Any
    tangents: Reals
    signs: Reals


class ReceivedNormals:
    """The normals of a whole prop in world space.

    Shape: corners (T, 3, 3), of length 1, in the order of the prop's triangles.
    """

    def __init__(self, objects: Sequence[Any], whole: Whole) -> None:
        self._whole = whole
        self._maps: dict[int, _Map] = {}
        parts, number = [], 0
        for obj in objects:
            world = np.array(obj.matrix_world, dtype=np.float64)[:3, :3]
            kinds = [slot.material for slot in obj.material_slots] or [None]
            loops = whole.surfaces[number].loops
            parts.append(_normals(obj.data, world)[loops])
            for at, kind in enumerate(kinds, number):
                node = _normal_map(kind)
                if node is not None:
                    self._add_map(at, node, obj.data, world)
            number += len(kinds)
        self.corners: Reals = np.concatenate(parts)

    def _add_map(self, at: int, node: Any, mesh: Any, world: Reals) -> None:
        layer = node.uv_map or next((uv.name for uv in mesh.uv_layers if uv.active_render), "")
        # Blender has tangents for triangles and quads only.
        sides = np.empty(len(mesh.polygons), dtype=np.int32)
        mesh.polygons.foreach_get("loop_total", sides)
        if layer not in mesh.uv_layers or int(np.max(sides)) > 4:
            return
        mesh.calc_tangents(uvmap=layer)
        tangents, signs = loop_tangents(mesh)
        mesh.free_tangents()
        loops = self._whole.surfaces[at].loops
        mirrored = np.sign(np.linalg.det(world)) or 1.0
        self._maps[at] = _Map(node, (tangents @ world.T)[loops], signs[loops] * mirrored)

    def at(self, samples: Samples, pictures: dict[Any, Any]) -> Reals:
        """The normals at samples of the surface; (N, 3), of length 1."""
        made = unit(np.einsum("nk,nkc->nc", samples.shares, self.corners[samples.triangles]))
        for number, own in self._maps.items():
            surface = self._whole.surfaces[number]
            rows = np.flatnonzero(self._whole.materials[samples.triangles] == number)
            triangles, shares = samples.triangles[rows] - surface.first, samples.shares[rows]
            places = Places(surface.mesh, surface.loops[triangles], shares, pictures)
            made[rows] = _bent(own, places, triangles, shares, made[rows])
        return made


def _bent(own: _Map, places: Places, triangles: Indices, shares: Reals, normals: Reals) -> Reals:
    aim = places.value(own.node.inputs["Color"]) * 2.0 - 1.0
    strength = places.value(own.node.inputs["Strength"])[:, None]
    tangent = np.einsum("nk,nkc->nc", shares, own.tangents[triangles])
    bitangent = own.signs[triangles, 0][:, None] * np.cross(normals, tangent)
    across = (aim[:, :1] * tangent + aim[:, 1:2] * bitangent) * strength
    # Blender mixes the map with the plain normal, and does not scale its height.
    return unit(across + normals * (1.0 + (aim[:, 2:] - 1.0) * strength))


def _normals(mesh: Any, world: Reals) -> Reals:
    """The normals of a mesh's loops in world space; (L, 3)."""
    values = np.empty(len(mesh.loops) * 3, dtype=np.float32)
    mesh.corner_normals.foreach_get("vector", values)
    turned = np.linalg.pinv(world)  # normals transform by the inverse transpose
    made: Reals = unit(values.reshape(-1, 3).astype(np.float64) @ turned)
    return made


def loop_tangents(mesh: Any) -> tuple[Reals, Reals]:
    """The tangents (L, 3) of a mesh's loops, and the signs (L,) of the bitangents.

    ``calc_tangents`` must have been called.
    """
    tangents = np.empty(len(mesh.loops) * 3, dtype=np.float32)
    signs = np.empty(len(mesh.loops), dtype=np.float32)
    mesh.loops.foreach_get("tangent", tangents)
    mesh.loops.foreach_get("bitangent_sign", signs)
    return tangents.reshape(-1, 3).astype(np.float64), signs.astype(np.float64)


def _normal_map(material: Any | None) -> Any | None:
    """The tangent-space normal map of a material, if it has one."""
    shader = shader_of(material)
    links = shader.inputs["Normal"].links if shader else ()
    node = links[0].from_node if links else None
    known = node is not None and node.type == "NORMAL_MAP" and node.space == "TANGENT"
    return node if known else None
