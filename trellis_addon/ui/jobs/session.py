# SPDX-License-Identifier: GPL-3.0-or-later
"""Owns the running jobs, in one object that is created in ``register``, closed in ``unregister``.

A persistent timer drains the jobs' queues with a time budget, so that a job survives a file
load, an undo, and the modal operator being cancelled by Blender. The timer runs only while
there is something to drain.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, ClassVar, Final, Unpack

import bpy

from ...core.text import shorten
from ...preferences import read_settings
from ..account.account import Account
from ..common.background_owner import BackgroundOwner
from ..common.class_registration import run_all
from ..common.file_watch import on_another_file
from .arrivals import Arrivals, select_arrived
from .job_messages import JobMessages
from .job_state import LONGEST_NAME, Running, RunningFields, record_name, size_of
from .place_ready import Ready, end_placing, items_of, place_ready, waits_for_render
from .progress_display import ProgressDisplay
from .reload_links import reload_prop
from .running_jobs import RunningJobs
from .start_queue import Begin, DoubleClickGuard, StartQueue

if TYPE_CHECKING:
    from ...core.events import Event
    from ...core.settings import Settings
    from ...engine.job_factory import JobFactory
    from ...engine.unmade import PropToBuild
    from ...job.job import Job
    from ...scene.place.placing import Placement

log = logging.getLogger(__name__)

TICK_SECONDS: Final = 0.1
FETCH_SECONDS: Final = 0.02
"""The time per tick for reading the files of props that are ready; at least one is read."""


class Session(BackgroundOwner, JobMessages):
    """All jobs of this Blender. Main thread only."""

    current: ClassVar[Session | None] = None
    closes_first = True

    def __init__(self) -> None:
        BackgroundOwner.__init__(self)
        JobMessages.__init__(self)
        self.running = RunningJobs()
        self.begun: set[str] = set()
        """The ids of all props that this session has worked on."""
        self._ready: list[Ready] = []
        self.arrivals = Arrivals()
        self._begins = StartQueue()
        self.clicks = DoubleClickGuard()
        self.stop_watching_files: Callable[[], None] = lambda: None
        self._showing = ProgressDisplay()

    def created(self) -> None:
        """Notify the session whenever another file is opened."""
        self.stop_watching_files = on_another_file(self.leave_file)

    @cached_property
    def workshop(self) -> JobFactory:
        """The factory of jobs. It is created with the first job, as it imports httpx and pydantic,
        which a Blender without jobs does not need.
        """
        from ...engine.job_factory import JobFactory

        return JobFactory(early=not bpy.app.background)

    def add(
        self, job: Job, prompt: str, *placements: Placement, **more: Unpack[RunningFields]
    ) -> None:
        """Add a job and show it. It starts at once, or waits until fewer jobs are running.

        :param placements: where its prop is placed; none for the library only.
        :param more: further fields of :class:`Running`.
        """
        self.clear_last()
        name = shorten(prompt, LONGEST_NAME)
        running = Running(job, name, [], waiting=True, **more)
        self.running.append(running)
        for each in placements:
            self.running.give_place(running, each)
        # The gallery may still show the prop as interrupted, from the time before this job.
        self.begun.add(job.prop_id)
        self.running.start_waiting()
        self.start_timer(TICK_SECONDS)
        self._redraw(force=True)

    def begin(self, begins: Iterable[Begin], *, at_once: bool = False) -> None:
        """Call functions that each add a job: the first now, and one in each tick.

        :raises TrellisError: the first one fails, or any of them with ``at_once``.
        """
        self._begins.add(begins, at_once=at_once)

    @property
    def beginning(self) -> bool:
        """Whether more jobs are about to be added."""
        return bool(self._begins)

    def _begin_next(self) -> None:
        fault = self._begins.next()
        if fault:
            self.last_error = fault
            self._redraw(force=True)

    def make(
        self, missing: PropToBuild, settings: Settings, placement: Placement | None = None
    ) -> None:
        """Build a prop that this Blender cannot read yet, and then place it.

        If it is being built already, one more place is added. Without a placement, the open file's
        links to it are reloaded.

        :raises LockedError: another process is working on it.
        """
        if running := self.running.find(missing.folder.id):
            if placement:
                self.running.give_place(running, placement)
            running.reload |= placement is None
            return
        job = self.workshop.resume(missing.folder, settings)
        placements = [placement] if placement else []
        metres, renews = size_of(missing.record), placement is None
        name = record_name(missing.record)
        self.add(job, name, *placements, reload=renews, metres=metres, did="Place")

    def cancel(self, prop_id: str = "") -> None:
        """Ask one job to stop; or all, including those about to be added."""
        if not prop_id:
            self._begins.clear()
        self.running.cancel(prop_id)
        self._redraw(force=True)

    def cancel_all(self, prop_ids: Iterable[str]) -> None:
        """Ask these jobs to stop, and add none of those that are about to be added."""
        self._begins.clear()
        for prop_id in prop_ids:
            self.cancel(prop_id)

    def leave_file(self) -> None:
        """Handle that another file was opened: props for the previous file only go to the library,
        even after a failure and another try.
        """
        # The user has asked for these already, so they are not lost with the file.
        while self._begins:
            self._begin_next()
        for running in self.running:
            running.leaves_file()
        self.ended = [ended.elsewhere() for ended in self.ended]
        self._redraw(force=True)

    def forget(self, prop_id: str = "") -> None:
        """Hide one failure, or all of them, and the last message."""
        self.ended = [e for e in self.ended if prop_id and e.prop_id != prop_id]
        self.clear_last()
        self.arrivals.forget()
        self._redraw(force=True)

    def has_ended(self, prop_id: str) -> bool:
        """Whether a job has ended, and its prop has been placed."""
        return self.running.find(prop_id) is None

    def wait(self, prop_id: str) -> None:
        """Block until a job has ended. For scripts and background mode, where timers never run."""
        if running := self.running.find(prop_id):
            # Nothing else would start it, as the caller blocks the timer.
            if running.waiting:
                self.running.start(running)
            for event in running.job.wait():
                self._handle_event(running, event)

    def _tick(self) -> float | None:
        from ...core.events import Finished, Usable
        from ...scene.place.prefetch import fetch, hands_busy

        self.clicks.drawn()
        self._begin_next()
        for running, event in list(self.running.events()):
            if isinstance(event, Usable) and not running.can_be_placed(event):
                continue
            if isinstance(event, Finished | Usable):
                # A job may be usable and then finished before it is placed, which is done once.
                self._ready = [each for each in self._ready if each[0] is not running]
                self._ready.append(Ready(running, event))
            else:
                self._handle_event(running, event)
        # The files are read first, a few in each tick, so that all props that are ready only need
        # one update of the scene. That waits while the user is dragging something.
        busy = hands_busy() or waits_for_render(self._ready)
        if self._ready and fetch(items_of(self._ready), FETCH_SECONDS) and not busy:
            ready, self._ready = self._ready, []
            self._place(ready)
        self._redraw(force=False)
        self._tell()
        return TICK_SECONDS if self.running or self._begins or self._showing.unsettled else None

    def _tell(self) -> None:
        """Report in the Info log what no operator reports. In background mode, the reports are kept
        for the code that waits for them.
        """
        from .reports import tell

        if not bpy.app.background and self.reports.untold:
            tell()

    def _handle_event(self, running: Running, event: Event) -> None:
        from ...core.events import Cancelled, Failed, Finished, Progress, StateChanged

        match event:
            case StateChanged(state=state):
                running.goes_to(state)
                return
            case Progress(fraction=fraction, text=text):
                # "Cancelling" must stay visible, although the thread may go on for a moment.
                if not running.job.token.cancelled:
                    running.fraction, running.text = fraction, text
                return
            case Finished():
                self._place([Ready(running, event)])
                return
            case Failed(error=facts):
                log.warning("%s: %s %s", event.prop_id, facts.message, facts.detail)
                self.tell_failed(running, facts)
            case Cancelled(may_be_billed=billed):
                self.tell_cancelled(running, may_be_billed=billed)
            case _:
                return
        self._remove(running, good=False)
        self._redraw(force=True)

    def _remove(self, running: Running, *, good: bool) -> None:
        """Remove a job that has ended, start the next one, and ask for the new balance."""
        self.running.remove(running)
        self.running.start_waiting()
        if not bpy.app.background and Account.current and not running.reload:
            Account.current.after_generation(read_settings(), paid=running.may_have_cost)
        if running.after:
            running.after(good)

    def _place(self, ready: Sequence[Ready]) -> None:
        """Place all props that are ready in one call and one undo step.

        A prop whose picture is still being rendered is placed, and its job stays.
        """
        from ...core.events import Finished

        if not ready:
            return
        came = place_ready(ready, self.running)
        renewed = 0
        for running, event, placed in came:
            if not isinstance(event, Finished):
                continue
            if fault := next((each.error for each in placed if each.error), None):
                self.tell_failed(running, fault.facts)
            else:
                self.tell_ready(running, event)
            if running.reload:
                renewed += reload_prop(event.folder, event.blend)
            elif running.had_draft:
                # Not an undo step: the user has done nothing, and linked data is not part of one.
                reload_prop(event.folder, event.blend)
            self._remove(running, good=True)
        stand = [(each.running, each.stand) for each in came]
        self.arrivals.note([each for _running, placed in stand for each in placed])
        select_arrived(stand, self.running)
        end_placing(came, renewed=renewed)
        self._redraw(force=True)

    def _redraw(self, *, force: bool) -> None:
        self._showing.refresh(self.running, force=force)

    def close(self) -> None:
        """Stop all jobs, so that they can be resumed later. Joins the threads."""
        self.stop_timer()
        jobs = [running.job for running in self.running]
        # All are cancelled before the first is waited for, so that they end at the same time.
        steps: list[Callable[[], object]] = [partial(job.cancel, interrupted=True) for job in jobs]
        # The thread of a waiting job releases the lock of its folder; nothing is sent.
        steps += [
            partial(self.running.start, running) for running in self.running if running.waiting
        ]
        steps += [partial(job.join, 3.0) for job in jobs]
        steps += [self.running.clear, self._ready.clear, self._begins.clear, self._showing.clear]
        if "workshop" in vars(self):
            steps.append(self.workshop.close)
        run_all([self.stop_watching_files, self.arrivals.stop_timer, *steps])
