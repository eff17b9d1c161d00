# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs many jobs at the same time, which share the background Blenders.

Jobs wait for one another there: props are made first, and their pictures are taken when no prop
waits. So more jobs than processes are under way.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from ...core.errors import LibraryError, LockedError
from ...core.events import Cancelled, Failed, Finished, TerminalEvent
from ...job.job import Job
from ..console.exit_codes import DONE, INTERRUPTED, exit_code
from ..console.output import Output
from ..console.run_job import first_failure
from ..console.signals import STEP_SECONDS, Signals
from ..contract.batch_events import SkippedEvent

UNDER_WAY: Final = 32
"""The most jobs at once. Each is a thread, of which there must not be thousands."""


def report_end(outcome: TerminalEvent, output: Output) -> None:
    """Tell people how one of several jobs has ended. They would not understand the mixed progress
    of several jobs, which only the machine's events have.
    """
    match outcome:
        case Finished(prop_id=prop, notes=notes):
            output.say(f"Ready: {prop}")
            for note in notes:
                output.say(f"Note: {prop}: {note}")
        case Failed(prop_id=prop, error=facts):
            output.say(f"Error: {prop}: {facts.command_sentence}")


@dataclass
class ManyJobs:
    """Begins jobs and follows them. Main thread only."""

    output: Output
    running: dict[str, Job] = field(default_factory=dict)
    """By the props' ids."""

    @property
    def has_room(self) -> bool:
        """Whether another job may begin."""
        return len(self.running) < UNDER_WAY

    def begin(self, job: Job) -> None:
        """Start a job."""
        self.running[job.prop_id] = job
        job.start()

    def cancel(self) -> None:
        """Stop all jobs. ``resume`` goes on with them."""
        for job in self.running.values():
            job.cancel(interrupted=True)

    def ended(self) -> Iterator[TerminalEvent]:
        """The jobs that have ended since the last call. Writes the machine's events of all."""
        for prop, job in list(self.running.items()):
            for event in job.poll():
                self.output.machine(event)
            if job.outcome:
                # A live thread at exit crashes the bpy module of 4.2, and makes 4.5 hang.
                job.join(10)
                del self.running[prop]
                yield job.outcome

    def abandon(self) -> None:
        """Stop all jobs after an error, and wait for them."""
        self.cancel()
        for job in self.running.values():
            for _ in job.wait():
                continue
            job.join(10)
        self.running.clear()


def run_all(begins: Mapping[str, Callable[[], Job | None]], output: Output) -> int:
    """Run a job for each prop. Returns the exit code, which is that of the first failure.

    After one signal, what is under way is finished; two stop it. A prop that another process is
    working on is skipped and named, which is no failure.

    :param begins: by the props' ids, what makes their jobs; None if nothing is left to do.
    """
    waiting, code = deque(begins.items()), DONE
    jobs = ManyJobs(output)
    with Signals() as signals:
        try:
            while waiting or jobs.running:
                if signals.count:
                    waiting.clear()
                if signals.count > 1:
                    jobs.cancel()
                while waiting and jobs.has_room and not signals.count:
                    code = first_failure(code, _begun(jobs, *waiting.popleft()))
                for outcome in jobs.ended():
                    report_end(outcome, output)
                    code = first_failure(code, _code_of(outcome))
                time.sleep(STEP_SECONDS)
        finally:
            jobs.abandon()
        return INTERRUPTED if signals.count else code


def _begun(jobs: ManyJobs, prop: str, begin: Callable[[], Job | None]) -> int:
    try:
        job = begin()
    except LockedError as error:
        jobs.output.json(SkippedEvent(id=prop, reason=error.facts.message))
        jobs.output.say(f"Skipped: {error.facts.message}")
        return DONE
    except LibraryError as error:
        jobs.output.error(error.facts)
        return exit_code(error.kind)
    if job:
        jobs.begin(job)
    return DONE


def _code_of(outcome: TerminalEvent) -> int:
    match outcome:
        case Failed(error=facts):
            return exit_code(facts.kind)
        case Cancelled():
            return INTERRUPTED
        case _:
            return DONE
