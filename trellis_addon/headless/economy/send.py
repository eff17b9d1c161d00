# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends a list to the Batch API part by part: decides which items are in a part, and its cost."""

from __future__ import annotations

from contextlib import ExitStack, suppress

from ...core.errors import (
    AccountError,
    CancelledError,
    LockedError,
    RequestRefusedError,
    TrellisError,
)
from ...core.events import State
from ...job.batch_api.part import Part, read
from ...library.claims.claim import Claim
from ...library.folder_lock import FolderLock
from ...library.prop_folder import PropFolder
from ...library.record import IN_PROGRESS
from ..batch.earlier_tries import drop_failed
from ..batch.state import BatchState
from ..contract.batch_events import ItemEvent, PartEvent
from ..contract.command_events import NoteEvent
from ..prompts.prompt_list import PromptItem
from .parts import PartsClient, interruptibly, until_words
from .work import BatchApiOptions, Reserved, Work


class PartSender:
    """Sends new items in parts. Main thread only."""

    def __init__(
        self, state: BatchState, desk: PartsClient, work: Work, pace: BatchApiOptions
    ) -> None:
        self._state = state
        self._context = state.context
        self._budget = state.budget
        self._desk = desk
        self._work = work
        self._pace = pace
        self._takes: dict[tuple[str, bool], bool] = {}
        """Whether the Batch API accepts requests, by their model and whether they have an image."""
        self._tried: set[str] = set()
        self.learning = False
        """Whether one prop is being made with an ordinary request, to learn the model's price."""

    def send_next(self) -> bool:
        """Send one part, or move items to the ordinary run.

        :returns: whether either was done.
        """
        work, chosen = self._work, list[Reserved]()
        begun = len(work.direct)
        try:
            # A signal ends the run, and what has been chosen by then is still sent.
            with suppress(CancelledError):
                self._choose(chosen, begun)
        except TrellisError as error:
            self._state.halt(error.facts)
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
            if self.learning and len(work.direct) > begun:
                return

    def _by_batch(self, item: PromptItem) -> bool:
        """Whether the Batch API accepts an item, and its price is known if there is a limit."""
        if not self._work.is_offered:
            return False
        model = item.request.model
        if self._budget.free is not None and model not in self._budget.price:
            self.learning = model not in self._tried
            self._tried.add(model)
            if self.learning:
                self._context.show.say(
                    "The price is not known yet: one prop is made at once, to learn it"
                )
            return False
        # Asked once for all items that are alike, as it may take a request to the gateway.
        known = (model, bool(item.request.image_url))
        if known not in self._takes:
            self._takes[known] = interruptibly(
                lambda token: self._desk.economy.takes(item.request, token),
                self._context.signals,
                1,
            )
            if not self._takes[known]:
                why = "pictures" if item.request.image_url else f"the model {model}"
                self._context.show.say(
                    f"The Batch API does not take {why}: asked for one by one, at the full price"
                )
        return self._takes[known]

    def _affordable(self, item: PromptItem, chosen: list[Reserved]) -> bool:
        free = self._budget.free
        return free is None or self._work.half((*(r.item for r in chosen), item)) <= free

    def _reserve(self, item: PromptItem, others: int) -> Reserved | None:
        """Claim an item and create its folder; None if it is left to the ordinary run."""
        claim = self._context.claims.take(item.key, again=self._context.limits.force)
        if claim is None:
            self._work.direct.append(item)
            return None
        # Whatever fails, neither the claim nor the folder's lock may be left behind.
        with ExitStack() as undo:
            undo.callback(claim.release)
            try:
                reserved = self._reserved(item, claim, others, undo)
            except LockedError:
                reserved = None  # in use by another process; the ordinary run reports that
            if reserved:
                undo.pop_all()
                return reserved
        self._work.direct.append(item)
        return None

    def _reserved(
        self, item: PromptItem, claim: Claim, others: int, undo: ExitStack
    ) -> Reserved | None:
        kept = self._kept(claim)
        if kept == "other":
            return None
        if isinstance(kept, PropFolder):
            return Reserved(item, claim, kept, FolderLock.acquire(kept.path))
        workshop, settings = self._context.workshop, self._context.settings
        workshop.check(settings, item.request.model, self._work.at_gateway + others + 1)
        folder, lock = workshop.reserve(item.request, settings, item.finishing)
        undo.callback(lock.release)
        earlier = claim.prop
        claim.begin(folder.id)
        if earlier:
            drop_failed(settings.library, earlier)
        self._context.begun(item, folder)
        return Reserved(item, claim, folder, lock)

    def _kept(self, claim: Claim) -> PropFolder | str:
        """The folder of an item that was begun and never sent; "" if there is none, "other" if the
        item has meanwhile advanced.
        """
        folder = self._context.folder(claim.prop) if claim.prop else None
        record = read(folder) if folder else None
        if folder is None or record is None:
            return ""
        if record.state is State.REQUESTED and not record.in_batch:
            return folder
        is_owed = record.owed and not self._context.limits.force
        return "other" if record.is_resumable or record.in_batch or is_owed else ""

    def _send(self, chosen: list[Reserved]) -> None:
        try:
            part, lock = self._desk.parts.prepare(
                self._desk.economy.base_url, [(r.folder.id, r.item.request) for r in chosen]
            )
        except TrellisError as error:
            self._state.halt(error.facts)
            self._state.left += len(chosen)
            return
        self._work.waiting[part.key] = {r.folder.id: r.item for r in chosen}
        self._work.reserve(part.key, self._work.half(r.item for r in chosen))
        for reserved in chosen:
            # Not needed any more, as a record in a batch keeps others from sending it.
            reserved.lock.release()
            item = reserved.item
            self._context.output.json(
                ItemEvent(id=reserved.folder.id, key=item.key, line=item.line)
            )
        with self._desk.held(lock, part.key):
            self.sent(part, self._desk.send(part))

    def sent(self, part: Part, error: TrellisError | None) -> bool:
        """Handle the result of sending a part. Returns whether the gateway has it."""
        items = self._work.waiting[part.key]
        if error is None:
            found = self._desk.parts.read(part.key)
            self._context.output.json(
                PartEvent(key=part.key, batch=found.batch_id if found else None, props=len(items))
            )
            self._context.show.say(f"Sent {len(items):,} with the Batch API, {until_words(found)}")
            self._work.next_look = 0.0
            return True
        refused = isinstance(error, RequestRefusedError) and error.facts.status != IN_PROGRESS
        if refused or isinstance(error, AccountError):
            self._desk.parts.let_go(part, error.facts.message)
            self._work.unreserve(part.key)
            del self._work.waiting[part.key]
            if isinstance(error, AccountError):
                self._work.fresh.extend(items.values())
            else:
                # This gateway will refuse the other parts, too.
                self._work.is_offered = False
                self._work.direct.extend(items.values())
                self._context.output.json(NoteEvent(text=error.facts.message))
                self._context.show.say(
                    f"The Batch API did not take the part ({error.facts.message}): "
                    "asked for one by one, at the full price"
                )
                return False
        if not isinstance(error, CancelledError):
            self._state.halt(error.facts)
        return False
