# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides which failed items of a batch are tried again, and when: a night survives its network.

While the gateway cannot be reached, items wait, and one after the other asks whether it is there
again, with growing pauses. An item that failed for another reason is tried a few times more if
that is free, or is the same request under the same key.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from ...core.errors import ErrorFacts, UnreachableError
from ..prompts.prompt_list import PromptItem

GIVE_UP_SECONDS: Final = 3600.0
RETRIES: Final = 2
_FIRST_PAUSE: Final = 2.0
_LONGEST_PAUSE: Final = 60.0
_RETRY_PAUSES: Final = (5.0, 30.0, 120.0)
"""The seconds before the first, the second and every further retry."""


@dataclass(frozen=True)
class TryLimits:
    """How long a batch goes on trying."""

    give_up_seconds: float = GIVE_UP_SECONDS
    """How long it waits for a gateway that cannot be reached."""
    retries: int = RETRIES
    """How often an item is tried again that failed for another reason."""


class Outage:
    """A time in which the gateway cannot be reached. Main thread only.

    :param clock: gives the time in seconds.
    """

    def __init__(self, limits: TryLimits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._since: float | None = None
        self._next = 0.0
        self._pause = 0.0

    @property
    def lasts(self) -> bool:
        """Whether the last that was heard of the gateway is that it cannot be reached."""
        return self._since is not None

    @property
    def seconds(self) -> float:
        """How long it has lasted."""
        return 0.0 if self._since is None else self._clock() - self._since

    @property
    def pause(self) -> float:
        """The seconds until the gateway is asked again; 0 without an outage."""
        return max(0.0, self._next - self._clock()) if self.lasts else 0.0

    def failed(self) -> bool:
        """Note that the gateway could not be reached. Returns whether to go on trying."""
        now = self._clock()
        if self._since is None:
            self._since, self._pause = now, 0.0
        if now - self._since >= self._limits.give_up_seconds:
            return False
        # All requests under way fail together when the network goes: that is one try, not many.
        if now >= self._next:
            self._pause = min(max(_FIRST_PAUSE, 2 * self._pause), _LONGEST_PAUSE)
            left = self._since + self._limits.give_up_seconds - now
            self._next = now + min(self._pause, left)
        return True

    def asks(self) -> None:
        """Note that an item asks again. Another one only follows after the same pause."""
        if self.lasts:
            self._next = self._clock() + self._pause

    def ends(self) -> float:
        """Note that the gateway has answered. Returns how many seconds it was away."""
        away, self._since = self.seconds, None
        return away


class Waiting:
    """The items that are still to be begun, in order, and those that are tried again later."""

    def __init__(
        self,
        items: Iterable[PromptItem],
        limits: TryLimits,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._items = deque(items)
        self._later: list[tuple[float, PromptItem]] = []
        self._tries: Counter[str] = Counter()
        self._limits = limits
        self._clock = clock

    def __len__(self) -> int:
        return len(self._items) + len(self._later)

    def first(self) -> PromptItem | None:
        """The item that is to be begun now; None if there is none, or none yet."""
        for entry in self._later:
            if entry[0] <= self._clock():
                self._later.remove(entry)
                self._items.appendleft(entry[1])
                break
        return self._items[0] if self._items else None

    def take(self) -> PromptItem:
        """Remove the item that :meth:`first` has returned."""
        return self._items.popleft()

    def clear(self) -> int:
        """Remove all items. Returns how many there were."""
        count = len(self)
        self._items.clear()
        self._later.clear()
        return count

    def back(self, item: PromptItem) -> None:
        """Put an item back to the front, as the gateway could not be reached."""
        self._items.appendleft(item)

    def last(self, items: Iterable[PromptItem]) -> None:
        """Put items to the end, as another process was making them."""
        self._items.extend(items)

    def retry(self, item: PromptItem, facts: ErrorFacts) -> float | None:
        """Have an item tried again, later.

        :returns: in how many seconds; None if it has failed for good.
        """
        tries = self._tries[item.key]
        if not facts.retryable or tries >= self._limits.retries:
            return None
        self._tries[item.key] += 1
        pause = _RETRY_PAUSES[min(tries, len(_RETRY_PAUSES) - 1)]
        self._later.append((self._clock() + pause, item))
        return pause


def is_outage(facts: ErrorFacts) -> bool:
    """Whether an error says that the gateway cannot be reached, and not only for one item."""
    return facts.kind == UnreachableError.kind
