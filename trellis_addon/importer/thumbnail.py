# SPDX-License-Identifier: GPL-3.0-or-later
"""The prop's picture: Cycles on the CPU, so that no GPU and no screen are needed.

Workbench and EEVEE abort the whole process where there is no EGL; Cycles does not (measured).
The same view, light and background for every prop, so that a grid of them looks good.
"""

from __future__ import annotations

from math import radians, tan
from pathlib import Path
from typing import Any, Final

import bpy
from mathutils import Euler, Vector

PIXELS: Final = 256
SAMPLES: Final = 32
_LENS_DEGREES: Final = 30.0
_VIEW: Final = Euler((radians(66), 0, radians(36)))


def render(collection: bpy.types.Collection, target: Path) -> None:
    """Write a picture of the collection: PNG, 256 x 256, transparent background."""
    scene = bpy.data.scenes.new("Trellis thumbnail")
    try:
        scene.collection.children.link(collection)
        _light(scene)
        _camera(scene, collection)
        _engine(scene, target)
        bpy.ops.render.render(write_still=True, scene=scene.name)
    finally:
        for obj in list(scene.collection.objects):
            data = obj.data
            bpy.data.objects.remove(obj)
            if isinstance(data, bpy.types.Camera):
                bpy.data.cameras.remove(data)
            elif isinstance(data, bpy.types.Light):
                bpy.data.lights.remove(data)
        world = scene.world
        bpy.data.scenes.remove(scene)
        if world:
            bpy.data.worlds.remove(world)


def _engine(scene: Any, target: Path) -> None:
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.samples = SAMPLES
    scene.cycles.use_adaptive_sampling = False
    scene.cycles.use_denoising = False  # some builds have no denoiser and would fail
    scene.render.film_transparent = True
    scene.render.resolution_x = scene.render.resolution_y = PIXELS
    scene.render.resolution_percentage = 100
    scene.render.image_settings.file_format = "PNG"
    scene.render.image_settings.color_mode = "RGBA"
    scene.render.filepath = str(target)
    scene.render.use_file_extension = False
    scene.view_settings.view_transform = "Standard"


def _light(scene: bpy.types.Scene) -> None:
    for name, energy, degrees, angle in (
        ("Key", 3.2, (50, 10, 75), 20),
        ("Fill", 1.0, (60, 0, -40), 60),
        ("Rim", 2.0, (65, 0, 200), 30),
    ):
        sun: Any = bpy.data.lights.new(f"Trellis {name}", "SUN")
        sun.energy = energy
        sun.angle = radians(angle)
        lamp = bpy.data.objects.new(sun.name, sun)
        lamp.rotation_euler = [radians(value) for value in degrees]
        scene.collection.objects.link(lamp)
    world = bpy.data.worlds.new("Trellis thumbnail")
    if bpy.app.version < (5, 0, 0):
        world.use_nodes = True  # from 5.0 on always so, and setting it only warns
    background = world.node_tree.nodes.get("Background")
    if background is None:
        background = world.node_tree.nodes.new("ShaderNodeBackground")
        output = world.node_tree.nodes.new("ShaderNodeOutputWorld")
        world.node_tree.links.new(background.outputs[0], output.inputs[0])
    background.inputs[0].default_value = (1.0, 1.0, 1.0, 1.0)
    background.inputs[1].default_value = 0.35
    scene.world = world


def _camera(scene: bpy.types.Scene, collection: bpy.types.Collection) -> None:
    """Three-quarter view from above, as near as all corners of the box allow."""
    corners = [
        obj.matrix_world @ Vector(corner)
        for obj in collection.all_objects
        if obj.type == "MESH"
        for corner in obj.bound_box
    ]
    low = Vector([min(c[i] for c in corners) for i in range(3)])
    high = Vector([max(c[i] for c in corners) for i in range(3)])
    middle = (low + high) / 2
    rotation = _VIEW.to_matrix()
    inverse = rotation.inverted()
    half = tan(radians(_LENS_DEGREES / 2)) * 0.94
    local = [inverse @ (corner - middle) for corner in corners]
    distance = max(point.z + max(abs(point.x), abs(point.y)) / half for point in local)
    data = bpy.data.cameras.new("Trellis thumbnail")
    data.angle = radians(_LENS_DEGREES)
    data.clip_start, data.clip_end = distance / 1000, distance * 10
    camera = bpy.data.objects.new(data.name, data)
    camera.location = middle + rotation @ Vector((0, 0, distance))
    camera.rotation_euler = _VIEW
    scene.collection.objects.link(camera)
    scene.camera = camera
