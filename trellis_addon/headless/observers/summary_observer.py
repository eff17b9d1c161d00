# SPDX-License-Identifier: GPL-3.0-or-later
"""Collects what becomes of a command from its events, for the document of ``--summary``."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ...core.errors import InputError
from ...core.identity import version
from ...library.disk.atomic_files import write_atomic
from ..console.writable_places import check_file
from ..contract.batch_events import ItemEvent, RetryEvent, SkippedEvent, StoppedEvent
from ..contract.command_events import CancelledEvent, ErrorFields, FailedEvent
from ..contract.message import Message
from ..contract.output_events import (
    ExecFailedEvent,
    ExportedEvent,
    ExportFailedEvent,
    LeftOutEvent,
    ShotFailedEvent,
    WrittenEvent,
)
from ..contract.prop_events import FinishedEvent
from ..contract.summary_document import FailureEntry, FileEntry, Step, SummaryDocument
from ..contract.summary_events import BatchSummaryEvent, ImportSummaryEvent

_PAYING: Final = ("generate", "resume")
"""Commands that may pay, and have no summary with a sum of their own."""


class SummaryObserver:
    """Follows the events of a command, and writes the document.

    :param command: the command's name.
    """

    def __init__(self, path: Path, command: str) -> None:
        self.path = path
        self._command = command
        self._began = datetime.now(UTC).isoformat(timespec="seconds")
        self._start = time.monotonic()
        self._ends: dict[str, str] = {}
        """How each prop has ended."""
        self._costs: dict[str, float | None] = {}
        self._lines: dict[str, int] = {}
        self._files: dict[str, FileEntry] = {}
        self._failures: list[FailureEntry] = []
        self._totals: BatchSummaryEvent | ImportSummaryEvent | None = None

    def begin(self) -> None:
        """Write the document without an exit code, which replaces that of an earlier command.

        :raises InputError: it cannot be written, which is found before anything is paid for.
        """
        check_file(self.path, "--summary")
        try:
            self.write(None)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise InputError(
                f"--summary {self.path} cannot be written: {reason}", "Change it"
            ) from error

    def write(self, code: int | None) -> None:
        """Write the document. :raises OSError: it cannot be written; what was there stays."""
        write_atomic(self.path, self._document(code).to_json())

    def __call__(self, message: Message) -> None:
        """Take note of an event."""
        match message:
            case ItemEvent(id=prop, line=line):
                self._lines[prop] = line
            case FinishedEvent(id=prop, cost_cents=cost):
                self._end(prop, "done")
                self._costs[prop] = cost
            case ExportedEvent(id=prop) if self._command == "export":
                self._ends.setdefault(prop, "done")
            case SkippedEvent(id=prop):
                self._ends.setdefault(prop, "skipped")
            case CancelledEvent(id=str(prop)):
                self._end(prop, "cancelled")
            case RetryEvent(id=prop):
                self._end(prop, "")
            case WrittenEvent() as file:
                self._files[file.path] = FileEntry(
                    path=file.path, kind=file.kind, bytes=file.bytes, sha256=file.sha256, id=file.id
                )
            case BatchSummaryEvent() | ImportSummaryEvent():
                self._totals = message
            case _:
                self._failed(message)

    def _failed(self, message: Message) -> None:
        match message:
            case FailedEvent(id=None, error=error):
                self._add("command", None, error)
            case FailedEvent(id=str(prop), error=error):
                self._end(prop, "failed")
                self._add("prop", prop, error)
            case StoppedEvent(reason=reason, kind=kind, next_step=step):
                self._add("command", None, _error(reason, kind, step))
            case ExportFailedEvent(id=prop, reason=reason, kind=kind, next_step=step):
                if self._command == "export":
                    self._ends[prop] = "failed"
                self._add("export", prop, _error(reason, kind, step))
            case ShotFailedEvent(id=prop, reason=reason, kind=kind, next_step=step):
                self._add("shot", prop, _error(reason, kind, step))
            case LeftOutEvent(id=prop, reason=reason):
                self._add("output", prop, _error(reason))
            case ExecFailedEvent(id=prop, reason=reason):
                self._add("exec", prop, _error(reason))

    def _end(self, prop: str, end: str) -> None:
        """Note the end of a prop, which replaces that of an earlier try."""
        self._ends[prop] = end
        self._failures = [f for f in self._failures if (f.step, f.id) != ("prop", prop)]

    def _add(self, step: Step, prop: str | None, error: ErrorFields) -> None:
        line = self._lines.get(prop or "")
        self._failures.append(
            FailureEntry(
                step=step,
                id=prop,
                line=line,
                kind=error.kind,
                message=error.message,
                next_step=error.next_step,
            )
        )

    def _document(self, code: int | None) -> SummaryDocument:
        ends = list(self._ends.values())
        known = [cents for cents in self._costs.values() if cents is not None]
        pays = self._command in _PAYING
        totals = self._totals
        batch = totals if isinstance(totals, BatchSummaryEvent) else None
        cost, untold = sum(known) if known and pays else None, len(self._costs) - len(known)
        return SummaryDocument(
            product=version(),
            command=self._command,
            began=self._began,
            exit_code=code,
            seconds=round(time.monotonic() - self._start, 3),
            done=totals.done if totals else ends.count("done"),
            failed=totals.failed if totals else ends.count("failed"),
            skipped=totals.skipped if totals else ends.count("skipped"),
            not_there=batch.not_there if batch else 0,
            cancelled=totals.cancelled if totals else ends.count("cancelled"),
            cost_cents=batch.cost_cents if batch else cost,
            cost_untold=batch.cost_untold if batch else untold if pays else 0,
            made=tuple(prop for prop, end in self._ends.items() if end == "done"),
            files=tuple(self._files.values()),
            failures=tuple(self._failures),
        )


def _error(reason: str, kind: str | None = None, next_step: str | None = None) -> ErrorFields:
    return ErrorFields(
        kind=kind or "",
        status=None,
        message=reason,
        next_step=next_step or "",
        retryable=False,
        request_id=None,
    )
