# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are either whole or not there, also after a power cut."""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_REPLACE_TRIES: Final = 20
"""Windows refuses to replace a file that another program (a virus scanner) has open."""

_PIECE: Final = 1 << 20


def write_atomic(target: Path, content: bytes) -> None:
    """Write a file through a temporary one beside it, synced, then renamed.

    :raises OSError: with the target untouched and the temporary file gone.
    """
    with written_part(target, content) as part:
        replace(part, target)


@contextmanager
def written_part(target: Path, content: bytes) -> Iterator[Path]:
    """A synced file with this content beside its target, to be renamed or linked; else it goes.

    :raises OSError: it cannot be written.
    """
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield part
    finally:
        part.unlink(missing_ok=True)


def drop_torn(folder: Path) -> None:
    """Remove what :func:`written_part` left when its process was killed before the rename.

    Only while nobody else can be writing there.
    """
    for part in folder.glob(".*.part"):
        part.unlink(missing_ok=True)


def replace(part: Path, target: Path) -> None:
    """Rename ``part`` over ``target`` and sync the folder, so that the name survives too."""
    for attempt in range(_REPLACE_TRIES):
        try:
            part.replace(target)
            break
        except PermissionError:
            if os.name != "nt" or attempt == _REPLACE_TRIES - 1:
                raise
            time.sleep(0.05)
    sync_folder(target.parent)


def sync_file(path: Path) -> None:
    """Wait until a file's bytes are on the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until a folder's names are on the disk. Windows has no such call and needs none."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(handle)


_NO_FOLDER_SYNC: Final = {22, 45, 95}
"""EINVAL, ENOTSUP (macOS), EOPNOTSUPP (Linux): some network file systems cannot do it."""


def sha256_of(path: Path, between: Callable[[], None] = lambda: None) -> str:
    """A file's SHA-256 as hex digits. ``between`` is called after each MiB (to cancel)."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
            between()
    return digest.hexdigest()
