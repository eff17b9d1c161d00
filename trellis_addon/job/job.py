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
from typing import Generic, TypeVar, cast

from ..core.cancel import CancelToken
from ..core.errors import InternalError
from ..core.events import Cancelled, Emit, Event, Failed, Finished, TerminalEvent
from ..core.pictures.picture_events import PictureEnd, PictureEvent, PicturesFinished

log = logging.getLogger(__name__)

Work = Callable[[Emit, CancelToken], None]
Ends = tuple[type, ...]
E = TypeVar("E")
"""The events of a kind of job."""
T = TypeVar("T")
"""Those of them that it ends with."""


class BackgroundJob(Generic[E, T]):
    """Runs ``work`` on a thread. Exactly one terminal event is emitted, even if the thread dies.

    :param name: the id of what it makes, which is also part of the thread's name.
    :param work: the steps. It receives ``emit`` and the token, and must not touch bpy.
    :param ends: the types of the terminal events.
    """

    def __init__(
        self, name: str, work: Callable[[Callable[[E], None], CancelToken], None], ends: Ends
    ) -> None:
        self.name = name
        self.token = CancelToken()
        self.outcome: T | None = None
        self._work = work
        self._ends = ends
        self._events: queue.SimpleQueue[E] = queue.SimpleQueue()
        # A daemon: a thread that hangs in the operating system must not keep Blender from
        # quitting. The record on the disk is true at every moment, so nothing is lost.
        self._thread = threading.Thread(target=self._run, name=f"trellis {name}", daemon=True)
        self._ended = False

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def _run(self) -> None:
        try:
            self._work(self._emit, self.token)
        except BaseException as error:  # the top of the thread: nothing may escape unreported
            log.exception("job %s died", self.name)
            fault = InternalError(
                "The job stopped because of a fault in Trellis Props",
                detail=f"{type(error).__name__}: {error}",
            )
            self._emit(cast(E, Failed(self.name, fault.facts)))
        # ``work`` has returned without a terminal event, for which the entrances would wait
        # forever.
        if not self._ended:
            fault = InternalError("The job ended without a result")
            self._emit(cast(E, Failed(self.name, fault.facts)))

    def _emit(self, event: E) -> None:
        if self._ended:
            return
        # Nothing after the terminal event: the receiver may have forgotten the job by then.
        self._ended = isinstance(event, self._ends)
        self._events.put(event)

    def poll(self, budget_seconds: float = 0.005) -> Iterator[E]:
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

    def wait(self, step_seconds: float = 0.1) -> Iterator[E]:
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

    def _seen(self, event: E) -> E:
        if isinstance(event, self._ends):
            self.outcome = cast(T, event)
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


class Job(BackgroundJob[Event, TerminalEvent]):
    """The job of one prop. :param prop_id: the prop's id."""

    def __init__(self, prop_id: str, work: Work) -> None:
        super().__init__(prop_id, work, (Finished, Failed, Cancelled))
        self.prop_id = prop_id


class PictureJob(BackgroundJob[PictureEvent, PictureEnd]):
    """The job of one set of pictures. :param set_id: the set's id."""

    def __init__(
        self, set_id: str, work: Callable[[Callable[[PictureEvent], None], CancelToken], None]
    ) -> None:
        super().__init__(set_id, work, (PicturesFinished, Failed, Cancelled))
        self.set_id = set_id
