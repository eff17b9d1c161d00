# SPDX-License-Identifier: GPL-3.0-or-later
"""What the gateway still owes for a prop, as a state machine that is only data.

The rule: from the moment when a paid request may have been accepted until its model is on disk, a
prop can be resumed. Nothing of it is deleted or requested under another idempotency key unless the
user says so (a new generation, Delete, ``batch --force``). A prop's record has its
:class:`Standing`, ``job`` reports what happens, and :data:`TABLE` gives the next standing. What has
no entry there cannot happen.

Only one event leads from something owed back to nothing: the gateway itself says that the job
failed or was cancelled, which is not charged according to its documents ("failed: not charged",
docs/async-jobs; "bill only successful runs", llms.txt).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Standing(StrEnum):
    """What the gateway may owe for a prop."""

    NOTHING = "nothing"
    """Nothing was sent, or what was sent was certainly not accepted."""
    ASKING = "asking"
    """The first paid request is out. A process that finds this has an earlier one's in hand, and
    sends the same request under the same key."""
    TAKEN = "taken"
    """A paid request may have been taken, and no answer tells what became of it. The next run
    sends the same request under the same key."""
    JOB = "job"
    """The gateway has accepted it as a job, which can be polled."""
    PLACES = "places"
    """An answer has named where the model is, or has brought it. The next run asks the job for a
    fresh link, else fetches the known places."""
    HERE = "here"
    """The model is on this disk; the rest needs no gateway."""


class Happening(StrEnum):
    """The events of the state machine."""

    SENT = "sent"
    """A paid request is about to leave this machine."""
    REFUSED = "refused"
    """The answer says that the request was not accepted: see :func:`certainly_refused`."""
    UNBILLED = "unbilled"
    """A good status without a model in the answer, which itself says that it cost nothing."""
    LOST = "lost"
    """No answer, or one that says nothing about the request: a broken connection, 408, 500, 502,
    504, 520 to 524."""
    BUSY = "busy"
    """The gateway is already processing a request with this key (409, 422, 425)."""
    UNREADABLE = "unreadable"
    """A good status, and an answer in which neither a model nor a job can be found."""
    ACCEPTED = "accepted"
    """The answer names a job."""
    NAMED = "named"
    """The answer names places of the model, or holds it."""
    ENDED = "ended"
    """The gateway says that the job has failed or was cancelled."""
    NO_NEWS = "no news"
    """A poll did not return the job's record."""
    NO_FILE = "no file"
    """None of the places had a model."""
    RECEIVED = "received"
    """A checked model is on disk under its final name."""
    STOPPED = "stopped"
    """The process has ended, and another one has found the record."""


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
# Where SENT is missing, no paid request may follow: while a job is known it is polled, and while
# the model is here nothing is needed.
TABLE: Final[Mapping[Standing, Mapping[Happening, Standing]]] = {
    S.NOTHING: {H.SENT: S.ASKING, H.STOPPED: S.NOTHING},
    S.ASKING: {**_ASKED, H.REFUSED: S.NOTHING, H.UNBILLED: S.NOTHING},
    # Refusing a repetition says nothing about the first request.
    S.TAKEN: {**_ASKED, H.SENT: S.TAKEN, H.REFUSED: S.TAKEN, H.UNBILLED: S.TAKEN},
    S.JOB: {
        H.NO_NEWS: S.JOB,
        H.NAMED: S.PLACES,
        H.ENDED: S.NOTHING,
        H.STOPPED: S.JOB,
    },
    S.PLACES: {
        # A model that the answer contained is no longer on disk: the gateway is asked to repeat it.
        H.SENT: S.TAKEN,
        H.NO_NEWS: S.PLACES,
        # The job was done once, and its places are known, so they are still tried.
        H.ENDED: S.PLACES,
        H.NO_FILE: S.PLACES,
        H.NAMED: S.PLACES,
        H.RECEIVED: S.HERE,
        H.STOPPED: S.PLACES,
    },
    S.HERE: {H.STOPPED: S.HERE},
}

OWED: Final = frozenset({S.ASKING, S.TAKEN, S.JOB, S.PLACES})
"""The standings in which the gateway may have something that is paid for."""


def after(standing: Standing, happening: Happening) -> Standing:
    """The standing that follows an event.

    :raises ValueError: the event cannot happen there, so this is a bug.
    """
    try:
        return TABLE[standing][happening]
    except KeyError:
        raise ValueError(f"{happening} cannot happen to {standing}") from None


# 408 and 499 are about time, 409 and 425 about another request with the same key: none of them says
# that the request was not accepted.
_TAKEN_4XX: Final = frozenset({408, 409, 425, 499})
_REFUSED_5XX: Final = frozenset({501, 503, 505, 511, 525, 526})
_MOVED: Final = frozenset({300, 301, 302, 307, 308})


def certainly_refused(status: int) -> bool:
    """Whether this status means that a paid request was certainly not accepted.

    These are all of 4xx except for those about time or about another request; of 5xx those that say
    that nothing was started: 501, 503 ("capacity_exceeded", docs/errors), 505, 511, and
    Cloudflare's 525 and 526, which mean that the gateway was never reached; and of 3xx those that
    name another address for the same request.
    """
    if 400 <= status < 500:
        return status not in _TAKEN_4XX
    return status in _REFUSED_5XX or status in _MOVED
