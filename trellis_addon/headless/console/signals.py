# SPDX-License-Identifier: GPL-3.0-or-later
"""Ctrl-C, SIGTERM, SIGHUP, Ctrl-Break: with many jobs once ends in order, twice ends at once."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any, Final, Self

# Ctrl-C, and what a scheduler sends: SIGTERM, or Windows's Ctrl-Break. The latter also arrives when
# a console is closed, as SIGHUP does elsewhere.
if sys.platform == "win32":
    STOPPING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGBREAK)
else:
    STOPPING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
HANGUP: Final = getattr(signal, "SIGHUP", None)


class Signals:
    """Counts signals while it is entered, and restores Blender's own handlers afterwards.

    :param on_signal: called for each of them, from the handler. Without it, a loop looks at
        ``count`` between two steps.
    :param grace_seconds: so long after the first signal, a second one is counted by itself, as a
        scheduler is going to kill the process soon. None: only real signals count.
    :param clock: gives the time in seconds.
    """

    def __init__(
        self,
        on_signal: Callable[[], None] | None = None,
        grace_seconds: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.grace_seconds = grace_seconds
        self._on_signal = on_signal
        self._clock = clock
        self.heard = 0
        """The number of real signals so far."""
        self.first_at = 0.0
        """When the first of them came, by the clock."""
        self._before: dict[int, Any] = {}

    @property
    def count(self) -> int:
        """The number of signals so far, the end of the grace period included."""
        return self.heard + self.grace_is_over

    @property
    def grace_is_over(self) -> bool:
        """Whether the grace period has ended without a second signal."""
        if self.heard != 1 or self.grace_seconds is None:
            return False
        return self._clock() - self.first_at >= self.grace_seconds

    def _count(self, _number: int, _frame: FrameType | None) -> None:
        if not self.heard:
            self.first_at = self._clock()
        self.heard += 1
        if self._on_signal:
            self._on_signal()

    def __enter__(self) -> Self:
        # Python allows signal handlers to be set on the main thread only.
        if threading.current_thread() is threading.main_thread():
            for number in STOPPING:
                if number == HANGUP and signal.getsignal(number) is signal.SIG_IGN:
                    continue  # nohup: it is to go on without its terminal
                before = self._before[number] = signal.signal(number, self._count)
                # A signal that came during the start was meant for what begins now.
                outer = getattr(before, "__self__", None)
                if isinstance(outer, Signals) and outer.heard > self.heard:
                    self.heard, self.first_at = outer.heard, outer.first_at
        return self

    def __exit__(self, *_error: object) -> None:
        for number, handler in self._before.items():
            # None: the handler was not set by Python, and cannot be restored.
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)


class Beginning(Signals):
    """Handles signals during the start of a command, when a single one ends it, as nothing has
    begun.

    While Blender is loading, signals are only counted, as an exception during its start leaves it
    incomplete, so that it may crash (5.2, measured). After :meth:`listen`, they raise
    ``KeyboardInterrupt``, which also ends a wait for standard input. A :class:`Signals` that is
    entered inside of this one continues its count.
    """

    def __init__(self) -> None:
        super().__init__(self._interrupt)
        self._raises = False

    def _interrupt(self) -> None:
        if self._raises:
            raise KeyboardInterrupt

    def listen(self) -> None:
        """Raise on signals from now on, including those that came before.

        :raises KeyboardInterrupt: there was a signal before.
        """
        self._raises = True
        if self.count:
            raise KeyboardInterrupt


STEP_SECONDS: Final = 0.02
"""The time between two polls of the jobs, which is also how fast a signal is noticed."""
