# SPDX-License-Identifier: GPL-3.0-or-later
"""Owner of the running jobs: one object, made in ``register``, closed in ``unregister``.

A persistent timer drains the jobs' queues with a time budget, so that a job survives a file
load, an undo, and the modal operator being cancelled by Blender. The timer runs only while
there is something to drain.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Final, Literal

import bpy

from ..core.errors import ErrorFacts
from ..core.events import Cancelled, Event, Failed, Finished, Progress
from ..engine.workshop import Workshop
from ..scene.asset_library import show_in_asset_browser
from ..scene.placing import Item, Placement, place_many, undo_step
from .texts import undo_name

if TYPE_CHECKING:
    from ..job.job import Job

log = logging.getLogger(__name__)

TICK_SECONDS: Final = 0.1
BUDGET_SECONDS: Final = 0.005
REDRAW_SECONDS: Final = 0.5
"""The elapsed time is shown; a redraw twice a second is enough for it."""


@dataclass
class Running:
    """One job as the sidebar shows it."""

    job: Job
    prompt: str
    placement: Placement
    text: str = "Starting"
    fraction: float | None = None
    started: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self.started


Level = Literal["INFO", "WARNING", "ERROR"]


@dataclass(frozen=True)
class Report:
    """What the operator says in the end: a level of Blender's, and a sentence."""

    level: Level
    text: str


class Session:
    """All jobs of this Blender. Main thread only."""

    current: ClassVar[Session | None] = None

    def __init__(self) -> None:
        self.workshop = Workshop()
        self.running: list[Running] = []
        self.reports: dict[str, Report] = {}
        self.last_error: ErrorFacts | None = None
        self.last_note = ""
        self.last_note_is_good = True
        self._drawn = 0.0
        # One reference: `is_registered(self._tick)` is False for a fresh bound method
        # (Blender's own code cites its bug 139720).
        self._timer = self._tick

    @classmethod
    def get(cls) -> Session:
        """The session of the enabled extension."""
        if cls.current is None:
            raise RuntimeError("Trellis Props is not enabled")
        return cls.current

    def add(self, job: Job, prompt: str, placement: Placement) -> None:
        """Start a job and show it."""
        self.last_error = None
        self.last_note = ""
        self.running.append(Running(job, prompt, placement))
        job.start()
        if not bpy.app.background and not bpy.app.timers.is_registered(self._timer):
            bpy.app.timers.register(self._timer, first_interval=TICK_SECONDS, persistent=True)
        self._redraw(force=True)

    def cancel(self, prop_id: str = "") -> None:
        """Ask one job (or all) to stop."""
        for running in self.running:
            if prop_id in ("", running.job.prop_id):
                running.text = "Cancelling"
                running.job.cancel()
        self._redraw(force=True)

    def has_ended(self, prop_id: str) -> bool:
        """Whether a job is over and its prop placed."""
        return all(running.job.prop_id != prop_id for running in self.running)

    def wait(self, prop_id: str) -> None:
        """Block until a job is over (for scripts and background mode, where timers never run)."""
        for running in [r for r in self.running if r.job.prop_id == prop_id]:
            for event in running.job.wait():
                self._take(running, event)

    def _tick(self) -> float | None:
        ready: list[tuple[Running, Finished]] = []
        for running, event in list(self._events()):
            if isinstance(event, Finished):
                ready.append((running, event))
            else:
                self._take(running, event)
        self._place(ready)
        self._redraw(force=False)
        return TICK_SECONDS if self.running else None

    def _events(self) -> Iterator[tuple[Running, Event]]:
        for running in list(self.running):
            for event in running.job.poll(BUDGET_SECONDS):
                yield running, event

    def _take(self, running: Running, event: Event) -> None:
        match event:
            case Progress(fraction=fraction, text=text):
                if not running.job.token.cancelled:
                    running.fraction, running.text = fraction, text
                return
            case Finished():
                self._place([(running, event)])
                return
            case Failed(error=facts):
                log.warning("%s: %s %s", event.prop_id, facts.message, facts.detail)
                self.last_error = facts
                self._report(running, "ERROR", facts.sentence)
            case Cancelled(may_be_billed=billed):
                text = "Cancelled" + (". The gateway may still bill it" if billed else "")
                self.last_note, self.last_note_is_good = text, False
                self._report(running, "WARNING" if billed else "INFO", text)
            case _:
                return
        self.running.remove(running)
        self._redraw(force=True)

    def _place(self, ready: list[tuple[Running, Finished]]) -> None:
        """Props that are ready together come together: one call, one undo step."""
        if not ready:
            return
        items = [Item(event.blend, running.placement) for running, event in ready]
        count = 0
        for (running, event), placed in zip(ready, place_many(items), strict=True):
            if placed.error:
                self.last_error = placed.error.facts
                self._report(running, "ERROR", placed.error.facts.sentence)
            else:
                count += 1
                self._tell_placed(running, event)
            self.running.remove(running)
        if count:
            undo_step(undo_name(count))
            if not bpy.app.background:  # preferences are the business of a Blender with a user
                for library in {event.folder.parent for _, event in ready}:
                    show_in_asset_browser(library)
        self._redraw(force=True)

    def _tell_placed(self, running: Running, event: Finished) -> None:
        cost = "" if event.cost_cents is None else f" for {event.cost_cents:g} US cents"
        self.last_note_is_good = True
        self.last_note = ". ".join((f"Placed in {running.seconds:.0f} s{cost}", *event.notes))
        self._report(running, "INFO", f"{running.prompt}: {self.last_note}")

    def _report(self, running: Running, level: Level, text: str) -> None:
        self.reports[running.job.prop_id] = Report(level, text)

    def _redraw(self, *, force: bool) -> None:
        if not force and time.monotonic() - self._drawn < REDRAW_SECONDS:
            return
        self._drawn = time.monotonic()
        for window in bpy.context.window_manager.windows:
            for area in window.screen.areas:
                if area.type == "VIEW_3D":
                    for region in area.regions:
                        if region.type == "UI":
                            region.tag_redraw()

    def close(self) -> None:
        """Leave every job where its record stands: it can go on later. Joins the threads."""
        if bpy.app.timers.is_registered(self._timer):
            bpy.app.timers.unregister(self._timer)
        for running in self.running:
            running.job.cancel(interrupted=True)
        for running in self.running:
            running.job.join(3.0)
        self.running.clear()
        self.workshop.close()


def register() -> None:
    """Make the session."""
    Session.current = Session()


def unregister() -> None:
    """Close it."""
    if Session.current is not None:
        Session.current.close()
        Session.current = None
