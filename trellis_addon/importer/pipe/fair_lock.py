# SPDX-License-Identifier: GPL-3.0-or-later
"""Provides a fair lock, by which threads use the background Blender in the order of arrival."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Final

LOOK_SECONDS: Final = 0.1
"""The interval at which a waiting thread checks whether it was cancelled."""


class FairLock:
    """A fair lock. A ``threading.Lock`` with a timeout goes to any of the waiting threads."""

    def __init__(self) -> None:
        self._queue: deque[object] = deque()
        self._changed = threading.Condition()

    def take(self, check: Callable[[], None]) -> None:
        """Acquire the lock. Release it by :meth:`give`.

        :param check: called at intervals while waiting; an exception from it ends the waiting.
        """
        ticket = object()
        with self._changed:
            self._queue.append(ticket)
            try:
                while self._queue[0] is not ticket:
                    self._changed.wait(LOOK_SECONDS)
                    check()
            except BaseException:
                self._queue.remove(ticket)
                self._changed.notify_all()
                raise

    def take_if_free(self) -> bool:
        """Acquire the lock if no thread has it or waits for it."""
        with self._changed:
            if self._queue:
                return False
            self._queue.append(object())
            return True

    def give(self) -> None:
        """Release the lock to the next thread."""
        with self._changed:
            self._queue.popleft()
            self._changed.notify_all()
