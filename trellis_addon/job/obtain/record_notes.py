# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the calls of a prop, and what the gateway owes for it, into its record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...core.billing_state import Happening, after
from ...core.errors import RequestRefusedError, TrellisError
from ...gateway.answers.reply import Reply
from ...gateway.answers.wire import job_outcome
from ...library.prop_folder import PropFolder
from ...library.record import Call, PropRecord, now
from .fetch_model import MOST_LOCATIONS


@dataclass(frozen=True)
class Noting:
    """Updates the record of one prop.

    :raises LibraryError: from each method, if the record cannot be written.
    """

    folder: PropFolder

    def call(self, reply: Reply) -> Reply:
        """Record an answer, and return it. What leads to the model is in the same write, or a crash
        between the two could have the call recorded twice.
        """
        answer = reply.answer
        known: dict[str, Any] = {"locations": _locations(reply)}
        if known["locations"]:
            happening = Happening.NAMED
        elif answer.names_job:
            happening = Happening.ACCEPTED
            known |= {"job_id": answer.job_id, "job_urls": answer.job_urls}
        elif job_outcome(answer.job_status) in ("failed", "cancelled"):
            happening = Happening.ENDED
        else:
            # Only a cost of exactly 0 frees the prop. An unknown cost (None) is not 0.
            happening = Happening.UNBILLED if reply.cost_cents == 0 else Happening.UNREADABLE
        call = Call(
            endpoint=reply.endpoint,
            time=now(),
            request_id=reply.request_id,
            status=reply.status,
            # A poll's answer need not repeat the id, by which the cost of a job is counted only
            # once.
            job_id=answer.job_id or self.folder.read().origin.job_id,
            cost_cents=reply.cost_cents,
            usage=answer.usage,
            served_by=reply.served_by,
            warning=reply.warning,
            may_be_billed=happening is Happening.UNREADABLE,
        )
        self.happened(happening, call, **known)
        return reply

    def fault(self, endpoint: str, error: Exception, happening: Happening) -> None:
        """Record a call without an answer. A request that never left this machine does not count as
        a call.
        """
        lost = happening is Happening.LOST
        refused = happening is Happening.REFUSED and isinstance(error, RequestRefusedError)
        call = None
        if isinstance(error, TrellisError) and (lost or refused):
            call = Call(
                endpoint=endpoint,
                time=now(),
                request_id=error.facts.request_id,
                status=error.facts.status,
                error=error.facts.message,
                may_be_billed=lost,
            )
        self.happened(happening, call)

    def happened(
        self, happening: Happening, call: Call | None = None, **known: object
    ) -> PropRecord:
        """Record an event of the state machine. :param known: other changes to the
        record's origin.
        """
        record = self.folder.read()
        changes = {
            # Raises for an event that cannot happen there, before a wrong record is written.
            "standing": after(record.standing, happening),
            "calls": (*record.origin.calls, *((call,) if call else ())),
            **known,
        }
        return self.folder.update(origin=record.origin.model_copy(update=changes))


def _locations(reply: Reply) -> tuple[dict[str, Any], ...]:
    """The places of a mesh in their recorded form."""
    assets = reply.answer.assets[:MOST_LOCATIONS]
    return tuple(a.to_record() for a in assets if a.url or a.payload is not None)
