# SPDX-License-Identifier: GPL-3.0-or-later
"""Ctrl-C and SIGTERM: for commands with many jobs once ends in good order, twice ends at once."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any, Self


class Signals:
    """Counts them while it is entered. Blender's own handlers come back afterwards."""

    def __init__(self) -> None:
        self.count = 0
        """How many have come. The handler only counts: whoever waits looks at this."""
        self._before: dict[int, Any] = {}

    def _count(self, _number: int, _frame: FrameType | None) -> None:
        self.count += 1

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                before = self._before[number] = signal.signal(number, self._count)
                # One that came while nobody looked was for what begins now.
                heard = getattr(before, "__self__", None)
                if isinstance(heard, Signals):
                    self.count = max(self.count, heard.count)
        return self

    def __exit__(self, *_error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)


class Beginning(Signals):
    """Before a command looks at signals by itself: one ends it, as nothing is begun.

    While Blender is loaded they are only counted: an exception in the middle of its start leaves
    it half made, and it may crash (5.2, measured). From :meth:`listen` on they raise
    ``KeyboardInterrupt``, which also ends a wait for standard input. A :class:`Signals` that is
    entered within goes on counting from here.
    """

    def __init__(self) -> None:
        super().__init__()
        self._raises = False

    def _count(self, number: int, frame: FrameType | None) -> None:
        super()._count(number, frame)
        if self._raises:
            raise KeyboardInterrupt

    def listen(self) -> None:
        """End at once from here on, also for one that has come.

        :raises KeyboardInterrupt: one has.
        """
        self._raises = True
        if self.count:
            raise KeyboardInterrupt
