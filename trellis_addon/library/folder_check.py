# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks whether a folder can be the library, without leaving anything behind."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from ..core.account import LibraryFacts
from ..core.errors import LibraryError
from .disk.path_length import check_length
from .library import Library
from .prop_folder import cannot_write


def look_at(path: Path, extension: Path | None = None) -> LibraryFacts:
    """Check a library's folder. This may take long if it is on another machine.

    :param extension: the installed extension's folder. A library inside it is refused, as an update
        or an uninstall would delete every prop.
    """
    if extension is not None and path.resolve().is_relative_to(extension.resolve()):
        error = LibraryError(
            "The library folder is inside the extension's own, which an update deletes",
            "Choose another folder",
        )
        return LibraryFacts(path, error.facts, path.is_dir())
    try:
        check_length(path)
    except LibraryError as error:
        return LibraryFacts(path, error.facts, path.is_dir())
    try:
        exists = path.is_dir()
        _try_to_write(path)
        props = sum(1 for _ in Library(path).folders())
    except OSError as error:
        return LibraryFacts(path, cannot_write(path, error).facts)
    return LibraryFacts(path, None, exists, props)


def _try_to_write(path: Path) -> None:
    """Create and delete a temporary file in the folder, or in the parent folder where it would be
    created.

    Only an attempt shows whether that works: permissions say little on Windows and on network
    drives.


    :raises OSError: with the reason.
    """
    above = path
    while not above.exists() and above != above.parent:
        above = above.parent
    if not above.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
    with tempfile.TemporaryFile(dir=above):
        return
