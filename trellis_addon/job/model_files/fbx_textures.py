# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the pictures that an FBX names, in binary and in text form.

In a binary FBX, a text property is ``S``, its length in 32 bits, and its bytes, right after its
record's name (https://code.blender.org/2013/08/fbx-binary-file-format-specification/). In a text
FBX, the name is followed by a colon and a quoted value.
"""

from __future__ import annotations

import mmap
import re
import struct
from pathlib import Path
from typing import Final

MOST_NAMES: Final = 2000
LONGEST: Final = 4096

_BINARY: Final = re.compile(rb"(?:RelativeFilename|FileName|Filename)S(.{4})", re.DOTALL)
_TEXT: Final = re.compile(rb'\b(?:RelativeFilename|FileName|Filename):[ \t]*"([^"\r\n]{1,4096})"')


def pictures_of(path: Path) -> list[str]:
    """The names as written in the file, each once; empty if the file cannot be parsed.

    :raises OSError: it cannot be read.
    """
    with path.open("rb") as file:
        try:
            # Memory-mapped: the pictures' names come after the geometry, which may be very long.
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                names = names_in(content)
        except ValueError:  # empty
            return []
    return names


def names_in(content: bytes | mmap.mmap) -> list[str]:
    """The same as :func:`pictures_of`, for bytes in memory."""
    found: dict[bytes, None] = {}
    # Searched instead of parsed: the names are found even in versions and in damaged files that no
    # parser accepts.
    for match in _BINARY.finditer(content):
        (length,) = struct.unpack("<I", match[1])
        if 0 < length <= LONGEST:
            found[content[match.end() : match.end() + length]] = None
        if len(found) >= MOST_NAMES:
            break
    for match in _TEXT.finditer(content):
        found[match[1]] = None
        if len(found) >= MOST_NAMES:
            break
    return [name.decode("utf-8", "surrogateescape") for name in found if b"\0" not in name]
