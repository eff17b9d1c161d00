# SPDX-License-Identifier: GPL-3.0-or-later
"""Gives each prop's export for a destination a folder of its own, and puts files into it. No bpy.

The folder is ``exports/<destination>`` inside the prop's, or ``<destination>/<name>`` inside
another one, where a second prop of the same name gets ``<name>-2``.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Final

from ..core.cancel import CancelToken
from ..core.errors import InputError, LibraryError
from ..core.files import held_files
from ..library.disk.exclusive_files import create
from ..library.prop_folder import PropFolder
from .export_manifest import EXPORTS, MANIFEST, SUMS, Manifest, read_manifest, written

_STAGING: Final = ".trellis-files-"
LEFT_SECONDS: Final = 24 * 3600.0
"""The age at which an unfinished export certainly has no process any more."""


@dataclass(frozen=True)
class ExportPlace:
    """Where the files of one prop for one destination are, or will be."""

    prop: PropFolder
    destination: str
    """Its id."""
    name: str
    """The prop's name, as a folder."""
    output: Path | None
    """The folder for the exports of many props; None: the prop's own folder."""

    def _candidates(self) -> Iterator[Path]:
        """The folders that this export may have, the preferred one first."""
        if self.output is None:
            yield self.prop.path / EXPORTS / self.destination
            return
        for number in count(1):
            suffix = f"-{number}" if number > 1 else ""
            yield self.output / self.destination / f"{self.name}{suffix}"

    def found(self) -> Path | None:
        """The folder that this export has already."""
        for place in self._candidates():
            if not place.exists():
                return None
            if self._owns(place) or self.output is None:
                return place
        return None

    def _owns(self, place: Path) -> bool:
        there = read_manifest(place)
        return there is not None and there.prop == self.prop.id

    def claimed(self, token: CancelToken) -> Path:
        """The folder to write into, which no other prop takes from now on.

        :raises LibraryError: it cannot be created.
        """
        if there := self.found():
            return there
        empty = Manifest(self.prop.id, self.destination).to_json()
        for place in self._candidates():
            token.check()
            try:
                place.mkdir(parents=True, exist_ok=True)
                # A prop's own folder has no other owner, even with a damaged manifest.
                if self.output is None or self._owns(place):
                    return place
                if not any(place.iterdir()) and create(place / MANIFEST, empty):
                    return place
            except OSError as error:
                raise cannot_export(place, error) from error
        raise AssertionError  # the candidates never end


def staging_in(place: Path) -> Path:
    """Create a hidden folder to export into. :raises LibraryError: it cannot be created."""
    _drop_left(place)
    try:
        return Path(tempfile.mkdtemp(prefix=_STAGING, dir=place))
    except OSError as error:
        raise cannot_export(place, error) from error


def put_in_place(staging: Path, place: Path, manifest: Manifest) -> tuple[Path, ...]:
    """Move what was written to its place, and remove what the last export wrote in addition.

    :raises InputError: a file that no export has written is in the way; nothing is changed then.
    """
    old = read_manifest(place)
    known = old.files if old else {}
    found = sorted(path.relative_to(staging) for path in staging.rglob("*") if path.is_file())
    for path in found:
        if (place / path).exists() and path.as_posix() not in known:
            raise InputError(
                f"{place / path} is in the way, which no export has written",
                "Move it elsewhere, or choose another folder",
            )
    files = {path.as_posix(): written(staging, path) for path in found}
    for name in known.keys() - files.keys():
        held_files.discard(place / name)
        with suppress(OSError):  # a folder of textures that has become empty
            (place / name).parent.rmdir()
    # Before the files: after a kill, they differ from it or are missing, and are written again.
    new = replace(manifest, files=files)
    new.write(place)
    for path in found:
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        held_files.replace(staging / path, place / path)
    new.write_sums(place)
    return tuple(place / path for path in found)


def _drop_left(place: Path) -> None:
    """Remove what exports have left that were killed a day ago or earlier."""
    for left in place.glob(f"{_STAGING}*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > LEFT_SECONDS:
                shutil.rmtree(left, ignore_errors=True)


def leave_if_empty(place: Path) -> None:
    """Give a folder back that has no file of an export."""
    there = read_manifest(place)
    if there is not None and there.files:
        return
    with suppress(OSError):
        if there is not None:
            (place / MANIFEST).unlink()
            (place / SUMS).unlink(missing_ok=True)
        place.rmdir()
        place.parent.rmdir()


def cannot_export(place: Path, error: OSError) -> LibraryError:
    """Make the error for a folder that cannot be written."""
    reason = (error.strerror or str(error)).lower()
    return LibraryError(
        f"The export cannot be written to {place}: {reason}",
        "Choose another folder, or make room on the disk",
        detail=str(error),
    )
