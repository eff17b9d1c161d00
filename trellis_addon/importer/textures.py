# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of a prop: as files beside the .blend or packed, bounded, in the right colour space."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import bpy
import numpy as np

from .pictures import picture_size

FOLDER: Final = "textures"
JPEG_QUALITY: Final = 88
_HEAD: Final = 1 << 18
_ENDINGS: Final = {"PNG": "png", "JPEG": "jpg", "WEBP": "webp", "TARGA": "tga", "BMP": "bmp"}


def small_copy(image: Any, pixels: int, folder: Path) -> Any:
    """A JPEG of at most ``pixels`` a side: the fastest format for Blender to open (measured)."""
    copy: Any = image.copy()
    _shrink(copy, pixels)
    stem = Path(bpy.path.abspath(image.filepath)).stem or image.name
    path = _free(folder / f"{stem}-{pixels}.jpg")
    folder.mkdir(exist_ok=True)
    _save(copy, path, "JPEG")
    bpy.data.images.remove(copy)
    small: Any = bpy.data.images.load(str(path))
    small.name = f"{image.name} {pixels}"
    small.colorspace_settings.name = image.colorspace_settings.name
    return small


def _free(path: Path) -> Path:
    number = 1
    while path.exists():
        path = path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1
    return path


def _shrink(image: Any, pixels: int) -> bool:
    width, height = image.size
    longest = max(width, height)
    if not longest or longest <= pixels:
        return False
    scale = pixels / longest
    image.scale(max(1, round(width * scale)), max(1, round(height * scale)))
    return True


def _save(image: Any, path: Path, file_format: str) -> None:
    image.filepath_raw = str(path)
    image.file_format = file_format
    if file_format == "JPEG":
        image.save(quality=JPEG_QUALITY)
    else:
        image.save()


def limit(pixels: int) -> int:
    """Shrink every picture that is larger; gives their number."""
    return sum(_shrink(image, pixels) for image in _pictures()) if pixels else 0


def put_beside(folder: Path) -> None:
    """Write every packed or changed picture as a file, as received where it is unchanged."""
    for number, image in enumerate(_pictures()):
        packed = image.packed_file
        if packed is None and not image.is_dirty:
            continue
        folder.mkdir(exist_ok=True)
        kind = image.file_format if image.file_format in _ENDINGS else "PNG"
        path = _free(folder / f"texture-{number}.{_ENDINGS[kind]}")
        if image.is_dirty or packed is None:
            _save(image, path, kind)
        else:
            path.write_bytes(packed.data)
        if packed is not None:
            image.unpack(method="REMOVE")
        image.filepath = str(path)
        image.source = "FILE"


def pack_all() -> None:
    """Everything into the .blend."""
    for image in _pictures():
        if image.packed_file is None:
            image.pack()


def check_spaces() -> None:
    """Base and emission colours are sRGB; whatever else drives a material is plain numbers.

    A shader's output of another kind (an odd material) is left alone.
    """
    for material in bpy.data.materials:
        tree: Any = material.node_tree
        for node in tree.nodes if tree else ():
            if node.type == "TEX_IMAGE" and node.image and node.outputs["Color"].is_linked:
                colour = any(_is_colour(link) for link in node.outputs["Color"].links)
                node.image.colorspace_settings.name = "sRGB" if colour else "Non-Color"


def _is_colour(link: Any, depth: int = 0) -> bool:
    if link.to_socket.name in ("Base Color", "Color", "Emission Color", "A", "B", "Image") and (
        link.to_node.type in ("BSDF_PRINCIPLED", "EMISSION", "BACKGROUND", "BSDF_DIFFUSE")
    ):
        return True
    if link.to_node.type in ("SEPARATE_COLOR", "NORMAL_MAP", "BUMP", "MATH") or depth > 6:
        return False
    return any(_is_colour(far, depth + 1) for out in link.to_node.outputs for far in out.links)


def largest() -> int:
    """The longest side of all pictures, in pixels, read from their heads: nothing is decoded."""
    return max((max(_claimed_size(image)) for image in _pictures()), default=0)


def _claimed_size(image: Any) -> tuple[int, int]:
    if image.packed_file is not None:
        head = bytes(image.packed_file.data[:_HEAD])
    else:
        path = Path(bpy.path.abspath(image.filepath))
        head = b""
        if path.is_file():
            with path.open("rb") as file:
                head = file.read(_HEAD)
    return picture_size(head) or (image.size[0], image.size[1])


def alpha_is_opaque(image: Any, share: float = 0.995, value: float = 0.98) -> bool:
    """Whether all but a few texels let nothing through."""
    copy: Any = image.copy()
    try:
        _shrink(copy, 512)
        if not copy.size[0]:
            return False
        pixels = np.empty(copy.size[0] * copy.size[1] * 4, dtype=np.float32)
        copy.pixels.foreach_get(pixels)
        return bool((pixels[3::4] >= value).mean() >= share)
    finally:
        bpy.data.images.remove(copy)


def _pictures() -> list[Any]:
    return [image for image in bpy.data.images if image.source == "FILE" and image.users]
