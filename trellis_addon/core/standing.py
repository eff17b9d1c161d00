# SPDX-License-Identifier: GPL-3.0-or-later
"""What a prop is owed by the gateway, as one state machine. Data, and nothing else.

The rule: from the moment when a paid request may have been taken, until its model is on the disk,
a prop is resumable, and nothing of it is deleted or asked for under another idempotency key without
the user's word (a new generation, Delete, ``batch --force``). A prop's record holds its
:class:`Standing`; ``job`` names what happens, and :data:`TABLE` says what becomes of the standing.
What has no entry there cannot happen.

Only one way leads from something owed back to nothing: the gateway itself calls the job failed or
cancelled, which its documents do not charge ("failed: not charged", docs/async-jobs; "bill only
successful runs", llms.txt).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Standing(StrEnum):
    """How a prop stands with the gateway."""

    NOTHING = "nothing"
    """Nothing was sent, or what was sent was certainly not taken."""
    ASKING = "asking"
    """The first paid request is out. A process that finds this has an earlier one's in hand."""
    TAKEN = "taken"
    """A paid request may have been taken, and no answer tells what became of it."""
    JOB = "job"
    """The gateway has taken it as a job, which can be asked for."""
    PLACES = "places"
    """An answer has named where the model is, or has brought it."""
    HERE = "here"
    """The model is on this disk."""


class Happening(StrEnum):
    """What may happen to a prop on its way."""

    SENT = "sent"
    """A paid request is about to leave this machine."""
    REFUSED = "refused"
    """The answer says that the request was not taken: see :func:`certainly_refused`."""
    UNBILLED = "unbilled"
    """A good status, no model in the answer, and its own word that it has cost nothing."""
    LOST = "lost"
    """No answer, or one that does not tell: a broken connection, 408, 500, 502, 504, 520 to 524."""
    BUSY = "busy"
    """The gateway is at a request with this key (409, 422, 425)."""
    UNREADABLE = "unreadable"
    """A good status, and an answer in which neither a model nor a job can be found."""
    ACCEPTED = "accepted"
    """The answer names a job."""
    NAMED = "named"
    """The answer names places of the model, or holds it."""
    ENDED = "ended"
    """The gateway says that the job has failed or was cancelled."""
    NO_NEWS = "no news"
    """A question for the job brought nothing that is its record."""
    NO_FILE = "no file"
    """None of the places gave a model."""
    RECEIVED = "received"
    """A checked model has its name on this disk."""
    STOPPED = "stopped"
    """The process has ended, and another one finds the record."""


S, H = Standing, Happening

_ASKED: Final[Mapping[Happening, Standing]] = {
    H.LOST: S.TAKEN,
    H.BUSY: S.TAKEN,
    H.UNREADABLE: S.TAKEN,
    H.ACCEPTED: S.JOB,
    H.NAMED: S.PLACES,
    H.ENDED: S.NOTHING,
    H.STOPPED: S.TAKEN,
}
TABLE: Final[Mapping[Standing, Mapping[Happening, Standing]]] = {
    S.NOTHING: {H.SENT: S.ASKING, H.STOPPED: S.NOTHING},
    S.ASKING: {**_ASKED, H.REFUSED: S.NOTHING, H.UNBILLED: S.NOTHING},
    # What is said of a repetition tells nothing of the first request.
    S.TAKEN: {**_ASKED, H.SENT: S.TAKEN, H.REFUSED: S.TAKEN, H.UNBILLED: S.TAKEN},
    S.JOB: {
        H.NO_NEWS: S.JOB,
        H.NAMED: S.PLACES,
        H.ENDED: S.NOTHING,
        H.STOPPED: S.JOB,
    },
    S.PLACES: {
        # What an answer had brought is gone from the disk: the gateway is asked to repeat it.
        H.SENT: S.TAKEN,
        H.NO_NEWS: S.PLACES,
        # It was done once, and its places are known: they are tried.
        H.ENDED: S.PLACES,
        H.NO_FILE: S.PLACES,
        H.NAMED: S.PLACES,
        H.RECEIVED: S.HERE,
        H.STOPPED: S.PLACES,
    },
    S.HERE: {H.STOPPED: S.HERE},
}

OWED: Final = frozenset({S.ASKING, S.TAKEN, S.JOB, S.PLACES})
"""There may be something at the gateway that is paid for and not here yet."""

WAYS_ON: Final[Mapping[Standing, str]] = {
    S.NOTHING: "a request, for the first time",
    S.ASKING: "the same request under the same key",
    S.TAKEN: "the same request under the same key",
    S.JOB: "the job is asked for",
    S.PLACES: "the job is asked for a fresh link, else the known places are fetched",
    S.HERE: "the prop is made of the model, without the gateway",
}
"""What the next run does."""


def after(standing: Standing, happening: Happening) -> Standing:
    """What becomes of a standing.

    :raises ValueError: this cannot happen there, so it is a fault of this product.
    """
    try:
        return TABLE[standing][happening]
    except KeyError:
        raise ValueError(f"{happening} cannot happen to {standing}") from None


_TAKEN_4XX: Final = frozenset({408, 409, 425, 499})
_REFUSED_5XX: Final = frozenset({501, 503, 505, 511, 525, 526})
_MOVED: Final = frozenset({300, 301, 302, 307, 308})


def certainly_refused(status: int) -> bool:
    """Whether a paid request that was answered with this status was not taken.

    Of 4xx all but those that speak of time or of another request; of 5xx what says that nothing
    was begun: 501, 503 ("capacity_exceeded", docs/errors), 505, 511, and Cloudflare's 525 and 526,
    which never reached the gateway. Of 3xx those that mean another address for the same request.
    """
    if 400 <= status < 500:
        return status not in _TAKEN_4XX
    return status in _REFUSED_5XX or status in _MOVED
