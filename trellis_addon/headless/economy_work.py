# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``batch --economy`` is to keep to, and what it has left to do."""

from __future__ import annotations

import argparse
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from ..core.batch_input import Item
from ..core.errors import ErrorFacts, InputError
from ..gateway.batches import MOST_REQUESTS
from ..library.claim import Claim
from ..library.folder import PropFolder
from ..library.locks import FolderLock

POLL_SECONDS: Final = 60.0


@dataclass(frozen=True)
class Pace:
    """How the Batch API is used."""

    part_size: int = MOST_REQUESTS
    poll_seconds: float = POLL_SECONDS
    wait: bool = True

    @classmethod
    def of(cls, options: argparse.Namespace) -> Pace | None:
        """As the options say; None without ``--economy``.

        :raises InputError: they do not fit together.
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
    """One item on its way into a part: claimed, its folder locked."""

    item: Item
    claim: Claim
    folder: PropFolder
    lock: FolderLock


@dataclass(frozen=True)
class Short:
    """A batch that has ended, and not all of whose answers are there."""

    words: str
    looks: int
    """How often it was found so by this run."""


@dataclass
class Work:
    """What is left to do, and in which way."""

    fresh: deque[Item] = field(default_factory=deque)
    """To be sent with a part."""
    direct: list[Item] = field(default_factory=list)
    """For the ordinary way."""
    waiting: dict[str, dict[str, Item]] = field(default_factory=dict)
    """Part -> prop -> item of what the gateway has."""
    refused: list[tuple[Item, str, ErrorFacts]] = field(default_factory=list)
    """Refused because of the account: told when the good answers are in."""

    @property
    def at_gateway(self) -> int:
        """Props that the Batch API has."""
        return sum(len(items) for items in self.waiting.values())
