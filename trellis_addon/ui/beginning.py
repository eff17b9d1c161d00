# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs that are about to begin: one with the click, and one more in each tick.

Each writes a record and waits for the disk; ten of them in one go are felt.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Hashable, Iterable
from typing import Final

from ..core.errors import ErrorFacts, TrellisError

Begin = Callable[[], None]

DOUBLE_CLICK_SECONDS: Final = 0.5
"""As long as the slowest double click that desktops take for one."""


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


class Clicks:
    """Tells a double click from two. Main thread only.

    :param now: gives the time, in seconds from anywhere.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._last: tuple[Hashable, float] | None = None
        self._drawn = True
        """Whether Blender has drawn since: on a slow machine a click waits for that."""

    def is_double(self, asked: Hashable) -> bool:
        """Whether the same was begun just now, so that this click belongs to that one."""
        if self._last is None:
            return False
        before, when = self._last
        return before == asked and self._now() - when < DOUBLE_CLICK_SECONDS

    def begun(self, asked: Hashable) -> None:
        """It has begun. To be called at the end of the work: a second click waits that long."""
        self._last, self._drawn = (asked, self._now()), False

    def drawn(self) -> None:
        """Blender has drawn what was begun. To be called by timers, which come right after that
        and before the clicks that have waited for it.
        """
        if self._last is not None and not self._drawn:
            self._last, self._drawn = (self._last[0], self._now()), True
