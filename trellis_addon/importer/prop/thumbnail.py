# SPDX-License-Identifier: GPL-3.0-or-later
"""Renders a prop's thumbnail with Cycles on the CPU, so that no GPU and no display are needed.

Workbench and EEVEE abort the whole process on systems without EGL; Cycles does not (measured). The
view, light and background are the same for every prop, so that a grid of them looks uniform.
"""

from __future__ import annotations

import importlib
import os
from math import radians, tan
from pathlib import Path
from typing import Any, Final

import bpy
import numpy as np
from mathutils import Euler
from numpy.typing import NDArray

from ...core.files.prop_files import PICTURE_SAMPLES
from .framing import framing, surface_points

PIXELS: Final = 256
SAMPLES: Final = 6
"""Denoised, these look cleaner than 48 without a denoiser and take 0.4 of the time (measured on
seven props). Fewer lose the edges of thin parts."""
NOISY_SAMPLES: Final = 48
"""The samples of builds that have no denoiser."""
_NOISE: Final = 0.05
_LENS_DEGREES: Final = 30.0
_FILLED: Final = 0.92
"""The share of the image that the prop covers, vertically or horizontally."""
_SKY: Final = (-1.0, 1.0, 0.1, 0.65)
"""The sky's gradient: from which height to which, and from which strength to which."""
_VIEW: Final = Euler((radians(66), 0, radians(36)))


def render(collection: bpy.types.Collection, target: Path, threads: int = 0) -> None:
    """Render an image of the collection: PNG, 256 x 256, with a transparent background.

    :param threads: how many threads render it; 0: one for each core.
    """
    scene = bpy.data.scenes.new("Trellis thumbnail")
    try:
        scene.collection.children.link(collection)
        _light(scene)
        _camera(scene, collection)
        _engine(scene, target, threads)
        bpy.ops.render.render(write_still=True, scene=scene.name)
        clean_edges(target)
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


def clean_edges(picture: Path) -> None:
    """Give the pixels of a prop's outline the colour of the opaque ones beside them.

    The denoiser smooths colour that is multiplied by alpha, but not alpha. Of a few samples, the
    quotient is too dark or too bright at the outline, which looks dotted on a white page.
    """
    image = bpy.data.images.load(str(picture), check_existing=False)
    try:
        width, height = image.size
        data: Any = image.pixels
        flat = np.empty(width * height * 4, np.float32)
        data.foreach_get(flat)
        pixels = with_clean_edges(flat.reshape(height, width, 4))
        data.foreach_set(pixels.ravel())
        image.filepath_raw, image.file_format = str(picture), "PNG"
        image.save()
    finally:
        bpy.data.images.remove(image)


def with_clean_edges(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """The same picture (height x width x RGBA), with the colours of translucent pixels that touch
    opaque ones replaced by their mean. Thin parts without an opaque pixel stay as they are.
    """
    alpha = pixels[..., 3]
    opaque = np.pad((alpha >= 1.0).astype(np.float32), 1)
    colour = np.pad(pixels[..., :3], ((1, 1), (1, 1), (0, 0))) * opaque[..., None]
    height, width = alpha.shape
    windows = [(slice(y, y + height), slice(x, x + width)) for y in range(3) for x in range(3)]
    count = np.sum([opaque[at] for at in windows], axis=0)
    edge = (alpha > 0.0) & (alpha < 1.0) & (count > 0)
    total = np.sum([colour[at] for at in windows], axis=0)
    made = pixels.copy()
    made[edge, :3] = total[edge] / count[edge, None]
    return made


def _engine(scene: Any, target: Path, threads: int) -> None:
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    denoises = _has_denoiser()
    scene.cycles.samples = samples_wanted(SAMPLES if denoises else NOISY_SAMPLES)
    _noise(scene.cycles, denoises=denoises)
    # Glass needs all five.
    scene.cycles.max_bounces = 5
    # It chooses among many lights. Here are three and a sky, and it takes 8 % more time (measured).
    scene.cycles.use_light_tree = False
    scene.cycles.caustics_reflective = scene.cycles.caustics_refractive = False
    if threads:
        scene.render.threads_mode, scene.render.threads = "FIXED", threads
    scene.render.film_transparent = True
    scene.render.resolution_x = scene.render.resolution_y = PIXELS
    scene.render.resolution_percentage = 100
    scene.render.image_settings.file_format = "PNG"
    scene.render.image_settings.color_mode = "RGBA"
    scene.render.filepath = str(target)
    scene.render.use_file_extension = False
    scene.view_settings.view_transform = "Standard"


def _noise(cycles: Any, *, denoises: bool) -> None:
    """Remove the noise by the denoiser, or else by many samples where they are needed."""
    cycles.use_denoising = denoises
    # Of few samples, none can be spared.
    cycles.use_adaptive_sampling = not denoises
    if denoises:
        cycles.denoiser = "OPENIMAGEDENOISE"
        # Albedo and normals keep textures and edges sharp. The better qualities take twice as long
        # and look the same at this size.
        cycles.denoising_input_passes = "RGB_ALBEDO_NORMAL"
        cycles.denoising_prefilter = cycles.denoising_quality = "FAST"
    else:
        # Most pixels are clean after 12 samples, but glass and soft shadows need all of them.
        cycles.adaptive_min_samples = min(12, cycles.samples)
        cycles.adaptive_threshold = _NOISE


def _has_denoiser() -> bool:
    """Whether this build has the denoiser of Cycles; some systems' own builds leave it out."""
    try:
        build = importlib.import_module("_cycles")  # Blender's own, without types
    except ImportError:
        return False
    return bool(getattr(build, "with_openimagedenoise", False))


def samples_wanted(otherwise: int) -> int:
    """The samples for each pixel: those of the environment variable (1 to 4096), if it is set."""
    asked = os.environ.get(PICTURE_SAMPLES, "")
    return int(asked) if asked.isdecimal() and 1 <= int(asked) <= 4096 else otherwise


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
        world.use_nodes = True  # since 5.0 it is always on, and setting it gives a warning
    tree: Any = world.node_tree  # each socket's value is its own class's
    nodes, links = tree.nodes, tree.links
    nodes.clear()
    background, output = nodes.new("ShaderNodeBackground"), nodes.new("ShaderNodeOutputWorld")
    links.new(background.outputs[0], output.inputs[0])
    # Bright above and dim below, as polished metal would look plain grey under an even sky.
    place, split = nodes.new("ShaderNodeTexCoord"), nodes.new("ShaderNodeSeparateXYZ")
    links.new(place.outputs["Generated"], split.inputs[0])
    ramp = nodes.new("ShaderNodeMapRange")
    links.new(split.outputs["Z"], ramp.inputs["Value"])
    for name, value in zip(("From Min", "From Max", "To Min", "To Max"), _SKY, strict=True):
        ramp.inputs[name].default_value = value
    links.new(ramp.outputs[0], background.inputs["Strength"])
    background.inputs["Color"].default_value = (1.0, 1.0, 1.0, 1.0)
    # A sky this smooth needs no fine importance map. The default map takes 350 MB and a fifth of
    # the time.
    sampling: Any = world.cycles
    sampling.sampling_method, sampling.sample_map_resolution = "MANUAL", 64
    scene.world = world


def _camera(scene: bpy.types.Scene, collection: bpy.types.Collection) -> None:
    """Add a camera with a three-quarter view from above, as close as the prop's outline allows."""
    half = tan(radians(_LENS_DEGREES / 2)) * _FILLED
    frame = framing([surface_points(collection.all_objects)], _VIEW, (half, half))
    data = bpy.data.cameras.new("Trellis thumbnail")
    data.angle = radians(_LENS_DEGREES)
    data.clip_start = frame.nearest / 2
    data.clip_end = frame.farthest * 2
    camera = bpy.data.objects.new(data.name, data)
    camera.location = frame.location
    camera.rotation_euler = _VIEW
    scene.collection.objects.link(camera)
    scene.camera = camera
