# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans the calls of a set of pictures, and writes down what becomes of each.

The key of a call follows from the set's id and from what it asks for. So a call that was lost is
repeated under its own key, also by another process and after a damaged record.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...core.billing_state import OWED, Happening, Standing, after
from ...core.errors import TrellisError
from ...gateway.answers.picture_answer import PictureAnswer, PicturePlace
from ...library.picture_record import PictureCall, PictureRecord
from ...library.pictures.picture_set import PictureSet
from ...library.record import now


@dataclass(frozen=True)
class CallNotes:
    """Updates the record of one set.

    :raises LibraryError: from each method, if the record cannot be read or written.
    """

    folder: PictureSet

    def next_call(self) -> PictureCall:
        """The call that is next: one that is owed, else a new one for what is missing."""
        record = self.folder.read()
        for call in record.calls:
            if call.standing in OWED:
                return call
        first = record.missing[0]
        run = 1
        while not record.one_each and first + run in record.missing:
            run += 1
        bare = any(call.bare for call in record.calls)
        return self.planned(first, run, bare=bare)

    def planned(self, first: int, count: int, *, bare: bool) -> PictureCall:
        """The call for these pictures, which is a new one only where the last one has ended."""
        record = self.folder.read()
        form = (first, count, bare)
        same = [call for call in record.calls if (call.first, call.count, call.bare) == form]
        ended = sum(call.ended for call in same)
        if open_ones := [call for call in same if not call.ended]:
            return open_ones[0]
        key = f"trellis-pictures-{self.folder.id}-{first}-{count}"
        key += "-bare" if bare else ""
        # A gateway would repeat its answer, and with it the failure.
        key += f"-{ended + 1}" if ended else ""
        return PictureCall(key=key, first=first, count=count, bare=bare)

    def stopped(self) -> None:
        """An earlier process died with a call on the way: it may have been taken."""
        record = self.folder.read()
        asking = [call for call in record.calls if call.standing is Standing.ASKING]
        for call in asking:
            record = record.with_call(happened(call, Happening.STOPPED))
        if asking:
            self.folder.write(record)

    def sent(self, call: PictureCall) -> PictureCall:
        """Written before it leaves: a process that dies now leaves a record that says so."""
        return self._write(happened(call, Happening.SENT, places=()))

    def failed(self, call: PictureCall, error: Exception, happening: Happening) -> PictureCall:
        """Record a call without an answer."""
        facts = error.facts if isinstance(error, TrellisError) else None
        return self._write(
            happened(
                call,
                happening,
                time=now(),
                error=facts.message if facts else str(error),
                status=facts.status if facts else None,
                request_id=facts.request_id if facts else None,
            )
        )

    def ended(self, call: PictureCall, error: TrellisError) -> PictureCall:
        """Record that the gateway's job has failed, which is not charged."""
        changes = {"ended": True, "error": error.facts.message, "job_id": None, "job_urls": ()}
        return self._write(happened(call, Happening.ENDED, **changes))

    def answered(self, call: PictureCall, answer: PictureAnswer) -> PictureCall:
        """Record an answer. What leads to the pictures is in the same write as its cost."""
        known: dict[str, Any] = {}
        if answer.places:
            happening = Happening.NAMED
            known["places"] = tuple(map(_to_record, answer.places[: call.count]))
        elif answer.names_job:
            happening = Happening.ACCEPTED
            known |= {"job_id": answer.job.id, "job_urls": answer.job.urls}
        else:
            # Only a cost of exactly 0 frees it. An unknown cost (None) is not 0.
            free = answer.cost_cents == 0
            happening = Happening.UNBILLED if free else Happening.UNREADABLE
            known["ended"] = free and call.standing is Standing.ASKING
        cost = call.cost_cents if answer.cost_cents is None else answer.cost_cents
        # A job's cost may be told by its submit and by its polls: it stays one call of one time.
        time = call.time if call.cost_cents is not None else now()
        return self._write(
            happened(
                call,
                happening,
                time=time,
                status=answer.status,
                request_id=answer.request_id or call.request_id,
                cost_cents=cost,
                served_by=answer.served_by,
                warning=answer.warning,
                error="",
                **known,
            )
        )

    def received(self, call: PictureCall) -> PictureRecord:
        """Record that all pictures of a call are here. Where they are fewer than asked for, further
        calls ask for one each.
        """
        self._write(happened(call, Happening.RECEIVED, places=()))
        record = self.folder.read()
        fewer = set(range(call.first, call.first + call.count)) & set(record.missing)
        return self.folder.update(one_each=True) if fewer else record

    def lost(self, number: int) -> None:
        """Record that a picture came damaged, so that it is not asked and paid for again."""
        self.folder.update(lost=(*self.folder.read().lost, number))

    def _write(self, call: PictureCall) -> PictureCall:
        self.folder.write(self.folder.read().with_call(call))
        return call


def happened(call: PictureCall, happening: Happening, **known: object) -> PictureCall:
    """The call after an event. :raises ValueError: it cannot happen there, so this is a bug."""
    return call.model_copy(update={"standing": after(call.standing, happening), **known})


def _to_record(place: PicturePlace) -> dict[str, Any]:
    return {"file": place.payload.name} if place.payload else {"url": place.url}
