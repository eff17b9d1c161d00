# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds the context and the state of a batch, for ``batch.run`` and ``economy.run``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from ...core.errors import ErrorFacts
from ...core.settings import Settings
from ...core.text import shorten
from ...engine.job_factory import JobFactory
from ...job.job import Job
from ...library.claims.claim import Claim
from ...library.claims.claims import Claims
from ...library.prop_folder import PropFolder
from ..console.exit_codes import (
    ACCOUNT,
    AT_GATEWAY,
    DONE,
    INTERRUPTED,
    OTHERS_AT_WORK,
    SOME_FAILED,
    UNREACHABLE,
    exit_code,
    is_of_disk,
)
from ..console.output import Output
from ..console.signals import Signals
from ..contract.batch_events import (
    OthersEvent,
    OutageEvent,
    ReachedEvent,
    RetryEvent,
    SkippedEvent,
    StoppedEvent,
)
from ..contract.command_events import ErrorFields, FailedEvent
from ..prompts.prompt_list import PromptItem
from ..report.lines import Line
from ..report.page import duration
from ..report.progress import Show
from ..report.waiting_elsewhere import ELSEWHERE, IN_BATCH, OTHERS
from .earlier_tries import record_of
from .held_items import HeldItem, HeldItems
from .limits import BatchLimits, Budget
from .report_line import line_of
from .tries import Outage, is_outage

SILENCE: Final = 4
"""After this many unreachable items in a row, in addition to the number of parallel jobs, the
gateway is regarded as gone, and the rest of the list is not tried."""


@dataclass
class Running:
    """An item whose job is running."""

    item: PromptItem
    claim: Claim
    job: Job
    folder: PropFolder
    before: float
    """US cents of this prop that have been counted, such as those of earlier runs."""
    asking: bool
    """Whether it occupies a place at the gateway."""
    ready: bool = False
    """Whether only its picture is left to do."""


class ItemJobs(dict[str, Running]):
    """The running jobs by the keys of their items."""

    def lost(self, key: str) -> None:
        """Stop the job of an item whose claim another process has taken over. From any thread."""
        if running := self.get(key):
            running.job.cancel(interrupted=True)

    def cancel(self) -> None:
        """Stop all jobs, so that they can be resumed."""
        for running in self.values():
            running.job.cancel(interrupted=True)


@dataclass(frozen=True)
class BatchContext:
    """What a run needs from the command. Main thread only.

    :param ended: is called with the report line of each item that has ended.
    :param begun: is called with each new prop's folder, before anything is sent for it.
    """

    workshop: JobFactory
    settings: Settings
    limits: BatchLimits
    output: Output
    show: Show
    claims: Claims
    signals: Signals
    ended: Callable[[Line], None]
    begun: Callable[[PromptItem, PropFolder], None]

    def folder(self, prop: str) -> PropFolder:
        """The folder of a prop in this run's library."""
        return PropFolder(self.settings.library / prop)


@dataclass
class BatchState:
    """The state of a run: its budget, the results of its items, and why it stops."""

    context: BatchContext
    budget: Budget
    left: int = 0
    """Items that were not begun because the run was stopped."""
    made: int = 0
    failed: int = 0
    in_batch: int = 0
    """The number of items in the Batch API, whose answers another command has to fetch."""
    elsewhere: int = 0
    """The number of items that other processes are still making at the end of this run."""
    reason: ErrorFacts | None = None
    """Why no more items are begun."""
    is_full: bool = False
    """Whether ``--max-failures`` is reached."""
    others: HeldItems = field(init=False)
    """The items that this run waits for while other processes make them."""
    _told_others: int = field(default=0, repr=False)
    _told_pause: int = field(default=0, repr=False)
    _unreachable: int = field(default=0, repr=False)
    """The number of failures in a row for which the gateway could not be reached."""

    def __post_init__(self) -> None:
        self.others = HeldItems(self.context.limits.wait_seconds)

    @property
    def stopped(self) -> bool:
        """Whether no more items are begun."""
        return self.reason is not None or self.is_full

    def halt(self, facts: ErrorFacts) -> None:
        """Begin no more items, for this reason; running ones are finished."""
        if self.reason is None:
            self.reason = facts
            self.context.output.json(
                StoppedEvent(
                    reason=facts.message, kind=facts.kind, next_step=facts.step.at_command_line
                )
            )
            self.context.output.say(f"Stopped: {facts.command_sentence}")

    def done(self, item: PromptItem, prop: str) -> None:
        """Count and report an item whose prop is ready."""
        self.made += 1
        self._unreachable = 0
        self.context.ended(line_of(item, "done", prop, record_of(self.context.folder(prop))))

    def cancelled(self, item: PromptItem, prop: str) -> None:
        """Report an item whose job was stopped."""
        self.context.ended(line_of(item, "cancelled", prop, record_of(self.context.folder(prop))))

    def fail(self, item: PromptItem, prop: str, facts: ErrorFacts) -> None:
        """Count and report an item that has failed."""
        record = record_of(self.context.folder(prop))
        self._count(facts)
        self.context.ended(line_of(item, "failed", prop, record, facts))

    def refuse(self, item: PromptItem, prop: str, facts: ErrorFacts) -> None:
        """Tell, count and report an item that has failed without a job, whose event would tell."""
        self.context.output.json(FailedEvent(id=prop, error=ErrorFields.of(facts)))
        self.fail(item, prop, facts)

    def tried_again(self, item: PromptItem, prop: str, facts: ErrorFacts, seconds: float) -> None:
        """Tell that a failed item is tried again in some seconds."""
        output, show = self.context.output, self.context.show
        output.json(RetryEvent(id=prop, key=item.key, line=item.line, seconds=seconds))
        name = shorten(item.request.name or item.request.prompt, 60)
        show.say(f"{name}: {facts.command_sentence} Tried again in {seconds:.0f} s")

    def waits(self, item: PromptItem, prop: str, facts: ErrorFacts, outage: Outage) -> None:
        """Tell that an item is tried again, as the gateway cannot be reached, and, once for all
        items, when it is asked.
        """
        seconds = round(outage.pause)
        retry = RetryEvent(id=prop, key=item.key, line=item.line, seconds=seconds)
        self.context.output.json(retry)
        if seconds == self._told_pause:
            return  # another of the requests that failed together
        self._told_pause = seconds
        output, show = self.context.output, self.context.show
        output.json(OutageEvent(reason=facts.message, seconds=seconds))
        show.away(f"{facts.message}; next try in {duration(seconds)}")

    def is_back(self, seconds: float) -> None:
        """Tell that the gateway answers again after some seconds."""
        self._told_pause = 0
        self._unreachable = 0
        self.context.output.json(ReachedEvent(seconds=round(seconds)))
        self.context.show.away("")
        self.context.show.say(f"The gateway answers again, after {duration(seconds)}")

    def skip(self, item: PromptItem, prop: str, why: str = "", detail: str = "") -> None:
        """Report an item that is in the library already, or that something else is making.

        :param why: a text from ``report.waiting_elsewhere``; "" if the item is in the library.
        :param detail: a second note.
        """
        self.in_batch += why == IN_BATCH
        self.elsewhere += why == ELSEWHERE
        notes = tuple(note for note in (why, detail) if note)
        self.context.output.json(
            SkippedEvent(id=prop, key=item.key, line=item.line, reason=detail or why)
        )
        self.context.ended(line_of(item, "skipped", prop, notes=notes))

    def held(self, held: HeldItem) -> None:
        """Wait for an item that another process is making, or report it."""
        if not self.others.add(held):
            self.skip(held.item, held.prop, ELSEWHERE, held.detail)

    def tell_others(self, count: int) -> None:
        """Tell for how many items this run waits and has nothing else to do, if that changes."""
        if count == self._told_others:
            return
        output, show = self.context.output, self.context.show
        words = OTHERS.format(f"{count:,} prop{'s' if count > 1 else ''}") if count else ""
        if count and not self._told_others:
            output.json(OthersEvent(reason=words, props=count))
        self._told_others = count
        show.away(f"{words}; waiting" if words else "")

    def _count(self, facts: ErrorFacts) -> None:
        """Count a failure, and stop the run if other items would fail for the same reason: the
        account, the gateway or the disk.
        """
        limits, output = self.context.limits, self.context.output
        self.failed += 1
        if exit_code(facts.kind) == ACCOUNT or is_of_disk(facts):
            self.halt(facts)
        self._unreachable = self._unreachable + 1 if is_outage(facts) else 0
        # All jobs that were running when the connection was lost fail, so it takes more than these.
        if self._unreachable >= limits.jobs + SILENCE:
            self.halt(facts)
        most = limits.max_failures
        if most is not None and self.failed >= most and not self.stopped:
            self.is_full = True
            output.json(StoppedEvent(reason=f"{self.failed} failures"))
            output.say(f"Stopped after {self.failed} failures")

    def exit_code(self, *, interrupted: bool) -> int:
        """The exit code of the run."""
        if interrupted:
            return INTERRUPTED
        if self.reason:
            return exit_code(self.reason.kind) or SOME_FAILED
        if self.failed:
            all_unreachable = self._unreachable == self.failed and not self.made
            return UNREACHABLE if all_unreachable else SOME_FAILED
        if self.in_batch:
            return AT_GATEWAY
        return OTHERS_AT_WORK if self.elsewhere else DONE
