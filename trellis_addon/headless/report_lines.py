# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of each item of a batch, as JSON lines: one file for each run or shard, merged later.

A line is added when its item has ended, so a report is right whenever it is read, also while the
batch runs or after it was killed.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal, get_args

from ..core.errors import InputError

Status = Literal["done", "skipped", "failed", "cancelled"]
"""``skipped``: it was in the library before. ``cancelled``: stopped, and can be gone on with."""
STATUSES: Final[tuple[Status, ...]] = get_args(Status)

ENDING: Final = ".jsonl"
MOST_BYTES: Final = 256 << 20
MOST_TEXT: Final = 20_000
MOST_NOTES: Final = 20


@dataclass(frozen=True)
class Line:
    """What became of one item. Every field but the key may be missing in a file."""

    key: str
    """The item's key; see ``core.batch_input``."""
    status: Status = "failed"
    line: int = 0
    """Its line in the batch file."""
    prompt: str = ""
    name: str = ""
    model: str = ""
    seed: int | None = None
    id: str = ""
    """The prop's id, once it has a folder."""
    time: str = ""
    """When it ended: ISO 8601, UTC."""
    seconds: float | None = None
    cost_cents: float | None = None
    """What this prop has cost in all its runs, as far as the gateway told; None when skipped."""
    triangles: int | None = None
    size_metres: tuple[float, float, float] | None = None
    request_id: str = ""
    error: str = ""
    """Message and next step, for people."""
    error_kind: str = ""
    http_status: int | None = None
    notes: tuple[str, ...] = ()
    shard: str = ""
    """Such as 2/4; empty for a whole batch."""

    @property
    def ended(self) -> datetime | None:
        """When it ended."""
        try:
            found = datetime.fromisoformat(self.time)
        except ValueError:
            return None
        return found if found.tzinfo else found.replace(tzinfo=UTC)

    @property
    def started(self) -> datetime | None:
        """When work on it began."""
        try:
            return self.ended - timedelta(seconds=self.seconds or 0) if self.ended else None
        except OverflowError:
            return self.ended

    def to_json(self) -> str:
        """One line, without its end; what is empty is left out."""
        kept = {k: v for k, v in asdict(self).items() if v not in (None, "", ())}
        return json.dumps(kept, ensure_ascii=False)

    @classmethod
    def from_raw(cls, raw: Any) -> Line | None:
        """From a file that may come from anywhere; None when it is no line of a report."""
        if not isinstance(raw, Mapping) or not isinstance(raw.get("key"), str) or not raw["key"]:
            return None
        if raw.get("status") not in STATUSES:
            return None
        known = {f.name: _value(f.name, raw.get(f.name), f.default) for f in fields(cls)}
        return cls(**known)


def _value(name: str, value: Any, default: Any) -> Any:
    if name in ("key", "status"):
        return str(value)[:64]
    if name in _NUMBERS:
        whole = name not in ("seconds", "cost_cents")
        if isinstance(value, bool) or not isinstance(value, int | float):
            return default
        if not math.isfinite(value) or abs(value) > 1e15:
            return default
        return int(value) if whole else float(value)
    if name == "size_metres":
        return _size(value)
    if name == "notes":
        texts = value if isinstance(value, list) else []
        return tuple(_text(text) for text in texts[:MOST_NOTES] if isinstance(text, str))
    return _text(value) if isinstance(value, str) else default


_NUMBERS: Final = ("line", "seed", "seconds", "cost_cents", "triangles", "http_status")


def _size(value: Any) -> tuple[float, float, float] | None:
    if not isinstance(value, list | tuple) or len(value) != 3:
        return None
    numbers = [float(v) for v in value if isinstance(v, int | float) and math.isfinite(v)]
    return (numbers[0], numbers[1], numbers[2]) if len(numbers) == 3 else None


def _text(text: str) -> str:
    # A lone half of a surrogate pair, which JSON can hold, could not be written out again.
    return text[:MOST_TEXT].encode("utf-8", "replace").decode("utf-8")


@dataclass(frozen=True)
class ReportFile:
    """A report on the disk, to which lines are added."""

    path: Path

    def add(self, line: Line) -> None:
        """Write one line, at once and in one piece.

        :raises InputError: the file cannot be written.
        """
        # The line break in front ends a line that a power cut has left unfinished.
        content = f"\n{line.to_json()}\n".encode()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab", buffering=0) as file:
                file.write(content)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise InputError(
                f"The report {self.path} cannot be written: {reason}",
                "Change --report; the batch goes on where it was",
            ) from error


def read_reports(paths: Iterable[Path]) -> Iterator[Line]:
    """The lines of files, and of the ``.jsonl`` files in folders. What is no line is left out.

    :raises InputError: a path is not there, cannot be read, or holds something else alone.
    """
    for path in paths:
        files = sorted(path.glob(f"*{ENDING}")) if path.is_dir() else [path]
        if not files:
            raise InputError(f"There is no report in {path}", "Name the files of --report")
        found = False
        for file in files:
            for line in _read(file):
                found = True
                yield line
        # An empty one is of a run in which nothing has ended yet.
        if not found and any(os.path.getsize(file) for file in files):
            raise InputError(f"{path} is no report", "Name the files that --report has written")


def _read(path: Path) -> Iterator[Line]:
    try:
        if os.path.getsize(path) > MOST_BYTES:
            raise InputError(f"The report {path} is larger than {MOST_BYTES >> 20} MB")
        with path.open("rb") as file:
            for content in file:
                try:
                    line = Line.from_raw(json.loads(content))
                except (ValueError, RecursionError):
                    continue
                if line:
                    yield line
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"The report {path} cannot be read: {reason}") from error


def merge(lines: Iterable[Line]) -> list[Line]:
    """One line for each item, in the order of the batch file: the last that became of it.

    That an item was there already says nothing new of one that an earlier run made. What an item
    has cost is the sum over all props that were begun for it.
    """
    merged: dict[str, _Item] = {}
    for line in lines:
        merged.setdefault(line.key, _Item()).add(line)
    found = [item.result() for item in merged.values()]
    return sorted(found, key=lambda line: (line.line, line.seed or 0, line.key))


@dataclass
class _Item:
    """All that is told of one item."""

    last: Line | None = None
    costs: dict[str, float] = field(default_factory=dict)

    def add(self, line: Line) -> None:
        if line.cost_cents is not None:
            self.costs[line.id] = max(line.cost_cents, self.costs.get(line.id, 0.0))
        if self.last is None or (
            not (line.status == "skipped" and self.last.status == "done")
            and (self.last.status == "skipped" or line.time >= self.last.time)
        ):
            self.last = line

    def result(self) -> Line:
        assert self.last
        total = round(sum(self.costs.values()), 6) if self.costs else None
        return replace(self.last, cost_cents=total)
