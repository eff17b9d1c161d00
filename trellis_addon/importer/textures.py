# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of a prop: as files beside the .blend or packed, bounded, in the right colour space."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any, Final

import bpy

from .pictures import picture_size

FOLDER: Final = "textures"
JPEG_QUALITY: Final = 88
_HEAD: Final = 1 << 18
_SHADERS: Final = {"BSDF_PRINCIPLED", "EMISSION", "BACKGROUND", "BSDF_DIFFUSE", "BSDF_TRANSPARENT"}
_ENDINGS: Final = {"PNG": "png", "JPEG": "jpg", "WEBP": "webp", "TARGA": "tga", "BMP": "bmp"}
_STARTS: Final = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8": "jpg", b"DDS ": "dds"}
_LINEAR: Final = {"OPEN_EXR", "OPEN_EXR_MULTILAYER", "HDR", "DPX", "CINEON"}
_KEPT: Final = _ENDINGS | {
    "TIFF": "tif",
    "OPEN_EXR": "exr",
    "OPEN_EXR_MULTILAYER": "exr",
    "HDR": "hdr",
    "JPEG2000": "jp2",
    "AVIF": "avif",
    "DPX": "dpx",
    "CINEON": "cin",
    "IRIS": "rgb",
}
"""Formats that stay as they were received; what is changed is written as one of the first."""


def _free(path: Path) -> Path:
    free, number = path, 1
    while free.exists():
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1
    return free


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
        if image.packed_file is not None or image.is_dirty:
            _write(image, folder, number)


def _write(image: Any, folder: Path, number: int) -> None:
    folder.mkdir(exist_ok=True)
    packed = image.packed_file
    old = Path(bpy.path.abspath(image.filepath))
    save = image.is_dirty or packed is None
    content = b"" if save else bytes(packed.data)
    kind = image.file_format if save and image.file_format in _ENDINGS else "PNG"
    ending = _ENDINGS[kind] if save else _ending(image, content, old)
    path = _free(folder / f"texture-{number}.{ending}")
    if packed is None and old.parent == folder:
        path = old  # the large one is of no use any more
    if save:
        _save(image, path, kind)
    else:
        path.write_bytes(content)
    if packed is not None:
        image.unpack(method="REMOVE")
    image.filepath = str(path)
    image.source = "FILE"


def _ending(image: Any, content: bytes, path: Path) -> str:
    """The file ending of a picture that is kept as it was received.

    Blender decodes a picture to tell its format, which takes a second for a large one, so that is
    asked last. It has no name for DDS.
    """
    for start, ending in _STARTS.items():
        if content.startswith(start):
            return ending
    if content[8:12] == b"WEBP":
        return "webp"
    if known := _KEPT.get(image.file_format):
        return known
    ending = path.suffix[1:].lower()
    return ending if re.fullmatch(r"[a-z0-9]{1,5}", ending) else "png"


def pack_all(folder: Path) -> None:
    """Everything into the .blend; the files go."""
    for number, image in enumerate(_pictures()):
        if image.is_dirty:  # Blender would pack what is on the disk
            _write(image, folder, number)
        if image.packed_file is None:
            image.pack()
        image.filepath = f"//{Path(image.filepath).name or image.name}"
    shutil.rmtree(folder, ignore_errors=True)


def check_spaces() -> None:
    """Colours are sRGB; whatever else drives a material is plain numbers.

    For formats whose importers leave that open; glTF's importer sets both.
    A shader's output of another kind (an odd material) is left alone.
    """
    spaces: dict[Any, str] = {}
    for material in bpy.data.materials:
        tree: Any = material.node_tree
        for node in tree.nodes if tree else ():
            if node.type == "TEX_IMAGE" and node.image and node.outputs["Color"].is_linked:
                colour = any(_is_colour(link) for link in node.outputs["Color"].links)
                # A picture that is both is seen as the colour that it is.
                if colour or node.image not in spaces:
                    spaces[node.image] = "sRGB" if colour else "Non-Color"
    for image, space in spaces.items():
        if space == "sRGB" and image.file_format in _LINEAR:
            continue  # Blender knows better: these hold light, not what a screen shows
        if image.colorspace_settings.name != space:
            image.colorspace_settings.name = space


def _is_colour(link: Any, depth: int = 0) -> bool:
    if link.to_socket.type == "RGBA" and link.to_node.type in _SHADERS:
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


def _pictures() -> list[Any]:
    return [image for image in bpy.data.images if image.source == "FILE" and image.users]
