# SPDX-License-Identifier: GPL-3.0-or-later
"""The size that a picture claims, read from its head, without decoding it. No bpy."""

from __future__ import annotations

import struct
import zlib
from typing import Final

Bytes = bytes | memoryview
_HEAD: Final = 1 << 18


def skipped_kind(content: Bytes) -> bool:
    """Whether it is a kind of picture that Blender's importer leaves out: KTX2 or AVIF."""
    head = bytes(content[:12])
    return head.startswith(b"\xabKTX 20") or head[4:12] in (b"ftypavif", b"ftypavis")


def is_whole(content: Bytes) -> bool:
    """Whether a PNG, JPEG or WebP is all there, as far as can be told without decoding it.

    Blender takes half a picture without a word and shows nothing. A PNG's chunks carry check
    sums (its specification, section 5.3); a JPEG ends with a marker (ITU T.81, annex B.2.1); a
    WebP tells its length.
    """
    head = bytes(content[:12])
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return _png_is_whole(content)
    if head.startswith(b"\xff\xd8"):
        # Some writers pad the end.
        return b"\xff\xd9" in bytes(content[-64:])
    (length,) = struct.unpack_from("<I", head.ljust(12, b"\0"), 4)
    return bool(length + 8 <= len(content))


def _png_is_whole(content: Bytes) -> bool:
    at = 8
    while at + 12 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, at)
        end = at + 8 + length
        if end + 4 > len(content):
            return False
        (check,) = struct.unpack_from(">I", content, end)
        if zlib.crc32(content[at + 4 : end]) != check:
            return False
        if kind == b"IEND":
            return True
        at = end + 4
    return False


def picture_size(content: Bytes) -> tuple[int, int] | None:
    """Width and height in pixels of a PNG, JPEG or WebP; None for anything else.

    Sources: PNG specification section 11.2.2 (IHDR), ITU T.81 annex B.2.2 (frame header),
    WebP container specification (VP8X, VP8, VP8L).
    """
    head = bytes(content[:_HEAD])
    if head.startswith(b"\x89PNG\r\n\x1a\n") and len(head) >= 24:
        return struct.unpack_from(">II", head, 16)
    if head.startswith(b"\xff\xd8"):
        return _jpeg(head)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP" and len(head) >= 30:
        return _webp(head)
    return None


def _jpeg(head: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 < len(head):
        if head[at] != 0xFF:
            return None
        marker = head[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", head, at + 5)
            return width, height
        (length,) = struct.unpack_from(">H", head, at + 2)
        at += 2 + length
    return None


def _webp(head: bytes) -> tuple[int, int] | None:
    match head[12:16]:
        case b"VP8X":
            width = int.from_bytes(head[24:27], "little") + 1
            return width, int.from_bytes(head[27:30], "little") + 1
        case b"VP8 ":
            width, height = struct.unpack_from("<HH", head, 26)
            return width & 0x3FFF, height & 0x3FFF
        case b"VP8L":
            bits = int.from_bytes(head[21:25], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case _:
            return None
