# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes files that are either complete or absent, even after a power cut."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ...core.files import held_files

_PIECE: Final = 1 << 20


def write_atomic(target: Path, content: bytes) -> None:
    """Write a temporary file beside the target, sync it, and rename it over the target.

    :raises OSError: it cannot be written. The target is unchanged, and the temporary file is
        removed.
    """
    with written_part(target, content) as part:
        replace(part, target)


@contextmanager
def written_part(target: Path, content: bytes) -> Iterator[Path]:
    """Yield a synced temporary file beside the target, to be renamed or linked. It is removed
    otherwise.

    :raises OSError: it cannot be written.
    """
    # In the same folder, as a rename is atomic only within one file system. The random name keeps
    # two processes from writing into the same file.
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as file:
            file.write(content)
            file.flush()
            # Before the rename: many file systems may otherwise store the new name before the
            # bytes, and a power cut leaves an empty file under the right name.
            os.fsync(file.fileno())
        yield part
    finally:
        # As a link of its target, it is held by everybody who reads that: no reason to fail, when
        # the target stands.
        held_files.discard(part)


def drop_torn(folder: Path) -> None:
    """Remove the files that :func:`written_part` left behind when its process was killed.

    Call it only while no other process can be writing to the folder.
    """
    # Hidden names only: model.part belongs to a download, which removes it itself.
    for part in folder.glob(".*.part"):
        held_files.discard(part)


def replace(part: Path, target: Path) -> None:
    """Rename ``part`` over ``target`` and sync the folder, so that the name survives too.

    :raises OSError: with words that name the target, where another program keeps it open.
    """
    held_files.replace(part, target)
    sync_folder(target.parent)


def sync_file(path: Path) -> None:
    """Wait until a file's bytes are on disk."""
    # Opened for writing: Windows refuses to flush a file that is only open for reading.
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until a folder's names are on disk. Windows has no such call."""
    if os.name == "nt":
        return
    # A rename changes the folder: unless that is synced, the old name may be back after a power
    # cut.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(handle)


_NO_FOLDER_SYNC: Final = {22, 45, 95}
"""EINVAL, ENOTSUP (macOS) and EOPNOTSUPP (Linux): some network file systems do not support it."""


def sha256_of(path: Path, between: Callable[[], None] = lambda: None) -> str:
    """The SHA-256 of a file as hex digits. ``between`` is called after each MiB, and may raise to
    cancel.
    """
    digest = hashlib.sha256()
    with held_files.patiently(lambda: path.open("rb")) as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
            between()
    return digest.hexdigest()
