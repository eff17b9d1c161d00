# SPDX-License-Identifier: GPL-3.0-or-later
"""The library: all props of one folder."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..core.errors import InputError, LibraryError
from ..core.events import State
from ..core.files import RECORD
from ..core.request import GenerationRequest
from ..core.text import slug
from .atomic import sync_folder
from .folder import PropFolder, cannot_write
from .record import Origin, PropRecord, Step, now

_SETTLED: Final = {State.READY, State.FAILED, State.CANCELLED}


@dataclass(frozen=True)
class Library:
    """A folder of prop folders. Holds the path only."""

    path: Path

    def create(self, request: GenerationRequest, base_url: str, endpoint: str) -> PropFolder:
        """A new folder with its first record, before anything is sent.

        :raises LibraryError: when the folder cannot be made or written.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            folder = self._new_folder(slug(request.name or request.prompt))
        except OSError as error:
            raise cannot_write(self.path, error) from error
        time = now()
        folder.write(
            PropRecord(
                schema=1,
                id=folder.id,
                state=State.REQUESTED,
                created=time,
                request=request.model_dump(),
                history=(Step(state=State.REQUESTED, time=time),),
                origin=Origin(
                    base_url=base_url, endpoint=endpoint, idempotency_key=f"trellis-{folder.id}"
                ),
            )
        )
        sync_folder(self.path)
        return folder

    def _new_folder(self, name: str) -> PropFolder:
        while True:
            folder = PropFolder(self.path / f"{name}-{secrets.token_hex(4)}")
            try:
                folder.path.mkdir()
            except FileExistsError:
                continue
            return folder

    def folders(self) -> Iterator[PropFolder]:
        """Every folder with a record, in the order of their names."""
        if not self.path.is_dir():
            return
        for path in sorted(self.path.iterdir()):
            if (path / RECORD).is_file():
                yield PropFolder(path)

    def find(self, prop_id: str) -> PropFolder:
        """The prop of this id.

        :raises InputError: when there is none; path parts in the id find nothing.
        """
        for folder in self.folders():
            if folder.id == prop_id:
                return folder
        raise InputError(
            f"There is no prop {prop_id} in {self.path}",
            "Check the id and the library folder",
        )

    def unfinished(self) -> Iterator[PropFolder]:
        """The props whose generation was interrupted, so that it can go on."""
        for folder in self.folders():
            try:
                record = folder.read()
            except LibraryError:
                continue
            if record.state not in _SETTLED:
                yield folder
