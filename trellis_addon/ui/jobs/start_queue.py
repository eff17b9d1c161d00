# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts jobs one by one: the first at the click, and another one in each tick.

Each writes a record and waits for the disk, so that ten of them at once would be noticeable.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Hashable, Iterable
from typing import Final

from ...core.errors import ErrorFacts, TrellisError

Begin = Callable[[], None]

DOUBLE_CLICK_SECONDS: Final = 0.5
"""The longest time between two clicks that desktops regard as a double click."""


class StartQueue:
    """A queue of functions that each add a job. Main thread only."""

    def __init__(self) -> None:
        self._waiting: deque[Begin] = deque()

    def __bool__(self) -> bool:
        """Whether any function is left."""
        return bool(self._waiting)

    def add(self, begins: Iterable[Begin], *, at_once: bool) -> None:
        """Call the first, so that its error is reported by the click, and keep the others.

        :param at_once: whether to call all of them.
        :raises TrellisError: one that is called fails.
        """
        first, *others = begins
        first()
        if not at_once:
            self._waiting.extend(others)
            return
        for other in others:
            other()

    def next(self) -> ErrorFacts | None:
        """Call the next one. Returns its error, after which the others are dropped."""
        if not self._waiting:
            return None
        try:
            self._waiting.popleft()()
        except TrellisError as error:
            self._waiting.clear()
            return error.facts
        return None

    def clear(self) -> None:
        """Drop all functions."""
        self._waiting.clear()


class DoubleClickGuard:
    """Distinguishes a double click from two clicks. Main thread only.

    :param now: a clock in seconds, with any starting point.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._last: tuple[Hashable, float] | None = None
        self._drawn = True
        """Whether Blender has drawn since then. On a slow machine, a click waits for that."""

    def is_double(self, asked: Hashable) -> bool:
        """Whether the same was started just now, so that this click is part of a double click."""
        if self._last is None:
            return False
        # Each of the two clicks would start a job of its own, and both would be paid for.
        before, when = self._last
        return before == asked and self._now() - when < DOUBLE_CLICK_SECONDS

    def begun(self, asked: Hashable) -> None:
        """Note that something was started. Must be called at the end of the work, as the second
        click waits until then.
        """
        self._last, self._drawn = (asked, self._now()), False

    def drawn(self) -> None:
        """Note that Blender has drawn. Must be called by timers, which run right after that, and
        before the clicks that have waited for it.
        """
        if self._last is not None and not self._drawn:
            self._last, self._drawn = (self._last[0], self._now()), True
