# SPDX-License-Identifier: GPL-3.0-or-later
"""Refuses a library whose files would have paths that are too long for Windows.

Windows limits paths to 259 characters, and the longest of a library's files would be the last to be
written: after the model has been paid for. So the library's own path is checked before. Programs
that say in their manifest that they can do without the limit have none, if the user has switched
that on (Microsoft's "Maximum Path Length Limitation"); ``ntdll`` knows both, since Windows 10 1607.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path
from typing import Any, Final

from ...core.errors import LibraryError

LONGEST_PATH: Final = 259
LONGEST_BELOW: Final = 109
"""The longest path below a library: a prop's folder (49 characters), and in it the part file of the
lock with which another process takes it over (58). Textures keep the names that they come with; one
whose name is too long costs that texture."""


def check_length(library: Path) -> None:
    """Check the path of a library before anything is written to it.

    :raises LibraryError: it is too long for this system.
    """
    if sys.platform == "win32" and not _without_limit():
        refuse_long(library)


def refuse_long(library: Path) -> None:
    """Refuse a library whose path is longer than Windows allows by default.

    :raises LibraryError: it is; the message says by how much.
    """
    # Not resolved: that fails for paths that are too long.
    surplus = len(os.path.abspath(library)) + len(os.sep) + LONGEST_BELOW - LONGEST_PATH
    if surplus > 0:
        raise LibraryError(
            f"The path of the library folder is too long for Windows by {surplus} characters",
            "Choose a library folder with a shorter path, or switch on long paths in Windows",
            detail=str(library),
        )


def _without_limit() -> bool:
    library: Any = ctypes  # windll is Windows's alone
    try:
        return bool(library.windll.ntdll.RtlAreLongPathsEnabled() & 0xFF)
    except AttributeError:  # before Windows 10 1607, and Wine
        return False
