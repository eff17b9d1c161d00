# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the texture maps of a material as files, named and packed as an engine takes them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import bpy
import numpy as np

from ...core.destinations.destination import Export
from ..mesh.image_pixels import MOST_PIXELS, Pixels
from .material_channels import Channel, Channels, channels_of, encoded, pixels

_TAKEN: Final = {".png", ".jpg", ".jpeg"}
"""Files that every engine reads; others are written again as PNG."""
_FLAT: Final = (4, 4)
_PACKINGS: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "separate": {
        "occlusion": ("occlusion",),
        "roughness": ("roughness",),
        "metallic": ("metallic",),
    },
    "orm": {"orm": ("occlusion", "roughness", "metallic")},
    # HDRP's documentation: metallic, occlusion, detail mask, smoothness.
    "mask": {"mask": ("metallic", "occlusion", "half", "smoothness")},
    "metallic_smoothness": {
        "metallic_smoothness": ("metallic", "metallic", "metallic", "smoothness"),
        "occlusion": ("occlusion",),
    },
}
"""The maps of each packing, with what is in red, green, blue and alpha."""


@dataclass(frozen=True)
class MapFiles:
    """The maps of a material as files, by their names, and the channels they were made from."""

    channels: Channels
    files: dict[str, Path]


class MapWriter:
    """Writes the maps of one material.

    :param base: makes the path of a map without its ending, from its name.
    """

    def __init__(
        self, material: Any, mesh: Any, export: Export, base: Callable[[str], Path]
    ) -> None:
        self._material, self._mesh, self._export = material, mesh, export
        self._base = base
        self._channels = channels_of(material, mesh)
        self._files: dict[str, Path] = {}
        self._most = min(MOST_PIXELS, export.texture_pixels or MOST_PIXELS)

    def write(self) -> MapFiles:
        """Write all maps. A constant color stays a number, and so does what is not packed.

        :raises RuntimeError: a file cannot be written.
        """
        own = self._channels
        if own.color.varies or own.alpha.varies:
            self._write_color()
        if own.emission.varies and own.emission_strength > 0:
            self._write_emission(own.emission)
        if own.normal.varies:
            self._write_normal()
        for name, parts in _PACKINGS[self._export.packing].items():
            self._write_packed(name, parts)
        return MapFiles(own, self._files)

    def _write_color(self) -> None:
        color, alpha = self._channels.color, self._channels.alpha
        whole = not alpha.varies or (alpha.image is color.image and alpha.part == "alpha")
        if whole and self._copied("base_color", color):
            return
        size = max(color.size, alpha.size)
        made = encoded(self._pixels(color, size))
        if alpha.varies:
            made = np.concatenate([made, self._pixels(alpha, size)[..., None]], axis=2)
        self._save("base_color", made)

    def _write_emission(self, channel: Channel) -> None:
        if not self._copied("emission", channel):
            self._save("emission", encoded(self._pixels(channel)))

    def _write_normal(self) -> None:
        channel, strength = self._channels.normal, self._channels.normal_strength
        down = self._export.normal_y == "down"
        if not down and abs(strength - 1.0) < 0.01 and self._copied("normal", channel):
            return
        vectors = 2.0 * self._pixels(channel) - 1.0
        vectors = vectors * np.array(
            [strength, -strength if down else strength, 1.0], dtype=np.float32
        )
        vectors /= np.maximum(np.linalg.norm(vectors, axis=2, keepdims=True), 1e-9)
        self._save("normal", vectors * 0.5 + 0.5)

    def _write_packed(self, name: str, parts: tuple[str, ...]) -> None:
        used = [self._part(part) for part in parts]
        varied = [channel for channel in used if channel.varies]
        if len(parts) == 1:
            if not varied or (used[0].part == "rgb" and self._copied(name, used[0])):
                return
            self._save(name, np.repeat(self._pixels(used[0])[..., None], 3, axis=2))
            return
        one = used[0].image
        same = one and all(c.image is one and c.part == n for n, c in enumerate(used))
        if same and name == "orm" and self._copied(name, used[0], whole=True):
            return
        size = max((channel.size for channel in varied), default=_FLAT)
        layers = [self._pixels(channel, size) for channel in used]
        if parts[-1] == "smoothness":
            layers[-1] = 1.0 - layers[-1]
        self._save(name, np.stack(layers, axis=2))

    def _part(self, name: str) -> Channel:
        if name == "half":
            return Channel(None, np.array(0.5))
        found: Channel = getattr(self._channels, "roughness" if name == "smoothness" else name)
        return found

    def _pixels(self, channel: Channel, size: tuple[int, int] | None = None) -> Pixels:
        height, width = size or channel.size
        scale = min(1.0, self._most / max(height, width, 1))
        limited = max(1, round(height * scale)), max(1, round(width * scale))
        return pixels(channel, self._material, self._mesh, limited)

    def _copied(self, name: str, channel: Channel, *, whole: bool = False) -> bool:
        """Copy the file of an image that shows the channel as it is; False if there is none."""
        if channel.image is None or (channel.part != "rgb" and not whole):
            return False
        if self._export.texture_pixels and max(channel.image.size) > self._most:
            return False
        source = Path(bpy.path.abspath(channel.image.filepath))
        if source.suffix.lower() not in _TAKEN or not source.is_file():
            return False
        ending = ".jpg" if source.suffix.lower() == ".jpeg" else source.suffix.lower()
        path = self._path(name, ending)
        shutil.copyfile(source, path)
        return True

    def _save(self, name: str, content: Pixels) -> None:
        height, width, depth = content.shape
        flat = np.ones((height, width, 4), dtype=np.float32)
        flat[..., :depth] = content
        image: Any = bpy.data.images.new(name, width, height, alpha=depth == 4)
        try:
            image.pixels.foreach_set(flat.ravel())
            image.filepath_raw, image.file_format = str(self._path(name, ".png")), "PNG"
            image.save()
        finally:
            bpy.data.images.remove(image)

    def _path(self, name: str, ending: str) -> Path:
        made = self._base(name)
        self._files[name] = made.with_name(f"{made.name}{ending}")
        return self._files[name]
