# SPDX-License-Identifier: GPL-3.0-or-later
"""Maps errors to exit codes."""

from __future__ import annotations

from typing import Final

from ...core.errors import (
    AccountError,
    AddressError,
    CostLimitError,
    ErrorFacts,
    InputError,
    InvalidRequestError,
    LibraryError,
    LockedError,
    NoKeyError,
    OfflineError,
    RateLimitError,
    TooSlowError,
    UnreachableError,
)

DONE: Final = 0
SOME_FAILED: Final = 1
BAD_INPUT: Final = 2
ACCOUNT: Final = 3
UNREACHABLE: Final = 4
AT_GATEWAY: Final = 5
"""Nothing has failed, but some answers of the Batch API are missing: a later run fetches them."""
OTHERS_AT_WORK: Final = 6
"""Nothing has failed, but other processes are still at work on some props."""
INTERRUPTED: Final = 130

NOT_YET: Final = (AT_GATEWAY, OTHERS_AT_WORK)
"""The codes for props that are still to come without a failure; a failure matters more."""

_BY_KIND: Final = {
    InvalidRequestError.kind: BAD_INPUT,
    InputError.kind: BAD_INPUT,
    AddressError.kind: BAD_INPUT,
    NoKeyError.kind: ACCOUNT,
    AccountError.kind: ACCOUNT,
    CostLimitError.kind: ACCOUNT,
    OfflineError.kind: UNREACHABLE,
    UnreachableError.kind: UNREACHABLE,
    LockedError.kind: OTHERS_AT_WORK,
    TooSlowError.kind: SOME_FAILED,
    RateLimitError.kind: SOME_FAILED,
}


def exit_code(kind: str) -> int:
    """The exit code for an error's kind; 1 for errors that concern one prop only."""
    return _BY_KIND.get(kind, SOME_FAILED)


def is_of_disk(facts: ErrorFacts) -> bool:
    """Whether the library cannot be written, so that the next prop could not be stored either."""
    return facts.kind == LibraryError.kind and facts.retryable
