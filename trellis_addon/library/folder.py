# SPDX-License-Identifier: GPL-3.0-or-later
"""A prop's folder: its files by name, its record, and how it goes from state to state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import LibraryError
from ..core.events import State
from ..core.files import BLEND, MODEL, RECORD, THUMBNAIL
from .atomic import sha256_of, write_atomic
from .record import FileEntry, PropRecord, Step, newer, now, parse


@dataclass(frozen=True)
class PropFolder:
    """One prop on the disk. Holds the path only; what is true stands in the record."""

    path: Path

    @property
    def id(self) -> str:
        """``<slug>-<8 hex>``: the folder's name."""
        return self.path.name

    @property
    def glb(self) -> Path:
        """The model's bytes as received."""
        return self.path / MODEL

    @property
    def blend(self) -> Path:
        """One collection, marked as an asset."""
        return self.path / BLEND

    @property
    def thumbnail(self) -> Path:
        """The prop's picture, PNG, 256 x 256."""
        return self.path / THUMBNAIL

    def read(self) -> PropRecord:
        """The record.

        :raises BrokenRecordError: when it is damaged. :raises NewerRecordError: see there.
        :raises LibraryError: when it is missing or cannot be read.
        """
        try:
            content = (self.path / RECORD).read_bytes()
        except OSError as error:
            raise LibraryError(
                f"The record of the prop {self.id} cannot be read",
                "Check the library folder",
                detail=str(error),
            ) from error
        return parse(content, self.id)

    def write(self, record: PropRecord) -> None:
        """Replace the record in one step.

        :raises NewerRecordError: a newer version's record is never written over.
        :raises LibraryError: when the folder cannot be written.
        """
        if record.is_newer:
            raise newer(self.id)
        try:
            write_atomic(self.path / RECORD, record.to_json())
        except OSError as error:
            raise cannot_write(self.path, error) from error

    def advance(self, state: State, note: str = "", **changes: Any) -> PropRecord:
        """Go on to a state: write it down, with what else has become known."""
        old = self.read()
        record = old.model_copy(
            update={
                "state": state,
                "history": (*old.history, Step(state=state, time=now(), note=note)),
                **changes,
            }
        )
        self.write(record)
        return record

    def update(self, **changes: Any) -> PropRecord:
        """Note something without a change of state."""
        record = self.read().model_copy(update=changes)
        self.write(record)
        return record

    def entry(self, name: str) -> FileEntry:
        """Size and SHA-256 of one of the files as it is now."""
        path = self.path / name
        return FileEntry(sha256=sha256_of(path), bytes=path.stat().st_size)

    def holds(self, record: PropRecord, name: str) -> bool:
        """Whether a file is there and has the size that the record gives."""
        path = self.path / name
        known = record.files.get(name)
        return known is not None and path.is_file() and path.stat().st_size == known.bytes

    def parts(self) -> Iterator[Path]:
        """Unfinished files that an interruption left behind."""
        return self.path.glob("*.part")


def cannot_write(path: Path, error: OSError) -> LibraryError:
    """The one sentence for a library that cannot be written."""
    reason = (error.strerror or str(error)).lower()
    return LibraryError(
        f"The library folder {path} cannot be written: {reason}", detail=str(error), retry=True
    )
