# SPDX-License-Identifier: GPL-3.0-or-later
"""Moves files to the operating system's trash, from which the user can restore them. Standard
library only.

Linux and the BSDs follow the freedesktop.org Trash specification 1.0: the trash in the home folder
for files on its file system, and ``.Trash/<uid>`` or ``.Trash-<uid>`` at the top of any other. (The
specification's cache ``directorysizes``, which only speeds up file managers, is not maintained.)
macOS has ``~/.Trash``, and ``.Trashes/<uid>`` on other volumes. Windows has ``SHFileOperationW``.

Nothing is ever copied to another file system: if there is no trash on the file's own, an error says
so and nothing has changed.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

from ...core.errors import NoBinError
from .trash_windows import recycle

MOST_NAMES: Final = 10_000
PRIVATE: Final = 0o700


def send_to_bin(path: Path) -> Path | None:
    """Move a file or folder to the trash.

    :returns: its new path; None if the system does not tell (Windows).
    :raises NoBinError: there is no trash for it. :raises OSError: it could not be moved.
    """
    if os.name == "nt":
        # Not resolved: a path that is too long for it is too long for the bin, which says so.
        recycle(Path(os.path.abspath(path)))
        return None
    # Only the folder is resolved: of a symbolic link, the link itself is moved and not its target.
    path = path.parent.resolve() / path.name
    if sys.platform == "darwin":
        return _to_mac_trash(path)
    return to_freedesktop_trash(path)


def to_freedesktop_trash(path: Path, environment: Mapping[str, str] = os.environ) -> Path:
    """Move a file or folder to the trash of the freedesktop.org specification.

    :param path: absolute. :raises NoBinError: no trash folder can be used on its file system.
    """
    for trash, top in _trashes(path, environment):
        if _device(trash) != path.lstat().st_dev or not _usable(trash):
            continue
        try:
            return _move(path, trash, str(path.relative_to(top)) if top else str(path))
        except OSError as error:
            if error.errno != errno.EXDEV:  # the device may be mounted twice
                raise
    raise _none(path)


def _trashes(path: Path, environment: Mapping[str, str]) -> Iterator[tuple[Path, Path | None]]:
    """The trash folders in the specification's order, each with the folder that recorded paths are
    relative to.
    """
    yield home_trash(environment), None
    top = _top(path)
    if _shared_trash_is_safe(top / ".Trash"):
        yield top / ".Trash" / str(os.getuid()), top
    yield top / f".Trash-{os.getuid()}", top


def home_trash(environment: Mapping[str, str]) -> Path:
    """``$XDG_DATA_HOME/Trash``; inside a Flatpak the user's own, not the sandbox's."""
    variable = "HOST_XDG_DATA_HOME" if environment.get("FLATPAK_ID") else "XDG_DATA_HOME"
    data = environment.get(variable, "")
    # The XDG base directory specification says to ignore relative paths.
    base = Path(data) if os.path.isabs(data) else Path.home() / ".local" / "share"
    return base / "Trash"


def _top(path: Path) -> Path:
    """The mount point of a path's file system."""
    for folder in path.parents:
        if os.path.ismount(folder):
            return folder
    return Path(path.anchor)


def _shared_trash_is_safe(folder: Path) -> bool:
    """The specification's checks: a real folder, and sticky, so that users cannot delete each
    other's files.
    """
    try:
        mode = folder.lstat().st_mode
    except OSError:
        return False
    return stat.S_ISDIR(mode) and bool(mode & stat.S_ISVTX)


def _usable(trash: Path) -> bool:
    """Whether a trash folder exists or can be created, and is not a symbolic link."""
    try:
        for folder in (trash, trash / "files", trash / "info"):
            folder.mkdir(mode=PRIVATE, parents=folder is trash, exist_ok=True)
    except OSError:
        return False
    return not trash.is_symlink() and os.access(trash / "info", os.W_OK)


def _device(path: Path) -> int | None:
    """The device of a path, or of its nearest existing parent folder."""
    for folder in (path, *path.parents):
        try:
            return folder.stat().st_dev
        except OSError:
            continue
    return None


def _move(path: Path, trash: Path, original: str) -> Path:
    """Write the information file under a free name, and then move the file, in the order that the
    specification demands.
    """
    text = (
        f"[Trash Info]\nPath={quote(original)}\nDeletionDate={datetime.now():%Y-%m-%dT%H:%M:%S}\n"  # noqa: DTZ005  (the specification wants local time)
    )
    for name in _names(path.name):
        # The folders and the fields are those of the Trash specification 1.0.
        target, info = trash / "files" / name, trash / "info" / f"{name}.trashinfo"
        if os.path.lexists(target):
            continue
        try:
            # "x" reserves the name: creating the information file is the specification's way of
            # making names unique among programs.
            with info.open("x", encoding="ascii") as file:
                file.write(text)
        except FileExistsError:
            continue
        try:
            path.rename(target)
        except BaseException:
            info.unlink(missing_ok=True)
            raise
        return target
    raise _none(path)


def _names(name: str) -> list[str]:
    stem, dot, end = name.rpartition(".")
    if not stem:
        stem, dot, end = name, "", ""
    return [name, *(f"{stem} {count}{dot}{end}" for count in range(2, MOST_NAMES))]


def _to_mac_trash(path: Path) -> Path:
    """Move a file or folder to the trash of macOS. Written according to the documentation; it has
    not been run on macOS.
    """
    # Each volume has its own trash, since a rename cannot move a file to another volume.
    home = Path.home() / ".Trash"
    trash = home if _device(home) == path.lstat().st_dev else _top(path) / ".Trashes" / _uid()
    if not trash.is_dir():
        raise _none(path)
    for name in _names(path.name):
        target = trash / name
        if os.path.lexists(target):
            continue
        try:
            path.rename(target)
        except PermissionError as error:
            raise _none(path) from error  # macOS protects the folder from some programs
        return target
    raise _none(path)


def _uid() -> str:
    return str(os.getuid())


def _none(path: Path) -> NoBinError:
    return NoBinError(f"There is no bin for {path}")
