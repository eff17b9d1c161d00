# SPDX-License-Identifier: GPL-3.0-or-later
"""The pictures that a loose USD file names. As text they stand between ``@``; in a crate
(``.usdc``) they are among its tokens, whose section is found and unpacked here.

The layout is that of OpenUSD's crate format from version 0.4 on, and of LZ4's blocks.
"""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import Final

MOST_TOKENS: Final = 16 << 20
"""Bytes. What is longer names no pictures for us."""
MOST_NAMES: Final = 2000

_CRATE: Final = b"PXR-USDC"
_SECTIONS: Final = 64
_ASSET: Final = re.compile(rb"@([^@\r\n]{1,1000})@")
_PICTURES: Final = tuple(b".png .jpg .jpeg .webp .tga .bmp .tif .tiff .exr .hdr".split())


def pictures_of(path: Path, most: int) -> list[str]:
    """The paths as the file has them; none where it cannot be understood.

    :param most: bytes of a text file that are read.
    :raises OSError: it cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(24)
        if head.startswith(_CRATE):
            try:
                names = _tokens(path)
            except (struct.error, ValueError, IndexError):
                return []  # what is wrong with it is said by the check of the whole file
        else:
            names = _ASSET.findall(head + file.read(most))
    found = (name for name in names if name.lower().endswith(_PICTURES))
    return [name.decode("utf-8", "replace") for name in found][:MOST_NAMES]


def _tokens(path: Path) -> list[bytes]:
    end = path.stat().st_size
    with path.open("rb") as file:
        file.seek(16)
        (start,) = struct.unpack("<Q", file.read(8))
        file.seek(min(start, end))
        (count,) = struct.unpack("<Q", file.read(8))
        for _ in range(min(count, _SECTIONS)):
            name, start, _size = struct.unpack("<16sQQ", file.read(32))
            if name.rstrip(b"\0") == b"TOKENS":
                file.seek(min(start, end))
                _count, size, packed = struct.unpack("<QQQ", file.read(24))
                if max(size, packed) > MOST_TOKENS:
                    return []
                return _unpacked(file.read(packed), size).split(b"\0")
    return []


def _unpacked(packed: bytes, size: int) -> bytes:
    """One byte, the number of chunks; 0: one block without its length."""
    if not packed[0]:
        return _block(packed[1:], size)
    whole, at = b"", 1
    for _ in range(packed[0]):
        (length,) = struct.unpack_from("<i", packed, at)
        if length < 0:
            raise ValueError("a chunk of less than nothing")
        whole += _block(packed[at + 4 : at + 4 + length], size - len(whole))
        at += 4 + length
    return whole


def _block(packed: bytes, most: int) -> bytes:
    """One block of LZ4: literals, then a copy of what came before, and again."""
    whole, at = bytearray(), 0
    while at < len(packed):
        token = packed[at]
        length, at = _length(packed, at + 1, token >> 4)
        whole += packed[at : at + length]
        at += length
        if at >= len(packed):
            break
        (back,) = struct.unpack_from("<H", packed, at)
        length, at = _length(packed, at + 2, token & 15)
        length += 4
        if not 0 < back <= len(whole) or len(whole) + length > most:
            raise ValueError("a copy of nothing, or beyond the end")
        piece = bytes(whole[-back:])
        whole += (piece * (length // back + 1))[:length]
    return bytes(whole[:most])


def _length(packed: bytes, at: int, first: int) -> tuple[int, int]:
    length = first
    while first == 15:
        length += packed[at]
        at += 1
        if packed[at - 1] != 255:
            break
    return length, at
