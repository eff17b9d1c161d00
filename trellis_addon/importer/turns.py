# SPDX-License-Identifier: GPL-3.0-or-later
"""One at a time, in the order in which they came: threads that wait for the background Blender."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Final

LOOK_SECONDS: Final = 0.1
"""How often one that waits looks whether it still has to."""


class Turns:
    """A fair lock: a ``threading.Lock`` with a timeout goes to any of those who wait."""

    def __init__(self) -> None:
        self._queue: deque[object] = deque()
        self._changed = threading.Condition()

    def take(self, check: Callable[[], None]) -> None:
        """Wait for the turn. Whoever has it calls :meth:`give`.

        :param check: called now and then; what it raises ends the waiting.
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
        """Take the turn if nobody has it or waits for it."""
        with self._changed:
            if self._queue:
                return False
            self._queue.append(object())
            return True

    def give(self) -> None:
        """The next one's turn."""
        with self._changed:
            self._queue.popleft()
            self._changed.notify_all()
