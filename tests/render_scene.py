# SPDX-License-Identifier: GPL-3.0-or-later
"""Take a Cycles picture of a .blend that has props in it: ``render_scene.py SCENE PICTURE``.

Light, floor and camera are added for the picture only; the file is not saved.
"""

from __future__ import annotations

import os
import sys
from math import radians
from pathlib import Path
from typing import Any

import bpy
from mathutils import Vector
from support import bpy_context


def main(scene_file: Path, picture: Path) -> None:
    """Open, dress, render."""
    bpy.ops.wm.open_mainfile(filepath=str(scene_file))
    scene = bpy_context.scene()
    corners = _corners()
    low = Vector([min(c[i] for c in corners) for i in range(3)])
    high = Vector([max(c[i] for c in corners) for i in range(3)])
    _floor(scene, low.z)
    _lights(scene)
    _camera(scene, (low + high) / 2, max((high - low).length, 0.1))
    _world(scene)
    renderer: Any = scene
    renderer.render.engine = "CYCLES"
    renderer.cycles.device = "CPU"
    renderer.cycles.samples = 24
    renderer.cycles.use_denoising = True  # the bpy module has the denoiser in every version
    scene.render.resolution_x, scene.render.resolution_y = 800, 600
    scene.render.resolution_percentage = 100
    scene.render.image_settings.file_format = "PNG"
    scene.render.filepath = str(picture)
    bpy.ops.render.render(write_still=True)


def _corners() -> list[Vector]:
    """The boxes of everything that is drawn, instances included, in world space."""
    depsgraph = bpy.context.evaluated_depsgraph_get()
    return [
        item.matrix_world @ Vector(corner)
        for item in depsgraph.object_instances
        if (obj := bpy_context.existing(item.object)).type == "MESH"
        for corner in obj.bound_box
    ]


def _floor(scene: bpy.types.Scene, height: float) -> None:
    mesh = bpy.data.meshes.new("Floor")
    mesh.from_pydata([(-40, -40, 0), (40, -40, 0), (40, 40, 0), (-40, 40, 0)], [], [(0, 1, 2, 3)])
    floor = bpy.data.objects.new("Floor", mesh)
    floor.location.z = height - 0.001
    material = bpy.data.materials.new("Floor")
    material.diffuse_color = (0.35, 0.34, 0.33, 1)
    mesh.materials.append(material)
    scene.collection.objects.link(floor)


def _lights(scene: bpy.types.Scene) -> None:
    for energy, degrees, angle in ((3.5, (48, 8, 70), 12), (0.8, (62, 0, -45), 60)):
        sun: Any = bpy.data.lights.new("Sun", "SUN")
        sun.energy, sun.angle = energy, radians(angle)
        lamp = bpy.data.objects.new("Sun", sun)
        lamp.rotation_euler = [radians(value) for value in degrees]
        scene.collection.objects.link(lamp)


def _camera(scene: bpy.types.Scene, middle: Vector, size: float) -> None:
    data = bpy.data.cameras.new("Camera")
    data.lens = 60
    camera = bpy.data.objects.new("Camera", data)
    camera.location = middle + Vector((1.0, -1.35, 0.75)).normalized() * size * 2.4
    camera.rotation_euler = (middle - camera.location).to_track_quat("-Z", "Y").to_euler()
    scene.collection.objects.link(camera)
    scene.camera = camera


def _world(scene: bpy.types.Scene) -> None:
    world = bpy.data.worlds.new("World")
    if bpy.app.version < (5, 0, 0):
        world.use_nodes = True
    tree: Any = world.node_tree
    background = tree.nodes.get("Background") or tree.nodes.new("ShaderNodeBackground")
    background.inputs[0].default_value = (0.55, 0.62, 0.72, 1)
    background.inputs[1].default_value = 0.5
    output = tree.nodes.get("World Output") or tree.nodes.new("ShaderNodeOutputWorld")
    tree.links.new(background.outputs[0], output.inputs[0])
    scene.world = world


if __name__ == "__main__":
    arguments = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:]
    main(Path(arguments[0]).resolve(), Path(arguments[1]).resolve())
    sys.stdout.flush()
    os._exit(0)  # the bpy modules of 4.2 and 4.5 may crash or hang in their own clean-up
