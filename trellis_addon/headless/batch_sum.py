# SPDX-License-Identifier: GPL-3.0-or-later
"""The last words of a batch, for machines and for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ..core.cost import money
from .away import away
from .output import Output
from .report_lines import Line, merge
from .report_page import Totals, duration


def tell_sum(lines: Sequence[Line], output: Output) -> None:
    """The last words of a batch and of a report: what became of all items. What is skipped is
    there, or it is said where it is instead.
    """
    merged = merge(lines)
    totals = Totals.of(merged)
    counts = totals.counts
    elsewhere = Counter(filter(None, map(away, merged)))
    output.json(
        event="summary",
        done=counts["done"],
        failed=counts["failed"],
        skipped=counts["skipped"],
        not_there=elsewhere.total(),
        cancelled=counts["cancelled"],
        cost_cents=None if totals.cost_cents is None else round(totals.cost_cents, 6),
        seconds=None if totals.seconds is None else round(totals.seconds, 3),
    )
    told = [f"{counts['done']:,} ready"]
    if there := counts["skipped"] - elsewhere.total():
        told.append(f"{there:,} already there")
    told += [f"{count:,} {words}" for words, count in elsewhere.items()]
    if counts["failed"]:
        told.append(f"{counts['failed']:,} failed")
    if counts["cancelled"]:
        told.append(f"{counts['cancelled']:,} stopped")
    if totals.cost_cents is not None:
        told.append(money(totals.cost_cents))
    if totals.seconds is not None:
        told.append(duration(totals.seconds))
    output.say(", ".join(told))
