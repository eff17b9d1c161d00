# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints the summary of a batch, for people and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ..console.output import Output
from ..contract.summary_events import BatchSummaryEvent
from .lines import Line, merge
from .page import Totals, duration
from .waiting_elsewhere import away


def tell_sum(lines: Sequence[Line], output: Output) -> None:
    """Print the summary of a batch or a report. Skipped items are in the library; those that are
    made elsewhere are counted separately.
    """
    merged = merge(lines)
    totals = Totals.of(merged)
    counts = totals.counts
    again = sum(bool(line.applied) for line in merged)
    unpaid = sum(bool(line.unpaid) for line in merged)
    elsewhere = Counter(filter(None, map(away, merged)))
    summary = BatchSummaryEvent(
        done=counts["done"],
        failed=counts["failed"],
        skipped=counts["skipped"],
        not_there=elsewhere.total(),
        cancelled=counts["cancelled"],
        rows_applied=again,
        rows_unpaid=unpaid,
        cost_cents=None if totals.cost_cents is None else round(totals.cost_cents, 6),
        cost_untold=totals.untold,
        seconds=None if totals.seconds is None else round(totals.seconds, 3),
    )
    output.json(summary)
    told = [f"{counts['done']:,} ready"]
    if there := counts["skipped"] - elsewhere.total():
        told.append(f"{there:,} already there")
    if again:
        told.append(f"{again:,} with a changed row applied")
    if unpaid:
        told.append(f"{unpaid:,} to make with --again")
    told += [f"{count:,} {words}" for words, count in elsewhere.items()]
    if counts["failed"]:
        told.append(f"{counts['failed']:,} failed")
    if counts["cancelled"]:
        told.append(f"{counts['cancelled']:,} stopped")
    if totals.cost_words:
        told.append(totals.cost_words)
    if totals.seconds is not None:
        told.append(duration(totals.seconds))
    output.say(", ".join(told))
