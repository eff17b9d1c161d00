# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds the options of ``batch --economy``, and the items that it still has to make."""

from __future__ import annotations

import argparse
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from ...core.cost import BATCH_PRICE
from ...core.errors import ErrorFacts, InputError
from ...gateway.batch_endpoint import MOST_REQUESTS
from ...library.claims.claim import Claim
from ...library.folder_lock import FolderLock
from ...library.prop_folder import PropFolder
from ..batch.limits import Budget
from ..prompts.prompt_list import PromptItem

POLL_SECONDS: Final = 60.0


@dataclass(frozen=True)
class BatchApiOptions:
    """The options for using the Batch API."""

    part_size: int = MOST_REQUESTS
    poll_seconds: float = POLL_SECONDS
    wait: bool = True

    @classmethod
    def of(cls, options: argparse.Namespace) -> BatchApiOptions | None:
        """Read the command's options; None without ``--economy``.

        :raises InputError: the options contradict each other, or a value is invalid.
        """
        if not options.economy:
            for name in ("no_wait", "part_size", "poll"):
                if getattr(options, name):
                    words = f"--{name.replace('_', '-')} is for --economy"
                    raise InputError(words, "Add --economy, or leave it out")
            return None
        if options.endpoint == "jobs":
            raise InputError(
                "The Batch API takes chat requests only", "Leave out --endpoint jobs or --economy"
            )
        size = MOST_REQUESTS if options.part_size is None else options.part_size
        poll = POLL_SECONDS if options.poll is None else options.poll
        if not 1 <= size <= MOST_REQUESTS:
            raise InputError(f"--part-size must be 1 to {MOST_REQUESTS}", "Correct it")
        if not poll > 0:
            raise InputError("--poll must be more than 0", "Correct it")
        return cls(size, poll, not options.no_wait)


@dataclass(frozen=True)
class Reserved:
    """An item that is going to be sent in a part: it is claimed, and its folder is locked."""

    item: PromptItem
    claim: Claim
    folder: PropFolder
    lock: FolderLock


@dataclass(frozen=True)
class Short:
    """A batch that has ended without all of its answers."""

    words: str
    looks: int
    """The number of times that this run has found it in this state."""


@dataclass
class Work:
    """The items that are left to make, by how they are made."""

    budget: Budget
    fresh: deque[PromptItem] = field(default_factory=deque)
    """The items to be sent in a part."""
    direct: list[PromptItem] = field(default_factory=list)
    """The items for the ordinary run."""
    waiting: dict[str, dict[str, PromptItem]] = field(default_factory=dict)
    """The items that the gateway has: by part, then by prop."""
    refused: list[tuple[PromptItem, str, ErrorFacts]] = field(default_factory=list)
    """The items that were refused because of the account. They are reported, which stops the run,
    once the good answers have been processed."""
    is_offered: bool = True
    """False once the gateway has refused the Batch API itself."""
    next_look: float = 0.0
    """When the parts are checked again, by the monotonic clock."""
    _expected: dict[str, float] = field(default_factory=dict)
    """The expected cost in US cents of each part that this run has sent."""

    @property
    def at_gateway(self) -> int:
        """The number of props that the Batch API has."""
        return sum(len(items) for items in self.waiting.values())

    def half(self, items: Iterable[PromptItem]) -> float:
        """The expected cost of items with the Batch API, in US cents."""
        price = self.budget.price
        return sum(price.get(item.request.model, 0.0) for item in items) * BATCH_PRICE

    def reserve(self, part: str, cents: float) -> None:
        """Reserve the expected cost of a part."""
        self._expected[part] = cents
        self.budget.reserved += cents

    def unreserve(self, part: str) -> float | None:
        """Release what was reserved for a part. Returns the amount in US cents; None if another
        run has sent the part.
        """
        cents = self._expected.pop(part, None)
        self.budget.reserved -= cents or 0.0
        return cents
