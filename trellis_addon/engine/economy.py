# SPDX-License-Identifier: GPL-3.0-or-later
"""The Batch API for one library: half the price, within a day. Touches no bpy; blocks.

:mod:`job.batch_part` has what stands on the disk, :mod:`job.batch_answers` what becomes of the
answers; here is what is said to the gateway, in which order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from ..core.cancel import CancelToken
from ..core.errors import (
    GatewayFailureError,
    RequestRefusedError,
    TrellisError,
    UnreachableError,
)
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
from ..library.folder import PropFolder, cannot_write
from ..library.memory import DayMemory
from ..library.space import check_space
from .holding import expect_cost, note_cost

LIMIT_SECONDS: Final = 3600.0
"""For the answers of one part, which may be a gigabyte."""
OVERDUE: Final = timedelta(hours=1)
"""So long beyond its window a batch is told to stop; what is done of it is fetched. A batch or a
file that the gateway does not know by then is lost."""
KEPT: Final = timedelta(days=7)
"""So long what a gateway has made is kept there (docs/async-jobs). Answers that its files have not
got by then are lost."""
_NO_LIST: Final = frozenset({404, 405, 501})
_GONE: Final = frozenset({404, 410})


@dataclass(frozen=True)
class Collected:
    """What was fetched of a part."""

    taken: list[Taken]
    short: TrellisError | None = None
    """Why the others are waited for still, although the batch has ended."""


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
        return Address.of(self.settings.gateway).base_url

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

    def find(self, part: Part, token: CancelToken) -> bool:
        """Look for the batch of a part whose sending was interrupted, and take it up.

        :returns: whether the gateway lists its batches; without, it knows a repetition by its
            idempotency key alone, and a refusal of that does not mean that nothing was made.
        :raises TrellisError: the gateway cannot be asked.
        """
        with self._batches(token) as batches:
            found, listed = _found(batches, part)
            if found:
                self.parts.accepted(part, found.id)
            return listed

    def send(self, part: Part, token: CancelToken) -> Part:
        """Have a part made.

        :raises LibraryError: the disk has no room for its answers; nothing was sent.
        :raises RequestRefusedError: the gateway does not take it.
        :raises AccountError: likewise. :raises TrellisError: it is not known whether it was.
        """
        check_space(self.settings.library)
        content = self.parts.requests(part)
        if not content:
            raise RequestRefusedError("The requests of this part are lost, and no batch is known")
        with self._batches(token) as batches:
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
                return _found(batches, part)[0]
            overdue = part.is_over(OVERDUE)
            return batches.cancel(batch.id) if overdue and not batch.ended else batch

    def collect(self, part: Part, batch: Batch | None, token: CancelToken) -> Collected:
        """Write the answers of an ended batch into the records; once all are there, or will never
        be, the part is gone.

        Interrupted, it can be done again: each answer is taken once.

        :raises TrellisError: nothing came; the part stays.
        """
        answers = Answers(self.settings.library, part, self.settings.gateway.endpoint == "auto")
        taken: list[Taken] = []
        lost: TrellisError | None = None
        try:
            if batch is None:
                raise RequestRefusedError("The gateway does not know the batch", status=404)
            waiting = (folder.id for folder, _ in self.parts.waiting(part))
            expect_cost(self.settings.library, waiting)
            count = self._take(part, batch, token, answers, taken)
            if not batch.agrees(len(part.props), *count):
                lost = _short(part, batch, sum(count))
                if not part.is_over(KEPT):
                    return Collected(taken, lost)
        except RequestRefusedError as error:
            if error.facts.status not in _GONE:
                raise
            if not part.is_over(OVERDUE):
                return Collected(taken, _late(error, part))
            lost = error
        except (UnreachableError, GatewayFailureError) as error:
            if not taken:
                raise
            return Collected(taken, error)
        except OSError as error:  # of an answer's model on its way to the disk
            raise cannot_write(self.settings.library, error) from error
        rest = answers.lost(_worded(lost, part)) if lost else answers.missing()
        self._settle(rest)
        self.parts.drop(part.key)
        return Collected([*taken, *rest])

    def _take(
        self, part: Part, batch: Batch, token: CancelToken, answers: Answers, taken: list[Taken]
    ) -> tuple[int, int]:
        """Read the files; how many props have an answer, and how many an error."""
        answered, refused = set[str](), set[str]()
        with self._batches(token) as batches:
            for line in batches.results(batch, self.parts.path(part.key)):
                if line.understood and line.custom_id in part.props:
                    (answered if line.reply else refused).add(line.custom_id)
                if found := answers.take(line):
                    taken.append(found)
                    self._settle((found,))
        return len(answered), len(refused - answered)

    def _settle(self, taken: Iterable[Taken]) -> None:
        for found in taken:
            note_cost(self.settings.library, PropFolder(self.settings.library / found.prop))

    @contextmanager
    def _batches(self, token: CancelToken) -> Iterator[Batches]:
        gateway = replace(self.settings.gateway, limit_seconds=LIMIT_SECONDS)
        transport = Transport(Address.of(gateway), gateway, token, self.budget)
        try:
            yield Batches(transport)
        finally:
            transport.close()


def _found(batches: Batches, part: Part) -> tuple[Batch | None, bool]:
    """The batch of an interrupted start, and whether there is a list to find it in."""
    try:
        return batches.find(part.key, part.file_id), True
    except RequestRefusedError as error:
        if error.facts.status not in _NO_LIST:
            raise
        return None, False


def _short(part: Part, batch: Batch, came: int) -> GatewayFailureError:
    """The files do not hold what the batch's own record counts."""
    counts = f"{batch.completed} done, {batch.failed} failed of {batch.total}"
    return GatewayFailureError(
        f"{came} of {len(part.props)} answers of the batch {batch.id} are there, and the gateway "
        f"calls it {batch.status}",
        "Nothing is asked again; resume fetches the others once they are there",
        detail=f"counts: {counts}; files: {batch.output_file}, {batch.error_file}",
    )


def _late(error: TrellisError, part: Part) -> GatewayFailureError:
    """A gateway that does not know its own batch, or its file, may know it in a while."""
    return GatewayFailureError(
        f"The gateway does not know the answers of the batch {part.batch_id or part.key} (yet)",
        "Nothing is asked again; resume fetches them once they are there",
        detail=error.facts.detail,
        status=error.facts.status,
        request_id=error.facts.request_id,
    )


def _worded(error: TrellisError, part: Part) -> TrellisError:
    return RequestRefusedError(
        "The gateway no longer has the answers of the batch",
        "It may have been charged: ask the gateway's support for the answers of "
        f"{part.batch_id or part.key}. batch with --force asks once more",
        detail=error.facts.detail or error.facts.message,
        status=error.facts.status,
        request_id=error.facts.request_id,
    )
