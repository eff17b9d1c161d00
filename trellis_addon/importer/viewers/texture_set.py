# SPDX-License-Identifier: GPL-3.0-or-later
"""Gives the images of an export other sizes and formats, each time from the prop's own file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import bpy

from ..check.image_headers import picture_size
from ..mesh.image_pixels import shrink

EMISSION, SURFACE, NORMAL, COLOR = range(4)
"""What a map is for, from the least to the most visible. ``SURFACE`` is roughness and metallic."""

MAP_LABELS: Final = {
    EMISSION: "emission",
    SURFACE: "roughness and metallic",
    NORMAL: "normals",
    COLOR: "color",
}

_PLACES: Final = {
    "Emission Color": EMISSION,
    "Occlusion": EMISSION,
    "Roughness": SURFACE,
    "Metallic": SURFACE,
    "Normal": NORMAL,
    "Base Color": COLOR,
    "Alpha": COLOR,
}
_ENDINGS: Final = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp"}
_PLAIN: Final = ("PNG", "JPEG")
_QUALITY: Final = 90
_NORMAL_QUALITY: Final = 95
"""Artefacts of compression are seen as dents in the reflections."""
_HEAD: Final = 1 << 18
_PROFILE: Final = 0x20


@dataclass(frozen=True)
class Texture:
    """One image, as it is in the prop."""

    image: Any
    file: Path
    kind: str
    """``PNG``, ``JPEG``, ``WEBP``, or another format's name in Blender."""
    side: int
    """Its longest side in pixels."""
    use: int
    """The most visible of its uses, such as :data:`COLOR`."""
    clear: bool
    """Whether its alpha is used."""


KindOf = Callable[[Texture], str]


@dataclass
class TextureSet:
    """The images of the open file, and the files that stand for them at the moment."""

    folder: Path
    """Where changed images are written."""
    textures: tuple[Texture, ...] = ()
    _files: dict[str, Path] = field(default_factory=dict)

    @classmethod
    def of_open_file(cls, folder: Path) -> TextureSet:
        """Every image that has a file; a missing one cannot be changed."""
        found = []
        for image in bpy.data.images:
            path = Path(bpy.path.abspath(image.filepath))
            if image.source == "FILE" and image.users and path.is_file():
                found.append(_texture(image, path))
        return cls(folder, tuple(found), {each.image.name: each.file for each in found})

    @property
    def bytes(self) -> int:
        """The size of all files that are used at the moment."""
        return sum(path.stat().st_size for path in self._files.values())

    @property
    def largest(self) -> int:
        """The longest side of all images in pixels, as they are in the prop."""
        return max((each.side for each in self.textures), default=0)

    def use(self, kind_of: KindOf, limits: Mapping[int, int]) -> None:
        """Give each image a file of some kind, within a limit of pixels for its use.

        :raises RuntimeError: an image cannot be written.
        """
        for each in self.textures:
            kind, side = kind_of(each), min(each.side, limits.get(each.use) or each.side)
            if side < each.side and kind not in _ENDINGS:
                kind = "PNG"
            path = each.file
            if kind != each.kind or side < each.side:
                path = self.folder / f"{kind}-{side}" / f"{path.stem}{_ENDINGS[kind]}"
                if not path.is_file():
                    path.parent.mkdir(parents=True, exist_ok=True)
                    _write(each, path, kind, side)
            if self._files[each.image.name] != path:
                self._files[each.image.name] = path
                each.image.filepath = str(path)


def kind_for(name: str, texture_format: str) -> KindOf:
    """The formats of images for a file's format and a destination's ``texture_format``.

    USD's own viewers read PNG and JPEG. An image that is neither becomes JPEG, as it would be many
    times as large as PNG, or PNG if its alpha is used.
    """
    fixed = {"png": "PNG", "webp": "WEBP"}.get(texture_format)
    if fixed == "WEBP" and not (name == "glb" and has_webp()):
        fixed = None
    if texture_format == "jpeg":
        return _small
    if name in ("usd", "usdz"):
        return lambda each: fixed or (each.kind if each.kind in _PLAIN else _small(each))
    return lambda each: fixed or each.kind


def _small(texture: Texture) -> str:
    return "PNG" if texture.clear else "JPEG"


def has_webp() -> bool:
    """Whether this Blender can write WebP; it may have been built without."""
    formats: Any = bpy.types.Image.bl_rna.properties["file_format"]
    return "WEBP" in formats.enum_items


def _texture(image: Any, path: Path) -> Texture:
    with path.open("rb") as file:
        head = file.read(_HEAD)
    size = picture_size(head) or tuple(image.size)
    uses, clear = _uses_of(image)
    use = max(uses, default=SURFACE)
    return Texture(image, path, _kind(head) or image.file_format, max(size), use, clear)


def _kind(head: bytes) -> str:
    if head.startswith(b"\x89PNG"):
        return "PNG"
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    return "WEBP" if head[8:12] == b"WEBP" else ""


def _uses_of(image: Any) -> tuple[set[int], bool]:
    """The inputs that an image feeds in all materials, and whether its alpha feeds any."""
    uses: set[int] = set()
    clear = False
    for material in bpy.data.materials:
        tree: Any = material.node_tree
        for node in tree.nodes if tree else ():
            if node.type == "TEX_IMAGE" and node.image == image:
                uses |= _reached(node, set())
                clear |= node.outputs["Alpha"].is_linked
    return uses, clear


def _reached(node: Any, seen: set[Any]) -> set[int]:
    uses: set[int] = set()
    seen.add(node)
    for link in (link for output in node.outputs for link in output.links):
        name = link.to_socket.name
        if link.to_node.type in ("BSDF_PRINCIPLED", "GROUP") and name in _PLACES:
            uses.add(_PLACES[name])
        elif link.to_node not in seen:
            uses |= _reached(link.to_node, seen)
    return uses


def _write(texture: Texture, path: Path, kind: str, side: int) -> None:
    # From the prop's file each time, so that nothing is compressed or reduced twice.
    images: Any = bpy.data.images
    copy = images.load(str(texture.file))
    try:
        copy.colorspace_settings.name = texture.image.colorspace_settings.name
        shrink(copy, side)
        copy.filepath_raw, copy.file_format = str(path), kind
        if kind == "PNG":
            copy.save()
        else:
            copy.save(quality=_NORMAL_QUALITY if texture.use == NORMAL else _QUALITY)
        if kind == "WEBP":
            path.write_bytes(_without_profile(path.read_bytes()))
    finally:
        images.remove(copy)


def _without_profile(webp: bytes) -> bytes:
    """A WebP without colour profile, as glTF allows none; Blender 5 writes that of sRGB.

    Source: WebP container specification (VP8X and its flags).
    """
    parts, at = [], 12
    while at + 8 <= len(webp):
        end = at + 8 + int.from_bytes(webp[at + 4 : at + 8], "little")
        end += end % 2
        part = webp[at:end]
        if part[:4] == b"VP8X":
            part = part[:8] + bytes([part[8] & ~_PROFILE]) + part[9:]
        if part[:4] != b"ICCP":
            parts.append(part)
        at = end
    content = b"WEBP" + b"".join(parts)
    return b"RIFF" + len(content).to_bytes(4, "little") + content
