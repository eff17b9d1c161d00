# SPDX-License-Identifier: GPL-3.0-or-later
"""The pictures that an FBX names, binary or as text.

In a binary FBX a property of text is ``S``, its length in 32 bits, and its bytes, right behind its
record's name (https://code.blender.org/2013/08/fbx-binary-file-format-specification/); as text the
name is followed by a colon and a quoted value.
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
    """The names as the file has them, each once; none where it cannot be understood.

    :raises OSError: it cannot be read.
    """
    with path.open("rb") as file:
        try:
            # Mapped: the pictures' names come behind the geometry, which may be very long.
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                names = names_in(content)
        except ValueError:  # empty
            return []
    return names


def names_in(content: bytes | mmap.mmap) -> list[str]:
    """:func:`pictures_of` for bytes that are here."""
    found: dict[bytes, None] = {}
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
