# SPDX-License-Identifier: GPL-3.0-or-later
"""Owner of the running jobs: one object, made in ``register``, closed in ``unregister``.

A persistent timer drains the jobs' queues with a time budget, so that a job survives a file
load, an undo, and the modal operator being cancelled by Blender. The timer runs only while
there is something to drain.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, partial
from typing import TYPE_CHECKING, ClassVar, Final

import bpy

from ..core.errors import ErrorFacts
from ..core.text import shorten
from ..preferences import read_settings
from .account import Account
from .arrivals import Arrivals, select_arrived, undo_name
from .beginning import Begin, Begins, Clicks
from .file_change import on_another_file
from .jobs import (
    LONGEST_NAME,
    MOST_ENDED,
    WAITS,
    Ended,
    Level,
    Report,
    Running,
    charge_words,
    is_new,
    price_of,
    ready_words,
    record_name,
    size_of,
    taken,
)
from .registering import run_all
from .reports import Reports
from .showing import Showing
from .translations import iface, sentence

if TYPE_CHECKING:
    from ..core.events import Event, Finished, Usable
    from ..core.finishing import Finishing
    from ..core.settings import Settings
    from ..engine.making import Unmade
    from ..engine.workshop import Workshop
    from ..job.job import Job
    from ..scene.placing import Item, Placed, Placement
    from ..scene.surface import Box as Extent

log = logging.getLogger(__name__)

TICK_SECONDS: Final = 0.1
BUDGET_SECONDS: Final = 0.005
FETCH_SECONDS: Final = 0.02
"""For reading the files of props that are ready; at least one is read in a tick."""


class Session:
    """All jobs of this Blender. Main thread only."""

    current: ClassVar[Session | None] = None

    def __init__(self) -> None:
        self.running: list[Running] = []
        self.begun: set[str] = set()
        """The ids of all props that this session has worked on."""
        self.ended: list[Ended] = []
        """The last failures, the newest first, until the user puts them out of sight."""
        self._ready: list[tuple[Running, Finished | Usable]] = []
        self.arrivals = Arrivals()
        self._begins = Begins()
        self.clicks = Clicks()
        self.reports = Reports()
        self.last_error: ErrorFacts | None = None
        self.last_note = ""
        self.last_note_is_good = True
        self.note_fades = False
        """Whether the note belongs to a prop that has come, and is shown as long as that."""
        self.stop_watching_files: Callable[[], None] = lambda: None
        self._showing = Showing()
        # One reference: `is_registered(self._tick)` is False for a fresh bound method
        # (Blender's own code cites its bug 139720).
        self._timer = self._tick

    @cached_property
    def workshop(self) -> Workshop:
        """Made with the first job: a Blender that generates nothing does not load it."""
        from ..engine.workshop import Workshop

        return Workshop(early=not bpy.app.background)

    @classmethod
    def get(cls) -> Session:
        """The session of the enabled extension."""
        if cls.current is None:
            raise RuntimeError("Trellis Props is not enabled")
        return cls.current

    def add(
        self,
        job: Job,
        prompt: str,
        *placements: Placement,
        reload: bool = False,
        metres: float = 1.0,
        image: str = "",
        homeless: str = "",
        finishing: Finishing | None = None,
        did: str = "Generate",
    ) -> None:
        """Take a job in and show it. It starts at once, or when those before it leave room.

        :param placements: where its prop is to stand; none: nowhere.
        :param reload: show it anew where the open file links it.
        :param metres: how large the prop is likely to be, for its box in the viewport.
        :param image: the name of its reference image in the open file.
        :param homeless: why it is to stand nowhere, if that is not what the user asked for.
        :param finishing: how it is made anew, for another try.
        :param did: what the user did, for the undo step: "Import".
        """
        self.last_error = None
        self.last_note = ""
        name = shorten(prompt, LONGEST_NAME)
        running = Running(job, name, [], reload, homeless, image, metres, waiting=True)
        running.finishing, running.did = finishing, did
        self.running.append(running)
        for each in placements:
            self._give_place(running, each)
        self.begun.add(job.prop_id)
        self._start_waiting()
        if not bpy.app.background and not bpy.app.timers.is_registered(self._timer):
            bpy.app.timers.register(self._timer, first_interval=TICK_SECONDS, persistent=True)
        self._redraw(force=True)

    def _give_place(self, running: Running, placement: Placement) -> None:
        """One more place for its prop: beside what stands there, and beside other jobs' boxes."""
        from ..scene.placing import beside, pinned, scene_of
        from ..scene.selecting import selection_of

        if scene := scene_of(placement):
            others = taken(self.running, scene.name)
            placement = beside(pinned(placement), running.metres, others)
            running.came_from = running.came_from or placement
            running.selection = running.selection or selection_of(scene)
        running.placements.append(placement)

    def begin(self, begins: Iterable[Begin], *, at_once: bool = False) -> None:
        """Do things of which each adds a job: the first now, and one in each tick.

        :raises TrellisError: by the first, or with ``at_once`` by any.
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

    def _start_waiting(self) -> None:
        """Start as many of those that wait as may run at once, in their order."""
        waiting = [running for running in self.running if running.waiting]
        room = read_settings().jobs_at_once - (len(self.running) - len(waiting))
        for running in waiting[: max(0, room)]:
            self._start(running)
        for running in waiting[max(0, room) :]:
            running.text = WAITS

    def _start(self, running: Running) -> None:
        running.waiting, running.text, running.started = False, "Starting", time.monotonic()
        running.job.start()

    def make(self, missing: Unmade, settings: Settings, placement: Placement | None = None) -> None:
        """Have a prop made that this Blender cannot read yet, and place it then.

        One that is being made is placed once more. Without a place the open file's links to it
        are renewed.

        :raises LockedError: somebody else is working on it.
        """
        for running in self.running:
            if running.job.prop_id == missing.folder.id:
                if placement:
                    self._give_place(running, placement)
                running.reload |= placement is None
                return
        job = self.workshop.resume(missing.folder, settings)
        placements = [placement] if placement else []
        metres, renews = size_of(missing.record), placement is None
        name = record_name(missing.record)
        self.add(job, name, *placements, reload=renews, metres=metres, did="Place")

    def cancel(self, prop_id: str = "") -> None:
        """Ask one job (or all, also those about to be added) to stop."""
        if not prop_id:
            self._begins.clear()
        for running in self.running:
            if prop_id in ("", running.job.prop_id):
                running.job.cancel()
                if running.waiting:
                    self._start(running)  # its thread writes down that it was cancelled
                running.text = "Cancelling"
        self._redraw(force=True)

    def cancel_all(self, prop_ids: Iterable[str]) -> None:
        """Ask these jobs to stop, and add none of those that are about to follow them."""
        self._begins.clear()
        for prop_id in prop_ids:
            self.cancel(prop_id)

    def leave_file(self) -> None:
        """Another file is open: what was to stand in the one before goes to the library alone,
        also what failed and is tried again.
        """
        while self._begins:
            self._begin_next()
        for running in self.running:
            running.leaves_file()
        self.ended = [ended.elsewhere() for ended in self.ended]
        self._redraw(force=True)

    def failure(self, prop_id: str) -> Ended | None:
        """The failed job of this prop, if it is still shown."""
        return next((ended for ended in self.ended if ended.prop_id == prop_id), None)

    def forget(self, prop_id: str = "") -> None:
        """Put one failure, or all, and the last message out of sight."""
        self.ended = [e for e in self.ended if prop_id and e.prop_id != prop_id]
        self.last_error = None
        self.last_note = ""
        self.arrivals.forget()
        self._redraw(force=True)

    def has_ended(self, prop_id: str) -> bool:
        """Whether a job is over and its prop placed."""
        return all(running.job.prop_id != prop_id for running in self.running)

    def wait(self, prop_id: str) -> None:
        """Block until a job is over (for scripts and background mode, where timers never run)."""
        for running in [r for r in self.running if r.job.prop_id == prop_id]:
            if running.waiting:
                self._start(running)
            for event in running.job.wait():
                self._take(running, event)

    def _tick(self) -> float | None:
        from ..core.events import Finished, Usable
        from ..scene.arriving import fetch, hands_busy

        self.clicks.drawn()
        self._begin_next()
        for running, event in list(self._events()):
            if isinstance(event, Finished | Usable):
                self._ready = [each for each in self._ready if each[0] is not running]
                self._ready.append((running, event))
            else:
                self._take(running, event)
        # All that are ready are read, a few in each tick, before the one update they cost.
        if self._ready and fetch(_items(self._ready), FETCH_SECONDS) and not hands_busy():
            ready, self._ready = self._ready, []
            self._place(ready)
        self._redraw(force=False)
        self._tell()
        return TICK_SECONDS if self.running or self._begins or self._showing.unsettled else None

    def _tell(self) -> None:
        """Have what nobody else tells written into the Info log. In background mode the reports
        stay: for whoever has waited.
        """
        from .telling import tell

        if not bpy.app.background and self.reports.untold:
            tell()

    def _events(self) -> Iterator[tuple[Running, Event]]:
        for running in list(self.running):
            for event in running.job.poll(BUDGET_SECONDS):
                yield running, event

    def _take(self, running: Running, event: Event) -> None:
        from ..core.events import Cancelled, Failed, Finished, Progress, StateChanged

        match event:
            case StateChanged(state=state):
                running.goes_to(state)
                return
            case Progress(fraction=fraction, text=text):
                if not running.job.token.cancelled:
                    running.fraction, running.text = fraction, text
                return
            case Finished():
                self._place([(running, event)])
                return
            case Failed(error=facts):
                log.warning("%s: %s %s", event.prop_id, facts.message, facts.detail)
                self._failed(running, facts)
            case Cancelled(may_be_billed=billed):
                words = ("Cancelled", "The gateway may still bill it" if billed else "")
                text = ". ".join(iface(each) for each in words if each)
                self.last_note, self.last_note_is_good, self.note_fades = text, False, False
                self._report(running, "WARNING" if billed else "INFO", text)
            case _:
                return
        self._remove(running)
        self._redraw(force=True)

    def _failed(self, running: Running, facts: ErrorFacts) -> None:
        self.last_error = facts
        ended = Ended.of(running, facts, price_of(read_settings().library, running.job.prop_id))
        words = charge_words(ended.charge, ended.cents)
        self._report(running, "ERROR", f"{sentence(facts)}. {words}")
        self.ended = [ended, *(e for e in self.ended if e.prop_id != ended.prop_id)][:MOST_ENDED]

    def _remove(self, running: Running) -> None:
        """A job is over: the next one may start, and what it cost is asked for."""
        self.running.remove(running)
        self._start_waiting()
        if not bpy.app.background and Account.current and not running.reload:
            Account.current.after_generation(read_settings(), paid=running.may_have_cost)

    def _place(self, ready: list[tuple[Running, Finished | Usable]]) -> None:
        """Props that are ready together come together: one call, one undo step.

        One whose picture is still being taken is placed and stays among the jobs.
        """
        from ..core.events import Finished
        from ..scene.asset_library import show_in_asset_browser
        from ..scene.placing import before_undo_step, place_many, undo_step
        from .reloading import reload_prop

        if not ready:
            return
        for running, _ in ready:
            running.drop_gone()
        before_undo_step()
        results = iter(place_many(_items(ready), self._kept_free(ready)))
        came: list[tuple[Running, list[Placed]]] = []
        renewed = 0
        for running, event in ready:
            placed = [next(results) for _ in running.placements]
            faults = running.take_placed(placed)
            came.append((running, [each for each in placed if not each.error]))
            if not isinstance(event, Finished):
                continue
            if faults:
                self._failed(running, faults[0].facts)
            else:
                self._tell_ready(running, event)
            if running.reload:
                renewed += reload_prop(event.folder, event.blend)
            self._remove(running)
        self._welcome(came)
        if done := [(run.did, run.prompt) for run, placed in came for _ in placed]:
            undo_step(undo_name(done))
        elif renewed:
            undo_step(undo_name([("Finish Again", ready[0][0].prompt)]))
        # Preferences are the business of a Blender with a user. Before its picture is there a prop
        # would be shown without one.
        if not bpy.app.background:
            for library in {e.folder.parent for run, e in ready if is_new(run, e)}:
                show_in_asset_browser(library)
        self._redraw(force=True)

    def _kept_free(self, ready: list[tuple[Running, Finished | Usable]]) -> list[Extent]:
        """The boxes of the jobs that go on, in the scene in front of the user."""
        scene, come = bpy.context.scene, [running for running, _event in ready]
        others = [running for running in self.running if running not in come]
        return taken(others, scene.name) if scene else []

    def _welcome(self, came: list[tuple[Running, list[Placed]]]) -> None:
        """Show and select what stands in the scene now."""
        self.arrivals.note([each for _running, placed in came for each in placed])
        select_arrived(came, self.running)

    def _tell_ready(self, running: Running, event: Finished) -> None:
        self.last_note, self.last_note_is_good = ready_words(running, event), True
        self.note_fades = running.placed
        self._report(running, "INFO", f"{running.prompt}: {self.last_note}")

    def _report(self, running: Running, level: Level, text: str) -> None:
        self.reports[running.job.prop_id] = Report(level, text)

    def _redraw(self, *, force: bool) -> None:
        self._showing.refresh(self.running, force=force)

    def close(self) -> None:
        """Leave every job where its record stands: it can go on later. Joins the threads."""
        if bpy.app.timers.is_registered(self._timer):
            bpy.app.timers.unregister(self._timer)
        jobs = [running.job for running in self.running]
        steps: list[Callable[[], object]] = [partial(job.cancel, interrupted=True) for job in jobs]
        # A job that waits gives its folder free; nothing is sent any more.
        steps += [partial(self._start, running) for running in self.running if running.waiting]
        steps += [partial(job.join, 3.0) for job in jobs]
        steps += [self.running.clear, self._ready.clear, self._begins.clear, self._showing.clear]
        if "workshop" in vars(self):
            steps.append(self.workshop.close)
        run_all([self.arrivals.close, *steps])


def _items(ready: list[tuple[Running, Finished | Usable]]) -> list[Item]:
    from ..scene.placing import Item

    return [Item(event.blend, at) for running, event in ready for at in running.placements]


def register() -> None:
    """Make the session."""
    Session.current = session = Session()
    session.stop_watching_files = on_another_file(session.leave_file)


def unregister() -> None:
    """Close it."""
    if Session.current is not None:
        session, Session.current = Session.current, None
        run_all([session.stop_watching_files, session.close])
