# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks that files and folders can be written, before anything is paid for."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ...core.errors import InputError


def check_file(path: Path, option: str) -> None:
    """Check that a file can be created or replaced. Its folder is created; the file itself is not
    touched.

    :param option: the option that names it, for the error.
    :raises InputError: it cannot be written.
    """
    with _told(path, option):
        if path.is_dir():
            raise IsADirectoryError(None, "it is a folder")
        path.parent.mkdir(parents=True, exist_ok=True)
        _try(path.parent)


def check_folder(path: Path, option: str) -> None:
    """Create a folder and check that it can be written. :raises InputError: it cannot."""
    with _told(path, option):
        path.mkdir(parents=True, exist_ok=True)
        _try(path)


def check_added(path: Path, option: str) -> None:
    """Create a file and check that lines can be added to it. :raises InputError: they cannot."""
    with _told(path, option):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab"):
            pass


def check_apart(places: Iterable[tuple[str, Path | None]]) -> None:
    """Refuse two options that name the same file. :raises InputError: it names both options."""
    found: dict[Path, str] = {}
    for option, path in places:
        if path is None:
            continue
        other = found.setdefault(path.resolve(), option)
        if other != option:
            raise InputError(f"{other} and {option} name the same file: {path}", "Change one")


def check_library(path: Path) -> None:
    """Check that props can be stored in a library, which need not exist yet.

    A full disk passes: its library is right, and what needs space tells how much.

    :raises InputError: it cannot be written.
    """
    above = path
    while not above.exists() and above != above.parent:
        above = above.parent
    try:
        if not above.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        _try(above)
    except OSError as error:
        if error.errno in _FULL:
            return
        reason = (error.strerror or str(error)).lower()
        raise InputError(
            f"The library {path} cannot be written: {reason}",
            "Change --library, or allow writing there",
        ) from error


_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


def _try(folder: Path) -> None:
    # Permissions do not tell: a network drive or a full disk may refuse all the same.
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".trellis-"):
        pass


@contextmanager
def _told(path: Path, option: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"{option} {path} cannot be written: {reason}", "Change it") from error


STANDARD_INPUT: Final = "-"
