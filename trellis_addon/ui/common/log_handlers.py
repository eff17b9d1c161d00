# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps the last errors of the log for a report, and writes the log to the console.

The handlers are added when something first may log, as importing ``logging`` is a tenth of what
enabling takes.
"""

from __future__ import annotations

import logging
import sys
from collections import deque
from typing import ClassVar, Final

from ...core.identity import ADDON_ID
from ...preferences import apply_log_level, stored
from .take_back import TakeBack

KEEPS: Final = 30
"""The number of the last warnings and errors that are kept for a report."""


class Journal(logging.Handler):
    """Keeps the last warnings and errors. There is one object, created in ``register``."""

    current: ClassVar[Journal | None] = None

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: deque[str] = deque(maxlen=KEEPS)
        self.setFormatter(
            logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%d %H:%M:%S")
        )

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record. Any thread may log, and appending to a deque is thread-safe."""
        self.lines.append(self.format(record))


class Console(logging.StreamHandler):  # type: ignore[type-arg]
    """Logs to standard error, unless Python's root logger has been configured."""

    current: ClassVar[Console | None] = None

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter("Trellis: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, unless the root logger's handlers write it already."""
        if not logging.getLogger().handlers:
            self.stream = sys.stderr  # looked up each time, as Blender and tests replace it
            super().emit(record)


def logger(name: str) -> logging.Logger:
    """The logger of a module that does not import ``logging`` by itself."""
    attach()
    return logging.getLogger(name)


def attach() -> None:
    """Add the handlers to the extension's own logger, at the level of the preferences. Safe to call
    again, and does nothing while the extension is not enabled.
    """
    if Journal.current is not None or not TakeBack.enabled:
        return
    TakeBack.add(detach)
    own_logger = logging.getLogger(ADDON_ID)
    Journal.current, Console.current = Journal(), Console()
    own_logger.addHandler(Journal.current)
    own_logger.addHandler(Console.current)
    own = stored()
    apply_log_level(own.log_level if own else "WARNING")


def detach() -> None:
    """Remove the handlers."""
    own_logger = logging.getLogger(ADDON_ID)
    for cls in (Console, Journal):
        if handler := cls.current:
            own_logger.removeHandler(handler)
            cls.current = None
    own_logger.setLevel(logging.NOTSET)
