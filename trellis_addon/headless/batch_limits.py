# SPDX-License-Identifier: GPL-3.0-or-later
"""What a batch keeps to, and why it stops there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..core.cost import about, money
from ..core.errors import CostLimitError


@dataclass(frozen=True)
class Limits:
    """What a batch keeps to."""

    jobs: int
    """Items at the gateway at once."""
    max_cents: float | None = None
    """What this run may cost at the most."""
    max_failures: int | None = None
    force: bool = False
    """Make again also what is done, and what may be paid for already."""


NO_COST: Final = CostLimitError(
    "The gateway does not say what a prop costs, so the cost limit cannot be kept",
    "Start the same command without --max-cost, or set a limit on the gateway's site",
)


def beyond(most: float, spent: float, reserved: float, price: float | None) -> CostLimitError:
    """Why nothing more is begun.

    :param reserved: expected for what the Batch API has. :param price: of the next prop, if known.
        All in US cents.
    """
    of = f"{money(spent)} of {money(most)} are spent"
    message = f"The batch's cost limit is reached: {of}"
    if price and spent < most:
        waiting = f", {about(reserved)} wait in the Batch API" if reserved else ""
        message = f"The next prop would go beyond --max-cost: {about(price)}, and {of}{waiting}"
    return CostLimitError(message, "Raise --max-cost, and start the same command again")
