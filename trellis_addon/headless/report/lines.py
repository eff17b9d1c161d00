# SPDX-License-Identifier: GPL-3.0-or-later
"""Stores the result of each item of a batch as JSON lines, and merges the files of several runs.

A line is added when its item has ended, so a report is correct at any time, even while the batch is
running or after it was killed.
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

from ...core.errors import InputError
from ...core.generation.quality import Quality
from ...core.text import title
from ...library.disk.shared_append import append
from ...library.record import PropRecord

Status = Literal["done", "skipped", "failed", "cancelled"]
"""``skipped``: it was in the library before. ``cancelled``: it was stopped and can be resumed."""
STATUSES: Final[tuple[Status, ...]] = get_args(Status)

ENDING: Final = ".jsonl"
MOST_REPORT_BYTES: Final = 256 << 20
MOST_TEXT: Final = 20_000
MOST_NOTES: Final = 20
MOST_EXPORTS: Final = 400


@dataclass(frozen=True)
class Line:
    """The result of one item. All fields except the key may be missing in a file."""

    key: str
    """The item's key; see ``headless.prompts.prompt_list``."""
    status: Status = "failed"
    line: int = 0
    """The line in the batch file."""
    prompt: str = ""
    name: str = ""
    model: str = ""
    seed: int | None = None
    id: str = ""
    """The prop's id, once it has a folder."""
    time: str = ""
    """The time when it ended: ISO 8601, UTC."""
    seconds: float | None = None
    cost_cents: float | None = None
    """The cost of this prop in all its runs, as far as the gateway gave it; None if skipped."""
    triangles: int | None = None
    size_metres: tuple[float, float, float] | None = None
    request_id: str = ""
    error: str = ""
    """The message and the next step, for people."""
    error_kind: str = ""
    http_status: int | None = None
    notes: tuple[str, ...] = ()
    shard: str = ""
    """The shard, such as 2/4; empty for a whole batch."""
    ready_for: tuple[str, ...] = ()
    """The uses for which the prop is ready; see ``core.generation.readiness``."""
    readiness: str = ""
    """The light of each use with its reason and next step, for people."""
    open_edges: int | None = None
    non_manifold_edges: int | None = None
    flipped_edges: int | None = None
    floaters: int | None = None
    hidden_share: float | None = None
    uv_overlap: float | None = None
    uv_coverage: float | None = None
    textures: int | None = None
    largest_texture: int | None = None
    file_bytes: int | None = None
    exports: tuple[str, ...] = ()
    """The files that were made for the item's destinations."""
    applied: tuple[str, ...] = ()
    """What had changed in its row and was applied to its prop, for free: such as ``shading``."""
    unpaid: tuple[str, ...] = ()
    """What has changed in its row and was not applied, as it is paid for: such as ``seed``."""
    cells: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """What the item's row says, for the names of files; see ``outputs.file_names``. Not stored."""

    @property
    def ended(self) -> datetime | None:
        """The time when it ended."""
        # Naive times would not be comparable with others.
        try:
            found = datetime.fromisoformat(self.time)
        except ValueError:
            return None
        return found if found.tzinfo else found.replace(tzinfo=UTC)

    @property
    def started(self) -> datetime | None:
        """The time when work on it began."""
        try:
            return self.ended - timedelta(seconds=self.seconds or 0) if self.ended else None
        except OverflowError:
            return self.ended

    def to_json(self) -> str:
        """The JSON line without its line break; empty fields are left out."""
        stored = asdict(replace(self, cells={}))
        kept = {k: v for k, v in stored.items() if v not in (None, "", (), {})}
        return json.dumps(kept, ensure_ascii=False)

    @classmethod
    def from_raw(cls, raw: Any) -> Line | None:
        """Read a line from an untrusted file; None if it is not a line of a report."""
        if not isinstance(raw, Mapping) or not isinstance(raw.get("key"), str) or not raw["key"]:
            return None
        if raw.get("status") not in STATUSES:
            return None
        stored = [f for f in fields(cls) if f.name != "cells"]
        known = {f.name: _value(f.name, raw.get(f.name), f.default) for f in stored}
        return cls(**known)


def _value(name: str, value: Any, default: Any) -> Any:
    if name in ("key", "status"):
        return str(value)[:64]
    if name in _NUMBERS:
        # In Python, a bool is also an int.
        whole = name not in _FRACTIONS
        if isinstance(value, bool) or not isinstance(value, int | float):
            return default
        if not math.isfinite(value) or abs(value) > 1e15:
            return default
        return int(value) if whole else float(value)
    if name == "size_metres":
        return _size(value)
    if name in ("notes", "ready_for", "exports", "applied", "unpaid"):
        texts = value if isinstance(value, list) else []
        most = MOST_EXPORTS if name == "exports" else MOST_NOTES
        return tuple(_text(text) for text in texts[:most] if isinstance(text, str))
    return _text(value) if isinstance(value, str) else default


_FRACTIONS: Final = ("seconds", "cost_cents", "hidden_share", "uv_overlap", "uv_coverage")
QUALITY: Final = tuple(f.name for f in fields(Quality) if f.name != "triangles")
"""The fields with facts of the prop's quality, which have the names that these have there."""

_RENEWED: Final = (
    *("name", "triangles", "size_metres", "notes", "ready_for", "readiness", "exports", "applied"),
    *QUALITY,
)
"""The fields that change when a prop is finished or exported again."""

_NUMBERS: Final = ("line", "seed", "triangles", "http_status", *_FRACTIONS, *QUALITY)


def _size(value: Any) -> tuple[float, float, float] | None:
    if not isinstance(value, list | tuple) or len(value) != 3:
        return None
    numbers = [float(v) for v in value if isinstance(v, int | float) and math.isfinite(v)]
    return (numbers[0], numbers[1], numbers[2]) if len(numbers) == 3 else None


def _text(text: str) -> str:
    # JSON can contain lone surrogates, which could not be encoded again.
    return text[:MOST_TEXT].encode("utf-8", "replace").decode("utf-8")


@dataclass(frozen=True)
class ReportFile:
    """A report on disk, to which lines are added."""

    path: Path

    def add(self, line: Line) -> None:
        """Write one line, immediately and in a single call.

        :raises InputError: the file cannot be written.
        """
        # The line break in front ends a line that a power cut may have left unfinished.
        content = f"\n{line.to_json()}\n".encode()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            append(self.path, content)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise InputError(
                f"The report {self.path} cannot be written: {reason}",
                "Change --report; the batch goes on where it was",
            ) from error


def read_reports(paths: Iterable[Path]) -> Iterator[Line]:
    """Read the lines of files, and of the ``.jsonl`` files in folders. Invalid lines are ignored.

    :raises InputError: a path does not exist, is unreadable, or has no valid line.
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
        # An empty file is valid: it is from a run in which nothing has ended yet.
        if not found and any(os.path.getsize(file) for file in files):
            raise InputError(f"{path} is no report", "Name the files that --report has written")


def _read(path: Path) -> Iterator[Line]:
    try:
        if os.path.getsize(path) > MOST_REPORT_BYTES:
            raise InputError(f"The report {path} is larger than {MOST_REPORT_BYTES >> 20} MB")
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
    """Merge lines to one for each item, in the order of the batch file: the last result counts.

    ``skipped`` does not replace ``done`` from an earlier run. The cost of an item is the sum over
    all props that were started for it.
    """
    merged: dict[str, _Item] = {}
    for line in lines:
        merged.setdefault(line.key, _Item()).add(line)
    found = [item.result() for item in merged.values()]
    return sorted(found, key=lambda line: (line.line, line.seed or 0, line.key))


@dataclass
class _Item:
    """All lines about one item."""

    last: Line | None = None
    costs: dict[str, float] = field(default_factory=dict)

    def add(self, line: Line) -> None:
        # By prop: each line has the whole cost of its prop so far, so lines of one prop do not add
        # up, but those of several props do.
        if line.cost_cents is not None:
            self.costs[line.id] = max(line.cost_cents, self.costs.get(line.id, 0.0))
        if self.last is None or (
            not (line.status == "skipped" and self.last.status == "done")
            and (self.last.status == "skipped" or line.time >= self.last.time)
        ):
            self.last = line
        elif line.exports or line.applied:
            # The prop was there before, and was finished or exported again.
            self.last = replace(
                self.last, **{name: new for name in _RENEWED if (new := getattr(line, name))}
            )

    def result(self) -> Line:
        assert self.last
        total = round(sum(self.costs.values()), 6) if self.costs else None
        return replace(self.last, cost_cents=total)


def line_of_prop(record: PropRecord, number: int, status: Status = "done") -> Line:
    """Make the line of a batch for a prop that is not in one."""
    request = record.request
    seed = request.get("seed")
    return Line(
        key=record.id,
        status=status,
        line=number,
        id=record.id,
        prompt=str(request.get("prompt") or ""),
        model=str(request.get("model") or ""),
        name=title(str(request.get("name") or request.get("prompt") or record.id)),
        seed=seed if isinstance(seed, int) else None,
    )
