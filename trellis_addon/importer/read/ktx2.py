# SPDX-License-Identifier: GPL-3.0-or-later
"""Converts KTX2 images to PNG, by the decoder of Blender's own glTF importer, which exists since
5.3.

The decoder only reads files, and Blender itself cannot read KTX2: an image inside of a GLB would be
packed as it is, and shown as magenta. Some builds, such as the bpy module, lack the decoder's
library and cannot read KTX2 at all.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import bpy

from ..check.glb_check import MOST_PIXELS

MAGIC: Final = b"\xabKTX 20\xbb\r\n\x1a\n"


def as_png(content: bytes) -> bytes | None:
    """Convert an image to PNG; None if it is not KTX2, or this Blender cannot decode it."""
    decoder = _decoder() if content.startswith(MAGIC) else None
    if decoder is None:
        return None
    with tempfile.TemporaryDirectory(prefix="trellis-ktx2-") as place:
        path = Path(place) / "picture.ktx2"
        path.write_bytes(content)
        try:
            width, height, pixels = decoder.decode_file(SimpleNamespace(), str(path))
        except Exception:  # noqa: BLE001  (the add-on's own ImportError, which has no name here)
            return None
        if not 0 < max(width, height) <= MOST_PIXELS:
            return None
        return _png(width, height, pixels, path.with_suffix(".png"))


def _decoder() -> Any | None:
    try:
        from io_scene_gltf2.io.imp.gltf2_io_ktx import (  # type: ignore[import-not-found]
            KtxDecoder,
        )
    except ImportError:
        return None
    return KtxDecoder


def _png(width: int, height: int, pixels: Any, path: Path) -> bytes:
    image: Any = bpy.data.images.new("Trellis picture", width, height, alpha=True)
    try:
        image.pixels.foreach_set(pixels)
        image.filepath_raw, image.file_format = str(path), "PNG"
        image.save()
        return path.read_bytes()
    finally:
        bpy.data.images.remove(image)
