# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that at most one of all processes can make, and their age by the file server's clock.

A link to a name that is taken fails, and so does ``O_CREAT | O_EXCL``; a file server grants either
to one of all that ask. Locks and claims are built on it.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from .atomic import written_part

T = TypeVar("T")

STEP_SECONDS: Final = 0.02
_TRIES: Final = 20


def create(path: Path, content: bytes) -> bool:
    """Make a file with this content; False when there is one.

    It is linked to its name when it is written, so that no kill and no power cut leaves it empty,
    which would tell nobody that its owner is gone. Where there are no links it is made in its
    place.

    :raises OSError: the folder cannot be written.
    """
    with written_part(path, content) as part:
        try:
            os.link(part, path)
        except FileExistsError:
            return False
        except FileNotFoundError:
            # Whoever took the folder over has cleared it; the next try finds its lock.
            if path.parent.is_dir():
                return False
            raise
        except OSError:
            return _create_in_place(path, content)
        return True


def _create_in_place(path: Path, content: bytes) -> bool:
    try:
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)
        handle = os.open(path, flags, 0o666)
    except FileExistsError:
        return False
    except PermissionError:
        # Windows says so of a file that is just being deleted.
        if os.name != "nt" or not path.parent.is_dir():
            raise
        return False
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return True


def age(path: Path) -> float:
    """Seconds since the last touch, by the clock of the place where the file is; 0 when gone.

    :raises OSError: the folder cannot be written.
    """
    probe = path.with_name(f".{secrets.token_hex(8)}.probe")
    try:
        probe.write_bytes(b"")
        return probe.stat().st_mtime - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
    finally:
        probe.unlink(missing_ok=True)


def content(path: Path) -> bytes:
    """Read a file that others replace. :raises OSError: it is gone, or cannot be read."""
    return _patient(path.read_bytes)


def remove(path: Path) -> None:
    """Remove a file that others read; harmless when it is gone."""
    _patient(lambda: path.unlink(missing_ok=True))


def _patient(action: Callable[[], T]) -> T:
    """Windows refuses for a moment what another program has open."""
    for _ in range(_TRIES):
        try:
            return action()
        except PermissionError:
            if os.name != "nt":
                raise
            time.sleep(STEP_SECONDS)
    return action()
