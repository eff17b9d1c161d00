# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes the texts in a binary FBX.

Blender's exporter always writes images by their absolute path, too, which has the user's name in
it. The format is described by the Blender developers ("FBX binary file format specification",
2013): nested records with the offset of their end, which changes with the texts.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Final

_HEADER: Final = 27
_START: Final = b"Kaydara FBX Binary  \x00"
_WIDE: Final = 7500
"""From this version on, offsets have 64 bits."""
_FIXED: Final = {b"Y": 2, b"C": 1, b"B": 1, b"I": 4, b"F": 4, b"D": 8, b"L": 8}
_ARRAYS: Final = b"fdlibc"
_FOOTER_ID: Final = 16
_FOOTER_END: Final = 140
"""The version, 120 zeros and 16 bytes of a constant end every file."""

Change = Callable[[str], str]


def change_strings(path: Path, change: Change) -> None:
    """Write a file again with every text as ``change`` returns it.

    :raises ValueError: it is no binary FBX.
    """
    content = path.read_bytes()
    path.write_bytes(changed(content, change))


def changed(content: bytes, change: Change) -> bytes:
    """The FBX with changed texts. :raises ValueError: it is no binary FBX."""
    if not content.startswith(_START):
        raise ValueError("This is no binary FBX")
    (version,) = struct.unpack_from("<I", content, _HEADER - 4)
    try:
        return _Rewriting(content, change, "<QQQB" if version >= _WIDE else "<IIIB").whole()
    except (struct.error, IndexError) as error:
        raise ValueError(f"The FBX cannot be read: {error}") from error


class _Rewriting:
    def __init__(self, content: bytes, change: Change, head: str) -> None:
        self._content, self._change = content, change
        self._head = struct.Struct(head)
        self._made = bytearray(content[:_HEADER])

    def whole(self) -> bytes:
        at = self._records(_HEADER)
        footer = self._content[at:]
        made = self._made
        made += footer[:_FOOTER_ID] + b"\0" * 4
        # What follows begins at a multiple of 16, after at least one byte.
        made += b"\0" * (16 - len(made) % 16)
        made += footer[-_FOOTER_END:]
        return bytes(made)

    def _records(self, at: int) -> int:
        """Copy records up to the empty one that ends a list; returns where that ends."""
        while True:
            end, count, length, name = self._head.unpack_from(self._content, at)
            start = at + self._head.size
            if end == 0:
                self._made += self._content[at:start]
                return start
            place = len(self._made)
            self._made += self._content[at : start + name]
            values = start + name
            before = len(self._made)
            self._values(values, count)
            size = len(self._made) - before
            if values + length < end:
                self._records(values + length)
            self._head.pack_into(self._made, place, len(self._made), count, size, name)
            at = end

    def _values(self, at: int, count: int) -> None:
        content = self._content
        for _ in range(count):
            kind = content[at : at + 1]
            if kind in _FIXED:
                end = at + 1 + _FIXED[kind]
                self._made += content[at:end]
            elif kind in (b"S", b"R"):
                (length,) = struct.unpack_from("<I", content, at + 1)
                end = at + 5 + length
                value = content[at + 5 : end]
                if kind == b"S":
                    value = self._text(value)
                self._made += kind + struct.pack("<I", len(value)) + value
            elif kind in [bytes([one]) for one in _ARRAYS]:
                (length,) = struct.unpack_from("<I", content, at + 9)
                end = at + 13 + length
                self._made += content[at:end]
            else:
                raise ValueError(f"The FBX has a value of the unknown type {kind!r}")
            at = end

    def _text(self, value: bytes) -> bytes:
        try:
            return self._change(value.decode("utf-8")).encode("utf-8")
        except UnicodeDecodeError:
            return value
