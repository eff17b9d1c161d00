# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks that become full, and folders that become read-only, while a process works in them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path


def mounts() -> bool:
    """Whether this user may mount file systems here."""
    return sys.platform == "linux" and os.geteuid() == 0 and _may_mount()


def _may_mount() -> bool:
    # A namespace of its own, so that nothing is left of the attempt.
    asked = ["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"]
    try:
        return subprocess.run(asked, capture_output=True, timeout=20).returncode == 0
    except OSError:
        return False


def _mount(*words: str | Path) -> None:
    subprocess.run(["mount", *map(str, words)], check=True, capture_output=True)


def _unmount(folder: Path) -> None:
    # Lazily: an ended process's last files may still be closing.
    subprocess.run(["umount", "-l", str(folder)], check=True, capture_output=True)


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of 192 MB in memory at this folder: no prop is begun with less than 128."""
    folder.mkdir(exist_ok=True)
    _mount("-t", "tmpfs", "-o", "size=192m", "none", folder)
    try:
        yield folder
    finally:
        _unmount(folder)


@contextmanager
def full(root: Path, pids: Iterable[int]) -> Iterator[None]:
    """No byte more fits: on a small disk since it is full, else since the system refuses each
    write of these processes (RLIMIT_FSIZE), which they are told with another errno.
    """
    filler = root / "filler"
    if not root.is_mount():
        import resource

        limits: dict[int, int] = {}
        for pid in pids:
            _, limits[pid] = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, limits[pid]))
        yield
        for pid, most in limits.items():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, most))
        return
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue  # full, for pieces of this size
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def read_only(root: Path) -> Iterator[None]:
    """Nothing can be changed in a folder any more."""
    if mounts():
        _mount("--bind", root, root)
        _mount("-o", "remount,ro,bind", root)
        try:
            yield
        finally:
            _unmount(root)
        return
    folders = [root, *(path for path in root.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    try:
        yield
    finally:
        for folder in folders:
            folder.chmod(0o755)


def can_be_read_only() -> bool:
    """Whether a folder can be made read-only for this user: by a mount, or by permissions."""
    return mounts() or (sys.platform != "win32" and os.geteuid() != 0)
