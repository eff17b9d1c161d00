# SPDX-License-Identifier: GPL-3.0-or-later
"""Stores the images of a prop as files or packed, limits their size, and sets colour spaces."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any, Final

import bpy

from ..check.image_headers import picture_size

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
"""Formats that are kept as received. A changed image is written as one of ``_ENDINGS``."""


def _free(path: Path) -> Path:
    free, number = path, 1
    while free.exists():
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1
    return free


def _shrink(image: Any, pixels: int) -> bool:
    # The size of an image that cannot be decoded is 0 x 0.
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
    """Shrink every image with a longer side; returns the number of these images."""
    return sum(_shrink(image, pixels) for image in _pictures()) if pixels else 0


def put_beside(folder: Path) -> None:
    """Write every packed or changed image as a file; unchanged images are written as received."""
    # Files, as Blender reads them only when they are first shown: linking a prop of 50,000
    # triangles with two 4096 px PNGs takes 13 ms, where packed ones make it 47 ms (measured).
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
        path = old  # it replaces its larger version
    if save:
        _save(image, path, kind)
    else:
        path.write_bytes(content)
    if packed is not None:
        image.unpack(method="REMOVE")
    image.filepath = str(path)
    image.source = "FILE"


def _ending(image: Any, content: bytes, path: Path) -> str:
    """The file extension of an image that is kept as received.

    Blender decodes an image to determine its format, which takes a second for a large one, so it is
    asked last. It has no name for DDS.
    """
    # By the first bytes, as that is free for the usual formats.
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
    """Pack all images into the .blend and remove their files."""
    for number, image in enumerate(_pictures()):
        if image.is_dirty:  # Blender would pack the old file instead
            _write(image, folder, number)
        if image.packed_file is None:
            image.pack()
        image.filepath = f"//{Path(image.filepath).name or image.name}"
    shutil.rmtree(folder, ignore_errors=True)


def check_spaces() -> None:
    """Set the colour space of images: sRGB for colours, Non-Color for all other inputs.

    This is for formats whose importers do not set it; glTF's importer does. Images without a link
    to a known input are not changed.
    """
    spaces: dict[Any, str] = {}
    for material in bpy.data.materials:
        tree: Any = material.node_tree
        for node in tree.nodes if tree else ():
            if node.type == "TEX_IMAGE" and node.image and node.outputs["Color"].is_linked:
                colour = any(_is_colour(link) for link in node.outputs["Color"].links)
                # An image that is used as both counts as a colour.
                if colour or node.image not in spaces:
                    spaces[node.image] = "sRGB" if colour else "Non-Color"
    for image, space in spaces.items():
        if space == "sRGB" and image.file_format in _LINEAR:
            continue  # these formats are scene-linear, which Blender has set already
        if image.colorspace_settings.name != space:
            image.colorspace_settings.name = space


def _is_colour(link: Any, depth: int = 0) -> bool:
    if link.to_socket.type == "RGBA" and link.to_node.type in _SHADERS:
        return True
    if link.to_node.type in ("SEPARATE_COLOR", "NORMAL_MAP", "BUMP", "MATH") or depth > 6:
        return False
    return any(_is_colour(far, depth + 1) for out in link.to_node.outputs for far in out.links)


def largest() -> int:
    """The longest side of all images in pixels, read from their headers without decoding them."""
    return max((max(_claimed_size(image)) for image in _pictures()), default=0)


def sizes_in(materials: list[Any]) -> list[int]:
    """The longest side in pixels of each image that some materials use."""
    trees = [material.node_tree for material in materials if material.node_tree]
    used: dict[Any, None] = {}
    for tree in trees:
        for node in tree.nodes:
            if node.type == "TEX_IMAGE" and node.image:
                used[node.image] = None
            elif node.type == "GROUP" and node.node_tree and node.node_tree not in trees:
                trees.append(node.node_tree)
    return [max(_claimed_size(image)) for image in used]


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
