# SPDX-License-Identifier: GPL-3.0-or-later
"""What a prop's record is told of its way: calls, and how it stands with the gateway."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..core.errors import RequestRefusedError, TrellisError
from ..core.standing import Happening, after
from ..gateway.reply import Reply
from ..gateway.wire import job_outcome
from ..library.folder import PropFolder
from ..library.record import Call, PropRecord, now
from .fetching import MOST_LOCATIONS


@dataclass(frozen=True)
class Noting:
    """Writes into the record of one prop.

    :raises LibraryError: by each method, when the record cannot be written.
    """

    folder: PropFolder

    def call(self, reply: Reply) -> Reply:
        """An answer, with what leads to the model in the same write, or a call might be noted
        twice. Gives the answer back.
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
            happening = Happening.UNBILLED if reply.cost_cents == 0 else Happening.UNREADABLE
        call = Call(
            endpoint=reply.endpoint,
            time=now(),
            request_id=reply.request_id,
            status=reply.status,
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
        """A call that brought no answer; one that never left this machine is none."""
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
        """Write down how the prop stands now. :param known: what else the origin is told."""
        record = self.folder.read()
        changes = {
            "standing": after(record.standing, happening),
            "calls": (*record.origin.calls, *((call,) if call else ())),
            **known,
        }
        return self.folder.update(origin=record.origin.model_copy(update=changes))


def _locations(reply: Reply) -> tuple[dict[str, Any], ...]:
    """The places of a mesh, as the record keeps them."""
    assets = reply.answer.assets[:MOST_LOCATIONS]
    return tuple(a.to_record() for a in assets if a.url or a.payload is not None)
