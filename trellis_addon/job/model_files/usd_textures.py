# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the pictures that a USD file names, and replaces their names. In a text file they are
between ``@``; in a crate (``.usdc``) they are among its tokens, whose section is found and
decompressed here.

The formats are OpenUSD's crate format from version 0.4 on, and LZ4's block format.
"""

from __future__ import annotations

import mmap
import re
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Final

MOST_TOKENS: Final = 16 << 20
"""In bytes. Longer sections of tokens are ignored."""
MOST_NAMES: Final = 2000

_CRATE: Final = b"PXR-USDC"
_SECTIONS: Final = 64
_ASSET: Final = re.compile(rb"@([^@\r\n]{1,1000})@")
_PICTURES: Final = tuple(
    b".png .jpg .jpeg .webp .tga .bmp .tif .tiff .exr .hdr .gif .dds .avif .ktx2 .jp2 .psd".split()
)
_QUERY: Final = re.compile(rb"[?#].*", re.DOTALL)
_LAYERS: Final = tuple(b".usd .usda .usdc".split())


def pictures_of(path: Path, most: int) -> list[str]:
    """The paths as written in the file; empty if it cannot be parsed.

    :param most: the most that is read of a text file, in bytes.
    :raises OSError: it cannot be read.
    """
    return _names(path, most, _PICTURES)


def layers_of(path: Path, most: int) -> list[str]:
    """The other USD files that it refers to, as for :func:`pictures_of`."""
    return _names(path, most, _LAYERS)


def renamed(content: bytes, names: Mapping[str, str]) -> bytes:
    """Replace some of the paths in a file. Returns it unchanged if it has none of them.

    :raises ValueError: it cannot be parsed.
    """
    wanted = {_encoded(old): _encoded(new) for old, new in names.items()}
    if not content.startswith(_CRATE):
        return _ASSET.sub(lambda match: b"@%b@" % wanted.get(match[1], match[1]), content)
    try:
        return _crate_renamed(content, wanted)
    except (struct.error, IndexError, OverflowError) as error:
        raise ValueError("the crate is broken") from error


def _names(path: Path, most: int, endings: tuple[bytes, ...]) -> list[str]:
    with path.open("rb") as file:
        head = file.read(24)
        if head.startswith(_CRATE):
            try:
                with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                    names = _tokens(content)[0]
            except (struct.error, ValueError, IndexError, OverflowError):
                return []  # the later check of the whole file says what is wrong with it
        else:
            names = _ASSET.findall(head + file.read(most))
    found = dict.fromkeys(name for name in names if _QUERY.sub(b"", name).lower().endswith(endings))
    return [name.decode("utf-8", "surrogateescape") for name in found][:MOST_NAMES]


def _encoded(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def _tokens(content: bytes | mmap.mmap) -> tuple[list[bytes], int]:
    """The tokens, and the position of their entry in the table of sections; an empty list and 0 if
    they are too long.
    """
    (contents,) = struct.unpack_from("<Q", content, 16)
    (count,) = struct.unpack_from("<Q", content, contents)
    for index in range(min(count, _SECTIONS)):
        entry = contents + 8 + 32 * index
        # Each entry of the table: a name of 16 bytes, the section's position and its size.
        name, start, _size = struct.unpack_from("<16sQQ", content, entry)
        if name.rstrip(b"\0") == b"TOKENS":
            _count, size, packed = struct.unpack_from("<QQQ", content, start)
            if max(size, packed) > MOST_TOKENS:
                break
            return _unpacked(content[start + 24 : start + 24 + packed], size).split(b"\0"), entry
    return [], 0


def _crate_renamed(content: bytes, names: Mapping[bytes, bytes]) -> bytes:
    """Replace tokens by appending a new section of tokens and a new table of sections. Everything
    else stays where it is, so that no other offset changes.
    """
    tokens, entry = _tokens(content)
    changed = [names.get(token, token) for token in tokens]
    if changed == tokens:
        return content
    (contents,) = struct.unpack_from("<Q", content, 16)
    (count,) = struct.unpack_from("<Q", content, contents)
    whole = b"\0".join(changed)
    packed = b"\0" + _stored(whole)
    section = struct.pack("<QQQ", len(tokens) - 1, len(whole), len(packed)) + packed
    table = bytearray(content[contents : contents + 8 + 32 * count])
    at = entry - contents + 16
    table[at : at + 16] = struct.pack("<QQ", len(content), len(section))
    head = content[:16] + struct.pack("<Q", len(content) + len(section))
    return head + content[24:] + section + bytes(table)


def _stored(content: bytes) -> bytes:
    """Encode bytes as an LZ4 block that is a single run of literals: not compressed, but valid."""
    length = len(content)
    if length < 15:
        return bytes([length << 4]) + content
    more, last = divmod(length - 15, 255)
    return b"\xf0" + b"\xff" * more + bytes([last]) + content


def _unpacked(packed: bytes, size: int) -> bytes:
    """Decompress the form of OpenUSD: the first byte is the number of chunks, and 0 means one block
    without its length.
    """
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
    """Decompress one LZ4 block: literals, then a copy of earlier output, and so on."""
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
        # LZ4 stores the length of a copy less 4, which is the shortest one.
        length += 4
        # Checked before copying: a few bytes of LZ4 can ask for gigabytes.
        if not 0 < back <= len(whole) or len(whole) + length > most:
            raise ValueError("a copy of nothing, or beyond the end")
        # A copy may be longer than its distance: it then repeats what it has just written.
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
