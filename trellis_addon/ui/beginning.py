# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs that are about to begin: one with the click, and one more in each tick.

Each writes a record and waits for the disk; ten of them in one go are felt.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from ..core.errors import ErrorFacts, TrellisError

Begin = Callable[[], None]


class Begins:
    """A queue of calls of which each adds a job. Main thread only."""

    def __init__(self) -> None:
        self._waiting: deque[Begin] = deque()

    def __bool__(self) -> bool:
        """Whether any is left."""
        return bool(self._waiting)

    def add(self, begins: Iterable[Begin], *, at_once: bool) -> None:
        """Call the first, so that its fault is told with the click, and keep the others.

        :param at_once: call all of them.
        :raises TrellisError: by one that is called.
        """
        first, *others = begins
        first()
        if not at_once:
            self._waiting.extend(others)
            return
        for other in others:
            other()

    def next(self) -> ErrorFacts | None:
        """Call the next one. Gives its fault; those behind it are dropped then."""
        if not self._waiting:
            return None
        try:
            self._waiting.popleft()()
        except TrellisError as error:
            self._waiting.clear()
            return error.facts
        return None

    def clear(self) -> None:
        """Begin none of them."""
        self._waiting.clear()
