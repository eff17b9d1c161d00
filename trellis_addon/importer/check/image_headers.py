# SPDX-License-Identifier: GPL-3.0-or-later
"""Validates images and reads their size from their headers, without decoding them. No bpy."""

from __future__ import annotations

import struct
import zlib
from enum import Enum
from typing import Final

Bytes = bytes | memoryview
_HEAD: Final = 1 << 18
_TAIL: Final = 64
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_JPEG: Final = b"\xff\xd8"
_DATA_WINDOW: Final = b"dataWindow\0box2i\0"


class Verdict(Enum):
    """The result of validating an image without decoding it."""

    SOUND = "sound"
    BROKEN = "broken"
    """It must not reach Blender: 4.2 accepts half of a WebP without an error, and shows it black.
    """
    UNKNOWN = "unknown"
    """It has another format, or Blender may be able to read it anyway, so Blender has to try."""


def verdict(content: Bytes) -> Verdict:
    """Judge a PNG, JPEG or WebP by its structure.

    The chunks of a PNG have checksums (its specification, section 5.3). A JPEG ends with a marker
    (ITU T.81, annex B.2.1), after which some writers put more data. A WebP contains its length.
    """
    head = bytes(content[:30])
    if head.startswith(_PNG):
        return Verdict.SOUND if _png_is_whole(content) else Verdict.BROKEN
    if head.startswith(_JPEG):
        # The end first, where nearly all files have the marker. A JPEG without it may still be
        # shown as far as it goes.
        ends = b"\xff\xd9" in bytes(content[-_TAIL:]) or b"\xff\xd9" in bytes(content)
        return Verdict.SOUND if ends and picture_size(content) else Verdict.UNKNOWN
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        (length,) = struct.unpack_from("<I", head, 4)
        whole = length + 8 <= len(content) and picture_size(content)
        return Verdict.SOUND if whole else Verdict.BROKEN
    return Verdict.UNKNOWN


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
    """The width and height of an image in pixels; None if the header does not contain them.

    Sources: PNG specification, section 11.2.2 (IHDR); ITU T.81, annex B.2.2 (frame header); WebP
    container specification (VP8X, VP8, VP8L). For other formats see :func:`_other`.
    """
    head = bytes(content[:_HEAD])
    if head.startswith(_PNG) and len(head) >= 24:
        return struct.unpack_from(">II", head, 16)
    if head.startswith(_JPEG):
        return _jpeg(head)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP" and len(head) >= 30:
        return _webp(head)
    try:
        return _other(head)
    except struct.error:  # cut short
        return None


def _other(head: bytes) -> tuple[int, int] | None:
    """Read the size of the less common formats: BMP (BITMAPINFOHEADER), DDS (DDS_HEADER), KTX 2.0
    (section 3), AVIF (the ``ispe`` box, ISO/IEC 23008-12, 6.5.3), JPEG 2000 (``ihdr``, ISO/IEC
    15444-1, annex I.5.3.1), TIFF 6.0 (tags 256 and 257), OpenEXR (``dataWindow``).
    """
    if head.startswith(b"BM"):
        width, height = struct.unpack_from("<ii", head, 18)
        return abs(width), abs(height)  # a negative height means that the top row is first
    if head.startswith(b"DDS "):
        height, width = struct.unpack_from("<II", head, 12)
        return width, height
    if head.startswith(b"\xabKTX 20"):
        return struct.unpack_from("<II", head, 20)
    if head[4:8] == b"ftyp" and (at := head.find(b"ispe")) > 0:
        return struct.unpack_from(">II", head, at + 8)
    if head[4:8] == b"jP  " and (at := head.find(b"ihdr")) > 0:
        height, width = struct.unpack_from(">II", head, at + 4)
        return width, height
    if head.startswith((b"II*\0", b"MM\0*")):
        return _tiff(head, "<" if head.startswith(b"II") else ">")
    if head.startswith(b"\x76\x2f\x31\x01") and (at := head.find(_DATA_WINDOW)) > 0:
        left, top, right, bottom = struct.unpack_from("<iiii", head, at + len(_DATA_WINDOW) + 4)
        return abs(right - left) + 1, abs(bottom - top) + 1
    return None


def _tiff(head: bytes, order: str) -> tuple[int, int] | None:
    (start,) = struct.unpack_from(f"{order}I", head, 4)
    (count,) = struct.unpack_from(f"{order}H", head, start)
    found: dict[int, int] = {}
    for index in range(count):
        at = start + 2 + 12 * index
        tag, kind = struct.unpack_from(f"{order}HH", head, at)
        (found[tag],) = struct.unpack_from(f"{order}{'H' if kind == 3 else 'I'}", head, at + 8)
    return (found[256], found[257]) if {256, 257} <= set(found) else None


def _jpeg(head: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 < len(head):
        if head[at] != 0xFF:
            return None
        marker = head[at + 1]
        if marker == 0xFF:  # fill bytes may precede a marker (annex B.1.1.2)
            at += 1
            continue
        # All frame headers (SOF0 to SOF15), but not DHT, JPG and DAC, which lie among them.
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
