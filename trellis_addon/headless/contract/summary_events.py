# SPDX-License-Identifier: GPL-3.0-or-later
"""The last line of commands that go through many props: their totals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from .message import Message


@dataclass(frozen=True, kw_only=True)
class BatchSummaryEvent(Message, event="summary"):
    """The end of `batch` and of `report`. Each item counts once, however often it was tried."""

    done: Annotated[int, "props that were made"]
    failed: Annotated[int, "props that have failed"]
    skipped: Annotated[int, "props that were not made now"]
    not_there: Annotated[int, "those of the skipped that the library does not have yet"]
    cancelled: Annotated[int, "props that were stopped; the next run goes on with them"]
    rows_applied: Annotated[int, "props to which a changed row was applied"]
    rows_unpaid: Annotated[int, "rows that ask for another model than their props have"]
    cost_cents: Annotated[
        float | None, "the cost in US cents, as far as it is known; null if none is"
    ]
    cost_untold: Annotated[int, "the number of props whose cost the gateway has not told"]
    seconds: Annotated[float | None, "from the first beginning to the last end, in seconds"]


@dataclass(frozen=True, kw_only=True)
class ImportSummaryEvent(Message, event="summary"):
    """The end of `import`, which is free."""

    done: Annotated[int, "props that were made"]
    skipped: Annotated[int, "models that the library has"]
    failed: Annotated[int, "models that could not be imported"]
    cancelled: Annotated[int, "imports that were stopped"]
    cost_cents: Annotated[float | None, "always null, as an import is free"]


@dataclass(frozen=True, kw_only=True)
class VerifySummaryEvent(Message, event="summary"):
    """The end of `verify`."""

    verified: Annotated[int, "props that were looked at"]
    bad: Annotated[int, "those with a file that differs from its record"]


@dataclass(frozen=True, kw_only=True)
class CleanSummaryEvent(Message, event="summary"):
    """The end of `clean`."""

    files: Annotated[int, "files and folders that nothing needs"]
    bytes: Annotated[int, "their size"]
    deleted: Annotated[bool, "whether they were deleted, which needs `--yes`"]
