# SPDX-License-Identifier: GPL-3.0-or-later
"""Money in words, and the limit that a user sets on what a day may cost.

Everything is counted in US cents, as the gateway does (``X-Cost-Cents``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from .errors import CostLimitError

BATCH_PRICE: Final = 0.5
"""The share of a call's price that the gateway asks for one of its Batch API."""

WARNS_AT: Final = 0.8
"""The share of the limit from which on it is shown as a warning."""


@dataclass(frozen=True)
class Costs:
    """What the library's ledger knows."""

    today: float = 0.0
    """US cents of this day, in the time zone of this machine."""
    last: Mapping[str, float] = field(default_factory=dict)
    """US cents of the last paid prop, by the model's id."""
    day: date | None = field(default=None, compare=False)
    """The day that is meant by today; None: whichever it is."""

    @property
    def now(self) -> float:
        """US cents of this day: what is kept overnight is yesterday's."""
        here = datetime.now().astimezone().date()
        return self.today if self.day in (None, here) else 0.0


def money(cents: float) -> str:
    """``2.1 ¢``, ``12 ¢``, ``$1.24``: as short as the size allows."""
    sign, cents = ("-", -cents) if cents < 0 else ("", cents)
    if cents >= 99.5:
        return f"{sign}${cents / 100:,.2f}"
    return f"{sign}{cents:.0f} ¢" if cents >= 9.95 else f"{sign}{cents:.2g} ¢"


def about(cents: float | None, count: int = 1) -> str:
    """``about 12 ¢`` for so many props; "" where nobody knows."""
    return "" if cents is None else f"about {money(cents * count)}"


def over_limit(
    limit_cents: float, spent_cents: float, expected_cents: float = 0.0
) -> CostLimitError | None:
    """Why nothing more may be sent today, if so. Without a limit (0) there is never a reason.

    :param spent_cents: of today, as the ledger has it.
    :param expected_cents: what the next prop and those under way are likely to cost; 0 where
        nobody knows. The limit is then passed by one prop at the most.
    """
    if limit_cents <= 0:
        return None
    if spent_cents < limit_cents and spent_cents + expected_cents <= limit_cents:
        return None
    spent = f"{money(spent_cents)} of {money(limit_cents)} are spent"
    if spent_cents < limit_cents:
        spent += f", and the next prop costs {about(expected_cents)}"
    return CostLimitError(f"Your cost limit of this day is reached: {spent}")


def limit_warning(limit_cents: float, spent_cents: float) -> str:
    """A sentence once most of the day's limit is spent, else ""."""
    if limit_cents <= 0 or spent_cents < WARNS_AT * limit_cents:
        return ""
    words = "reached" if spent_cents >= limit_cents else "nearly reached"
    return f"Your cost limit of this day is {words}: {money(spent_cents)} of {money(limit_cents)}"
