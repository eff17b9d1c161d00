# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of a set of pictures: its record, its pictures, and the request that they are of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.errors import InputError, LibraryError
from ...core.pictures.picture_request import ENDINGS, PictureRequest, as_data_uri, picture_kind
from ..disk.atomic_files import replace, sha256_of, write_atomic
from ..picture_record import RECORD, PictureRecord, read_record
from ..prop_folder import cannot_write
from ..record import FileEntry


@dataclass(frozen=True)
class PictureSet:
    """One set on disk. The object only has the path; all facts are in the record."""

    path: Path

    @property
    def id(self) -> str:
        """``<slug>-<12 hex>``: the folder's name."""
        return self.path.name

    def read(self) -> PictureRecord:
        """Read the record; see :func:`picture_record.read_record`."""
        return read_record(self.path)

    def write(self, record: PictureRecord) -> PictureRecord:
        """Replace the record atomically. :raises LibraryError: the folder cannot be written."""
        try:
            write_atomic(self.path / RECORD, record.to_json())
        except OSError as error:
            raise cannot_write(self.path, error) from error
        return record

    def update(self, **changes: Any) -> PictureRecord:
        """Note something."""
        return self.write(self.read().model_copy(update=changes))

    @property
    def pictures(self) -> dict[int, Path]:
        """The pictures that are here, by their numbers."""
        found = self.read().pictures.items()
        return {number: self.path / name for number, name in found if (self.path / name).is_file()}

    def picture(self, number: int) -> Path:
        """One of the pictures. :raises InputError: there is none with this number."""
        here = self.pictures
        if number in here:
            return here[number]
        raise InputError(
            f"There is no picture {number} in {self.id}",
            f"Choose one of {', '.join(map(str, here))}" if here else "Make the pictures first",
        )

    def keep(self, part: Path, number: int, kind: str) -> Path:
        """Give a checked picture its name, and write that down. :raises OSError: the disk refuses.

        :raises LibraryError: the record cannot be written.
        """
        path = self.path / f"{number}{ENDINGS[kind]}"
        replace(part, path)
        record = self.read()
        self.write(record.model_copy(update={"files": {**record.files, path.name: entry_of(path)}}))
        return path

    def request(self) -> PictureRequest:
        """The request that the set was made of.

        :raises LibraryError: the source picture is missing. :raises InvalidRequestError: it was
            changed by hand into something that cannot be asked for.
        """
        record = self.read()
        source = data_uri_of(self.path / record.source) if record.source else None
        return PictureRequest.checked(**{**record.request, "source": source})


def entry_of(path: Path) -> FileEntry:
    """The size and SHA-256 of a file as it is now."""
    return FileEntry(sha256=sha256_of(path), bytes=path.stat().st_size)


def data_uri_of(path: Path) -> str:
    """A picture's file as a data URI, as requests take it.

    :raises InputError: it is no PNG, JPEG or WebP. :raises LibraryError: it cannot be read.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise LibraryError(
            f"The picture {path} cannot be read", "Check the file", detail=str(error)
        ) from error
    kind = picture_kind(content[:12])
    if not kind:
        raise InputError(f"{path} is not a PNG, JPEG or WebP picture", "Choose another file")
    return as_data_uri(content, kind)
