# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of a prop: as files beside the .blend or packed, bounded, in the right colour space."""

from __future__ import annotations

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
_STARTS: Final = {b"\x89PNG\r\n\x1a\n": "PNG", b"\xff\xd8": "JPEG"}


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


def take_in(folder: Path | None) -> list[str]:
    """Pack the pictures that an importer has only pointed to, before their folder goes.

    :param folder: where they may lie; what is elsewhere, or nowhere, is taken out.
    :returns: a note when something was.
    """
    lost = []
    for image in [image for image in bpy.data.images if image.source != "GENERATED"]:
        if image.packed_file is not None:
            continue
        path = Path(bpy.path.abspath(image.filepath)).resolve()
        inside = folder is not None and path.is_relative_to(folder.resolve()) and path.is_file()
        if inside and image.source == "FILE":
            image.pack()
        else:
            lost.append(image)
    for image in lost:
        _take_out(image)
    if not lost:
        return []
    return [f"{len(lost)} picture{'s' * (len(lost) > 1)} not in the model's file left out"]


def _take_out(image: Any) -> None:
    """With the nodes that show it: without a picture they would paint it magenta or black."""
    for material in bpy.data.materials:
        nodes: Any = material.node_tree.nodes if material.node_tree else ()
        for node in [n for n in nodes if n.type == "TEX_IMAGE" and n.image == image]:
            material.node_tree.nodes.remove(node)
    bpy.data.images.remove(image)


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
    content = bytes(packed.data) if packed is not None and not image.is_dirty else b""
    kind = _kind(image, content)
    old = Path(bpy.path.abspath(image.filepath))
    path = _free(folder / f"texture-{number}.{_ENDINGS[kind]}")
    if packed is None and old.parent == folder:
        path = old  # the large one is of no use any more
    if content:
        path.write_bytes(content)
    else:
        _save(image, path, kind)
    if packed is not None:
        image.unpack(method="REMOVE")
    image.filepath = str(path)
    image.source = "FILE"


def _kind(image: Any, content: bytes) -> str:
    """The format to write. Blender decodes a picture to tell its own, which takes a second for a
    large one, so that is asked last.
    """
    for start, kind in _STARTS.items():
        if content.startswith(start):
            return kind
    if content[8:12] == b"WEBP":
        return "WEBP"
    return image.file_format if image.file_format in _ENDINGS else "PNG"


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
