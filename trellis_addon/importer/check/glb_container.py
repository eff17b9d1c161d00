# SPDX-License-Identifier: GPL-3.0-or-later
"""The container of a GLB (glTF 2.0, section 4.4): its JSON and its binary part. No bpy."""

from __future__ import annotations

import json
import re
import struct
from typing import Any, Final

from ...core.errors import BadFileError

MOST_JSON: Final = 64 << 20
JSON_CHUNK: Final = 0x4E4F534A
_BIN_CHUNK: Final = 0x004E4942


def refuse(condition: bool, message: str, detail: str = "") -> None:
    """Where the condition holds, the file is not sound.

    :raises BadFileError: it does.
    """
    if condition:
        raise BadFileError(message, detail=detail)


def not_two(version: str) -> str:
    """What is said of a glTF that is not of version 2."""
    if re.fullmatch(r"1(\.\d{1,3})?", version):
        return f"The model is glTF version {version}, but only 2 can be used"
    return "The model is not glTF 2"


def parts_of(content: bytes) -> tuple[dict[str, Any], memoryview]:
    """The JSON document and the binary part, which may be empty.

    :raises BadFileError: the container is broken.
    """
    refuse(len(content) < 20, "The model is truncated")
    magic, version, length = struct.unpack_from("<4sII", content)
    refuse(magic == b"glTF" and version == 1, not_two("1"))
    refuse(magic != b"glTF" or version != 2, "The model is not a GLB of version 2")
    refuse(length != len(content), "The model is truncated or too long")
    size, kind = struct.unpack_from("<II", content, 12)
    refuse(kind != JSON_CHUNK or 20 + size > length, "The model's JSON part is broken")
    refuse(size > MOST_JSON, "The model's JSON part is too large")
    try:
        # Decoded here: json.loads would guess UTF-16, where the specification says UTF-8.
        document = json.loads(content[20 : 20 + size].decode("utf-8"))
    except (ValueError, UnicodeDecodeError) as error:
        raise BadFileError("The model's JSON part is broken", detail=str(error)) from error
    refuse(not isinstance(document, dict), "The model's JSON part is broken")
    binary, at = memoryview(b""), 20 + size
    if at + 8 <= length:
        size, kind = struct.unpack_from("<II", content, at)
        refuse(at + 8 + size > length, "The model's binary part is broken")
        if kind == _BIN_CHUNK:
            binary = memoryview(content)[at + 8 : at + 8 + size]
    return document, binary
