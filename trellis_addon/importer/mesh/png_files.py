# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes PNG files, in any thread: Blender's own writer holds up all of Python meanwhile.

Source: the PNG specification, third edition (W3C, 2025). No bpy.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any, Final

import numpy as np

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_RGB, _RGBA = 2, 6
_UP: Final = 2
"""The filter of a row that is stored as its difference from the row above."""
_LEVEL: Final = 1
"""The fastest of zlib: as small as Blender's default, which is little more."""


def write_png(path: Path, content: Any) -> None:
    """Write pixels (H, W, 3 or 4) from 0 to 1, in rows from the lowest, with 8 bits each.

    :raises OSError: the file cannot be written.
    """
    height, width, channels = content.shape
    values = (np.clip(content[::-1], 0.0, 1.0) * 255 + 0.5).astype(np.uint8)
    rows = values.reshape(height, width * channels)
    lines = np.empty((height, 1 + width * channels), dtype=np.uint8)
    lines[:, 0], lines[0, 1:] = _UP, rows[0]
    np.subtract(rows[1:], rows[:-1], out=lines[1:, 1:])
    kind = _RGBA if channels == 4 else _RGB
    header = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(lines, _LEVEL)), (b"IEND", b"")]
    path.write_bytes(_SIGNATURE + b"".join(_chunk(name, data) for name, data in chunks))


def _chunk(name: bytes, data: bytes) -> bytes:
    checked = zlib.crc32(name + data)
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", checked)
