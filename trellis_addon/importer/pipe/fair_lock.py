# SPDX-License-Identifier: GPL-3.0-or-later
"""Provides a fair lock, by which threads use the background Blenders in the order of arrival."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Final

LOOK_SECONDS: Final = 0.1
"""The interval at which a waiting thread checks whether it was cancelled."""


class FairLock:
    """A fair lock. A ``threading.Lock`` with a timeout goes to any of the waiting threads.

    :param places: how many threads may have it at once.
    """

    def __init__(self, places: int = 1) -> None:
        self._places = self._free = places
        self._waiting: deque[object] = deque()
        self._later: deque[object] = deque()
        """Those that wait until nobody else does."""
        self._changed = threading.Condition()

    @property
    def waiting(self) -> int:
        """How many threads wait for it."""
        return len(self._waiting) + len(self._later)

    def take(self, check: Callable[[], None], *, later: bool = False) -> None:
        """Acquire the lock. Release it by :meth:`give`.

        :param check: called at intervals while waiting; an exception from it ends the waiting.
        :param later: let all go first that do not say this, also those that come afterwards.
        """
        ticket, queue = object(), self._later if later else self._waiting
        with self._changed:
            queue.append(ticket)
            try:
                while not (self._free and self._next() is ticket):
                    self._changed.wait(LOOK_SECONDS)
                    check()
                self._free -= 1
            finally:
                queue.remove(ticket)
                # The next one may have a place, too, or this one was before it.
                self._changed.notify_all()

    def _next(self) -> object:
        return (self._waiting or self._later)[0]

    def take_if_unused(self) -> bool:
        """Acquire all places, if no thread has one or waits for one. Release them by
        :meth:`give_all`.
        """
        with self._changed:
            if self.waiting or self._free < self._places:
                return False
            self._free = 0
            return True

    def give(self) -> None:
        """Release one place to the next thread."""
        with self._changed:
            self._free += 1
            self._changed.notify_all()

    def give_all(self) -> None:
        """Release all places."""
        with self._changed:
            self._free = self._places
            self._changed.notify_all()
