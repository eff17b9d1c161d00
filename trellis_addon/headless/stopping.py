# SPDX-License-Identifier: GPL-3.0-or-later
"""Ctrl-C and SIGTERM for commands with many jobs: once ends in good order, twice ends at once."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any


class Signals:
    """Counts them while it is entered. Blender's own handlers come back afterwards."""

    def __init__(self) -> None:
        self.count = 0
        """How many have come. The handler only counts: whoever waits looks at this."""
        self._before: dict[int, Any] = {}

    def _count(self, _number: int, _frame: FrameType | None) -> None:
        self.count += 1

    def __enter__(self) -> Signals:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._count)
        return self

    def __exit__(self, *_error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
