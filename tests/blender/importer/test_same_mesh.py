# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that a render may show of a mesh makes it another one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bpy
import numpy as np
import pytest

from trellis_addon.importer.prop.same_mesh import same_mesh

UPWARDS = [(0.0, 0.0, 1.0)] * 8


@pytest.fixture
def mesh() -> Any:
    """Two quads and an edge between them, with UVs, colours, custom normals and a material."""
    made: Any = bpy.data.meshes.new("Plane")
    corners = [(x, y, 0.0) for y in (0.0, 1.0) for x in (0.0, 1.0, 2.0)]
    made.from_pydata(corners, [], [(0, 1, 4, 3), (1, 2, 5, 4)])
    made.uv_layers.new(name="UVMap")
    made.color_attributes.new("Color", "FLOAT_COLOR", "POINT")
    made.materials.append(bpy.data.materials.new("Oak"))
    made.normals_split_custom_set(UPWARDS)
    return made


def move(mesh: Any) -> None:
    mesh.vertices[0].co.z = 1.0e-6


def slide(mesh: Any) -> None:
    mesh.uv_layers[0].data[3].uv = (0.25, 0.5)


def paint(mesh: Any) -> None:
    mesh.color_attributes[0].data[2].color = (1.0, 0.0, 0.0, 1.0)


def bend(mesh: Any) -> None:
    mesh.normals_split_custom_set([(0.6, 0.0, 0.8), *UPWARDS[1:]])


def sharpen(mesh: Any) -> None:
    mesh.edges[0].use_edge_sharp = not mesh.edges[0].use_edge_sharp


def smooth(mesh: Any) -> None:
    flags = np.array([polygon.use_smooth for polygon in mesh.polygons])
    mesh.polygons.foreach_set("use_smooth", ~flags)


def add_vertex(mesh: Any) -> None:
    mesh.vertices.add(1)


def other_material(mesh: Any) -> None:
    mesh.materials[0] = bpy.data.materials.new("Stone")


def other_slot(mesh: Any) -> None:
    mesh.materials.append(bpy.data.materials.new("Iron"))


def second_map(mesh: Any) -> None:
    mesh.uv_layers.new(name="Light")


def test_copy_is_the_same(mesh: Any) -> None:
    assert same_mesh(mesh.copy(), mesh) == ""


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (move, "position"),
        (slide, "UVMap"),
        (paint, "Color"),
        (bend, "normal"),
        (sharpen, ""),
        (smooth, ""),
        (add_vertex, "instead of"),
        (other_material, "materials"),
        (other_slot, "materials"),
        (second_map, "attributes"),
    ],
)
def test_change_makes_another(mesh: Any, change: Callable[[Any], None], told: str) -> None:
    other = mesh.copy()
    change(other)
    for found in (same_mesh(other, mesh), same_mesh(mesh, other)):
        assert found
        assert told in found


def test_faces_of_other_sizes_make_another() -> None:
    """A pentagon and a triangle, or two quads, with the same corners one after the other."""
    meshes = []
    for starts in ((0, 5), (0, 4)):
        one: Any = bpy.data.meshes.new("Faces")
        one.vertices.add(8)
        one.loops.add(8)
        one.loops.foreach_set("vertex_index", range(8))
        one.polygons.add(2)
        one.polygons.foreach_set("loop_start", starts)
        meshes.append(one)
    assert same_mesh(*meshes) == "faces"
