# SPDX-License-Identifier: GPL-3.0-or-later
"""Handles the reference image of a generation: any image data-block, sent to the jobs endpoint.

Wherever it comes from (a file, the render result, a picture of the viewport), it becomes an image
data-block, so that the panel has one field and shows one picture.
"""

from __future__ import annotations

import base64
import re
import tempfile
from array import array
from pathlib import Path
from typing import Any, Final

import bpy

from ...core.errors import InputError
from ...core.generation.views import FRONT, NAMES

PIXELS: Final = 1024
"""The longest side that is sent. TRELLIS itself looks at 518 (reference code, 2025-08)."""

MOST_IMAGE_BYTES: Final = 2_000_000
"""The most bytes of a file that is sent unchanged; a PNG of 1024 pixels seldom has more. What is
sent is kept in the prop's record, so it must not be large.
"""

KINDS: Final = {
    "image/png": rb"\x89PNG\r\n\x1a\n",
    "image/jpeg": rb"\xff\xd8\xff",
    "image/webp": rb"(?s)RIFF....WEBP",
}
"""The types that the gateway accepts, with patterns for the beginning of their files."""

WORDS: Final = re.compile(
    rb"Exif\0\0|EXIF|XMP |http://ns.adobe.com/xap|tEXt|iTXt|zTXt"
    rb"|\0\0(?:\0[\x80-\xff]|[^\0].)eXIf",
    re.DOTALL,
)
"""Matches files that contain their location, owner, or the path they were rendered from. Such a
file is encoded again without these. (Blender writes an eXIf of 54 bytes with the resolution into
each PNG.)
"""

FROM_RENDER: Final = "Trellis Reference (Render)"
FROM_VIEW: Final = "Trellis Reference (Viewport)"


def data_uri(image: Any) -> str:
    """The image as a data URI for the gateway: its own file if that is suitable, else a PNG with
    its alpha. The image itself is not changed.

    An existing file takes about 1 ms. Encoding takes 50 to 100 ms at 1024 pixels and 400 ms at
    4096, or 700 ms for an image that is painted and not saved (2 slow cores).

    :raises InputError: there are no pixels, as of a file that has gone.
    """
    width, height = image.size
    if not width or not height:
        raise no_picture(image)
    if found := _as_stored(image):
        kind, content = found
        return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
    copy = small_copy(image)
    try:
        copy.file_format = "PNG"
        with tempfile.TemporaryDirectory(prefix="trellis-") as folder:
            file = Path(folder) / "reference.png"
            copy.save(filepath=str(file))
            content = file.read_bytes()
    except (RuntimeError, OSError) as error:
        raise InputError(
            f"The reference image {image.name} cannot be read",
            "Choose another, or remove it",
            detail=str(error),
        ) from error
    finally:
        bpy.data.images.remove(copy)
    return f"data:image/png;base64,{base64.b64encode(content).decode('ascii')}"


def _as_stored(image: Any) -> tuple[str, bytes] | None:
    """The type and content of the image's file, if it can be sent unchanged: painting is saved, the
    gateway accepts the format, the file is not too large, and it has no metadata.
    """
    if image.source != "FILE" or image.is_dirty:
        return None
    try:
        if image.packed_file:
            size, content = image.packed_file.size, image.packed_file.data
        else:
            path = Path(image.filepath_from_user())
            size = path.stat().st_size
            content = path.read_bytes() if size <= MOST_IMAGE_BYTES else b""
    except OSError:
        return None
    if size > MOST_IMAGE_BYTES or WORDS.search(content):
        return None
    kind = next((kind for kind, begin in KINDS.items() if re.match(begin, content)), None)
    return (kind, bytes(content)) if kind else None


def small_copy(image: Any) -> Any:
    """Copy an image to at most :data:`PIXELS` on each side, without the file's metadata."""
    width, height = image.size
    longest = max(width, height)
    small = max(1, width * PIXELS // longest), max(1, height * PIXELS // longest)
    if longest <= PIXELS:
        return _copy(image)
    if image.source != "FILE" or image.is_dirty or image.is_float:
        copy = _copy(image)
        copy.scale(*small)
        return copy
    # Image.copy reads the file again, so that it is scaled as bytes, before _copy makes floats.
    between = image.copy()
    try:
        between.scale(*small)
        return _copy(between)
    finally:
        bpy.data.images.remove(between)


def _copy(image: Any) -> Any:
    """Copy an image with its current pixels; ``Image.copy`` leaves out unsaved painting."""
    width, height = image.size
    pixels = array("f", bytes(4 * len(image.pixels)))
    image.pixels.foreach_get(pixels)
    channels = len(pixels) // (width * height)
    if channels != 4:
        pixels = _four(pixels, channels)
    new: Any = bpy.data.images.new
    copy = new(image.name, width, height, alpha=True, float_buffer=image.is_float)
    copy.pixels.foreach_set(pixels)
    return copy


def _four(pixels: array[float], channels: int) -> array[float]:
    """Convert grey or RGB pixels to RGBA."""
    whole = array("f", [1.0]) * (len(pixels) // channels * 4)
    for channel in range(3):
        whole[channel::4] = pixels[min(channel, channels - 1) :: channels]
    return whole


def of_file(path: str) -> Any:
    """Load a picture file as an image data-block.

    :raises InputError: Blender cannot read it as a picture.
    """
    try:
        image: Any = bpy.data.images.load(path, check_existing=True)
    except RuntimeError as error:
        raise InputError(
            f"{Path(path).name} cannot be read", "Choose another picture", detail=str(error)
        ) from error
    # For a file that is no picture, load() succeeds with an image that has no pixels.
    if not all(image.size):
        if not image.users:
            bpy.data.images.remove(image)
        raise InputError(f"{Path(path).name} is no picture", "Choose another picture")
    return image


def cut_out_copy(image: Any) -> Any:
    """Make a packed copy of an image with a transparent background, at the size that is sent; None
    if a part of it is transparent already.

    :raises InputError: there is no picture, or the object cannot be told from the background.
    """
    import numpy as np

    from .cut_out import UnclearError, cut_out, has_alpha

    width, height = image.size
    if not width or not height:
        raise no_picture(image)
    copy = small_copy(image)
    try:
        width, height = copy.size
        pixels = np.empty(width * height * 4, np.float32)
        copy.pixels.foreach_get(pixels)
        pixels = pixels.reshape(height, width, 4)
        if has_alpha(pixels):
            return None
        found = cut_out(pixels)
    except UnclearError as error:
        raise InputError(
            str(error), "Use the picture as it is, or one with a plain background"
        ) from error
    finally:
        bpy.data.images.remove(copy)
    name = f"{image.name[:40]} (Cut Out)"
    result: Any = bpy.data.images.new(name, width, height, alpha=True)
    result.pixels.foreach_set(found.ravel())
    result.pack()
    return result


def no_picture(image: Any) -> InputError:
    """Make the error for an image without pixels, as of a file that has gone."""
    return InputError(
        f"The reference image {image.name} has no picture", "Choose another, or remove it"
    )


def of_render(view: str = FRONT) -> Any:
    """Copy the render result to a packed image data-block.

    :param view: the side that it is for, as each has an image of its own.
    :raises InputError: nothing has been rendered.
    """
    result: Any = bpy.data.images.get("Render Result")
    if result is None:
        raise InputError("Nothing has been rendered yet", "Render an image first (F12)")
    with tempfile.TemporaryDirectory(prefix="trellis-") as folder:
        file = Path(folder) / "render.png"
        scene: Any = bpy.context.scene
        formats = scene.render.image_settings
        before = formats.file_format, formats.color_mode
        try:
            # save_render uses the scene's format, which may be EXR or a video.
            formats.file_format, formats.color_mode = "PNG", "RGBA"
            result.save_render(str(file), scene=scene)
            loaded = bpy.data.images.load(str(file))
        except RuntimeError as error:
            raise InputError(
                "The render result cannot be read",
                "Render an image first (F12)",
                detail=str(error),
            ) from error
        finally:
            formats.file_format, formats.color_mode = before
        return keep_as(loaded, _named(FROM_RENDER, view))


def of_view(context: bpy.types.Context, view: str = FRONT) -> Any:
    """Copy what the 3D view shows, without overlays, to a packed image data-block.

    :param view: as for :func:`of_render`.
    :raises InputError: there is no 3D view, or no graphics.
    """
    space, region = view_space(context)
    width, height = region.width, region.height
    shown = space.overlay.show_overlays
    matrices = space.region_3d.view_matrix, space.region_3d.window_matrix
    try:
        space.overlay.show_overlays = False
        pixels = draw_off_screen(context, space, region, matrices, (width, height))
    finally:
        space.overlay.show_overlays = shown
    image: Any = bpy.data.images.new(FROM_VIEW, width, height, alpha=True)
    image.pixels.foreach_set(pixels)
    return keep_as(image, _named(FROM_VIEW, view))


def view_space(context: bpy.types.Context) -> tuple[Any, Any]:
    """The 3D view and its region. :raises InputError: there is none, or no graphics."""
    area: Any = context.area
    if area is None or area.type != "VIEW_3D" or bpy.app.background:
        raise InputError("There is no 3D view here", "Use it in a 3D viewport")
    return area.spaces.active, next(r for r in area.regions if r.type == "WINDOW")


def draw_off_screen(
    context: bpy.types.Context,
    space: Any,
    region: Any,
    matrices: tuple[Any, Any],
    size: tuple[int, int],
    *,
    background: bool = True,
) -> Any:
    """Draw a 3D view with these matrices, and give its pixels.

    :param background: without one, it is transparent.
    """
    import gpu

    width, height = size
    offscreen: Any = gpu.types.GPUOffScreen  # the stubs know no arguments
    screen = offscreen(width, height)
    try:
        screen.draw_view3d(
            context.scene,
            context.view_layer,
            space,
            region,
            *matrices,
            do_color_management=True,
            draw_background=background,
        )
        with screen.bind():
            state: Any = gpu.state
            frame = state.active_framebuffer_get()
            pixels = frame.read_color(0, 0, width, height, 4, 0, "FLOAT")
    finally:
        screen.free()
    pixels.dimensions = width * height * 4
    return pixels


def _named(name: str, view: str) -> str:
    return name if view == FRONT else f"{name.rstrip(')')}, {NAMES[view]})"


def keep_as(image: Any, name: str) -> Any:
    """Pack an image under one of our names, and replace the previous image of this name."""
    image.pack()
    # The file was a temporary one, which no longer exists.
    image.filepath = ""
    before: Any = bpy.data.images.get(name)
    if before and before != image:
        before.user_remap(image)
        bpy.data.images.remove(before)
    image.name = name
    return image
