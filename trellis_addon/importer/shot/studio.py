# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the studio around a prop of radius 1: the backdrop, three soft lights and a dim world.

Key, fill and rim light stand where portrait and product photographers put them. They belong to the
camera: whatever side of the prop it looks at, the light comes from the same side of the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, radians, sin
from typing import Any, Final

import bpy
from mathutils import Matrix, Vector

from ...blender_context import scene_of


@dataclass(frozen=True)
class Light:
    """A square area light that is aimed at the prop."""

    name: str
    side_degrees: float
    """How far to the right of the camera it stands; 180 is behind the prop."""
    up_degrees: float
    distance: float
    size: float
    strength: float
    """How bright a white surface is that faces it: 1 is white."""


LIGHTS: Final = (
    Light("Key", -46, 48, 4.5, 2.6, 1.9),
    Light("Fill", 62, 24, 5.0, 4.0, 0.3),
    Light("Rim", 150, 46, 4.5, 2.4, 1.1),
)
AMBIENT: Final = 0.24
"""The strength of the world, which lights what all three lights miss."""


@dataclass(frozen=True)
class Paper:
    """A backdrop: its colour, and how much it shines by itself."""

    grey: float
    glow: float = 0.0


PAPERS: Final = {
    "light": Paper(0.5),
    "white": Paper(0.9, 0.55),
    "dark": Paper(0.045),
}

FRONT: Final = 60.0
"""How far the paper reaches towards the camera and to both sides."""
BEHIND: Final = 4.0
"""Where it begins to curve up."""
CURVE: Final = 10.0
"""The radius of the curve: as large as can be, so that no edge shows."""
TOP: Final = 30.0
STEPS: Final = 48
UNDER: Final = 0.0005
"""How far the paper lies below the prop, as surfaces in one place make patterns."""


def build(turn: Matrix, backdrop: str, height: float) -> None:
    """Add backdrop, lights and world to the scene.

    :param turn: the rotation around Z that the camera has. :param backdrop: of ``Shot.backdrop``.
    :param height: that of the prop, at whose middle the lights aim.
    """
    for light in LIGHTS:
        _add_light(light, turn, Vector((0, 0, height / 2)))
    _add_world()
    render: Any = scene_of(bpy.context).render
    if backdrop in PAPERS:
        _add_paper(turn, PAPERS[backdrop])
    elif render.engine == "CYCLES":
        # EEVEE knows no shadow catcher, so there the prop has no shadow.
        paper: Any = _add_paper(turn, PAPERS["light"])
        paper.is_shadow_catcher = True


def _add_light(light: Light, turn: Matrix, aim: Vector) -> None:
    data: Any = bpy.data.lights.new(f"Trellis {light.name}", "AREA")
    data.shape, data.size = "SQUARE", light.size
    # A white surface at this distance sends out strength 1 for pi squared times its square in
    # watts, as an area light is a Lambertian source.
    data.energy = light.strength * pi**2 * light.distance**2
    lamp: Any = bpy.data.objects.new(data.name, data)
    side, up = radians(light.side_degrees), radians(light.up_degrees)
    # Where the camera stands is -Y before the turn.
    offset = Vector((sin(side) * cos(up), -cos(side) * cos(up), sin(up))) * light.distance
    place = aim + turn.to_3x3() @ offset
    lamp.location = place
    lamp.rotation_euler = (aim - place).to_track_quat("-Z", "Y").to_euler()
    lamp.visible_camera = False
    scene_of(bpy.context).collection.objects.link(lamp)


def _add_world() -> None:
    world = bpy.data.worlds.new("Trellis studio")
    if bpy.app.version < (5, 0, 0):
        world.use_nodes = True  # since 5.0 it is always on, and setting it gives a warning
    tree: Any = world.node_tree
    tree.nodes.clear()
    background, output = (
        tree.nodes.new(f"ShaderNode{name}") for name in ("Background", "OutputWorld")
    )
    background.inputs["Color"].default_value = (1.0, 1.0, 1.0, 1.0)
    background.inputs["Strength"].default_value = AMBIENT
    tree.links.new(background.outputs[0], output.inputs[0])
    scene_of(bpy.context).world = world


def _add_paper(turn: Matrix, paper: Paper) -> bpy.types.Object:
    """Add the seamless backdrop: a floor that curves up into a wall behind the prop."""
    arc = [pi / 2 * step / STEPS for step in range(STEPS + 1)]
    profile = [
        (-FRONT, 0.0),
        *((BEHIND + CURVE * sin(angle), CURVE * (1 - cos(angle))) for angle in arc),
        (BEHIND + CURVE, TOP),
    ]
    points = [(x, y, z - UNDER) for y, z in profile for x in (-FRONT, FRONT)]
    count = len(profile) - 1
    faces = [(2 * n, 2 * n + 1, 2 * n + 3, 2 * n + 2) for n in range(count)]
    mesh = bpy.data.meshes.new("Trellis backdrop")
    mesh.from_pydata(points, [], faces)
    mesh.polygons.foreach_set("use_smooth", [True] * len(faces))
    mesh.materials.append(_paper_material(paper))
    backdrop = bpy.data.objects.new(mesh.name, mesh)
    backdrop.matrix_world = turn
    scene_of(bpy.context).collection.objects.link(backdrop)
    return backdrop


def _paper_material(paper: Paper) -> bpy.types.Material:
    material = bpy.data.materials.new("Trellis backdrop")
    if bpy.app.version < (5, 0, 0):
        material.use_nodes = True
    tree: Any = material.node_tree
    tree.nodes.clear()
    shader, output = (
        tree.nodes.new(f"ShaderNode{name}") for name in ("BsdfPrincipled", "OutputMaterial")
    )
    inputs = shader.inputs
    inputs["Base Color"].default_value = (paper.grey, paper.grey, paper.grey, 1.0)
    inputs["Roughness"].default_value = 1.0
    inputs["Specular IOR Level"].default_value = 0.0
    inputs["Emission Color"].default_value = (1.0, 1.0, 1.0, 1.0)
    inputs["Emission Strength"].default_value = paper.glow
    tree.links.new(shader.outputs[0], output.inputs[0])
    return material
