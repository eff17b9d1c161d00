# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides what is retried, and when. Pure functions.

The gateway's rule (docs/errors) is to retry 429, 502, 503 and 504, first after 250 ms, doubled each
time, with 20 % jitter. The model's page calls 500 retryable as well, which is safe for requests
that only read. A repeated submit could be billed twice, so it is repeated only if it certainly did
not arrive, or if the server itself says that it accepted nothing (429, 503).
"""

from __future__ import annotations

import random
import ssl
from typing import Final

import httpx

MOST_TRIES: Final = 4
FIRST_SECONDS: Final = 0.25
JITTER: Final = 0.2

# No connection was made, so not one byte of the request was sent.
_UNMADE: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_FOR_READS: Final = frozenset({429, 500, 502, 503, 504, *range(520, 528)})
_FOR_SUBMITS: Final = frozenset({429, 503})


def delay(attempt: int, chance: float | None = None) -> float:
    """The seconds before the next attempt; ``attempt`` counts from 0, ``chance`` is 0 to 1."""
    chance = random.random() if chance is None else chance  # noqa: S311  (no secret in it)
    return FIRST_SECONDS * 2.0**attempt * (1 + JITTER * (2 * chance - 1))


def status_may_be_retried(status: int, *, submit: bool) -> bool:
    """Whether a request may be retried after this status."""
    return status in (_FOR_SUBMITS if submit else _FOR_READS)


def error_may_be_retried(error: Exception, *, submit: bool) -> bool:
    """Whether a request that got no answer may be retried."""
    # Neither goes away by itself within seconds.
    if _is_certificate(error) or isinstance(error, httpx.ProxyError):
        return False
    if submit or isinstance(error, _UNMADE):
        return isinstance(error, _UNMADE)
    return isinstance(
        error, httpx.ReadError | httpx.WriteError | httpx.RemoteProtocolError | httpx.CloseError
    )


def never_arrived(error: BaseException) -> bool:
    """Whether a request certainly did not reach the server."""
    unsent = (httpx.UnsupportedProtocol, httpx.TooManyRedirects, httpx.InvalidURL, httpx.ProxyError)
    return isinstance(error, (*_UNMADE, *unsent)) or _is_certificate(error)


def _is_certificate(error: BaseException) -> bool:
    cause: BaseException | None = error
    for _ in range(10):
        if cause is None:
            return False
        if isinstance(cause, ssl.SSLCertVerificationError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
