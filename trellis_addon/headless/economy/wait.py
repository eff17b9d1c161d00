# SPDX-License-Identifier: GPL-3.0-or-later
"""Waits for the Batch API: checks its parts, and decides what happens to the items of each."""

from __future__ import annotations

import time
from typing import Final

from ...core.errors import AccountError, RequestRefusedError, TrellisError
from ...job.batch_api.answers import AnswerOutcome
from ...job.batch_api.part import Part, names, read
from ..batch.state import BatchState
from ..console.signals import STEP_SECONDS
from ..contract.batch_events import BatchApiWaitingEvent
from ..contract.command_events import NoteEvent
from ..prompts.prompt_list import PromptItem
from ..report.waiting_elsewhere import IN_BATCH
from .parts import PartsClient, PartStatus
from .send import PartSender
from .work import BatchApiOptions, Short, Work

MOST_LATE: Final = 10
"""The number of checks of a batch that has ended without all of its answers. After that, a later
run has to check again."""


class PartWatcher:
    """Checks the parts that the gateway has. Main thread only."""

    def __init__(
        self,
        state: BatchState,
        desk: PartsClient,
        work: Work,
        pace: BatchApiOptions,
        sender: PartSender,
    ) -> None:
        self._state = state
        self._context = state.context
        self._budget = state.budget
        self._desk = desk
        self._work = work
        self._pace = pace
        self._sender = sender
        self._looks = 0
        self._short: dict[str, Short] = {}
        """The batches that have ended without all of their answers, by their parts' keys."""
        self._told = ""

    def tend(self) -> bool:
        """Wait until it is time, and check every part. Returns whether the run goes on."""
        if self._looks and not self._pace.wait:
            return False
        while time.monotonic() < self._work.next_look:
            if self._context.signals.count:
                return False
            self._context.show.tick()
            time.sleep(STEP_SECONDS)
        self._looks += 1
        late = [short for key in self._work.waiting if (short := self._short.get(key))]
        if len(late) == len(self._work.waiting) and all(s.looks >= MOST_LATE for s in late):
            return False
        for key in list(self._work.waiting):
            if self._context.signals.count or self._state.stopped:
                return False
            self._check_part(key)
        self._work.next_look = time.monotonic() + self._pace.poll_seconds
        if self._work.waiting:
            self.tell_waiting()
        return True

    def _check_part(self, key: str) -> None:
        items = self._work.waiting[key]
        seen = self._desk.look(key, tuple(items))
        match seen:
            case PartStatus(unsent=Part() as part):
                with_error = seen.error
                if with_error:
                    self._sender.sent(part, with_error)
                else:
                    self._work.fresh.extend(self._work.waiting.pop(key).values())
            case PartStatus(taken=list() as taken, error=TrellisError() as error):
                self._take_answers(key, taken)
                self._tell_short(key, error)
            case PartStatus(error=TrellisError() as error):
                # Others, such as a lost connection, may have passed by the next check.
                lasting = isinstance(error, AccountError | RequestRefusedError)
                if lasting or not self._pace.wait:
                    self._state.halt(error.facts)
                self._context.show.say(f"{error.facts.message}; asking again")
            case PartStatus(elsewhere=str() as words) if words:
                for prop, item in self._work.waiting.pop(key).items():
                    self._state.skip(item, prop, IN_BATCH, words)
            case PartStatus(taken=list() as taken):
                self._take_answers(key, taken)

    def _take_answers(self, key: str, taken: list[AnswerOutcome]) -> None:
        items = self._work.waiting.pop(key)
        expected = self._work.unreserve(key)
        # What an earlier run has sent does not count towards this run's limit.
        own, each = expected is not None, (expected or 0.0) / max(1, len(items))
        stopped = any(found.kind == "account" for found in taken)
        for found in taken:
            item = items.pop(found.prop, None)
            if item is None:
                continue  # from another list; the command for that, or `resume`, continues it
            if own:
                paid = each if found.kind == "answer" else 0.0
                self._budget.spent += paid if found.cents is None else found.cents
            self._next(item, found, stopped=stopped)
        left = 0
        # Items without an answer: those whose record still names the part are expected later.
        for prop, item in items.items():
            record = read(self._context.folder(prop))
            if record and names(record, key):
                self._work.waiting.setdefault(key, {})[prop] = item
                left += 1
            else:
                self._work.direct.append(item)
        if own and left:
            self._work.reserve(key, each * left)

    def _tell_short(self, key: str, error: TrellisError) -> None:
        """Report, once, that answers of a batch that has ended are missing. They may be late."""
        known = self._short.get(key)
        self._short[key] = Short(error.facts.command_sentence, known.looks + 1 if known else 1)
        if known is None:
            self._context.output.json(NoteEvent(text=error.facts.command_sentence))
            self._context.show.say(error.facts.command_sentence)

    def _next(self, item: PromptItem, found: AnswerOutcome, *, stopped: bool) -> None:
        facts = found.facts
        if found.kind == "failed" and facts:
            self._state.refuse(item, found.prop, facts)
        elif found.kind == "account" and facts:
            self._work.refused.append((item, found.prop, facts))
        elif found.kind == "again" and stopped:
            self._state.left += 1
        else:
            self._work.direct.append(item)
        if found.kind == "answer":
            self._budget.paid.add(item.key)
        elif found.kind == "again":
            why = facts.message if facts else "no answer"
            self._context.show.say(f"{found.prop}: the batch has none ({why}); asked for by itself")

    def tell_waiting(self, *, last: bool = False) -> None:
        """Print how many props wait, and until when.

        :param last: whether the run ends now.
        """
        parts = [p for p in map(self._desk.parts.read, self._work.waiting) if p]
        latest = max((p.until for p in parts if p.until), default=None)
        at = latest.isoformat(timespec="minutes") if latest else None
        count, done = self._work.at_gateway, self._desk.completed(self._work.waiting)
        self._context.output.json(
            BatchApiWaitingEvent(props=count, parts=len(self._work.waiting), done=done, until=at)
        )
        when = f" until {latest:%Y-%m-%d %H:%M} at the latest" if latest else ""
        fetch = "the same command, or resume, fetches the answers later"
        if last:
            for short in (self._short[key] for key in self._work.waiting if key in self._short):
                self._context.output.say(short.words)
            self._context.output.say(f"{count:,} wait in the Batch API{when}; {fetch}")
            return
        words = (
            f"Waiting for the Batch API{when}: {count:,} props in {len(self._work.waiting)} parts, "
            f"{done:,} done there. Ctrl-C ends; {fetch}"
        )
        if words != self._told:
            self._told = words
            self._context.show.say(words)
