# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs ``batch --economy``: sends the list to the Batch API in parts, and makes props of the
answers.

Items with an answer go to the ordinary :class:`BatchRun`, like props that were interrupted after
their answer; refused items go there as well, like props that were never sent.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...core.events import State
from ...job.batch_api.part import read
from ..batch.earlier_tries import owed, unreadable
from ..batch.run import BatchRun
from ..batch.state import BatchState
from ..console.exit_codes import AT_GATEWAY, INTERRUPTED
from ..prompts.prompt_list import PromptItem
from .parts import PartsClient
from .send import PartSender
from .wait import PartWatcher
from .work import BatchApiOptions, Work


class EconomyRun:
    """One run over the items of a shard. Main thread only.

    :param run: makes everything outside of the Batch API, with the same state.
    """

    def __init__(self, run: BatchRun, state: BatchState, pace: BatchApiOptions) -> None:
        context = state.context
        self._run = run
        self._state = state
        self._context = context
        self._work = Work(state.budget)
        self._desk = PartsClient(context.workshop.economy(context.settings), context.signals)
        self._sender = PartSender(state, self._desk, self._work, pace)
        self._watcher = PartWatcher(state, self._desk, self._work, pace, self._sender)

    def run(self, items: Iterable[PromptItem]) -> int:
        """Make the items. Returns the exit code.

        :raises TrellisError: the library or the report cannot be written.
        """
        work, sender = self._work, self._sender
        self._desk.parts.tidy()
        for item in items:
            self._sort(item)
        while not (self._context.signals.count or self._state.stopped):
            # Sending comes first, as a part takes hours, and the rest can be done meanwhile.
            if not (work.refused or sender.learning) and sender.send_next():
                continue
            sender.learning = False
            if work.direct:
                direct, work.direct = work.direct, []
                self._run.run(direct)
            elif work.refused:
                for item, prop, facts in work.refused:
                    self._state.refuse(item, prop, facts)
                work.refused = []
            elif work.waiting:
                if not self._watcher.tend():
                    break
            elif work.fresh:
                # Not even half the price is left; the ordinary run reports that.
                self._run.run([work.fresh.popleft()])
            else:
                break
        return self._finish()

    def _finish(self) -> int:
        work = self._work
        self._state.left += len(work.fresh) + len(work.direct)
        if work.waiting:
            self._watcher.tell_waiting(last=True)
        if self._context.signals.count:
            return INTERRUPTED
        code = self._run.run(())
        return code or (AT_GATEWAY if work.waiting else code)

    def _sort(self, item: PromptItem) -> None:
        entry = self._context.claims.entry(item.key)
        record = None
        if entry and entry.prop and not (entry.done and self._context.limits.force):
            record = read(self._context.folder(entry.prop))
        if record and record.in_batch and record.origin.batch:
            self._work.waiting.setdefault(record.origin.batch.key, {})[record.id] = item
            return
        folder = self._context.folder(entry.prop) if entry and entry.prop else None
        if folder and (unreadable(folder) or (owed(folder) and not self._context.limits.force)):
            self._work.direct.append(item)  # the ordinary run reports the reason
            return
        gone = record is None or not (record.is_resumable or record.state is State.READY)
        if gone or (record and record.state is State.REQUESTED and not record.origin.calls):
            self._work.fresh.append(item)
        else:
            self._work.direct.append(item)
