# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds the items that other processes are making, and decides when each is checked again.

Another process may finish a prop, fail, or die, and then its item is free. So an item is checked
again after a few seconds, with growing pauses, as a shared drive should not be asked all the time
by many machines.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from ..prompts.prompt_list import PromptItem

_PAUSES: Final = (1.0, 2.0, 4.0, 8.0, 15.0)
"""The seconds before the first check of an item, the second and so on; the last one stays."""


@dataclass(frozen=True)
class HeldItem:
    """An item that another process is making, as far as its claim says."""

    item: PromptItem
    prop: str
    """The prop's id; "" if it has none yet."""
    detail: str = ""
    """Which process that is, if it is known."""


class HeldItems:
    """The items that a run waits for. Main thread only.

    :param wait_seconds: how long it waits once it has nothing else to do; 0 to wait for none.
    :param clock: gives the time in seconds.
    """

    def __init__(self, wait_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._wait = wait_seconds
        self._clock = clock
        self._held: list[tuple[float, HeldItem]] = []
        self._checks: Counter[str] = Counter()
        self._since: float | None = None

    def __len__(self) -> int:
        return len(self._held)

    def add(self, held: HeldItem) -> bool:
        """Keep an item, to be checked again later. Returns False if the run does not wait."""
        if self._wait <= 0:
            return False
        checks = self._checks[held.item.key]
        self._checks[held.item.key] += 1
        pause = _PAUSES[min(checks, len(_PAUSES) - 1)]
        self._held.append((self._clock() + pause, held))
        return True

    def due(self) -> list[PromptItem]:
        """Remove and return the items that are to be checked again now."""
        now = self._clock()
        ready = [held.item for at, held in self._held if at <= now]
        self._held = [(at, held) for at, held in self._held if at > now]
        return ready

    def given_up(self, *, idle: bool) -> Iterator[HeldItem]:
        """Remove and return all items if the time is over.

        :param idle: whether the run has nothing else to do. Only such time counts.
        """
        if not idle:
            self._since = None
            return
        if self._since is None:
            self._since = self._clock()
        if self._clock() - self._since >= self._wait:
            yield from self._clear()

    def clear(self) -> int:
        """Remove all items. Returns how many there were."""
        return len(self._clear())

    def _clear(self) -> list[HeldItem]:
        held, self._held = [held for _, held in self._held], []
        return held
