# SPDX-License-Identifier: GPL-3.0-or-later
"""Ctrl-C, SIGTERM, SIGHUP, Ctrl-Break: with many jobs once ends in order, twice ends at once."""

from __future__ import annotations

import signal
import sys
import threading
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
    """

    def __init__(self, on_signal: Callable[[], None] | None = None) -> None:
        self.count = 0
        """The number of signals so far."""
        self._on_signal = on_signal
        self._before: dict[int, Any] = {}

    def _count(self, _number: int, _frame: FrameType | None) -> None:
        self.count += 1
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
                heard = getattr(before, "__self__", None)
                if isinstance(heard, Signals):
                    self.count = max(self.count, heard.count)
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
