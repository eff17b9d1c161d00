# SPDX-License-Identifier: GPL-3.0-or-later
"""The sets of pictures of a library: ``<library>/pictures/<id>/``.

The id follows from the request and the gateway. So the same request leads to the same folder, in
every process; its lock keeps two from asking at the same time, and its record from asking twice.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ...core.errors import BrokenRecordError, InputError, LibraryError
from ...core.pictures.picture_request import ENDINGS, PictureRequest
from ...core.text import slug
from ..disk.atomic_files import sync_folder, write_atomic
from ..disk.path_length import check_length
from ..folder_lock import FolderLock
from ..picture_record import FOLDER, RECORD, SCHEMA, PictureRecord
from ..prop_folder import cannot_write
from ..record import now
from .picture_set import PictureSet, entry_of

_KEPT: Final = re.compile(r"([1-9][0-9]?)\.(?:png|jpg|webp)")


@dataclass(frozen=True)
class PictureLibrary:
    """The sets in a library's folder. The object only has the library's path."""

    library: Path

    @property
    def path(self) -> Path:
        """The folder of all sets."""
        return self.library / FOLDER

    def set_of(self, request: PictureRequest, base_url: str) -> PictureSet:
        """The set of a request at a gateway, whether it is there or not."""
        digest = hashlib.sha256(f"{request.key} {base_url}".encode()).hexdigest()
        return PictureSet(self.path / f"{slug(request.prompt)}-{digest[:12]}")

    def create_locked(
        self, request: PictureRequest, base_url: str
    ) -> tuple[PictureSet, FolderLock]:
        """The set's folder with its record, before anything is sent, and its lock.

        :raises LockedError: another process makes these pictures.
        :raises LibraryError: the folder cannot be made or written.
        """
        check_length(self.library)
        found = self.set_of(request, base_url)
        try:
            found.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(self.library, error) from error
        lock = FolderLock.acquire(found.path)
        try:
            _ensure_record(found, request, base_url)
        except BaseException:
            lock.release()
            raise
        return found, lock

    def sets(self) -> Iterator[tuple[PictureSet, PictureRecord]]:
        """All sets whose record can be read, the newest first."""
        found = []
        for name in _names(self.path):
            one = PictureSet(self.path / name)
            with suppress(LibraryError):
                found.append((one, one.read()))
        yield from sorted(found, key=lambda pair: pair[1].created, reverse=True)

    def find(self, name: str) -> PictureSet:
        """The set with this id, or whose id alone begins so. :raises InputError: there is none, or
        several.
        """
        names = _names(self.path)
        chosen = [name] if name in names else [n for n in names if name and n.startswith(name)]
        if len(chosen) == 1:
            return PictureSet(self.path / chosen[0])
        if chosen:
            raise InputError(
                f"{len(chosen)} sets of pictures begin with {name}", "Write more of the id"
            )
        raise InputError(
            f"There are no pictures {name} in {self.library}", "Check the id and the library folder"
        )


def _names(folder: Path) -> list[str]:
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return []
    return [name for name in names if (folder / name / RECORD).is_file()]


def _ensure_record(found: PictureSet, request: PictureRequest, base_url: str) -> None:
    """Write the first record, unless there is one. A damaged one is set aside: a whole set
    stays as it is, and of any other the calls are repeated, whose keys follow from the id.
    """
    path = found.path / RECORD
    try:
        if path.is_file():
            try:
                found.read()
                return
            except BrokenRecordError:
                path.replace(path.with_name(f"{RECORD}.damaged"))
        source = ""
        if request.source:
            source = f"source{ENDINGS[request.source_kind]}"
            write_atomic(found.path / source, request.source_bytes)
        kept = sorted(p for p in found.path.iterdir() if _KEPT.fullmatch(p.name))
        # A part of them would change the calls, and with these the keys by which the gateway knows
        # what it has been paid for.
        kept = kept if len(kept) == request.count else []
        record = PictureRecord(
            schema=SCHEMA,
            id=found.id,
            created=now(),
            base_url=base_url,
            request=request.model_dump(exclude={"source"}),
            source=source,
            files={picture.name: entry_of(picture) for picture in kept},
        )
        found.write(record)
        sync_folder(found.path.parent)
    except OSError as error:
        raise cannot_write(found.path, error) from error
