# SPDX-License-Identifier: GPL-3.0-or-later
"""Uses the gateway's Batch API for one library: half the price, within a day. Blocks; no bpy.

:mod:`job.batch_api.part` has the files on disk, and :mod:`job.batch_api.answers` processes the
    answers;
this module makes the requests to the gateway in the right order.
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
from ..core.generation.request import GenerationRequest
from ..core.settings import Settings
from ..gateway.answers.reply import CHAT
from ..gateway.batch_endpoint import Batches, RemoteBatch
from ..gateway.client import Gateway
from ..gateway.http.address import Address
from ..gateway.http.rate_limit import RateBudget
from ..gateway.http.transport import Transport
from ..job.batch_api.answers import AnswerOutcome, Answers
from ..job.batch_api.part import SENDING, Part, Parts
from ..library.day_cache import DayCache
from ..library.disk.free_space import check_space
from ..library.prop_folder import PropFolder, cannot_write
from .locked_job import expect_cost, note_cost

LIMIT_SECONDS: Final = 3600.0
"""The time limit for the answers of one part, which may be a gigabyte."""
OVERDUE: Final = timedelta(hours=1)
"""The time after the end of its window when a batch is cancelled; what it has done is fetched. If
the gateway does not know a batch or a file by then, it is lost."""
KEPT: Final = timedelta(days=7)
"""The time for which the gateway keeps results (docs/async-jobs). Answers that are not in its files
by then are lost."""
_NO_LIST: Final = frozenset({404, 405, 501})
_GONE: Final = frozenset({404, 410})


@dataclass(frozen=True)
class Collected:
    """The answers that were fetched for a part."""

    taken: list[AnswerOutcome]
    short: TrellisError | None = None
    """Why the other answers are still expected, although the batch has ended."""


@dataclass(frozen=True)
class BatchApi:
    """Sends parts and fetches their answers. The caller holds the part's lock."""

    settings: Settings
    budget: RateBudget

    @property
    def parts(self) -> Parts:
        """The parts on disk."""
        return Parts(self.settings.library)

    @property
    def base_url(self) -> str:
        """The gateway's base URL, in the form that parts and records store."""
        return Address.of(self.settings.gateway).base_url

    def takes(self, request: GenerationRequest, token: CancelToken) -> bool:
        """Whether a request can use the Batch API, which only exists for the chat endpoint.

        :raises TrellisError: the gateway was asked for the model's endpoint, and refused.
        """
        gateway = Gateway(self.settings.gateway, token, self.budget)
        try:
            memory = DayCache(self.settings.library)
            # A picture is megabytes, of which one file for the whole list would become too large.
            return not request.image_url and gateway.first_endpoint(request, memory) == CHAT
        finally:
            gateway.close()

    def find(self, part: Part, token: CancelToken) -> bool:
        """Look for the batch of a part whose sending was interrupted, and record it.

        :returns: whether the gateway lists its batches. If not, it only recognizes a repetition by
            its idempotency key, and if it refuses that, a batch may have been made anyway.
        :raises TrellisError: the gateway cannot be asked.
        """
        with self._batches(token) as batches:
            found, listed = _found(batches, part)
            if found:
                self.parts.accepted(part, found.id)
            return listed

    def send(self, part: Part, token: CancelToken) -> Part:
        """Send a part to the gateway.

        :raises LibraryError: the disk has no room for its answers; nothing was sent.
        :raises RequestRefusedError: the gateway does not accept it.
        :raises AccountError: the account does not allow it.
        :raises TrellisError: it is unknown whether the gateway has accepted it.
        """
        # First, as answers for which the disk has no space would have to be paid all the same.
        check_space(self.settings.library)
        content = self.parts.requests(part)
        if not content:
            raise RequestRefusedError("The requests of this part are lost, and no batch is known")
        with self._batches(token) as batches:
            # An interrupted sending may have uploaded the file already.
            file_id = part.file_id or batches.upload(content, part.key)
            # Written before the start: from now on, the gateway may have a batch.
            part = self.parts.write(replace(part, stage=SENDING, file_id=file_id))
            return self.parts.accepted(part, batches.start(file_id, part.key).id)

    def look(self, part: Part, token: CancelToken) -> RemoteBatch | None:
        """Ask for the status of a part; None if the gateway no longer knows it.

        :raises TrellisError: the gateway cannot be asked.
        """
        with self._batches(token) as batches:
            try:
                batch = batches.status(part.batch_id or "")
            except RequestRefusedError as error:
                if error.facts.status not in _GONE:
                    raise
                # The list may still have it, under the part's key.
                return _found(batches, part)[0]
            overdue = part.is_over(OVERDUE)
            return batches.cancel(batch.id) if overdue and not batch.ended else batch

    def collect(self, part: Part, batch: RemoteBatch | None, token: CancelToken) -> Collected:
        """Write the answers of an ended batch into the records. The part is dropped once all of
        them are there, or it is certain that the others will never be.

        If this is interrupted, it can be repeated: each answer is processed only once.

        :raises TrellisError: no answer could be fetched; the part stays.
        """
        answers = Answers(self.settings.library, part, self.settings.gateway.endpoint == "auto")
        taken: list[AnswerOutcome] = []
        lost: TrellisError | None = None
        try:
            if batch is None:
                raise RequestRefusedError("The gateway does not know the batch", status=404)
            # Before the answers: a crash in between must not lose their cost.
            waiting = (folder.id for folder, _ in self.parts.waiting(part))
            expect_cost(self.settings.library, waiting)
            # The files may be written after the batch has ended, so they are compared with the
            # batch's own counts.
            count = self._read_answers(part, batch, token, answers, taken)
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
            # What has been fetched is reported; the rest follows the next time.
            if not taken:
                raise
            return Collected(taken, error)
        except OSError as error:  # the model in an answer could not be written
            raise cannot_write(self.settings.library, error) from error
        rest = answers.lost(_worded(lost, part)) if lost else answers.missing()
        self._settle(rest)
        self.parts.drop(part.key)
        return Collected([*taken, *rest])

    def _read_answers(
        self,
        part: Part,
        batch: RemoteBatch,
        token: CancelToken,
        answers: Answers,
        taken: list[AnswerOutcome],
    ) -> tuple[int, int]:
        """Process the result files; returns how many props have an answer, and how many failed."""
        answered, refused = set[str](), set[str]()
        with self._batches(token) as batches:
            for line in batches.results(batch, self.parts.path(part.key)):
                # Lines about other props must not count, as the file is the gateway's.
                if line.understood and line.custom_id in part.props:
                    (answered if line.reply else refused).add(line.custom_id)
                if found := answers.take(line):
                    # One by one, so that a crash loses no cost that is in a record already.
                    taken.append(found)
                    self._settle((found,))
        return len(answered), len(refused - answered)

    def _settle(self, taken: Iterable[AnswerOutcome]) -> None:
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


def _found(batches: Batches, part: Part) -> tuple[RemoteBatch | None, bool]:
    """The batch of an interrupted start, and whether the gateway has a list of batches."""
    try:
        return batches.find(part.key, part.file_id), True
    except RequestRefusedError as error:
        if error.facts.status not in _NO_LIST:
            raise
        return None, False


def _short(part: Part, batch: RemoteBatch, came: int) -> GatewayFailureError:
    """The error for result files that have fewer answers than the batch's own counts."""
    counts = f"{batch.completed} done, {batch.failed} failed of {batch.total}"
    return GatewayFailureError(
        f"{came} of {len(part.props)} answers of the batch {batch.id} are there, and the gateway "
        f"calls it {batch.status}",
        "Nothing is asked again; resume fetches the others once they are there",
        detail=f"counts: {counts}; files: {batch.output_file}, {batch.error_file}",
    )


def _late(error: TrellisError, part: Part) -> GatewayFailureError:
    """The error for a gateway that does not know its own batch or file, but may do so later."""
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
