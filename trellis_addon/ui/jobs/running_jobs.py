# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds the jobs of this Blender that have not ended: finds, starts, cancels and polls them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from ...preferences import read_settings
from .job_state import WAITS, Running, taken

if TYPE_CHECKING:
    from ...core.events import Event
    from ...scene.place.placing import Placement

BUDGET_SECONDS: Final = 0.005


class RunningJobs(list[Running]):
    """The jobs in the order in which they were added. Main thread only."""

    def find(self, prop_id: str) -> Running | None:
        """The job that makes this prop."""
        return next((running for running in self if running.job.prop_id == prop_id), None)

    def give_place(self, running: Running, placement: Placement) -> None:
        """Add a place for its prop, moved beside existing objects and the boxes of other jobs."""
        from ...scene.place.placing import beside, pinned, scene_of
        from ...scene.place.selection import selection_of

        if scene := scene_of(placement):
            placement = beside(pinned(placement), running.metres, taken(self, scene.name))
            running.came_from = running.came_from or placement
            running.selection = running.selection or selection_of(scene)
        running.placements.append(placement)

    def start_waiting(self) -> None:
        """Start waiting jobs in their order, as many as may run at the same time."""
        waiting = [running for running in self if running.waiting]
        room = max(0, read_settings().jobs_at_once - (len(self) - len(waiting)))
        for running in waiting[:room]:
            self.start(running)
        for running in waiting[room:]:
            running.text = WAITS

    def start(self, running: Running) -> None:
        """Start its thread."""
        running.waiting, running.text, running.started = False, "Starting", time.monotonic()
        running.job.start()

    def cancel(self, prop_id: str = "") -> None:
        """Ask one job, or all, to stop."""
        for running in self:
            if prop_id in ("", running.job.prop_id):
                running.job.cancel()
                if running.waiting:
                    self.start(running)  # its thread records that it was cancelled
                running.text = "Cancelling"

    def events(self) -> Iterator[tuple[Running, Event]]:
        """The jobs' events, for at most a few milliseconds per job."""
        # A copy, as handling an event may remove its job.
        for running in list(self):
            for event in running.job.poll(BUDGET_SECONDS):
                yield running, event
