# SPDX-License-Identifier: GPL-3.0-or-later
"""What the props of a library have cost, day by day: lines that are only ever added.

``<library>/.costs/2026-11-22.jsonl`` has one line for each paid call whose cost the gateway told.
Records alone would not do: a deleted prop would take its cost along, and a limit has to be
checked before every generation without reading a thousand records. A day is one of this
machine's time zone, as the user's calendar has it.

The records are what is true; the lines follow them. ``<library>/.costs/<prop>.open`` stands there
from before the first paid request of a prop until its cost is written down, so that a process that
is killed in between, with whatever it had paid, is caught up with by the next one that asks. A
later line of the same call takes the place of an earlier one, so it does not matter how many
processes write the same down.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from ..core.cost import BATCH_PRICE, Costs
from ..core.errors import LibraryError
from ..core.events import State
from .atomic import sync_folder
from .folder import PropFolder
from .record import BATCH, PropRecord

log = logging.getLogger(__name__)

FOLDER: Final = ".costs"
OPEN: Final = ".open"
MOST_DAYS: Final = 60
"""How many days with costs are searched for a model's last cost."""


@dataclass(frozen=True)
class Entry:
    """One paid call."""

    prop: str
    time: str
    """ISO 8601 in UTC, as the record has it: with ``prop`` it names the call."""
    model: str
    cents: float
    batch: bool = False
    """By the Batch API, for half of what a call costs else."""

    def to_dict(self) -> dict[str, Any]:
        """The line's content; what is not so is left out."""
        return {name: value for name, value in asdict(self).items() if value is not False}

    @property
    def day(self) -> date:
        """The day of the call where this machine stands."""
        return datetime.fromisoformat(self.time).astimezone().date()

    @property
    def call(self) -> tuple[str, str]:
        """What tells it from every other call."""
        return self.prop, self.time


@dataclass(frozen=True)
class Ledger:
    """The costs of one library. Holds its path only."""

    library: Path

    @property
    def exists(self) -> bool:
        """Whether anything was ever written; a library of an older version has none yet."""
        return self._folder.is_dir()

    def expect(self, prop: str) -> None:
        """Say that a prop is about to cost something. :meth:`settle` ends it.

        :raises OSError: the library cannot be written; nothing should be paid for.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / f"{prop}{OPEN}").touch()
        sync_folder(self._folder)

    def settle(self, folder: PropFolder) -> None:
        """Write down what a prop has cost, as its record says; nothing more is expected of it.

        :raises LibraryError: there is no record that can be read.
        :raises OSError: the library cannot be written.
        """
        self.note(folder.read())
        (self._folder / f"{folder.id}{OPEN}").unlink(missing_ok=True)

    def note(self, record: PropRecord) -> None:
        """Write down what a prop's calls have cost. What stands there already is left alone.

        :raises OSError: the library cannot be written.
        """
        self._add(_entries(record))

    def begin(self, records: Iterable[PropRecord]) -> None:
        """Take over what a library has cost before it had a ledger, or by records that it missed.

        :raises OSError: the library cannot be written.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        self._add(entry for record in records for entry in _entries(record))
        self._catch_up()

    def spent(self, today: date | None = None) -> float:
        """US cents of this day alone: one small file, to be asked before every generation.

        :param today: another day than this one.
        """
        self._catch_up()
        day = today or datetime.now().astimezone().date()
        return round(sum(entry.cents for entry in self._read(self._file(day))), 6)

    def untold(self, props: Collection[str]) -> int:
        """How many of these props have no cost written down for this day yet."""
        self._catch_up()
        day = datetime.now().astimezone().date()
        return len(set(props) - {entry.prop for entry in self._read(self._file(day))})

    def costs(self, today: date | None = None) -> Costs:
        """What this day has cost so far, and what the last prop of each model did.

        A damaged line counts for nothing; a folder that cannot be read is an empty one.

        :param today: another day than this one.
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
        """Take over what the records of open props tell, also of those that others are at."""
        for path in self._glob(f"*{OPEN}"):
            folder = PropFolder(self.library / path.name.removesuffix(OPEN))
            try:
                if not folder.path.is_dir():
                    path.unlink(missing_ok=True)  # deleted, its cost having been noted
                    continue
                record = folder.read()
                self.note(record)
                if record.state is State.READY:  # nothing is paid for a prop that is there
                    path.unlink(missing_ok=True)
            except (LibraryError, OSError) as error:
                log.info("the cost of %s is not caught up with: %s", folder.id, error)

    def _add(self, entries: Iterable[Entry]) -> None:
        by_day: dict[date, list[Entry]] = {}
        for entry in entries:
            by_day.setdefault(entry.day, []).append(entry)
        for day, new in by_day.items():
            known: dict[tuple[str, str], Entry] = {}
            # A machine in another time zone may have it under the day before or after.
            for days in (-1, 1, 0):
                known |= {e.call: e for e in self._read(self._file(day + timedelta(days)))}
            self._append(self._file(day), [e for e in new if known.get(e.call) != e])

    def _append(self, path: Path, entries: list[Entry]) -> None:
        if not entries:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        # One write at the end of the file: what another Blender adds meanwhile stays whole. The
        # line break in front ends a line that a power cut has left unfinished.
        text = "\n".join(json.dumps(entry.to_dict(), ensure_ascii=False) for entry in entries)
        with path.open("ab", buffering=0) as file:
            file.write(f"\n{text}\n".encode())

    def _read(self, path: Path) -> Iterable[Entry]:
        """The calls of one day, each by its last line."""
        try:
            lines = path.read_bytes().splitlines()
        except OSError:
            return ()
        found: dict[tuple[str, str], Entry] = {}
        for line in filter(None, lines):
            try:
                facts = json.loads(line)
                entry = Entry(
                    str(facts["prop"]),
                    str(facts["time"]),
                    str(facts["model"]),
                    float(facts["cents"]),
                    facts.get("batch") is True,
                )
                found[entry.call] = entry
            except (ValueError, TypeError, KeyError):
                log.info("a line of %s cannot be read", path.name)
        return found.values()


def _entries(record: PropRecord) -> Iterator[Entry]:
    model = str(record.request.get("model") or "")
    for call, cents in record.paid:
        yield Entry(record.id, call.time, model, cents, call.endpoint == BATCH)


def _last_props(entries: Iterable[Entry]) -> dict[str, float]:
    """By model, what its last prop cost, or would have outside of the Batch API: all calls of
    that prop together.
    """
    by_prop: dict[tuple[str, str], float] = {}
    latest: dict[str, tuple[str, str]] = {}
    for entry in entries:
        cents = entry.cents / (BATCH_PRICE if entry.batch else 1)
        by_prop[entry.model, entry.prop] = by_prop.get((entry.model, entry.prop), 0.0) + cents
        if entry.time >= latest.get(entry.model, ("", ""))[0]:
            latest[entry.model] = entry.time, entry.prop
    return {model: round(by_prop[model, prop], 6) for model, (_, prop) in latest.items()}
