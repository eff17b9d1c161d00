# SPDX-License-Identifier: GPL-3.0-or-later
"""The run of a batch: so many jobs at the gateway at once, each item made once and written down.

Jobs run on their own threads; this room starts them, hears their events and writes the report, all
on the main thread. A job that has its model leaves its place at the gateway to the next item and
waits for the background Blender, so that asking and importing go on at the same time.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from ..core.batch_input import Item
from ..core.errors import (
    ErrorFacts,
    LockedError,
    TrellisError,
    UnreachableError,
)
from ..core.events import Cancelled, Failed, Finished, State, StateChanged
from ..core.settings import Settings
from ..engine.workshop import Workshop
from ..job.job import Job
from ..library.claim import Claim
from ..library.claims import Claims
from ..library.folder import PropFolder
from ..library.locks import FolderLock
from ..library.record import BATCH, PropRecord
from .away import ELSEWHERE, IN_BATCH
from .batch_limits import NO_COST, Limits, beyond
from .batch_lines import line_of
from .batch_tries import call_off, drop_failed, owed, record_of, unreadable, usable
from .exit_codes import (
    ACCOUNT,
    AT_GATEWAY,
    DONE,
    INTERRUPTED,
    SOME_FAILED,
    UNREACHABLE,
    exit_code,
    is_of_disk,
)
from .output import Output
from .progress import Show
from .report_lines import Line
from .stopping import Signals

STEP_SECONDS: Final = 0.02
"""Between two looks at the jobs; a signal is heard as quickly."""
WAITING: Final = 16
"""Models that may wait for the background Blender, beside the jobs at the gateway: each is a
thread, and a batch whose imports are slow must not gather thousands."""
SILENCE: Final = 4
"""So many items in a row, beside those at once, find no gateway: then it is gone, and the rest of
the list is not tried against it."""

_HAS_MODEL: Final = (State.DOWNLOADED, State.IMPORTING, State.READY)
"""From here on a prop's place at the gateway is free. After a failure it is free once that is
counted: it may be one that stops the batch.
"""


@dataclass
class _Running:
    item: Item
    claim: Claim
    job: Job
    folder: PropFolder
    before: float
    """US cents of this prop that are counted already, such as those of earlier runs."""
    asking: bool
    """Whether it has a place at the gateway."""


class BatchRun:
    """One run over the items of one shard. Main thread only.

    :param ended: hears of each item's end, with the line of the report.
    :param price: US cents of a model's last prop, as far as the library knows.
    """

    def __init__(
        self,
        workshop: Workshop,
        settings: Settings,
        limits: Limits,
        output: Output,
        show: Show,
        ended: Callable[[Line], None],
        price: dict[str, float],
    ) -> None:
        self._workshop = workshop
        self._settings = settings
        self._limits = limits
        self._output = output
        self._show = show
        self._ended = ended
        self._price = price
        self._running: dict[str, _Running] = {}
        self._spent = 0.0
        self._failed = 0
        self._made = 0
        self._unreachable = 0
        self._in_batch = 0
        """Items that wait in the Batch API, for another command to fetch."""
        self._stop: ErrorFacts | None = None
        self._full = False
        """``--max-failures`` is reached."""
        self._untold: set[str] = set()
        """Models of which a prop came without a word of its cost."""
        self.reserved = 0.0
        """US cents that are expected for what the Batch API has, as part of what may be spent."""
        self.paid: set[str] = set()
        """Keys of items whose answer is there: they are no matter of what may be spent."""
        self.left = 0
        """Items that were not begun because the run was stopped."""

    def lost(self, key: str) -> None:
        """An item's claim is in other hands: its job stops. From any thread."""
        running = self._running.get(key)
        if running:
            running.job.cancel(interrupted=True)

    @property
    def stopped(self) -> bool:
        """Whether nothing more is begun."""
        return self._stop is not None or self._full

    @property
    def free_cents(self) -> float | None:
        """What may still be spent; None without a limit."""
        most = self._limits.max_cents
        return None if most is None else most - self._spent - self.reserved

    def spend(self, cents: float) -> None:
        """Count what was paid by another way than these jobs."""
        self._spent += cents

    def fail(self, item: Item, prop: str, facts: ErrorFacts) -> None:
        """Count and tell an item that has failed by another way."""
        record = record_of(PropFolder(self._settings.library / prop))
        self._count(facts)
        self._tell(line_of(item, "failed", prop, record, facts))

    def run(self, items: Iterable[Item], claims: Claims, signals: Signals) -> int:
        """Make the items. Gives the exit code.

        :raises TrellisError: the report cannot be written; jobs under way are stopped, and can go
            on later.
        """
        waiting = deque(items)
        told = 0
        try:
            while waiting or self._running:
                if signals.count > told:
                    told = self._interrupted(signals.count)
                if told or self._stop or self._full:
                    self.left += len(waiting)
                    waiting.clear()
                while waiting and self._may_begin(waiting[0]):
                    self._begin(waiting.popleft(), claims)
                    if signals.count > told or self._stop or self._full:
                        break
                if not self._look():
                    time.sleep(STEP_SECONDS)
        finally:
            self._abandon()
        return self._code(interrupted=told > 0)

    # --- beginning

    def _may_begin(self, item: Item) -> bool:
        asking = sum(running.asking for running in self._running.values())
        if asking >= self._limits.jobs or len(self._running) >= self._limits.jobs + WAITING:
            return False
        most = self._limits.max_cents
        if most is None or item.key in self.paid:
            return True
        price = self._price.get(item.request.model)
        if price is None and asking:
            return False  # the first one tells what the others are going to cost
        if price is None and item.request.model in self._untold:
            self.halt(NO_COST.facts)
            return False
        expected = sum(
            self._price.get(r.item.request.model, 0.0)
            for r in self._running.values()
            if r.asking and r.item.key not in self.paid
        )
        total = self._spent + self.reserved + expected + (price or 0.0)
        if total <= most and self._spent < most:
            return True
        if asking:
            return False  # what is under way may cost less than expected
        self.halt(beyond(most, self._spent, self.reserved, price).facts)
        return False

    def _begin(self, item: Item, claims: Claims) -> None:
        try:
            claim = claims.take(item.key, again=self._limits.force)
            if claim is None:
                entry = claims.entry(item.key)
                done = bool(entry and entry.done)
                self.skip(item, (entry and entry.prop) or "", "" if done else ELSEWHERE)
                return
        except TrellisError as error:
            self.halt(error.facts)
            self.left += 1
            return
        running = None
        try:
            running = self._start(item, claim)
        except LockedError as error:
            self.skip(item, claim.prop or "", ELSEWHERE, error.facts.message)
        except TrellisError as error:
            self.halt(error.facts)
            self.left += 1
        finally:
            if running is None:
                claim.release()

    def _start(self, item: Item, claim: Claim) -> _Running | None:
        """Start an item's job; None when its prop turns out to be ready."""
        library = self._settings.library
        known = record_of(PropFolder(library / claim.prop)) if claim.prop else None
        if claim.prop and known and known.in_batch:
            self.skip(item, claim.prop, IN_BATCH)
            return None
        if claim.prop and (fault := unreadable(PropFolder(library / claim.prop))):
            self.fail(item, claim.prop, fault.facts)
            return None
        if claim.prop and (
            begun := usable(PropFolder(library / claim.prop), force=self._limits.force)
        ):
            folder, record = begun
            if record.state is State.READY:
                with suppress(LockedError):
                    # Its maker may have died in its last write; the torn file goes with the lock.
                    FolderLock.acquire(folder.path).release()
                claim.done()
                self.skip(item, folder.id)
                return None
            job = self._workshop.resume(folder, self._settings)
            asking = not folder.holds(record, record.model_file)
            before = record.cost_cents or 0.0
        elif self._is_owed(item, claim):
            return None
        else:
            job = self._workshop.generate(item.request, self._settings, item.finishing)
            folder, asking, before = PropFolder(library / job.prop_id), True, 0.0
            earlier = claim.prop
            try:
                claim.begin(job.prop_id)
            except TrellisError:
                call_off(job)
                raise
            if earlier:
                drop_failed(library, earlier)
        running = _Running(item, claim, job, folder, before, asking)
        self._running[item.key] = running
        self._output.json(event="item", id=folder.id, key=item.key, line=item.line)
        job.start()
        return running

    def _is_owed(self, item: Item, claim: Claim) -> bool:
        """Tell, where an item's prop may have been charged, that it is not asked for again."""
        prop = claim.prop
        fault = owed(PropFolder(self._settings.library / prop)) if prop else None
        if prop and fault and not self._limits.force:
            self.fail(item, prop, fault.facts)
            return True
        return False

    def skip(self, item: Item, prop: str, why: str = "", detail: str = "") -> None:
        """Tell of an item that is there, or is made or waited for elsewhere.

        :param why: of ``away``; "" for one that is there. :param detail: more of it.
        """
        self._in_batch += why == IN_BATCH
        notes = tuple(note for note in (why, detail) if note)
        self._output.json(
            event="skipped", id=prop, key=item.key, line=item.line, reason=detail or why
        )
        self._tell(line_of(item, "skipped", prop, notes=notes))

    # --- what is under way

    def _look(self) -> bool:
        """Hear what the jobs say; False when they said nothing."""
        heard = False
        for running in list(self._running.values()):
            for event in running.job.poll():
                heard = True
                self._output.machine(event)
                if isinstance(event, StateChanged):
                    self._move(running, event.state)
                    self._show.state(event.prop_id, event.state)
            if running.job.outcome:
                self._end(running)
        return heard

    def _move(self, running: _Running, state: State) -> None:
        """A prop that has its model is paid for, and gives its place at the gateway away."""
        if running.asking and state in _HAS_MODEL:
            running.asking = False
            self._settle(running, record_of(running.folder))
            if running.item.request.model not in self._price:
                self._untold.add(running.item.request.model)

    def _settle(self, running: _Running, record: PropRecord | None) -> None:
        """Count what a prop has cost since the last look."""
        cost = (record.cost_cents if record else None) or 0.0
        new, running.before = cost - running.before, cost
        self._spent += new
        # An answer of the Batch API has cost half of what the next call is going to.
        calls = record.origin.calls if record else ()
        whole = not any(call.endpoint == BATCH for call in calls)
        if whole and (new > 0 or (record and record.cost_cents is not None)):
            self._price[running.item.request.model] = cost

    def _end(self, running: _Running) -> None:
        outcome, item = running.job.outcome, running.item
        del self._running[item.key]
        running.job.join(10)
        try:
            if isinstance(outcome, Finished):
                running.claim.done()
        except LockedError:
            self._show.say(f"{running.folder.id} is in other hands now")
        finally:
            running.claim.release()
        record = record_of(running.folder)
        self._settle(running, record)
        match outcome:
            case Finished():
                self._made += 1
                self._unreachable = 0
                self._tell(line_of(item, "done", running.folder.id, record))
            case Failed(error=facts):
                self._count(facts)
                self._tell(line_of(item, "failed", running.folder.id, record, facts))
            case Cancelled():
                self._tell(line_of(item, "cancelled", running.folder.id, record))

    def _count(self, facts: ErrorFacts) -> None:
        """A failure: whether it is one of the prop, or of the account, the gateway or the disk."""
        self._failed += 1
        if exit_code(facts.kind) == ACCOUNT or is_of_disk(facts):
            self.halt(facts)
        self._unreachable = self._unreachable + 1 if facts.kind == UnreachableError.kind else 0
        if self._unreachable >= self._limits.jobs + SILENCE:
            self.halt(facts)
        most = self._limits.max_failures
        if most is not None and self._failed >= most and not self._full and not self._stop:
            self._full = True
            self._output.json(event="stopped", reason=f"{self._failed} failures")
            self._output.say(f"Stopped after {self._failed} failures")

    def _tell(self, line: Line) -> None:
        self._ended(line)

    # --- the end

    def halt(self, facts: ErrorFacts) -> None:
        """Begin nothing more; what is at the gateway is waited for."""
        if self._stop is None:
            self._stop = facts
            self._output.json(event="stopped", reason=facts.message, kind=facts.kind)
            self._output.say(f"Stopped: {facts.sentence}")

    def _interrupted(self, count: int) -> int:
        if count > 1:
            for running in self._running.values():
                running.job.cancel(interrupted=True)
        elif self._running:
            self._output.say(
                f"Stopping: {len(self._running)} under way are finished first; "
                "once more to stop at once, and go on later"
            )
        return count

    def _abandon(self) -> None:
        """After an error: nothing goes on without its report. Harmless after a good end."""
        for running in self._running.values():
            running.job.cancel(interrupted=True)
        for running in self._running.values():
            for _ in running.job.wait():
                continue
            running.claim.release()

    def _code(self, *, interrupted: bool) -> int:
        if interrupted:
            return INTERRUPTED
        if self._stop:
            return exit_code(self._stop.kind) or SOME_FAILED
        if self._failed:
            all_unreachable = self._unreachable == self._failed and not self._made
            return UNREACHABLE if all_unreachable else SOME_FAILED
        return AT_GATEWAY if self._in_batch else DONE
