# SPDX-License-Identifier: GPL-3.0-or-later
"""Defines the limits of a batch, and the budget that keeps its cost below one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from ...core.cost import about, money
from ...core.errors import CostLimitError
from ...library.record import BATCH, PropRecord
from ..prompts.prompt_list import PromptItem
from .tries import TryLimits


@dataclass(frozen=True)
class BatchLimits:
    """The limits of a batch, from the command's options."""

    jobs: int
    """The number of items at the gateway at the same time."""
    max_cents: float | None = None
    """The most that this run may cost, in US cents; None for no limit."""
    max_failures: int | None = None
    force: bool = False
    """Whether to make items again that are done, or may have been charged."""
    tries: TryLimits = field(default_factory=TryLimits)
    wait_seconds: float = 0.0
    """How long to wait for props that other processes are making, once nothing else is left."""
    grace_seconds: float | None = None
    """How long what is under way is finished after a signal; None for as long as it takes."""


NO_COST: Final = CostLimitError(
    "The gateway does not say what a prop costs, so the cost limit cannot be kept",
    "Start the same command without --max-cost, or set a limit on the gateway's site",
)


@dataclass
class Budget:
    """What a run may cost, and what it has cost so far. All amounts are in US cents."""

    most: float | None
    """The limit; None if there is none."""
    price: dict[str, float]
    """The cost of the last prop of each model without the Batch API, if the library knows it."""
    spent: float = 0.0
    reserved: float = 0.0
    """The expected cost of what the Batch API has."""
    paid: set[str] = field(default_factory=set)
    """The keys of items that have been answered, so that they cost nothing more."""
    _silent: set[str] = field(default_factory=set)
    """The models for which the gateway has sent a prop without its cost."""

    @property
    def free(self) -> float | None:
        """What may still be spent; None if there is no limit."""
        return None if self.most is None else self.most - self.spent - self.reserved

    def allows(self, item: PromptItem, asking: Sequence[PromptItem]) -> bool:
        """Whether an item may be begun now. If not, it may be later, as running items can cost less
        than expected.

        :param asking: the items that the gateway is working on.
        :raises CostLimitError: it may be begun neither now nor later.
        """
        if self.most is None or item.key in self.paid:
            return True
        model = item.request.model
        price = self.price.get(model)
        if price is None and asking:
            return False  # the running ones will show what this one is going to cost
        if price is None and model in self._silent:
            # A prop has been made, and its cost is still unknown, so waiting would not help.
            raise NO_COST
        expected = sum(
            self.price.get(other.request.model, 0.0)
            for other in asking
            if other.key not in self.paid
        )
        # Running items count as well: all of them may be charged before the next check.
        total = self.spent + self.reserved + expected + (price or 0.0)
        if total <= self.most and self.spent < self.most:
            return True
        if asking:
            return False
        raise beyond(self.most, self.spent, self.reserved, price)

    def settle(self, model: str, before: float, record: PropRecord | None) -> float:
        """Count what a prop has cost since the last call. Returns its whole cost.

        :param before: the part of its cost that has been counted.
        """
        cost = (record.cost_cents if record else None) or 0.0
        self.spent += cost - before
        # An answer of the Batch API costs half the price, so it does not tell what a call costs.
        calls = record.origin.calls if record else ()
        whole = not any(call.endpoint == BATCH for call in calls)
        if whole and (cost > before or (record and record.cost_cents is not None)):
            self.price[model] = cost
        return cost

    def came(self, model: str) -> None:
        """Note that a prop of this model has been received and settled."""
        if model not in self.price:
            self._silent.add(model)


def beyond(most: float, spent: float, reserved: float, price: float | None) -> CostLimitError:
    """The error for a limit that is reached. All amounts are in US cents.

    :param reserved: the expected cost of what the Batch API has.
    :param price: the price of the next prop, if it is known.
    """
    of = f"{money(spent)} of {money(most)} are spent"
    message = f"The batch's cost limit is reached: {of}"
    if price and spent < most:
        waiting = f", {about(reserved)} wait in the Batch API" if reserved else ""
        message = f"The next prop would go beyond --max-cost: {about(price)}, and {of}{waiting}"
    return CostLimitError(message, "Raise --max-cost, and start the same command again")
