# SPDX-License-Identifier: GPL-3.0-or-later
"""Packs files into a USDZ: a ZIP without compression, whose files start at multiples of 64 bytes.

Source: the USDZ file format specification of OpenUSD.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_ALIGNMENT: Final = 64
_HEADER: Final = 30
"""The bytes of a ZIP's local file header, without its name and extra field."""
_PADDING_ID: Final = 0x1986
_TIME: Final = (1980, 1, 1, 0, 0, 0)


def pack(folder: Path, files: Sequence[Path], target: Path) -> None:
    """Write the archive; the same files give the same bytes.

    :param files: inside of the folder, in order. The first one is the stage, which Quick Look
        expects to be a .usdc.
    :raises OSError: the archive cannot be written.
    """
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for path in files:
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _TIME)
            assert archive.fp is not None
            entry.extra = _padding(archive.fp.tell(), len(entry.filename.encode("utf-8")))
            archive.writestr(entry, path.read_bytes())


def _padding(start: int, name_length: int) -> bytes:
    """An extra field that moves the data of a file to the next multiple of 64 bytes."""
    # A field has a header of four bytes, so that it cannot be shorter.
    missing = -(start + _HEADER + name_length) % _ALIGNMENT
    if 0 < missing < 4:
        missing += _ALIGNMENT
    return struct.pack("<HH", _PADDING_ID, missing - 4) + bytes(missing - 4) if missing else b""
