# SPDX-License-Identifier: GPL-3.0-or-later
"""One part of a list on its way through the Batch API, as stored on disk.

``<library>/.batches/<key>/`` has ``part.json`` (the props, the gateway's ids, the stage),
``requests.jsonl`` (the bytes to upload) and, while answers arrive, their payloads. A process that
changes a part must hold its folder's lock. Each prop's record names the part (``origin.batch``)
before anything is uploaded, and as long as it does, nothing else is sent for that prop.

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

from pydantic import TypeAdapter

from ...core.errors import TrellisError
from ...core.events import State
from ...core.files.held_files import read_bytes
from ...core.generation.request import GenerationRequest
from ...gateway.batch_endpoint import requests_file
from ...library.disk.atomic_files import sync_folder, write_atomic
from ...library.folder_lock import FolderLock
from ...library.prop_folder import PropFolder, cannot_write
from ...library.record import BatchEntry, PropRecord, now

log = logging.getLogger(__name__)

FOLDER: Final = ".batches"
FACTS: Final = "part.json"
REQUESTS: Final = "requests.jsonl"
WINDOW: Final = timedelta(hours=24)
"""The time within which the gateway answers."""
_EMPTY_SECONDS: Final = 3600.0
"""A folder without ``part.json`` that is older than this was never completed."""

Stage = Literal["prepared", "sending", "accepted"]
PREPARED: Final = "prepared"
SENDING: Final = "sending"
ACCEPTED: Final = "accepted"


@dataclass(frozen=True)
class Part:
    """The contents of ``part.json``."""

    key: str
    base_url: str
    props: tuple[str, ...]
    stage: Stage = PREPARED
    created: str = ""
    """ISO 8601, UTC: when it was sent."""
    file_id: str | None = None
    batch_id: str | None = None
    is_restored: bool = False
    """Whether its folder was lost and recreated from the records that name it."""

    @property
    def until(self) -> datetime | None:
        """When the last answer is due, in this machine's time zone."""
        try:
            return (datetime.fromisoformat(self.created) + WINDOW).astimezone()
        except ValueError:
            return None

    @property
    def may_be_made(self) -> bool:
        """Whether the gateway may have a batch for it: the file's id is recorded before the batch
        is started. If the part's folder was lost, that is unknown, so the answer is yes.
        """
        return self.stage != PREPARED and (self.file_id is not None or self.is_restored)

    def is_over(self, margin: timedelta) -> bool:
        """Whether its window has ended more than ``margin`` ago."""
        return self.until is not None and datetime.now().astimezone() > self.until + margin


_PART: Final = TypeAdapter(Part)


@dataclass(frozen=True)
class Parts:
    """The parts of one library. The object only has the path."""

    library: Path

    def path(self, key: str) -> Path:
        """A part's folder."""
        return self.library / FOLDER / key

    def keys(self) -> list[str]:
        """The keys of all parts."""
        try:
            return sorted(p.name for p in (self.library / FOLDER).iterdir() if p.is_dir())
        except FileNotFoundError:
            return []
        except OSError as error:
            raise cannot_write(self.library, error) from error

    def read(self, key: str) -> Part | None:
        """Read a part; None if it does not exist (any more) or cannot be parsed."""
        # The key comes from a prop's record, which may come from an untrusted source.
        if Path(key).name != key:
            return None
        try:
            raw: Any = json.loads(read_bytes(self.path(key) / FACTS))
            part = _PART.validate_python({**raw, "key": key})
            return replace(part, props=tuple(p for p in part.props if Path(p).name == p))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError) as error:
            log.warning("the part %s cannot be read: %s", key, error)
            return None

    def is_there(self, key: str) -> bool:
        """Whether a part was written and not dropped, even if it is unreadable."""
        return (self.path(key) / FACTS).exists()

    def write(self, part: Part) -> Part:
        """Write a part. :raises LibraryError: it cannot be written."""
        try:
            self.path(part.key).mkdir(parents=True, exist_ok=True)
            write_atomic(self.path(part.key) / FACTS, json.dumps(asdict(part)).encode())
            # The part's own folder is new as well, and a power cut must not lose it.
            sync_folder(self.library / FOLDER)
        except OSError as error:
            raise cannot_write(self.library, error) from error
        return part

    def lock(self, key: str) -> FolderLock:
        """Acquire the exclusive right to change a part.

        :raises LockedError: another process has it. :raises LibraryError: the part does not exist.
        """
        return FolderLock.acquire(self.path(key))

    def prepare(
        self, base_url: str, requests: Sequence[tuple[str, GenerationRequest]]
    ) -> tuple[Part, FolderLock]:
        """Create a new part for these props, with its lock. Afterwards every record names it.

        The props' own locks must be held. :raises TrellisError: it cannot be written.
        """
        # The name of the folder, and the gateway's metadata by which an interrupted start is found
        # again.
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
            # First ``part.json``, then the records, then the stage: after a crash, a part that is
            # still "prepared" has certainly not been sent.
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
        """The bytes to upload; empty if they are lost."""
        try:
            return read_bytes(self.path(part.key) / REQUESTS)
        except OSError:
            return b""

    def accepted(self, part: Part, batch_id: str) -> Part:
        """Record that the gateway has accepted a part, with the batch's id: first in the part, then
        in each record.
        """
        part = self.write(replace(part, stage=ACCEPTED, batch_id=batch_id))
        for folder, record in self.waiting(part):
            if record.origin.batch != BatchEntry(key=part.key, id=batch_id):
                entry = BatchEntry(key=part.key, id=batch_id)
                origin = record.origin.model_copy(update={"batch": entry})
                folder.advance(State.WAITING, f"in the batch {batch_id}", origin=origin)
        return part

    def waiting(self, part: Part) -> Iterator[tuple[PropFolder, PropRecord]]:
        """The props of a part whose answers were not fetched yet."""
        for prop in part.props:
            folder = PropFolder(self.library / prop)
            record = read(folder)
            if record and names(record, part.key):
                yield folder, record

    def let_go(self, part: Part, why: str) -> list[PropFolder]:
        """Reset the props of a part, as if nothing had been sent for them, and drop the part."""
        free = []
        for folder, record in self.waiting(part):
            let_go(folder, record, why)
            free.append(folder)
        self.drop(part.key)
        return free

    def drop(self, key: str) -> None:
        """Remove a part for which nothing waits, together with its lock."""
        shutil.rmtree(self.path(key), ignore_errors=True)

    def tidy(self) -> None:
        """Drop parts that a crash has left before anything was sent, unless another process is
        working on them.
        """
        for key in self.keys():
            part = self.read(key)
            if part is None:
                self._drop_empty(key)
            elif part.stage == PREPARED:
                try:
                    with self.lock(key):
                        # Another process may have sent it before this one had the lock.
                        again = self.read(key)
                        if again and again.stage == PREPARED:
                            self.let_go(again, "was not sent")
                except TrellisError as error:
                    log.info("the part %s stays for now: %s", key, error)

    def _drop_empty(self, key: str) -> None:
        try:
            path = self.path(key)
            old = time.time() - path.stat().st_mtime > _EMPTY_SECONDS
            # A folder without facts may also be one that another process is just creating.
            if old and not self.is_there(key):
                self.drop(key)
        except OSError as error:
            log.info("the part %s stays for now: %s", key, error)

    def restored(self, key: str, base_url: str, records: Sequence[PropRecord]) -> Part:
        """Recreate a part whose folder is lost from the records that name it.

        :raises LibraryError: it cannot be written.
        """
        known = [r.origin.batch.id for r in records if r.origin.batch and r.origin.batch.id]
        stage: Stage = ACCEPTED if known else SENDING
        # The last change of state is when it was sent, or shortly after.
        created = records[0].history[-1].time
        part = Part(key, base_url, tuple(r.id for r in records), stage, created, is_restored=True)
        return self.write(replace(part, batch_id=known[0] if known else None))


def names(record: PropRecord, key: str) -> bool:
    """Whether a prop's answer is expected with this part."""
    return record.in_batch and record.origin.batch is not None and record.origin.batch.key == key


def let_go(folder: PropFolder, record: PropRecord, why: str, **origin: Any) -> None:
    """Reset a prop of a part, as if nothing had been sent for it."""
    changed = record.origin.model_copy(update={"batch": None, **origin})
    folder.advance(State.REQUESTED, why, origin=changed, error=None)


def read(folder: PropFolder) -> PropRecord | None:
    """Read a record; None if there is none that can be used."""
    try:
        return folder.read()
    except TrellisError:
        return None
