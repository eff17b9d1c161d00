# SPDX-License-Identifier: GPL-3.0-or-later
"""How a job is told to stop: one token, asked before each step and able to break a wait."""

from __future__ import annotations

import threading
from collections.abc import Callable

from .errors import CancelledError


class CancelToken:
    """Set once, from any thread. The job's thread asks it; blocked waits are broken by it.

    ``interrupted`` tells an end of Blender (the prop stays as it is and can go on later) from a
    wish of the user (the prop is cancelled).
    """

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._breakers: list[Callable[[], None]] = []
        self.interrupted = False

    @property
    def cancelled(self) -> bool:
        """Whether the job has been asked to stop."""
        return self._event.is_set()

    def cancel(self, *, interrupted: bool = False) -> None:
        """Ask the job to stop and break what it waits for."""
        with self._lock:
            if not self._event.is_set():
                self.interrupted = interrupted
            self._event.set()
            breakers = tuple(self._breakers)
        for breaker in breakers:
            breaker()

    def check(self) -> None:
        """Go on, or raise.

        :raises CancelledError: when the job has been asked to stop.
        """
        if self._event.is_set():
            raise CancelledError("Cancelled")

    def wait(self, seconds: float) -> None:
        """Sleep, unless the job is asked to stop meanwhile.

        :raises CancelledError: at once when that happens.
        """
        if self._event.wait(max(0.0, seconds)):
            raise CancelledError("Cancelled")

    def on_cancel(self, breaker: Callable[[], None]) -> Callable[[], None]:
        """Have ``breaker`` called (from the cancelling thread); returns its removal."""
        with self._lock:
            self._breakers.append(breaker)
            late = self._event.is_set()
        if late:
            breaker()

        def remove() -> None:
            with self._lock:
                if breaker in self._breakers:
                    self._breakers.remove(breaker)

        return remove
