# SPDX-License-Identifier: GPL-3.0-or-later
r"""Windows's recycle bin, by ``SHFileOperationW`` of ``shell32``.

Written with care by Microsoft's documentation of ``SHFILEOPSTRUCTW``; **it has not been run on
Windows**. What the documentation warns of: the list of paths ends in two NULs; paths are absolute
and shorter than 260 characters, without the ``\\?\`` form; a network drive has no recycle bin,
and files there would be deleted for good, hence the question about the drive beforehand and the
"nuke warning", which has Windows ask before it destroys anything.
"""

from __future__ import annotations

import ctypes
from ctypes import wintypes
from pathlib import Path
from typing import Any, Final

from ..core.errors import LibraryError, NoBinError

LONGEST_PATH: Final = 259
FO_DELETE: Final = 3
FOF_SILENT: Final = 0x0004
FOF_NOCONFIRMATION: Final = 0x0010
FOF_ALLOWUNDO: Final = 0x0040
FOF_NOERRORUI: Final = 0x0400
FOF_WANTNUKEWARNING: Final = 0x4000
DRIVES_WITH_BIN: Final = (2, 3)
"""DRIVE_REMOVABLE (Windows then asks, if it has none) and DRIVE_FIXED."""


class FileOperation(ctypes.Structure):
    """``SHFILEOPSTRUCTW``. 64-bit Windows aligns it as usual; Blender has no other."""

    _fields_ = (
        ("hwnd", wintypes.HWND),
        ("wFunc", wintypes.UINT),
        ("pFrom", ctypes.c_void_p),
        ("pTo", ctypes.c_void_p),
        ("fFlags", ctypes.c_uint16),
        ("fAnyOperationsAborted", ctypes.c_int32),
        ("hNameMappings", ctypes.c_void_p),
        ("lpszProgressTitle", ctypes.c_void_p),
    )


def path_list(path: Path) -> bytes:
    """One path as the structure wants it: UTF-16, two NULs at the end.

    :raises NoBinError: too long for this call.
    """
    text = str(path)
    if len(text.encode("utf-16-le")) // 2 > LONGEST_PATH or "\0" in text:
        raise NoBinError(f"The path is too long for the recycle bin: {path}")
    return f"{text}\0\0".encode("utf-16-le")


def recycle(path: Path) -> None:
    """Move a file or folder into the recycle bin.

    :raises NoBinError: the drive has none, or the path is too long.
    :raises LibraryError: Windows refused, or the user did.
    """
    library: Any = ctypes  # windll is Windows's alone
    if library.windll.kernel32.GetDriveTypeW(path.anchor) not in DRIVES_WITH_BIN:
        raise NoBinError(f"There is no recycle bin for {path}")
    listed = ctypes.create_string_buffer(path_list(path))
    flags = FOF_ALLOWUNDO | FOF_NOCONFIRMATION | FOF_SILENT | FOF_NOERRORUI | FOF_WANTNUKEWARNING
    operation = FileOperation(wFunc=FO_DELETE, pFrom=ctypes.addressof(listed), fFlags=flags)
    code = library.windll.shell32.SHFileOperationW(ctypes.byref(operation))
    if code or operation.fAnyOperationsAborted or path.exists():
        raise LibraryError(
            f"Windows did not move {path} into the recycle bin",
            "Close what has its files open, then try again",
            detail=f"SHFileOperationW gave {code}",
        )
