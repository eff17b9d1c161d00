# SPDX-License-Identifier: GPL-3.0-or-later
"""Records what the props of a library have cost, day by day, in files that are only appended to.

``<library>/.costs/2026-11-22.jsonl`` has one line for each paid call whose cost the gateway
reported. The records alone would not be enough: deleting a prop would delete its cost, and the
daily limit has to be checked before every generation without reading a thousand records. Days are
those of this machine's time zone, as in the user's calendar.

The records are authoritative, and the lines follow them. ``<library>/.costs/<prop>.open`` exists
from before the first paid request of a prop until its cost is recorded. So if a process is killed
in between, the next process that reads the costs adds what it had paid. A later line about the same
call replaces an earlier one, so it does not matter how many processes record the same call.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Protocol

from pydantic import TypeAdapter

from ..core.cost import BATCH_PRICE, Costs
from ..core.errors import LibraryError
from ..core.events import State
from ..core.files.held_files import read_bytes, remove
from .disk.atomic_files import sync_folder
from .disk.shared_append import append
from .picture_record import FOLDER as PICTURES
from .picture_record import PictureCall, PictureRecord, read_record
from .prop_folder import PropFolder
from .record import BATCH, PropRecord

log = logging.getLogger(__name__)

FOLDER: Final = ".costs"
OPEN: Final = ".open"
MOST_DAYS: Final = 60
"""The number of days with costs that are searched for a model's last cost."""


class Costly(Protocol):
    """A folder that may cost something: a prop's, or that of a set of pictures."""

    @property
    def id(self) -> str:
        """The folder's name."""

    def read(self) -> PropRecord | PictureRecord:
        """Its record."""


@dataclass(frozen=True)
class LedgerEntry:
    """One paid call."""

    prop: str
    time: str
    """ISO 8601 in UTC, as in the record; together with ``prop`` it identifies the call."""
    model: str
    cents: float
    pictures: int | None = None
    """How many pictures it asked for, where it was a call for pictures."""
    batch: bool = False
    """Whether it went through the Batch API, at half the usual price."""

    def to_dict(self) -> dict[str, Any]:
        """The line's content, without fields that are False or unknown."""
        return {n: v for n, v in asdict(self).items() if v is not False and v is not None}

    @property
    def day(self) -> date:
        """The day of the call in this machine's time zone."""
        return datetime.fromisoformat(self.time).astimezone().date()

    @property
    def call(self) -> tuple[str, str]:
        """What identifies the call."""
        return self.prop, self.time


_ENTRY: Final = TypeAdapter(LedgerEntry)


@dataclass(frozen=True)
class Ledger:
    """The costs of one library. The object only has the path."""

    library: Path

    @property
    def exists(self) -> bool:
        """Whether anything was ever recorded. A library of an older version has no ledger yet."""
        return self._folder.is_dir()

    def expect(self, prop: str) -> None:
        """Record that a prop is about to cost something. :meth:`settle` ends this.

        :raises OSError: the library cannot be written, so nothing should be paid for.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        # An empty file, as the record has all the facts. It is synced, or a power cut could lose it
        # together with the knowledge that something was paid.
        (self._folder / f"{prop}{OPEN}").touch()
        sync_folder(self._folder)

    def settle(self, folder: Costly) -> None:
        """Record what a prop or a set of pictures has cost according to its record, and expect no
        more costs.

        :raises LibraryError: its record cannot be read.
        :raises OSError: the library cannot be written.
        """
        # In this order: a crash between the two only means that the same line is written again.
        self.note(folder.read())
        remove(self._folder / f"{folder.id}{OPEN}")

    def note(self, record: PropRecord | PictureRecord) -> None:
        """Record what the calls of a prop or of a set of pictures have cost, unless that is
        recorded already.

        :raises OSError: the library cannot be written.
        """
        self._add(_entries(record))

    def begin(self, records: Iterable[PropRecord]) -> None:
        """Add the costs of records that the ledger does not have, such as those from before it
        existed.

        :raises OSError: the library cannot be written.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        self._add(entry for record in records for entry in _entries(record))
        self._catch_up()

    def spent(self, today: date | None = None) -> float:
        """The US cents spent on one day. This reads one small file, as it is called before every
        generation.

        :param today: the day, if it is not the current one.
        """
        self._catch_up()
        day = today or datetime.now().astimezone().date()
        return round(sum(entry.cents for entry in self._read(self._file(day))), 6)

    def untold(self, props: Collection[str]) -> int:
        """How many of these props have no cost recorded for the current day yet."""
        self._catch_up()
        day = datetime.now().astimezone().date()
        return len(set(props) - {entry.prop for entry in self._read(self._file(day))})

    def costs(self, today: date | None = None) -> Costs:
        """What the day has cost so far, and what the last prop of each model cost.

        Damaged lines are ignored, and a folder that cannot be read counts as empty.

        :param today: the day, if it is not the current one.
        """
        self._catch_up()
        last: dict[str, float] = {}
        for path in sorted(self._files(), reverse=True)[:MOST_DAYS]:
            for model, cents in _last_props(self._read(path)).items():
                last.setdefault(model, cents)
        day = today or datetime.now().astimezone().date()
        return Costs(self.spent(day), last, day)

    @property
    def _folder(self) -> Path:
        return self.library / FOLDER

    def _file(self, day: date) -> Path:
        return self._folder / f"{day.isoformat()}.jsonl"

    def _files(self) -> list[Path]:
        return self._glob("????-??-??.jsonl")

    def _glob(self, pattern: str) -> list[Path]:
        try:
            return list(self._folder.glob(pattern))
        except OSError as error:
            log.info("the costs cannot be read: %s", error)
            return []

    def _catch_up(self) -> None:
        """Add the costs of all open props according to their records, including those that other
        processes are working on.
        """
        for path in self._glob(f"*{OPEN}"):
            name = path.name.removesuffix(OPEN)
            folder = PropFolder(self.library / name)
            try:
                if (self.library / PICTURES / name).is_dir():
                    self._catch_up_pictures(self.library / PICTURES / name, path)
                    continue
                if not folder.path.is_dir():
                    remove(path)  # deleted, its cost having been noted
                    continue
                record = folder.read()
                self.note(record)
                if record.state is State.READY:  # nothing is paid for a prop that is there
                    remove(path)
            except (LibraryError, OSError) as error:
                log.info("the cost of %s is not caught up with: %s", folder.id, error)

    def _catch_up_pictures(self, folder: Path, path: Path) -> None:
        pictures = read_record(folder)
        self.note(pictures)
        if pictures.is_done:
            remove(path)

    def _add(self, entries: Iterable[LedgerEntry]) -> None:
        by_day: dict[date, list[LedgerEntry]] = {}
        for entry in entries:
            by_day.setdefault(entry.day, []).append(entry)
        for day, new in by_day.items():
            known: dict[tuple[str, str], LedgerEntry] = {}
            # A machine in another time zone may have recorded it under the day before or after.
            # This day last, as its line is the one that counts.
            for days in (-1, 1, 0):
                known |= {e.call: e for e in self._read(self._file(day + timedelta(days)))}
            self._append(self._file(day), [e for e in new if known.get(e.call) != e])

    def _append(self, path: Path, entries: list[LedgerEntry]) -> None:
        if not entries:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        # In one piece: what another Blender adds meanwhile stays whole. The line break in front
        # ends a line that a power cut has left unfinished.
        text = "\n".join(json.dumps(entry.to_dict(), ensure_ascii=False) for entry in entries)
        append(path, f"\n{text}\n".encode())

    def _read(self, path: Path) -> Iterable[LedgerEntry]:
        """The calls of one day, each according to its last line."""
        try:
            lines = read_bytes(path).splitlines()
        except OSError:
            return ()
        found: dict[tuple[str, str], LedgerEntry] = {}
        for line in filter(None, lines):
            try:
                entry = _ENTRY.validate_python(json.loads(line))
                found[entry.call] = entry
            except ValueError:
                log.info("a line of %s cannot be read", path.name)
        return found.values()


def _entries(record: PropRecord | PictureRecord) -> Iterator[LedgerEntry]:
    model = str(record.request.get("model") or "")
    for call, cents in record.paid:
        pictures = call.count if isinstance(call, PictureCall) else None
        batch = call.endpoint == BATCH
        yield LedgerEntry(record.id, call.time, model, cents, pictures, batch)


def _last_props(entries: Iterable[LedgerEntry]) -> dict[str, float]:
    """For each model, the cost of its last prop, all calls of that prop together; for image models,
    that of one picture. The Batch API's costs are converted to the full price.
    """
    by_prop: dict[tuple[str, str], float] = {}
    latest: dict[str, tuple[str, str]] = {}
    for entry in entries:
        # The estimate on the button is for a single generation, which costs the full price.
        cents = entry.cents / (BATCH_PRICE if entry.batch else entry.pictures or 1)
        together = 0.0 if entry.pictures else by_prop.get((entry.model, entry.prop), 0.0)
        by_prop[entry.model, entry.prop] = together + cents
        if entry.time >= latest.get(entry.model, ("", ""))[0]:
            latest[entry.model] = entry.time, entry.prop
    return {model: round(by_prop[model, prop], 6) for model, (_, prop) in latest.items()}
