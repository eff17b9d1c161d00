# SPDX-License-Identifier: GPL-3.0-or-later
"""A job: a background thread that communicates by frozen events, and that could be replaced by a
process.

The window and the command line only use ``start``, ``poll``, ``cancel``, ``wait`` and ``join``.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator

from ..core.cancel import CancelToken
from ..core.errors import InternalError
from ..core.events import Cancelled, Emit, Event, Failed, Finished, TerminalEvent

log = logging.getLogger(__name__)

Work = Callable[[Emit, CancelToken], None]


class Job:
    """Runs ``work`` on a thread. Exactly one terminal event is emitted, even if the thread dies.

    :param prop_id: the prop's id, which is also part of the thread's name.
    :param work: the steps. It receives ``emit`` and the token, and must not touch bpy.
    """

    def __init__(self, prop_id: str, work: Work) -> None:
        self.prop_id = prop_id
        self.token = CancelToken()
        self.outcome: TerminalEvent | None = None
        self._work = work
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        # A daemon: a thread that hangs in the operating system must not keep Blender from
        # quitting. The record on the disk is true at every moment, so nothing is lost.
        self._thread = threading.Thread(target=self._run, name=f"trellis {prop_id}", daemon=True)
        self._ended = False

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def _run(self) -> None:
        try:
            self._work(self._emit, self.token)
        except BaseException as error:  # the top of the thread: nothing may escape unreported
            log.exception("job %s died", self.prop_id)
            fault = InternalError(
                "The job stopped because of a fault in Trellis Props",
                detail=f"{type(error).__name__}: {error}",
            )
            self._emit(Failed(self.prop_id, fault.facts))
        # ``work`` has returned without a terminal event, for which the entrances would wait
        # forever.
        if not self._ended:
            fault = InternalError("The job ended without a result")
            self._emit(Failed(self.prop_id, fault.facts))

    def _emit(self, event: Event) -> None:
        if self._ended:
            return
        # Nothing after the terminal event: the receiver may have forgotten the job by then.
        self._ended = isinstance(event, Finished | Failed | Cancelled)
        self._events.put(event)

    def poll(self, budget_seconds: float = 0.005) -> Iterator[Event]:
        """The events since the last call, until the time budget is used up. Never blocks."""
        # Blender's window does nothing else meanwhile, so the rest waits for the next tick of the
        # timer.
        end = time.monotonic() + budget_seconds
        while True:
            try:
                event = self._events.get_nowait()
            except queue.Empty:
                return
            yield self._seen(event)
            if time.monotonic() >= end:
                return

    def wait(self, step_seconds: float = 0.1) -> Iterator[Event]:
        """All events up to the terminal one, blocking between them, for the command line and
        ``execute``.

        Wakes up regularly, so that signals such as Ctrl-C are handled.
        """
        while self.outcome is None:
            try:
                event = self._events.get(timeout=step_seconds)
            except queue.Empty:
                continue
            yield self._seen(event)

    def _seen(self, event: Event) -> Event:
        if isinstance(event, Finished | Failed | Cancelled):
            self.outcome = event
        return event

    def cancel(self, *, interrupted: bool = False) -> None:
        """Ask the thread to stop. It still emits its terminal event."""
        self.token.cancel(interrupted=interrupted)

    def join(self, seconds: float) -> bool:
        """Wait until the thread has ended; False if it is still running."""
        # A thread that was never started cannot be joined.
        if self._thread.ident is not None:
            self._thread.join(seconds)
        return not self._thread.is_alive()
