# SPDX-License-Identifier: GPL-3.0-or-later
"""The Batch API for one library: half the price, within a day. Touches no bpy; blocks.

:mod:`job.batch_part` has what stands on the disk, :mod:`job.batch_answers` what becomes of the
answers; here is what is said to the gateway, in which order.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from ..core.cancel import CancelToken
from ..core.errors import RequestRefusedError, TrellisError
from ..core.request import GenerationRequest
from ..core.settings import Settings
from ..gateway.address import Address
from ..gateway.batches import Batch, Batches
from ..gateway.client import Gateway
from ..gateway.rate import RateBudget
from ..gateway.reply import CHAT
from ..gateway.transport import Transport
from ..job.batch_answers import Answers, Taken
from ..job.batch_part import SENDING, Part, Parts
from ..library.folder import PropFolder
from ..library.memory import DayMemory
from .holding import expect_cost, note_cost

LIMIT_SECONDS: Final = 3600.0
"""For the answers of one part, which may be a gigabyte."""
OVERDUE: Final = timedelta(hours=1)
"""So long beyond its window a batch is told to stop; what is done of it is fetched."""
_NO_LIST: Final = frozenset({404, 405, 501})
_GONE: Final = frozenset({404, 410})


@dataclass(frozen=True)
class Economy:
    """Sends parts and fetches their answers. The caller holds the part's lock."""

    settings: Settings
    budget: RateBudget

    @property
    def parts(self) -> Parts:
        """What stands on the disk."""
        return Parts(self.settings.library)

    @property
    def base_url(self) -> str:
        """The gateway's, as parts and records have it."""
        return Address.parse(self.settings.gateway.base_url).base_url

    def takes(self, request: GenerationRequest, token: CancelToken) -> bool:
        """Whether a request can go by the Batch API, which is for the chat endpoint alone.

        :raises TrellisError: the gateway was asked for the model's endpoint, and refuses.
        """
        gateway = Gateway(self.settings.gateway, token, self.budget)
        try:
            memory = DayMemory(self.settings.library)
            return gateway.first_endpoint(request, memory) == CHAT
        finally:
            gateway.close()

    def send(self, part: Part, token: CancelToken, *, again: bool) -> Part:
        """Have a part made, once.

        :param again: an earlier try was interrupted, so it is looked for first.
        :raises RequestRefusedError: the gateway does not take it; nothing was made.
        :raises AccountError: likewise. :raises TrellisError: it is not known whether it was.
        """
        with self._batches(token) as batches:
            if again and (found := _found(batches, part)):
                return self.parts.accepted(part, found.id)
            content = self.parts.requests(part)
            if not content:
                raise RequestRefusedError(
                    "The requests of this part are lost, and it never arrived",
                    "Nothing was paid for it",
                )
            file_id = part.file_id or batches.upload(content, part.key)
            part = self.parts.write(replace(part, stage=SENDING, file_id=file_id))
            return self.parts.accepted(part, batches.start(file_id, part.key).id)

    def look(self, part: Part, token: CancelToken) -> Batch | None:
        """Ask after a part; None when the gateway does not know it any more.

        :raises TrellisError: the gateway cannot be asked.
        """
        with self._batches(token) as batches:
            try:
                batch = batches.status(part.batch_id or "")
            except RequestRefusedError as error:
                if error.facts.status not in _GONE:
                    raise
                return _found(batches, part)
            overdue = part.until and datetime.now().astimezone() > part.until + OVERDUE
            return batches.cancel(batch.id) if overdue and not batch.ended else batch

    def collect(self, part: Part, batch: Batch | None, token: CancelToken) -> list[Taken]:
        """Write all answers of an ended batch into the records; the part is gone then.

        Interrupted, it can be done again: each answer is taken once.

        :raises TrellisError: not everything could be had; the part stays.
        """
        library = self.settings.library
        answers = Answers(library, part, self.settings.gateway.endpoint == "auto")
        taken: list[Taken] = []
        try:
            if batch is None:
                raise RequestRefusedError(
                    "The gateway no longer knows the batch", "Make the prop again", status=404
                )
            expect_cost(library, part.props)
            with self._batches(token) as batches:
                for line in batches.results(batch, self.parts.path(part.key)):
                    if found := answers.take(line):
                        taken.append(found)
                        note_cost(library, PropFolder(library / found.prop))
        except RequestRefusedError as error:
            if error.facts.status not in _GONE:
                raise
            taken += answers.lost(_worded(error, part))
        taken += answers.missing()
        self.parts.drop(part.key)
        return taken

    @contextmanager
    def _batches(self, token: CancelToken) -> Iterator[Batches]:
        gateway = replace(self.settings.gateway, limit_seconds=LIMIT_SECONDS)
        transport = Transport(Address.parse(gateway.base_url), gateway, token, self.budget)
        try:
            yield Batches(transport)
        finally:
            transport.close()


def _found(batches: Batches, part: Part) -> Batch | None:
    """The batch of an interrupted start. Without a list, the same is sent under the same
    idempotency key, by which the gateway knows the repetition.
    """
    try:
        return batches.find(part.key, part.file_id)
    except RequestRefusedError as error:
        if error.facts.status not in _NO_LIST:
            raise
        return None


def _worded(error: TrellisError, part: Part) -> TrellisError:
    return RequestRefusedError(
        "The gateway no longer has the answers of the batch",
        "Start the batch again to pay for the prop again, or ask the gateway's support for the "
        f"answers of {part.batch_id or part.key}",
        detail=error.facts.detail,
        status=error.facts.status,
        request_id=error.facts.request_id,
    )
