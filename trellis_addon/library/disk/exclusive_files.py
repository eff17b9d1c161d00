# SPDX-License-Identifier: GPL-3.0-or-later
"""Creates files exclusively among processes and machines, and tells their age by the file server's
clock.

Linking to an existing name fails, and so does ``O_CREAT | O_EXCL``; a file server grants either to
only one of several processes. Locks and claims are built on this.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

from ...core.files import held_files
from ...core.files.held_files import HELD_SECONDS
from .atomic_files import written_part

STEP_SECONDS: Final = 0.02


def create(path: Path, content: bytes) -> bool:
    """Create a file with this content; False if it exists.

    It is written under a temporary name and then linked, so that neither a kill nor a power cut
    leaves an empty file, which would not say who its owner was. On file systems without hard links
    it is created directly.

    :raises OSError: the folder cannot be written.
    """
    with written_part(path, content) as part:
        try:
            # Unlike a rename, a link never replaces an existing file.
            os.link(part, path)
        except FileExistsError:
            return False
        except FileNotFoundError:
            # Another process took the folder over and has removed our temporary file; the next
            # attempt finds its lock.
            if path.parent.is_dir():
                return False
            raise
        except OSError:
            return _create_in_place(path, content)
        return True


def _create_in_place(path: Path, content: bytes) -> bool:
    try:
        # FAT and some network file systems have no hard links.
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)
        handle = os.open(path, flags, 0o666)
    except FileExistsError:
        return False
    except PermissionError:
        # Windows reports this for a file that is being deleted at the moment.
        if os.name != "nt" or not path.parent.is_dir():
            raise
        return False
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return True


def age(path: Path) -> float:
    """The seconds since a file was last touched, by the clock of the machine that stores it; 0 if
    it does not exist.

    :raises OSError: the folder cannot be written.
    """
    # The clocks of two machines may differ by minutes, so a new file's time is compared with the
    # old one's: both come from the server.
    probe = path.with_name(f".{secrets.token_hex(8)}.probe")
    try:
        probe.write_bytes(b"")
        return probe.stat().st_mtime - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
    finally:
        held_files.discard(probe)


def content(path: Path) -> bytes:
    """Read a file that others replace. :raises OSError: it is gone, or cannot be read."""
    return held_files.read_bytes(path)


def remove(path: Path, seconds: float = HELD_SECONDS) -> None:
    """Remove a file that others read; harmless when it is gone.

    :raises OSError: another program had it open for all of the time.
    """
    held_files.remove(path, seconds)
