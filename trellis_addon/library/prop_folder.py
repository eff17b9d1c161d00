# SPDX-License-Identifier: GPL-3.0-or-later
"""A prop's folder: the paths of its files, its record, and its changes of state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import LibraryError
from ..core.events import State
from ..core.files import held_files
from ..core.files.held_files import HELD_SECONDS, SOON_SECONDS
from ..core.files.prop_files import BLEND, MODEL, RECORD, THUMBNAIL
from .disk.atomic_files import sha256_of, write_atomic
from .record import FileEntry, PropRecord, Step, newer, now, parse


@dataclass(frozen=True)
class PropFolder:
    """One prop on disk. The object only has the path; all facts are in the record."""

    path: Path

    @property
    def id(self) -> str:
        """``<slug>-<8 hex>``: the folder's name."""
        return self.path.name

    @property
    def glb(self) -> Path:
        """The path of the model as received."""
        return self.path / MODEL

    @property
    def blend(self) -> Path:
        """The path of the ``.blend`` file, which has one collection, marked as an asset."""
        return self.path / BLEND

    @property
    def thumbnail(self) -> Path:
        """The path of the prop's picture, a PNG of 256 by 256 pixels."""
        return self.path / THUMBNAIL

    def read(self) -> PropRecord:
        """Read the record. :raises BrokenRecordError: it is damaged. :raises NewerRecordError: see
        there.
        :raises LibraryError: it is missing or cannot be read.
        """
        return self._read(SOON_SECONDS)

    def _read(self, seconds: float) -> PropRecord:
        """:param seconds: how long another program may keep it from being read."""
        try:
            content = held_files.read_bytes(self.path / RECORD, seconds)
        except OSError as error:
            raise LibraryError(
                f"The record of the prop {self.id} cannot be read",
                "Check the library folder",
                detail=str(error),
            ) from error
        return parse(content, self.id)

    def write(self, record: PropRecord) -> None:
        """Replace the record atomically.

        :raises NewerRecordError: the record was written by a newer version.
        :raises LibraryError: the folder cannot be written.
        """
        if record.is_newer:
            # Writing it with this version's model could lose what the newer one means by its
            # fields.
            raise newer(self.id)
        try:
            write_atomic(self.path / RECORD, record.to_json())
        except OSError as error:
            raise cannot_write(self.path, error) from error

    def advance(self, state: State, note: str = "", **changes: Any) -> PropRecord:
        """Go on to a state: write it down, with what else has become known."""
        old = self._read(HELD_SECONDS)
        record = old.model_copy(
            update={
                "state": state,
                # In the same write as the state, so that the two never contradict each other.
                "history": (*old.history, Step(state=state, time=now(), note=note)),
                **changes,
            }
        )
        self.write(record)
        return record

    def update(self, **changes: Any) -> PropRecord:
        """Note something without a change of state."""
        record = self._read(HELD_SECONDS).model_copy(update=changes)
        self.write(record)
        return record

    def entry(self, name: str) -> FileEntry:
        """The size and SHA-256 of one of the files as it is now."""
        path = self.path / name
        return FileEntry(sha256=sha256_of(path), bytes=path.stat().st_size)

    def holds(self, record: PropRecord, name: str) -> bool:
        """Whether a file exists and has the size that the record gives. The hash is not checked,
        which would read the whole file each time; ``verify`` does that.
        """
        path = self.path / name
        known = record.files.get(name)
        # The size is enough to notice a file that was truncated or replaced by hand.
        return known is not None and path.is_file() and path.stat().st_size == known.bytes

    def parts(self) -> Iterator[Path]:
        """The unfinished files that an interruption left behind."""
        return self.path.glob("*.part")


def cannot_write(path: Path, error: OSError) -> LibraryError:
    """Make the error for a library that cannot be written."""
    reason = (error.strerror or str(error)).lower()
    return LibraryError(
        f"The library folder {path} cannot be written: {reason}", detail=str(error), retry=True
    )
