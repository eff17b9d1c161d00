# SPDX-License-Identifier: GPL-3.0-or-later
"""How a job is told to stop: a token that is checked before each step and can interrupt a wait."""

from __future__ import annotations

import threading
from collections.abc import Callable

from .errors import CancelledError


class CancelToken:
    """Set once, from any thread. The job's thread checks it, and blocking waits are interrupted.

    ``interrupted`` distinguishes Blender closing (the prop stays as it is and can be resumed) from
    the user cancelling (the prop is cancelled).
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
        """Ask the job to stop, and interrupt what it waits for."""
        with self._lock:
            # The first call wins: closing Blender must not turn a prop that the user has cancelled
            # into one that is resumed at the next start.
            if not self._event.is_set():
                self.interrupted = interrupted
            self._event.set()
            breakers = tuple(self._breakers)
        # Outside the lock, as a breaker may unblock a thread that removes its own breaker at once.
        for breaker in breakers:
            breaker()

    def check(self) -> None:
        """Return if the job may go on.

        :raises CancelledError: when the job has been asked to stop.
        """
        if self._event.is_set():
            raise CancelledError("Cancelled")

    def wait(self, seconds: float) -> None:
        """Sleep, but wake up as soon as the job is asked to stop.

        :raises CancelledError: as soon as that happens.
        """
        if self._event.wait(max(0.0, seconds)):
            raise CancelledError("Cancelled")

    def on_cancel(self, breaker: Callable[[], None]) -> Callable[[], None]:
        """Register ``breaker``, to be called from the cancelling thread. :returns: a function that
        removes it.
        """
        with self._lock:
            self._breakers.append(breaker)
            late = self._event.is_set()
        # The token was set before anyone could register: without this call the wait would never
        # end.
        if late:
            breaker()

        def remove() -> None:
            with self._lock:
                if breaker in self._breakers:
                    self._breakers.remove(breaker)

        return remove
