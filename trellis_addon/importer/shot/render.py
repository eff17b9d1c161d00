# SPDX-License-Identifier: GPL-3.0-or-later
"""Renders the studio: engine, colours, file format, and progress while it goes on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from math import tau
from pathlib import Path
from typing import Any, Final

import bpy

from ...blender_context import scene_of
from ...core.errors import ImporterError
from ...core.generation.shot import Shot
from ...core.text import shorten
from ..pipe.shot_messages import PICTURES
from .subject import Subject

TRANSFORMS: Final = ("AgX", "Filmic", "Standard")
"""Colour managements, the best first. A studio may have a configuration of its own."""
LOOKS: Final = ("AgX - Medium High Contrast", "Medium High Contrast")
NO_EEVEE: Final = "EEVEE cannot render here, so Cycles did"
NOISE: Final = 0.02
_SAMPLES: Final = re.compile(r"(?:Sample|Rendering) (\d+) ?/ ?(\d+)")
"""In the statistics that Cycles and EEVEE give while they render."""

Say = Callable[[str], None]


def prepare(shot: Shot) -> list[str]:
    """Set up the engine, colours and size of the scene. Returns notes about what is different."""
    scene: Any = scene_of(bpy.context)
    notes = []
    eevee = shot.engine == "eevee" and _use_eevee(scene, shot.samples)
    if not eevee:
        _use_cycles(scene, shot.samples)
        if shot.engine == "eevee":
            notes.append(NO_EEVEE)
    render = scene.render
    render.resolution_x, render.resolution_y = shot.width, shot.height
    render.resolution_percentage = 100
    render.film_transparent = shot.backdrop == "transparent"
    render.use_persistent_data = shot.turntable
    render.use_file_extension = True
    _set_colours(scene)
    return notes


def _use_eevee(scene: Any, samples: int) -> bool:
    for name in ("BLENDER_EEVEE_NEXT", "BLENDER_EEVEE"):  # the first from 4.2 to 4.5
        try:
            scene.render.engine = name
        except TypeError:
            continue
        scene.eevee.taa_render_samples = samples
        scene.eevee.use_raytracing = True
        return True
    return False


def _use_cycles(scene: Any, samples: int) -> None:
    scene.render.engine = "CYCLES"
    cycles = scene.cycles
    cycles.device = "CPU"
    cycles.samples = samples
    cycles.use_adaptive_sampling = True
    cycles.adaptive_threshold = NOISE
    # Deeper light is hardly seen in a studio, and takes half of the time (measured).
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces = 6, 2, 3
    cycles.caustics_reflective = cycles.caustics_refractive = False
    cycles.use_denoising = False
    if has_denoiser():
        cycles.denoiser = "OPENIMAGEDENOISE"
        cycles.denoising_use_gpu = False  # looking for a graphics card takes longer than denoising
        cycles.use_denoising = True


def has_denoiser() -> bool:
    """Whether this Blender was built with the denoiser; without it, rendering would fail."""
    # A part of Blender that has no file, and so no types.
    return bool(getattr(import_module("_cycles"), "with_openimagedenoise", False))


def _set_colours(scene: Any) -> None:
    for name in TRANSFORMS:
        try:
            scene.view_settings.view_transform = name
            break
        except TypeError:
            continue
    for look in LOOKS:
        try:
            scene.view_settings.look = look
            break
        except TypeError:
            continue


def still(shot: Shot, target: Path, say: Say) -> None:
    """Render one picture.

    :param target: the file without its ending. :raises ImporterError: Blender cannot.
    """
    scene = scene_of(bpy.context)
    _use_png(scene, shot)
    scene.render.filepath = f"{target}.png"
    with _progress(lambda share: say(f"Rendering ({share:.0%})")):
        _render(write_still=True)


def turntable(shot: Shot, subject: Subject, target: Path, say: Say) -> list[str]:
    """Render a turn of the prop: a movie, or numbered pictures in a folder.

    :param target: the movie without its ending; the folder has one, too. :returns: notes.
    :raises ImporterError: Blender cannot.
    """
    scene: Any = scene_of(bpy.context)
    scene.frame_start, scene.frame_end, scene.frame_step = 1, shot.frames, 1
    scene.render.fps, scene.render.fps_base = shot.fps, 1.0
    # A driver, as the curves of keyframes are reached in another way since 5.0.
    curve: Any = subject.table.driver_add("rotation_euler", 2)
    curve.driver.expression = f"(frame - 1) * {tau / shot.frames!r}"
    notes = []
    if shot.is_movie and bpy.app.build_options.codec_ffmpeg:
        _use_movie(scene)
        scene.render.filepath = f"{target}.mp4"
        scene.render.use_file_extension = False
    else:
        if shot.film == "mp4":
            reason = "A movie cannot be transparent"
            if shot.is_movie:
                reason = "This Blender writes no movies"
            notes.append(f"{reason}, so the turntable is a folder of pictures")
        folder = target.with_name(f"{target.name}{PICTURES}")
        folder.mkdir()
        _use_png(scene, shot)
        scene.render.filepath = str(folder / "####")

    def tell(share: float) -> None:
        frame = scene.frame_current
        say(f"Frame {frame:,} of {shot.frames:,} ({(frame - 1 + share) / shot.frames:.0%})")

    with _progress(tell):
        _render(animation=True)
    return notes


def _use_png(scene: Any, shot: Shot) -> None:
    settings = scene.render.image_settings
    if hasattr(settings, "media_type"):  # since 5.0
        settings.media_type = "IMAGE"
    settings.file_format = "PNG"
    settings.color_mode = "RGBA" if shot.backdrop == "transparent" else "RGB"
    settings.compression = 60


def _use_movie(scene: Any) -> None:
    settings = scene.render.image_settings
    if hasattr(settings, "media_type"):
        settings.media_type = "VIDEO"
    settings.file_format = "FFMPEG"
    # H.264 halves the resolution of colours, so both sides must be even.
    scene.render.resolution_x += scene.render.resolution_x % 2
    scene.render.resolution_y += scene.render.resolution_y % 2
    movie = scene.render.ffmpeg
    movie.format, movie.codec = "MPEG4", "H264"
    movie.constant_rate_factor, movie.ffmpeg_preset = "HIGH", "GOOD"
    movie.gopsize = 12
    movie.audio_codec = "NONE"


def _render(*, write_still: bool = False, animation: bool = False) -> None:
    try:
        bpy.ops.render.render(write_still=write_still, animation=animation)
    except RuntimeError as error:
        raise ImporterError(
            "Blender could not render the prop", detail=shorten(str(error), 2000)
        ) from error


@contextmanager
def _progress(tell: Callable[[float], None]) -> Iterator[None]:
    """Call ``tell`` with the finished share of a picture, for as long as it is entered."""

    def hear(words: Any, *_: Any) -> None:
        # The argument is the line of statistics in every version from 4.2 on.
        if found := _SAMPLES.search(str(words)):
            done, of = int(found[1]), int(found[2])
            tell(done / of if of else 0.0)

    handlers: Any = bpy.app.handlers.render_stats
    handlers.append(hear)
    try:
        yield
    finally:
        handlers.remove(hear)
