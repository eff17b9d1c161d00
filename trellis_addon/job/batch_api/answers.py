# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the answers to a part of a batch into the records of its props.

After a good answer, the record looks like that of an ordinary generation that was interrupted right
after its answer, so that the ordinary code does the download, checks, import and finishing. After a
line without an answer, it looks as if nothing had been sent, so that the prop is requested
individually.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from ...core.errors import AccountError, ErrorFacts, GatewayFailureError, TrellisError
from ...core.events import State
from ...gateway.answers.asset_locations import AssetLocation
from ...gateway.answers.reply import CHAT, JOBS, Reply, without_mesh
from ...gateway.batch_endpoint import BatchLine
from ...gateway.http.base64_extraction import discard
from ...library.disk.atomic_files import replace, sync_file
from ...library.folder_lock import FolderLock
from ...library.prop_folder import PropFolder, cannot_write
from ...library.record import BATCH, Call, ErrorEntry, PropRecord, now
from ..obtain.fetch_model import MOST_LOCATIONS, PAYLOAD
from .part import Part, let_go, names, read

Kind = Literal["answer", "again", "account", "failed"]
"""``again``: request it individually. ``account``: refused with 401, 402 or 403, so nothing should
be requested now. ``failed``: requesting it again would cost again, with the same result."""


@dataclass(frozen=True)
class AnswerOutcome:
    """The outcome for one prop."""

    prop: str
    kind: Kind
    facts: ErrorFacts | None = None
    cents: float | None = None


@dataclass(frozen=True)
class Answers:
    """Processes the lines of one part. :param may_turn: whether the jobs endpoint may be tried as
    well.
    """

    library: Path
    part: Part
    may_turn: bool

    def take(self, line: BatchLine) -> AnswerOutcome | None:
        """Write one line into its prop's record. None if the prop does not wait for it, or if the
        line does not say what happened to the request.

        :raises TrellisError: the record cannot be written; the same line can be processed again.
        """
        payloads = line.reply.body.payloads if line.reply else ()
        try:
            if line.custom_id not in self.part.props or not line.understood:
                return None
            folder = PropFolder(self.library / line.custom_id)
            record = read(folder)
            # Processed by an earlier run, deleted, or cancelled meanwhile.
            if record is None or not names(record, self.part.key):
                return None
            # Read again under the lock: another process may have processed the line in between.
            with FolderLock.acquire(folder.path):
                return self._record_answer(folder, folder.read(), line)
        except OSError as error:
            raise cannot_write(self.library, error) from error
        finally:
            discard(path for path in payloads if path.exists())

    def missing(self) -> list[AnswerOutcome]:
        """Release the props that no line was about, once all lines have been processed."""
        found = []
        for folder, record in self._waiting():
            with FolderLock.acquire(folder.path):
                let_go(folder, record, "the batch brought no answer")
            found.append(AnswerOutcome(folder.id, "again"))
        return found

    def lost(self, error: TrellisError) -> list[AnswerOutcome]:
        """Mark the waiting props as failed: their answers no longer exist at the gateway, which may
        charge for them anyway. Requesting them again is the user's decision.
        """
        found = []
        for folder, record in self._waiting():
            with FolderLock.acquire(folder.path):
                found.append(self._failed(folder, record, error.facts, (), billed=True))
        return found

    def _waiting(self) -> Iterator[tuple[PropFolder, PropRecord]]:
        """The props that still wait for an answer from this part."""
        for prop in self.part.props:
            folder = PropFolder(self.library / prop)
            record = read(folder)
            if record and names(record, self.part.key):
                yield folder, record

    def _record_answer(
        self, folder: PropFolder, record: PropRecord, line: BatchLine
    ) -> AnswerOutcome:
        if line.reply is None:
            return self._without(folder, record, line.error)
        reply = line.reply
        calls = (*record.origin.calls, _call(reply))
        if reply.answer.assets:
            self._answered(folder, record, reply, calls)
        elif reply.answer.job_id:
            changes = {"batch": None, "calls": calls, "endpoint": CHAT}
            origin = record.origin.model_copy(update={**changes, "job_id": reply.answer.job_id})
            folder.advance(State.WAITING, "a job, says the batch", origin=origin, error=None)
        else:
            return self._no_mesh(folder, record, reply, calls)
        return AnswerOutcome(folder.id, "answer", cents=reply.cost_cents)

    def _answered(
        self, folder: PropFolder, record: PropRecord, reply: Reply, calls: tuple[Call, ...]
    ) -> None:
        kept = []
        for number, location in enumerate(reply.answer.assets[:MOST_LOCATIONS]):
            target = folder.path / PAYLOAD.format(number)
            # Under its final name and synced before the record names it, as after an ordinary
            # answer.
            if location.payload is not None:
                path = reply.body.payloads[location.payload]
                if not path.exists():
                    continue  # another place has named the same payload
                sync_file(path)
                replace(path, target)
            elif location.inline:
                target.write_bytes(location.inline)
                sync_file(target)
            kept.append(_location(location, number))
        update: dict[str, Any] = {"batch": None, "calls": calls, "endpoint": CHAT}
        origin = record.origin.model_copy(update={**update, "locations": tuple(kept)})
        folder.advance(State.DOWNLOADING, "the batch's answer", origin=origin, error=None)

    def _no_mesh(
        self, folder: PropFolder, record: PropRecord, reply: Reply, calls: tuple[Call, ...]
    ) -> AnswerOutcome:
        fault = without_mesh(reply)
        if isinstance(fault, GatewayFailureError):
            # The gateway itself says that it failed, so the prop is requested individually.
            let_go(folder, record, fault.facts.message, calls=calls)
            return AnswerOutcome(folder.id, "again", fault.facts, reply.cost_cents)
        if reply.answer.filtered or not self.may_turn:
            return self._failed(folder, record, fault.facts, calls, reply.cost_cents)
        # The model answers chats with text, so only the jobs endpoint is left to try.
        let_go(folder, record, fault.facts.message, calls=calls, endpoint=JOBS)
        return AnswerOutcome(folder.id, "again", fault.facts, reply.cost_cents)

    def _without(
        self, folder: PropFolder, record: PropRecord, error: TrellisError | None
    ) -> AnswerOutcome:
        facts = error.facts if error else None
        note = facts.message if facts else "the batch brought no answer"
        # Recorded although nothing came of it, so that the gateway's support can look up the
        # request.
        call = Call(
            endpoint=BATCH,
            time=now(),
            request_id=facts.request_id if facts else None,
            status=facts.status if facts else None,
            error=note,
        )
        let_go(folder, record, note, calls=(*record.origin.calls, call))
        kind: Kind = "account" if isinstance(error, AccountError) else "again"
        return AnswerOutcome(folder.id, kind, facts)

    def _failed(
        self,
        folder: PropFolder,
        record: PropRecord,
        facts: ErrorFacts,
        calls: tuple[Call, ...],
        cents: float | None = None,
        billed: bool | None = None,
    ) -> AnswerOutcome:
        update = {"batch": None, "calls": calls or record.origin.calls}
        origin = record.origin.model_copy(update=update)
        changes = {"origin": origin, "error": ErrorEntry.of(facts), "may_be_billed": billed}
        folder.advance(State.FAILED, facts.message, **changes)
        return AnswerOutcome(folder.id, "failed", facts, cents)


_NO_PAYLOAD: Final = {"payload", "url"}


def _location(location: AssetLocation, number: int) -> dict[str, Any]:
    """The location in its recorded form. The payload's number is that of its file in the prop's
    folder.
    """
    known = location.to_record()
    if location.payload is not None or location.inline:
        known = {k: v for k, v in known.items() if k not in _NO_PAYLOAD} | {"payload": number}
    return known


def _call(reply: Reply) -> Call:
    return Call(
        endpoint=BATCH,
        time=now(),
        request_id=reply.request_id,
        status=reply.status,
        job_id=reply.answer.job_id,
        cost_cents=reply.cost_cents,
        usage=reply.answer.usage,
    )
