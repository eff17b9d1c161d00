# SPDX-License-Identifier: GPL-3.0-or-later
"""The answers of a part -> the records of its props.

A good answer leaves the record as an ordinary generation is that was interrupted right after its
answer, so that download, checks, import and finishing are the ordinary ones. A line without an
answer leaves it as if nothing had been sent, so that the prop is asked for by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from ..core.errors import AccountError, ErrorFacts, GatewayFailureError, TrellisError
from ..core.events import State
from ..gateway.batches import BatchLine
from ..gateway.lifting import discard
from ..gateway.locations import AssetLocation
from ..gateway.reply import CHAT, JOBS, Reply, without_mesh
from ..library.atomic import replace, sync_file
from ..library.folder import PropFolder, cannot_write
from ..library.locks import FolderLock
from ..library.record import BATCH, Call, ErrorEntry, PropRecord, now
from .batch_part import Part, let_go, names, read
from .fetching import MOST_LOCATIONS, PAYLOAD

Kind = Literal["answer", "again", "account", "failed"]
"""``again``: to be asked for by itself. ``account``: refused with 401, 402 or 403, so that nothing
should be asked for now. ``failed``: asking again would cost again, and bring the same."""


@dataclass(frozen=True)
class Taken:
    """What became of one prop."""

    prop: str
    kind: Kind
    facts: ErrorFacts | None = None
    cents: float | None = None


@dataclass(frozen=True)
class Answers:
    """Takes the lines of one part. :param may_turn: the jobs endpoint may be asked as well."""

    library: Path
    part: Part
    may_turn: bool

    def take(self, line: BatchLine) -> Taken | None:
        """Write one line into its prop's record; None when that does not wait for it, or the line
        does not say what became of it.

        :raises TrellisError: the record cannot be written; the same line can be taken again.
        """
        payloads = line.reply.body.payloads if line.reply else ()
        try:
            if line.custom_id not in self.part.props or not line.understood:
                return None
            folder = PropFolder(self.library / line.custom_id)
            record = read(folder)
            if record is None or not names(record, self.part.key):
                return None
            with FolderLock.acquire(folder.path):
                return self._take(folder, folder.read(), line)
        except OSError as error:
            raise cannot_write(self.library, error) from error
        finally:
            discard(path for path in payloads if path.exists())

    def missing(self) -> list[Taken]:
        """The props that no line was about, once all lines were taken."""
        found = []
        for folder, record in self._waiting():
            with FolderLock.acquire(folder.path):
                let_go(folder, record, "the batch brought no answer")
            found.append(Taken(folder.id, "again"))
        return found

    def lost(self, error: TrellisError) -> list[Taken]:
        """Their answers are gone at the gateway, which may charge for them all the same: asking
        again is the user's decision.
        """
        found = []
        for folder, record in self._waiting():
            with FolderLock.acquire(folder.path):
                found.append(self._failed(folder, record, error.facts, (), billed=True))
        return found

    def _waiting(self) -> Iterator[tuple[PropFolder, PropRecord]]:
        """The props that still wait for an answer of this part."""
        for prop in self.part.props:
            folder = PropFolder(self.library / prop)
            record = read(folder)
            if record and names(record, self.part.key):
                yield folder, record

    def _take(self, folder: PropFolder, record: PropRecord, line: BatchLine) -> Taken:
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
        return Taken(folder.id, "answer", cents=reply.cost_cents)

    def _answered(
        self, folder: PropFolder, record: PropRecord, reply: Reply, calls: tuple[Call, ...]
    ) -> None:
        kept = []
        for number, location in enumerate(reply.answer.assets[:MOST_LOCATIONS]):
            target = folder.path / PAYLOAD.format(number)
            if location.payload is not None:
                path = reply.body.payloads[location.payload]
                if not path.exists():
                    continue  # two places name the same payload
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
    ) -> Taken:
        fault = without_mesh(reply)
        if isinstance(fault, GatewayFailureError):
            let_go(folder, record, fault.facts.message, calls=calls)
            return Taken(folder.id, "again", fault.facts, reply.cost_cents)
        if reply.answer.filtered or not self.may_turn:
            return self._failed(folder, record, fault.facts, calls, reply.cost_cents)
        # It answers chats with words: only the jobs endpoint is left to be asked.
        let_go(folder, record, fault.facts.message, calls=calls, endpoint=JOBS)
        return Taken(folder.id, "again", fault.facts, reply.cost_cents)

    def _without(self, folder: PropFolder, record: PropRecord, error: TrellisError | None) -> Taken:
        facts = error.facts if error else None
        note = facts.message if facts else "the batch brought no answer"
        call = Call(
            endpoint=BATCH,
            time=now(),
            request_id=facts.request_id if facts else None,
            status=facts.status if facts else None,
            error=note,
        )
        let_go(folder, record, note, calls=(*record.origin.calls, call))
        kind: Kind = "account" if isinstance(error, AccountError) else "again"
        return Taken(folder.id, kind, facts)

    def _failed(
        self,
        folder: PropFolder,
        record: PropRecord,
        facts: ErrorFacts,
        calls: tuple[Call, ...],
        cents: float | None = None,
        billed: bool | None = None,
    ) -> Taken:
        update = {"batch": None, "calls": calls or record.origin.calls}
        origin = record.origin.model_copy(update=update)
        changes = {"origin": origin, "error": ErrorEntry(**vars(facts)), "may_be_billed": billed}
        folder.advance(State.FAILED, facts.message, **changes)
        return Taken(folder.id, "failed", facts, cents)


_NO_PAYLOAD: Final = {"payload", "url"}


def _location(location: AssetLocation, number: int) -> dict[str, Any]:
    """As it is recorded; the payload's number is that of its file in the prop's folder."""
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
