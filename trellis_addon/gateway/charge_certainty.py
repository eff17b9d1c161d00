# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides whether a paid request without an answer may have been accepted, and what to tell the
user.

According to the gateway's documents a failed *job* is free; they say nothing about a request whose
answer was lost. So no message here says that it was not charged.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from ..core.billing_state import Happening, certainly_refused
from ..core.errors import (
    AddressError,
    InputError,
    InvalidRequestError,
    NoKeyError,
    TooSlowError,
    TrellisError,
    UnreachableError,
)
from ..core.next_step import NextStep
from ..core.text import shorten
from .http.retry_policy import never_arrived

MAY_BE_CHARGED: Final = (
    "It may have been made and charged: resume the prop, which asks for the same one again"
)
PICTURES_MAY_BE_CHARGED: Final = (
    "They may have been made and charged: ask for the same pictures again, which repeats this "
    "request"
)
_BUSY: Final = frozenset({409, 425})
_FIELDS_REFUSED: Final = 422
_AT_IT: Final = re.compile(
    r"in.progress|still (?:being )?(?:process|runn|handl)|already (?:being )?(?:process|runn|handl)"
    r"|in.use|concurrent|duplicate|idempoten",
    re.IGNORECASE,
)
_OTHER_BODY: Final = re.compile(
    r"(?:another|different|other) (?:request|bod|payload|param)|mismatch|does not match",
    re.IGNORECASE,
)
_BEFORE_SENDING: Final = (AddressError, InputError, InvalidRequestError, NoKeyError)


def happened_to(error: Exception, *, repeated: bool) -> Happening:
    """What an error says about a paid request: it was refused, is being processed, or is lost.

    :param repeated: an earlier request with the same key may have been accepted.
    """
    if not isinstance(error, TrellisError):
        return Happening.LOST  # the disk failed in the middle of an answer
    status = error.facts.status
    if status is not None:
        if is_busy(error, repeated=repeated):
            return Happening.BUSY
        return Happening.REFUSED if certainly_refused(status) else Happening.LOST
    if isinstance(error, _BEFORE_SENDING):
        return Happening.REFUSED
    # Our own errors are the same for a connection that failed and for one that broke; httpx's
    # differ.
    cause = error.__cause__
    return Happening.REFUSED if cause and never_arrived(cause) else Happening.LOST


def is_busy(error: TrellisError, *, repeated: bool = False) -> bool:
    """Whether the gateway is still processing a request with the same key, so that asking again
    later makes sense.

    The draft on the header (draft-ietf-httpapi-idempotency-key-header, section 2.7) uses 409 for
    that and 422 for another body under the same key. Gateways use both, and 425, for either.
    """
    status, said = error.facts.status, f"{error.facts.message} {error.facts.detail}"
    if _OTHER_BODY.search(said):
        return False
    if status == _FIELDS_REFUSED:
        return bool(_AT_IT.search(said)) or (repeated and "unsupported" not in said)
    return status in _BUSY


def tell(error: TrellisError, step: str = MAY_BE_CHARGED) -> None:
    """Set the next step of an error whose request may have been accepted."""
    facts = error.facts
    if facts.request_id and (facts.status or 0) >= 500:
        step += f"; the gateway's support can look up request {shorten(facts.request_id, 80)}"
    if isinstance(error, UnreachableError) and not isinstance(error, TooSlowError):
        step += "; check the network connection and the gateway URL first"
    error.facts = replace(facts, step=NextStep(step), retryable=True)
