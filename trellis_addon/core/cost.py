# SPDX-License-Identifier: GPL-3.0-or-later
"""Amounts of money as text, and the user's limit on the cost of a day.

All amounts are in US cents, like the gateway's (``X-Cost-Cents``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from .errors import CostLimitError

BATCH_PRICE: Final = 0.5
"""The fraction of a call's price that the Batch API charges."""

WARNS_AT: Final = 0.8
"""The fraction of the limit at which the panel starts to warn."""


@dataclass(frozen=True)
class Costs:
    """What the library's ledger knows."""

    today: float = 0.0
    """US cents spent on this day, in this machine's time zone."""
    last: Mapping[str, float] = field(default_factory=dict)
    """US cents of the last paid prop, by model id."""
    day: date | None = field(default=None, compare=False)
    """The day that ``today`` refers to; None: the current one."""

    @property
    def now(self) -> float:
        """US cents spent today: 0 if these costs were computed before midnight and it is now the
        next day.
        """
        here = datetime.now().astimezone().date()
        return self.today if self.day in (None, here) else 0.0


def money(cents: float) -> str:
    """Format an amount in three digits: ``2.1 ¢``, ``12.6 ¢``, ``$1.24``. Two would be off by up to
    5 %.
    """
    sign, cents = ("-", -cents) if cents < 0 else ("", cents)
    # From where on rounding would add a digit: 99.96 would become "100 ¢".
    if cents >= 99.95:
        return f"{sign}${cents / 100:,.2f}"
    return f"{sign}{cents:.3g} ¢"


def about(cents: float | None, count: int = 1) -> str:
    """``about 12 ¢`` for ``count`` props; "" if the cost is not known."""
    return "" if cents is None else f"about {money(cents * count)}"


def over_limit(
    limit_cents: float, spent_cents: float, expected_cents: float = 0.0
) -> CostLimitError | None:
    """The error to raise if nothing more may be sent today, else None. A limit of 0 means no limit.

    :param spent_cents: what the ledger says was spent today.
    :param expected_cents: what the next prop and those in progress are likely to cost; 0 if that is
        not known. The limit is then exceeded by one prop at most.
    """
    if limit_cents <= 0:
        return None
    # Both: a limit that is reached exactly lets nothing through even if the next cost is unknown
    # (0).
    if spent_cents < limit_cents and spent_cents + expected_cents <= limit_cents:
        return None
    spent = f"{money(spent_cents)} of {money(limit_cents)} are spent"
    if spent_cents < limit_cents:
        spent += f", and the next prop costs {about(expected_cents)}"
    return CostLimitError(f"Your cost limit of this day is reached: {spent}")


def limit_warning(limit_cents: float, spent_cents: float) -> str:
    """A warning once most of the day's limit is spent, else ""."""
    if limit_cents <= 0 or spent_cents < WARNS_AT * limit_cents:
        return ""
    words = "reached" if spent_cents >= limit_cents else "nearly reached"
    return f"Your cost limit of this day is {words}: {money(spent_cents)} of {money(limit_cents)}"
