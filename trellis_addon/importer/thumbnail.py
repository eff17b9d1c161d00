# SPDX-License-Identifier: GPL-3.0-or-later
"""The prop's picture: Cycles on the CPU, so that no GPU and no screen are needed.

Workbench and EEVEE abort the whole process where there is no EGL; Cycles does not (measured).
The same view, light and background for every prop, so that a grid of them looks good.
"""

from __future__ import annotations

import os
from math import radians, tan
from pathlib import Path
from typing import Any, Final

import bpy
import numpy as np
import numpy.typing as npt
from mathutils import Euler, Vector

from .building import positions
from .fitting import cloud_positions

PIXELS: Final = 256
SAMPLES: Final = 48
SAMPLES_VARIABLE: Final = "TRELLIS_PICTURE_SAMPLES"
"""Fewer make a grainy picture in a fraction of the time, which is 95 % of a small prop's."""
_NOISE: Final = 0.05
_LENS_DEGREES: Final = 30.0
_FILLED: Final = 0.92
"""The share of the picture that the prop spans, upright or across."""
_SKY: Final = (-1.0, 1.0, 0.1, 0.65)
"""The height from which to which the sky's strength goes from which to which."""
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
    samples = samples_wanted()
    scene.cycles.samples = samples
    # Most of a picture is clear after 12; glass and soft shadows need all of them.
    scene.cycles.use_adaptive_sampling = True
    scene.cycles.adaptive_min_samples = min(12, samples)
    scene.cycles.adaptive_threshold = _NOISE
    scene.cycles.max_bounces = 5
    scene.cycles.caustics_reflective = scene.cycles.caustics_refractive = False
    scene.cycles.use_denoising = False  # some builds have no denoiser and would fail
    scene.render.film_transparent = True
    scene.render.resolution_x = scene.render.resolution_y = PIXELS
    scene.render.resolution_percentage = 100
    scene.render.image_settings.file_format = "PNG"
    scene.render.image_settings.color_mode = "RGBA"
    scene.render.filepath = str(target)
    scene.render.use_file_extension = False
    scene.view_settings.view_transform = "Standard"


def samples_wanted() -> int:
    """Cycles' samples for each pixel: what the environment says (1 to 4096), else 48."""
    asked = os.environ.get(SAMPLES_VARIABLE, "")
    return int(asked) if asked.isdecimal() and 1 <= int(asked) <= 4096 else SAMPLES


def _light(scene: bpy.types.Scene) -> None:
    for name, energy, degrees, angle in (
        ("Key", 1.9, (50, 10, 75), 20),
        ("Fill", 0.5, (60, 0, -40), 60),
        ("Rim", 1.1, (65, 0, 200), 30),
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
    nodes, links = world.node_tree.nodes, world.node_tree.links
    nodes.clear()
    background, output = nodes.new("ShaderNodeBackground"), nodes.new("ShaderNodeOutputWorld")
    links.new(background.outputs[0], output.inputs[0])
    # Bright above, dim below: without it a polished thing shows nothing but grey.
    place, split = nodes.new("ShaderNodeTexCoord"), nodes.new("ShaderNodeSeparateXYZ")
    links.new(place.outputs["Generated"], split.inputs[0])
    ramp = nodes.new("ShaderNodeMapRange")
    links.new(split.outputs["Z"], ramp.inputs["Value"])
    for name, value in zip(("From Min", "From Max", "To Min", "To Max"), _SKY, strict=True):
        ramp.inputs[name].default_value = value
    links.new(ramp.outputs[0], background.inputs["Strength"])
    background.inputs["Color"].default_value = (1.0, 1.0, 1.0, 1.0)
    # A sky this soft needs no fine map: the default's takes 350 MB and a fifth of the time.
    sampling: Any = world.cycles
    sampling.sampling_method, sampling.sample_map_resolution = "MANUAL", 64
    scene.world = world


def _camera(scene: bpy.types.Scene, collection: bpy.types.Collection) -> None:
    """Three-quarter view from above, as near as the prop's own outline allows.

    Along one axis of the picture a point (x, z) is seen from (c, d) where |x - c| <= (d - z) h.
    So the least distance is half the width of what x + z h and x - z h span, over h.
    """
    rotation = _VIEW.to_matrix()
    points = _points(collection) @ np.array(rotation)  # by the transposed: into the camera's axes
    half = tan(radians(_LENS_DEGREES / 2)) * _FILLED
    ahead = points[:, 2] * half
    middles, distances = [], []
    for axis in range(2):
        far = float((points[:, axis] + ahead).max())
        near = float((points[:, axis] - ahead).min())
        middles.append((far + near) / 2)
        distances.append((far - near) / (2 * half))
    deepest, nearest = float(points[:, 2].min()), float(points[:, 2].max())
    distance = max(*distances, nearest + (nearest - deepest) * 0.01 + 1e-6)
    data = bpy.data.cameras.new("Trellis thumbnail")
    data.angle = radians(_LENS_DEGREES)
    data.clip_start = (distance - nearest) / 2
    data.clip_end = (distance - deepest) * 2
    camera = bpy.data.objects.new(data.name, data)
    camera.location = rotation @ Vector((*middles, distance))
    camera.rotation_euler = _VIEW
    scene.collection.objects.link(camera)
    scene.camera = camera


def _points(collection: bpy.types.Collection) -> npt.NDArray[np.float64]:
    """Where the surface is in the world, (N, 3), as an armature or shape key bends it."""
    depsgraph = bpy.context.evaluated_depsgraph_get()
    found = []
    own: npt.NDArray[Any]
    for obj in collection.all_objects:
        if obj.type == "POINTCLOUD":
            own = cloud_positions(obj.data)
        elif obj.type == "MESH":
            own = positions(obj.evaluated_get(depsgraph).data if obj.modifiers else obj.data)
        else:
            continue
        world = np.array(obj.matrix_world, dtype=np.float64)
        found.append(own @ world[:3, :3].T + world[:3, 3])
    return np.concatenate(found)
