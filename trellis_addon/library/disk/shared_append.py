# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines at the end of a file to which several processes add."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ...core.files.held_files import patiently

_FAR: Final = 0x7FFF_0000
"""A place behind the end of any such file: a lock there keeps nobody from reading."""


def append(path: Path, content: bytes) -> None:
    """Add to the end of a file, in one piece and after what others add at the same time.

    :raises OSError: it cannot be written.
    """
    with patiently(lambda: path.open("ab", buffering=0)) as file, _alone(file.fileno()):
        file.write(content)


if sys.platform == "win32":
    import msvcrt

    @contextmanager
    def _alone(handle: int) -> Iterator[None]:
        """Windows's C runtime seeks the end and then writes, which is no one step. The system
        takes the lock from a process that is killed.
        """
        os.lseek(handle, _FAR, os.SEEK_SET)
        patiently(lambda: _try_to_lock(handle))
        try:
            yield
        finally:
            os.lseek(handle, _FAR, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)

    def _try_to_lock(handle: int) -> None:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError as error:  # which number it has depends on the C runtime (Wine's: none)
            words = "another process is adding to it"
            raise PermissionError(errno.EACCES, words) from error

else:

    @contextmanager
    def _alone(_handle: int) -> Iterator[None]:
        """Appending with ``O_APPEND`` is one step already."""
        yield
