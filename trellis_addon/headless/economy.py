# SPDX-License-Identifier: GPL-3.0-or-later
"""``batch --economy``: the list in parts to the Batch API, and from its answers the ordinary way.

What has an answer, and what was refused one, goes to the ordinary :class:`BatchRun`: as something
that was interrupted after its answer, or as something that was never sent.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from typing import Final

from ..core.batch_input import Item
from ..core.cost import BATCH_PRICE
from ..core.errors import (
    AccountError,
    CancelledError,
    LockedError,
    RequestRefusedError,
    TrellisError,
)
from ..core.events import State
from ..core.settings import Settings
from ..engine.workshop import Workshop
from ..job.batch_answers import Taken
from ..job.batch_part import Part, names, read
from ..library.claim import Claim
from ..library.claims import Claims
from ..library.folder import PropFolder
from ..library.locks import FolderLock
from ..library.record import IN_PROGRESS
from .away import IN_BATCH
from .batch_run import STEP_SECONDS, BatchRun
from .batch_tries import drop_failed, owed, unreadable
from .economy_parts import PartsDesk, Seen, patiently, until_words
from .economy_work import Pace, Reserved, Short, Work
from .exit_codes import AT_GATEWAY, INTERRUPTED
from .output import Output
from .progress import Show
from .stopping import Signals

MOST_LATE: Final = 10
"""Looks at a batch that has ended and whose answers are not all there; a later run looks again."""


class EconomyRun:
    """One run of the items of one shard. Main thread only.

    :param price: US cents of a model's last prop by an ordinary call; shared with ``run``.
    """

    def __init__(
        self,
        run: BatchRun,
        workshop: Workshop,
        settings: Settings,
        pace: Pace,
        output: Output,
        show: Show,
        price: dict[str, float],
    ) -> None:
        self._run = run
        self._workshop = workshop
        self._settings = settings
        self._pace = pace
        self._output = output
        self._show = show
        self._price = price
        self._economy = workshop.economy(settings)
        self._work = Work()
        self._expected: dict[str, float] = {}
        """US cents of each part that this run has sent."""
        self._takes: dict[tuple[str, bool], bool] = {}
        self._not_offered = False
        self._tried: set[str] = set()
        self._learning = False
        """One prop is made by an ordinary call, to know what the others cost."""
        self._next_look = 0.0
        self._looks = 0
        self._short: dict[str, Short] = {}
        """By part: of batches that have ended, and not all of whose answers are there."""
        self._told = ""

    def run(
        self, items: Iterable[Item], claims: Claims, signals: Signals, *, force: bool = False
    ) -> int:
        """Make the items. Gives the exit code.

        :raises TrellisError: the library or the report cannot be written.
        """
        self._claims, self._signals, self._force = claims, signals, force
        self._desk = PartsDesk(self._economy, signals)
        self._desk.parts.tidy()
        for item in items:
            self._sort(item)
        while not (signals.count or self._run.stopped):
            if not (self._work.refused or self._learning) and self._send_next():
                continue
            self._learning = False
            if self._work.direct:
                batch, self._work.direct = self._work.direct, []
                self._run.run(batch, claims, signals)
            elif self._work.refused:
                for item, prop, facts in self._work.refused:
                    self._run.fail(item, prop, facts)
                self._work.refused = []
            elif self._work.waiting:
                if not self._tend():
                    break
            elif self._work.fresh:
                # Not even half the price is left: the ordinary way says so, in its words.
                self._run.run([self._work.fresh.popleft()], claims, signals)
            else:
                break
        return self._end()

    def _end(self) -> int:
        work = self._work
        self._run.left += len(work.fresh) + len(work.direct)
        if work.waiting:
            self._tell_waiting(last=True)
        if self._signals.count:
            return INTERRUPTED
        code = self._run.run((), self._claims, self._signals)
        return code or (AT_GATEWAY if work.waiting else code)

    def _sort(self, item: Item) -> None:
        entry = self._claims.entry(item.key)
        record = None
        if entry and entry.prop and not (entry.done and self._force):
            record = read(PropFolder(self._settings.library / entry.prop))
        if record and record.in_batch and record.origin.batch:
            self._work.waiting.setdefault(record.origin.batch.key, {})[record.id] = item
            return
        folder = PropFolder(self._settings.library / entry.prop) if entry and entry.prop else None
        if folder and (unreadable(folder) or (owed(folder) and not self._force)):
            self._work.direct.append(item)  # which tells why
            return
        gone = record is None or not (record.can_go_on or record.state is State.READY)
        if gone or (record and record.state is State.REQUESTED and not record.origin.calls):
            self._work.fresh.append(item)
        else:
            self._work.direct.append(item)

    # --- sending

    def _send_next(self) -> bool:
        """Send one part, or find that something goes the ordinary way; False when neither."""
        work, chosen = self._work, list[Reserved]()
        begun = len(work.direct)
        try:
            with suppress(CancelledError):  # by a signal, which ends the run
                self._choose(chosen, begun)
        except TrellisError as error:
            self._run.halt(error.facts)
        try:
            if chosen:
                self._send(chosen)
        finally:
            for reserved in chosen:
                reserved.lock.release()
                reserved.claim.release()
        return bool(chosen) or len(work.direct) > begun

    def _choose(self, chosen: list[Reserved], begun: int) -> None:
        work = self._work
        while work.fresh and len(chosen) < self._pace.part_size:
            item = work.fresh[0]
            if not self._by_batch(item):
                work.direct.append(item)
            elif not self._affordable(item, chosen):
                return
            elif reserved := self._reserve(item, len(chosen)):
                chosen.append(reserved)
            work.fresh.popleft()
            if self._learning and len(work.direct) > begun:
                return

    def _by_batch(self, item: Item) -> bool:
        """Whether the Batch API takes it, and its cost can be kept in the limit."""
        if self._not_offered:
            return False
        model = item.request.model
        if self._run.free_cents is not None and model not in self._price:
            self._learning = model not in self._tried
            self._tried.add(model)
            if self._learning:
                self._show.say("The price is not known yet: one prop is made at once, to learn it")
            return False
        known = (model, bool(item.request.image_url))
        if known not in self._takes:
            self._takes[known] = patiently(
                lambda token: self._economy.takes(item.request, token), self._signals, 1
            )
            if not self._takes[known]:
                why = "pictures" if item.request.image_url else f"the model {model}"
                self._show.say(
                    f"The Batch API does not take {why}: asked for one by one, at the full price"
                )
        return self._takes[known]

    def _affordable(self, item: Item, chosen: list[Reserved]) -> bool:
        free = self._run.free_cents
        return free is None or self._half((*(r.item for r in chosen), item)) <= free

    def _half(self, items: Iterable[Item]) -> float:
        return sum(self._price.get(item.request.model, 0.0) for item in items) * BATCH_PRICE

    def _reserve(self, item: Item, others: int) -> Reserved | None:
        """Claim an item and have its folder; None when the ordinary way is to see to it."""
        claim = self._claims.take(item.key, again=self._force)
        if claim is None:
            self._work.direct.append(item)
            return None
        with ExitStack() as undo:
            undo.callback(claim.release)
            try:
                reserved = self._reserved(item, claim, others, undo)
            except LockedError:
                reserved = None  # somebody is at it; the ordinary way tells so
            if reserved:
                undo.pop_all()
                return reserved
        self._work.direct.append(item)
        return None

    def _reserved(self, item: Item, claim: Claim, others: int, undo: ExitStack) -> Reserved | None:
        kept = self._kept(claim)
        if kept == "other":
            return None
        if isinstance(kept, PropFolder):
            return Reserved(item, claim, kept, FolderLock.acquire(kept.path))
        at_gateway = self._work.at_gateway + others
        self._workshop.check(self._settings, item.request.model, at_gateway + 1)
        folder, lock = self._workshop.reserve(item.request, self._settings, item.finishing)
        undo.callback(lock.release)
        earlier = claim.prop
        claim.begin(folder.id)
        if earlier:
            drop_failed(self._settings.library, earlier)
        return Reserved(item, claim, folder, lock)

    def _kept(self, claim: Claim) -> PropFolder | str:
        """The folder of an item that was begun and never sent; "" for none, "other" for one that
        has gone further meanwhile.
        """
        folder = PropFolder(self._settings.library / claim.prop) if claim.prop else None
        record = read(folder) if folder else None
        if folder is None or record is None:
            return ""
        if record.state is State.REQUESTED and not record.in_batch:
            return folder
        is_owed = record.owed and not self._force
        return "other" if record.can_go_on or record.in_batch or is_owed else ""

    def _send(self, chosen: list[Reserved]) -> None:
        try:
            part, lock = self._desk.parts.prepare(
                self._economy.base_url, [(r.folder.id, r.item.request) for r in chosen]
            )
        except TrellisError as error:
            self._run.halt(error.facts)
            self._run.left += len(chosen)
            return
        self._work.waiting[part.key] = {r.folder.id: r.item for r in chosen}
        self._expected[part.key] = self._half(r.item for r in chosen)
        self._run.reserved += self._expected[part.key]
        for reserved in chosen:
            reserved.lock.release()  # the record says where it is; nothing else may be sent
            self._output.json(
                event="item", id=reserved.folder.id, key=reserved.item.key, line=reserved.item.line
            )
        with self._desk.held(lock, part.key):
            self._sent(part, self._desk.send(part))

    def _sent(self, part: Part, error: TrellisError | None) -> bool:
        """What became of sending a part; whether the gateway has it."""
        items = self._work.waiting[part.key]
        if error is None:
            found = self._desk.parts.read(part.key)
            self._output.json(
                event="part", key=part.key, batch=found and found.batch_id, props=len(items)
            )
            self._show.say(f"Sent {len(items):,} with the Batch API, {until_words(found)}")
            self._next_look = 0.0
            return True
        refused = isinstance(error, RequestRefusedError) and error.facts.status != IN_PROGRESS
        if refused or isinstance(error, AccountError):
            self._desk.parts.let_go(part, error.facts.message)
            self._unreserve(part.key)
            del self._work.waiting[part.key]
            if isinstance(error, AccountError):
                self._work.fresh.extend(items.values())
            else:
                self._not_offered = True
                self._work.direct.extend(items.values())
                self._output.json(event="note", text=error.facts.message)
                self._show.say(
                    f"The Batch API did not take the part ({error.facts.message}): "
                    "asked for one by one, at the full price"
                )
                return False
        if not isinstance(error, CancelledError):
            self._run.halt(error.facts)
        return False

    def _unreserve(self, key: str) -> bool:
        """Whether the part was this run's."""
        cents = self._expected.pop(key, None)
        self._run.reserved -= cents or 0.0
        return cents is not None

    # --- waiting

    def _tend(self) -> bool:
        """Wait until it is time, and look at every part; False when the run is to end."""
        if self._looks and not self._pace.wait:
            return False
        while time.monotonic() < self._next_look:
            if self._signals.count:
                return False
            time.sleep(STEP_SECONDS)
        self._looks += 1
        late = [short for key in self._work.waiting if (short := self._short.get(key))]
        if len(late) == len(self._work.waiting) and all(s.looks >= MOST_LATE for s in late):
            return False
        for key in list(self._work.waiting):
            if self._signals.count or self._run.stopped:
                return False
            self._look(key)
        self._next_look = time.monotonic() + self._pace.poll_seconds
        if self._work.waiting:
            self._tell_waiting()
        return True

    def _look(self, key: str) -> None:
        items = self._work.waiting[key]
        seen = self._desk.look(key, tuple(items))
        match seen:
            case Seen(unsent=Part() as part):
                with_error = seen.error
                if with_error:
                    self._sent(part, with_error)
                else:
                    self._work.fresh.extend(self._work.waiting.pop(key).values())
            case Seen(taken=list() as taken, error=TrellisError() as error):
                self._take(key, taken)
                self._tell_short(key, error)
            case Seen(error=TrellisError() as error):
                lasting = isinstance(error, AccountError | RequestRefusedError)
                if lasting or not self._pace.wait:
                    self._run.halt(error.facts)
                self._show.say(f"{error.facts.message}; asking again")
            case Seen(elsewhere=str() as words) if words:
                for prop, item in self._work.waiting.pop(key).items():
                    self._run.skip(item, prop, IN_BATCH, words)
            case Seen(taken=list() as taken):
                self._take(key, taken)

    def _take(self, key: str, taken: list[Taken]) -> None:
        items = self._work.waiting.pop(key)
        each = self._expected.get(key, 0.0) / max(1, len(items))
        own = self._unreserve(key)
        stopped = any(found.kind == "account" for found in taken)
        for found in taken:
            item = items.pop(found.prop, None)
            if item is None:
                continue  # of another list: its own command, or `resume`, goes on with it
            if own:
                paid = each if found.kind == "answer" else 0.0
                self._run.spend(paid if found.cents is None else found.cents)
            self._next(item, found, stopped=stopped)
        left = 0
        for prop, item in items.items():
            record = read(PropFolder(self._settings.library / prop))
            if record and names(record, key):
                self._work.waiting.setdefault(key, {})[prop] = item
                left += 1
            else:
                self._work.direct.append(item)
        if own and left:
            self._expected[key] = each * left
            self._run.reserved += self._expected[key]

    def _tell_short(self, key: str, error: TrellisError) -> None:
        """Answers are missing of a batch that has ended. They may be late."""
        known = self._short.get(key)
        self._short[key] = Short(error.facts.sentence, known.looks + 1 if known else 1)
        if known is None:
            self._output.json(event="note", text=error.facts.sentence)
            self._show.say(error.facts.sentence)

    def _next(self, item: Item, found: Taken, *, stopped: bool) -> None:
        facts = found.facts
        if found.kind == "failed" and facts:
            self._run.fail(item, found.prop, facts)
        elif found.kind == "account" and facts:
            self._work.refused.append((item, found.prop, facts))
        elif found.kind == "again" and stopped:
            self._run.left += 1
        else:
            self._work.direct.append(item)
        if found.kind == "answer":
            self._run.paid.add(item.key)
        elif found.kind == "again":
            why = facts.message if facts else "no answer"
            self._show.say(f"{found.prop}: the batch has none ({why}); asked for by itself")

    def _tell_waiting(self, *, last: bool = False) -> None:
        parts = [p for p in map(self._desk.parts.read, self._work.waiting) if p]
        latest = max((p.until for p in parts if p.until), default=None)
        at = latest.isoformat(timespec="minutes") if latest else None
        count, done = self._work.at_gateway, self._desk.completed(self._work.waiting)
        self._output.json(
            event="waiting", props=count, parts=len(self._work.waiting), done=done, until=at
        )
        when = f" until {latest:%Y-%m-%d %H:%M} at the latest" if latest else ""
        fetch = "the same command, or resume, fetches the answers later"
        if last:
            for short in (self._short[key] for key in self._work.waiting if key in self._short):
                self._output.say(short.words)
            self._output.say(f"{count:,} wait in the Batch API{when}; {fetch}")
            return
        words = (
            f"Waiting for the Batch API{when}: {count:,} props in {len(self._work.waiting)} parts, "
            f"{done:,} done there. Ctrl-C ends; {fetch}"
        )
        if words != self._told:
            self._told = words
            self._show.say(words)
