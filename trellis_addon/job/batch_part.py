# SPDX-License-Identifier: GPL-3.0-or-later
"""One part of a list on its way through the Batch API, as it stands on the disk.

``<library>/.batches/<key>/`` holds ``part.json`` (which props, the gateway's ids, how far it is),
``requests.jsonl`` (the bytes that are uploaded) and, while answers come, their payloads. Whoever
changes a part holds its folder's lock. Each prop's record names the part (``origin.batch``) before
anything is uploaded, and as long as it does, nothing else is sent for that prop.

==========  =======================================================  ==============================
stage       what is true                                             after a crash
==========  =======================================================  ==============================
prepared    nothing was sent; some of the records name the part      records let go, part dropped
sending     all records name it; the batch may have been made        found in the gateway's list by
                                                                     key, else the same sent again
accepted    the batch's id is known                                  asked after by that id
==========  =======================================================  ==============================
"""

from __future__ import annotations

import json
import logging
import secrets
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

from ..core.errors import TrellisError
from ..core.events import State
from ..core.request import GenerationRequest
from ..gateway.batches import requests_file
from ..library.atomic import sync_folder, write_atomic
from ..library.folder import PropFolder, cannot_write
from ..library.locks import FolderLock
from ..library.record import BatchEntry, PropRecord, now

log = logging.getLogger(__name__)

FOLDER: Final = ".batches"
FACTS: Final = "part.json"
REQUESTS: Final = "requests.jsonl"
WINDOW: Final = timedelta(hours=24)
"""Within which the gateway answers."""
_EMPTY_SECONDS: Final = 3600.0
"""A folder without facts that is older was never finished."""

Stage = Literal["prepared", "sending", "accepted"]
PREPARED: Final = "prepared"
SENDING: Final = "sending"
ACCEPTED: Final = "accepted"


@dataclass(frozen=True)
class Part:
    """What ``part.json`` says."""

    key: str
    base_url: str
    props: tuple[str, ...]
    stage: Stage = PREPARED
    created: str = ""
    """ISO 8601, UTC: when it was sent."""
    file_id: str | None = None
    batch_id: str | None = None
    is_restored: bool = False
    """Its folder was lost, and made again from the records that name it."""

    @property
    def until(self) -> datetime | None:
        """When the last answer is to be there, in this machine's time zone."""
        try:
            return (datetime.fromisoformat(self.created) + WINDOW).astimezone()
        except ValueError:
            return None

    @property
    def may_be_made(self) -> bool:
        """Whether the gateway may have a batch of it: its file's id is written down before that is
        started. A part whose folder was lost does not tell.
        """
        return self.stage != PREPARED and (self.file_id is not None or self.is_restored)

    def is_over(self, margin: timedelta) -> bool:
        """Whether its window has passed for so long."""
        return self.until is not None and datetime.now().astimezone() > self.until + margin


@dataclass(frozen=True)
class Parts:
    """The parts of one library. Holds its path only."""

    library: Path

    def path(self, key: str) -> Path:
        """A part's folder."""
        return self.library / FOLDER / key

    def keys(self) -> list[str]:
        """The parts that there are."""
        try:
            return sorted(p.name for p in (self.library / FOLDER).iterdir() if p.is_dir())
        except FileNotFoundError:
            return []
        except OSError as error:
            raise cannot_write(self.library, error) from error

    def read(self, key: str) -> Part | None:
        """A part; None when it is not there (any more) or cannot be understood."""
        if Path(key).name != key:
            return None
        try:
            raw: Any = json.loads((self.path(key) / FACTS).read_bytes())
            stage = raw["stage"]
            if stage not in (PREPARED, SENDING, ACCEPTED):
                return None
            props = tuple(str(name) for name in raw["props"] if Path(str(name)).name == str(name))
            return Part(
                key=key,
                base_url=str(raw["base_url"]),
                props=props,
                stage=stage,
                created=str(raw.get("created") or ""),
                file_id=raw.get("file_id"),
                batch_id=raw.get("batch_id"),
                is_restored=raw.get("is_restored") is True,
            )
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("the part %s cannot be read: %s", key, error)
            return None

    def is_there(self, key: str) -> bool:
        """Whether a part has been written down and not dropped, readable or not."""
        return (self.path(key) / FACTS).exists()

    def write(self, part: Part) -> Part:
        """Write a part down. :raises LibraryError: it cannot be written."""
        try:
            self.path(part.key).mkdir(parents=True, exist_ok=True)
            write_atomic(self.path(part.key) / FACTS, json.dumps(asdict(part)).encode())
            sync_folder(self.library / FOLDER)
        except OSError as error:
            raise cannot_write(self.library, error) from error
        return part

    def lock(self, key: str) -> FolderLock:
        """The right to change a part.

        :raises LockedError: somebody is at it. :raises LibraryError: it is gone.
        """
        return FolderLock.acquire(self.path(key))

    def prepare(
        self, base_url: str, requests: Sequence[tuple[str, GenerationRequest]]
    ) -> tuple[Part, FolderLock]:
        """A new part of these props, with its lock; every record names it afterwards.

        The props' own locks must be held. :raises TrellisError: it cannot be written.
        """
        key = f"trellis-batch-{secrets.token_hex(8)}"
        content = requests_file(requests)
        part = Part(key, base_url, tuple(prop for prop, _ in requests))
        try:
            self.path(key).mkdir(parents=True)
        except OSError as error:
            raise cannot_write(self.library, error) from error
        lock = self.lock(key)
        try:
            try:
                write_atomic(self.path(key) / REQUESTS, content)
            except OSError as error:
                raise cannot_write(self.path(key), error) from error
            self.write(part)
            for prop in part.props:
                folder = PropFolder(self.library / prop)
                origin = folder.read().origin.model_copy(update={"batch": BatchEntry(key=key)})
                folder.advance(State.SENDING, "with the Batch API", origin=origin, error=None)
            part = self.write(replace(part, stage=SENDING, created=now()))
        except BaseException:
            lock.release()
            raise
        return part, lock

    def requests(self, part: Part) -> bytes:
        """The bytes to upload; none when they are lost."""
        try:
            return (self.path(part.key) / REQUESTS).read_bytes()
        except OSError:
            return b""

    def accepted(self, part: Part, batch_id: str) -> Part:
        """The gateway has it: its id is written down, first in one place, then in each record."""
        part = self.write(replace(part, stage=ACCEPTED, batch_id=batch_id))
        for folder, record in self.waiting(part):
            if record.origin.batch != BatchEntry(key=part.key, id=batch_id):
                entry = BatchEntry(key=part.key, id=batch_id)
                origin = record.origin.model_copy(update={"batch": entry})
                folder.advance(State.WAITING, f"in the batch {batch_id}", origin=origin)
        return part

    def waiting(self, part: Part) -> Iterator[tuple[PropFolder, PropRecord]]:
        """The props of a part whose answer was not fetched yet."""
        for prop in part.props:
            folder = PropFolder(self.library / prop)
            record = read(folder)
            if record and names(record, part.key):
                yield folder, record

    def let_go(self, part: Part, why: str) -> list[PropFolder]:
        """Make its props ordinary ones again, for which nothing was sent, and drop the part."""
        free = []
        for folder, record in self.waiting(part):
            let_go(folder, record, why)
            free.append(folder)
        self.drop(part.key)
        return free

    def drop(self, key: str) -> None:
        """Remove a part of which nothing is waited for, with its lock."""
        shutil.rmtree(self.path(key), ignore_errors=True)

    def tidy(self) -> None:
        """Drop what a crash has left before anything was sent. Leaves alone what others are at."""
        for key in self.keys():
            part = self.read(key)
            if part is None:
                self._drop_empty(key)
            elif part.stage == PREPARED:
                try:
                    with self.lock(key):
                        again = self.read(key)
                        if again and again.stage == PREPARED:
                            self.let_go(again, "was not sent")
                except TrellisError as error:
                    log.info("the part %s stays for now: %s", key, error)

    def _drop_empty(self, key: str) -> None:
        try:
            path = self.path(key)
            old = time.time() - path.stat().st_mtime > _EMPTY_SECONDS
            if old and not self.is_there(key):
                self.drop(key)
        except OSError as error:
            log.info("the part %s stays for now: %s", key, error)

    def restored(self, key: str, base_url: str, records: Sequence[PropRecord]) -> Part:
        """A part whose folder is lost, from the records that name it.

        :raises LibraryError: it cannot be written.
        """
        known = [r.origin.batch.id for r in records if r.origin.batch and r.origin.batch.id]
        stage: Stage = ACCEPTED if known else SENDING
        created = records[0].history[-1].time
        part = Part(key, base_url, tuple(r.id for r in records), stage, created, is_restored=True)
        return self.write(replace(part, batch_id=known[0] if known else None))


def names(record: PropRecord, key: str) -> bool:
    """Whether a prop's answer is to come with this part."""
    return record.in_batch and record.origin.batch is not None and record.origin.batch.key == key


def let_go(folder: PropFolder, record: PropRecord, why: str, **origin: Any) -> None:
    """Make a prop of a part an ordinary one, for which nothing was sent yet."""
    changed = record.origin.model_copy(update={"batch": None, **origin})
    folder.advance(State.REQUESTED, why, origin=changed, error=None)


def read(folder: PropFolder) -> PropRecord | None:
    """A record, or None where there is none that can be used."""
    try:
        return folder.read()
    except TrellisError:
        return None
