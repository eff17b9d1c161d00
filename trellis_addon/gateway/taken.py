# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a paid request that brought no answer may have been taken, and how that is told.

The gateway's documents call a failed *job* free, and say nothing of a request whose answer was
lost: so no sentence here says that it was not charged.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from ..core.errors import (
    AddressError,
    InputError,
    InvalidRequestError,
    NoKeyError,
    TooSlowError,
    TrellisError,
    UnreachableError,
)
from ..core.standing import Happening, certainly_refused
from ..core.text import shorten
from .retrying import never_arrived

MAY_BE_CHARGED: Final = (
    "It may have been made and charged: resume the prop, which asks for the same one again"
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
    """What an error of a paid request tells of it: refused, busy or lost.

    :param repeated: an earlier request with the same key may have been taken.
    """
    if not isinstance(error, TrellisError):
        return Happening.LOST  # the disk, in the middle of an answer
    status = error.facts.status
    if status is not None:
        if is_busy(error, repeated=repeated):
            return Happening.BUSY
        return Happening.REFUSED if certainly_refused(status) else Happening.LOST
    if isinstance(error, _BEFORE_SENDING):
        return Happening.REFUSED
    cause = error.__cause__
    return Happening.REFUSED if cause and never_arrived(cause) else Happening.LOST


def is_busy(error: TrellisError, *, repeated: bool = False) -> bool:
    """Whether the gateway is at a request with the same key, and can be asked in a while.

    The draft on the header (draft-ietf-httpapi-idempotency-key-header, section 2.7) has 409 for
    that and 422 for another body under the same key; gateways have either, and 425, for either.
    """
    status, said = error.facts.status, f"{error.facts.message} {error.facts.detail}"
    if _OTHER_BODY.search(said):
        return False
    if status == _FIELDS_REFUSED:
        return bool(_AT_IT.search(said)) or (repeated and "unsupported" not in said)
    return status in _BUSY


def tell(error: TrellisError) -> None:
    """Say what is to be done about a request that may have been taken."""
    facts = error.facts
    step = MAY_BE_CHARGED
    if facts.request_id and (facts.status or 0) >= 500:
        step += f"; the gateway's support can look up request {shorten(facts.request_id, 80)}"
    if isinstance(error, UnreachableError) and not isinstance(error, TooSlowError):
        step += "; check the network connection and the gateway URL first"
    error.facts = replace(facts, next_step=step, retryable=True)
