# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a batch: several jobs at the same time, each item made only once and written to the report.

Jobs run on their own threads; this module starts them, handles their events and writes the report,
all on the main thread. When a job has its model, the next item takes its place at the gateway while
it waits for the background Blender, so that generating and importing overlap.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Final

from ...core.errors import CostLimitError, ErrorFacts, LockedError
from ...core.events import Cancelled, Failed, Finished, State, StateChanged
from ..console.signals import STEP_SECONDS
from ..contract.batch_events import ItemEvent
from ..prompts.prompt_list import PromptItem
from ..report.page import duration
from ..report.waiting_elsewhere import ELSEWHERE
from .begin_item import begin
from .earlier_tries import can_be_tried_again, record_of
from .state import BatchState, ItemJobs, Running
from .tries import Outage, Waiting, is_outage

WAITING: Final = 16
"""The number of models that may wait for the background Blender, in addition to the jobs at the
gateway. Each is a thread, of which a batch with slow imports must not collect thousands."""

PICTURES: Final = 64
"""The number of ready props that may wait for their pictures, in addition to these. Their pictures
are taken when no model waits."""

_HAS_MODEL: Final = (State.DOWNLOADED, State.IMPORTING, State.READY)
"""The states in which a prop does not occupy a place at the gateway. A failed prop occupies its
place until the failure is counted, as that may stop the batch.
"""


class BatchRun:
    """One run over the items of a shard. Main thread only.

    :param running: receives the jobs while they are running.
    """

    def __init__(self, state: BatchState, running: ItemJobs) -> None:
        self._state = state
        self._context = state.context
        self._budget = state.budget
        self._running = running
        self._outage = Outage(self._context.limits.tries)
        self._waiting = Waiting((), self._context.limits.tries)

    def run(self, items: Iterable[PromptItem]) -> int:
        """Make the items. Returns the exit code.

        :raises TrellisError: the report cannot be written; running jobs are stopped, and can be
            resumed.
        """
        self._waiting = Waiting(items, self._context.limits.tries)
        signals, told = self._context.signals, 0
        others = self._state.others
        try:
            while self._waiting or self._running or others:
                if signals.count > told:
                    told = self._interrupted(signals.count)
                if told or self._state.stopped:
                    self._state.left += self._waiting.clear() + others.clear()
                self._look_after_others()
                while (item := self._waiting.first()) and self._may_begin(item):
                    self._begin(self._waiting.take())
                    # Checked after each item, as beginning one takes several writes to the disk.
                    if signals.count > told or self._state.stopped:
                        break
                self._context.show.tick()
                # In background mode, Blender runs no timers, so the events are polled here.
                if not self._poll_jobs():
                    time.sleep(STEP_SECONDS)
            self._state.tell_others(0)
        finally:
            self._abandon()
        return self._state.exit_code(interrupted=told > 0)

    def _look_after_others(self) -> None:
        """Check again the items that other processes are making, or give them up."""
        others = self._state.others
        idle = not (self._waiting or self._running)
        for held in others.given_up(idle=idle):
            self._state.skip(held.item, held.prop, ELSEWHERE, held.detail)
        self._state.tell_others(len(others) if idle else 0)
        self._waiting.last(others.due())

    def _may_begin(self, item: PromptItem) -> bool:
        asking = [running.item for running in self._running.values() if running.asking]
        ready = sum(running.ready for running in self._running.values())
        jobs = self._context.limits.jobs
        models = len(self._running) - min(ready, PICTURES)
        if len(asking) >= jobs or models >= jobs + WAITING or self._outage.pause:
            return False
        try:
            return self._budget.allows(item, asking)
        except CostLimitError as error:
            self._state.halt(error.facts)
            return False

    def _begin(self, item: PromptItem) -> None:
        if running := begin(item, self._state):
            # Added before the start, so that ItemJobs.lost can stop it from the first moment.
            self._running[item.key] = running
            running.job.start()
            if running.asking:
                self._outage.asks()
            self._context.output.json(ItemEvent(id=running.folder.id, key=item.key, line=item.line))

    # --- running jobs

    def _poll_jobs(self) -> bool:
        """Handle the jobs' events. Returns whether there were any."""
        heard = False
        for running in list(self._running.values()):
            for event in running.job.poll():
                heard = True
                self._context.output.machine(event)
                if isinstance(event, StateChanged):
                    self._move(running, event.state)
                    self._context.show.state(event.prop_id, event.state)
            if running.job.outcome:
                self._end_job(running)
        return heard

    def _move(self, running: Running, state: State) -> None:
        """Count the cost of a prop that has its model, and free its place at the gateway."""
        running.ready = state is State.READY
        if running.asking and state in _HAS_MODEL:
            running.asking = False
            self._is_back()
            # The record has had the cost since the answer, so the budget can count it now.
            self._settle(running)
            self._budget.came(running.item.request.model)

    def _settle(self, running: Running) -> None:
        model, record = running.item.request.model, record_of(running.folder)
        running.before = self._budget.settle(model, running.before, record)

    def _end_job(self, running: Running) -> None:
        outcome, item, prop = running.job.outcome, running.item, running.folder.id
        # Removed first, so that a claim that is lost from now on cancels nothing.
        del self._running[item.key]
        running.job.join(10)
        try:
            if isinstance(outcome, Finished):
                running.claim.done()
        except LockedError:
            # Another process has taken over the claim; the prop is ready all the same.
            self._context.show.say(f"{prop} is being made by another process now")
        finally:
            running.claim.release()
        self._settle(running)
        match outcome:
            case Finished():
                self._state.done(item, prop)
            case Failed(error=facts):
                self._fail(item, prop, facts)
            case Cancelled():
                self._state.cancelled(item, prop)

    # --- another try

    def _fail(self, item: PromptItem, prop: str, facts: ErrorFacts) -> None:
        """Report a failed item, or have it tried again."""
        if not is_outage(facts):
            self._is_back()
        # What ends the run for all items is not tried again: see BatchState.fail.
        going_on = not (self._context.signals.count or self._state.stopped)
        folder = self._context.folder(prop)
        if not (going_on and can_be_tried_again(folder)):
            self._state.fail(item, prop, facts)
        elif not is_outage(facts):
            seconds = self._waiting.retry(item, facts)
            if seconds is None:
                self._state.fail(item, prop, facts)
            else:
                self._state.tried_again(item, prop, facts, seconds)
        elif self._outage.failed():
            self._waiting.back(item)
            self._state.waits(item, prop, facts, self._outage)
        else:
            self._state.fail(item, prop, facts)
            self._state.halt(facts)

    def _is_back(self) -> None:
        """Tell that the gateway answers again, if it was away."""
        if self._outage.lasts:
            self._state.is_back(self._outage.ends())

    # --- the end

    def _interrupted(self, count: int) -> int:
        signals, under_way = self._context.signals, len(self._running)
        if count > 1:
            if signals.grace_is_over and under_way:
                self._context.output.say(
                    f"The time to finish is over: {under_way} under way go on later"
                )
            self._running.cancel()
        elif self._running:
            grace = signals.grace_seconds
            most = "" if grace is None else f", for {duration(grace)} at most"
            self._context.output.say(
                f"Stopping: {under_way} under way are finished first{most}; "
                "once more to stop at once, and go on later"
            )
        return count

    def _abandon(self) -> None:
        """Stop all jobs after an error, as nothing may run without being reported. After a normal
        end, there are none.
        """
        self._running.cancel()
        # Their threads must not be alive when Blender exits, which crashes bpy 4.2.
        for running in self._running.values():
            for _ in running.job.wait():
                continue
            running.claim.release()
