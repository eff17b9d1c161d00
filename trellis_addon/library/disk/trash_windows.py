# SPDX-License-Identifier: GPL-3.0-or-later
r"""Moves files to the recycle bin of Windows, with ``SHFileOperationW`` of ``shell32``.

Written according to Microsoft's documentation of ``SHFILEOPSTRUCTW``; **it has not been run on
Windows**. The documentation warns that the list of paths ends in two NULs; that paths must be
absolute and shorter than 260 characters, without the ``\\?\`` prefix; and that a network drive has
no recycle bin, so that files there would be deleted permanently. Hence the drive's type is checked
first, and the "nuke warning" makes Windows ask before it destroys anything.
"""

from __future__ import annotations

import ctypes
from ctypes import wintypes
from pathlib import Path
from typing import Any, Final

from ...core.errors import LibraryError, NoBinError

LONGEST_PATH: Final = 259
FO_DELETE: Final = 3
FOF_SILENT: Final = 0x0004
FOF_NOCONFIRMATION: Final = 0x0010
FOF_ALLOWUNDO: Final = 0x0040
FOF_NOERRORUI: Final = 0x0400
FOF_WANTNUKEWARNING: Final = 0x4000
DRIVE_FIXED: Final = 3
"""Memory sticks and cards have no bin: Windows would ask, in the middle of the artist's work."""


class FileOperation(ctypes.Structure):
    """``SHFILEOPSTRUCTW``, with the default alignment of 64-bit Windows. Blender has no 32-bit
    version.
    """

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
    """One path in the form that the structure requires: UTF-16, with two NULs at the end.

    :raises NoBinError: the path is too long for this call.
    """
    text = str(path)
    if len(text.encode("utf-16-le")) // 2 > LONGEST_PATH or "\0" in text:
        raise NoBinError(f"The path is too long for the recycle bin: {path}")
    return f"{text}\0\0".encode("utf-16-le")


def recycle(path: Path) -> None:
    """Move a file or folder to the recycle bin.

    :raises NoBinError: the drive has none, or the path is too long.
    :raises LibraryError: Windows refused, or the user did.
    """
    library: Any = ctypes  # windll is Windows's alone
    if library.windll.kernel32.GetDriveTypeW(path.anchor) != DRIVE_FIXED:
        raise NoBinError(f"There is no recycle bin for {path}")
    active_window = library.windll.user32.GetActiveWindow
    active_window.restype = wintypes.HWND
    listed = ctypes.create_string_buffer(path_list(path))
    flags = FOF_ALLOWUNDO | FOF_NOCONFIRMATION | FOF_SILENT | FOF_NOERRORUI | FOF_WANTNUKEWARNING
    operation = FileOperation(
        # The owner of what Windows may ask (of a prop that is larger than the bin): without one
        # the question can lie behind Blender's window, which waits for it.
        hwnd=active_window(),
        wFunc=FO_DELETE,
        pFrom=ctypes.addressof(listed),
        fFlags=flags,
    )
    code = library.windll.shell32.SHFileOperationW(ctypes.byref(operation))
    # All three, as the return value alone does not show that the user has aborted the operation.
    if code or operation.fAnyOperationsAborted or path.exists():
        raise LibraryError(
            f"Windows did not move {path} into the recycle bin",
            "Close what has its files open, then try again",
            detail=f"SHFileOperationW gave {code}",
        )
