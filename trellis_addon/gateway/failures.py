# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that goes wrong over HTTP, as one of our errors. One row per status.

The gateway's pages disagree on the names (``code`` is an integer here and a string there), so:
the status first, then ``code`` if it is a string, then ``type``.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from time import time
from typing import Any, Final

import httpx

from ..core.errors import (
    AccountError,
    GatewayError,
    GatewayFailureError,
    RateLimitError,
    RequestRefusedError,
    TooSlowError,
    TrellisError,
    UnreachableError,
)
from ..core.text import shorten

TOP_UP: Final = "https://aigateway.sh"

_PREFERENCES: Final = "Check the key in the extension's preferences"
_CREDIT: Final = (
    "Top up the account or raise the key's limit on the gateway's site; "
    "free sign-up credit covers only some models"
)


@dataclass(frozen=True)
class ErrorBody:
    """What an error answer says of itself, in any of the forms that are in use."""

    message: str = ""
    code: str = ""
    type: str = ""


def read_error(text: str) -> ErrorBody:
    """Read ``{"error": {...}}``, ``{"error": "..."}``, ``{"message"}``, ``{"detail"}`` or prose."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        page = text.lstrip().lower().startswith(("<!doctype", "<html"))
        return ErrorBody(message="" if page else shorten(text))
    if isinstance(document, str):
        return ErrorBody(message=shorten(document))
    if not isinstance(document, dict):
        return ErrorBody()
    inner = document.get("error", document)
    if isinstance(inner, str):
        return ErrorBody(message=shorten(inner))
    if not isinstance(inner, dict):
        return ErrorBody()
    return ErrorBody(
        message=shorten(_words(inner.get("message") or inner.get("detail") or "")),
        code=inner["code"] if isinstance(inner.get("code"), str) else "",
        type=inner["type"] if isinstance(inner.get("type"), str) else "",
    )


def _words(value: Any) -> str:
    """FastAPI's ``detail`` may be a list of ``{"loc": [...], "msg": "..."}``."""
    if isinstance(value, list):
        return "; ".join(_words(item) for item in value)
    if isinstance(value, dict):
        return str(value.get("msg") or value.get("message") or value)
    return str(value)


def from_response(
    status: int, headers: Mapping[str, str], text: str, *, model: str = ""
) -> GatewayError:
    """The error for an answer with an error status. ``text`` is its body, bounded."""
    body = read_error(text)
    request_id = headers.get("x-request-id")
    said = f": {body.message}" if body.message else ""
    name = body.code or body.type
    detail = f"HTTP {status} {name} {body.message}".strip()
    kind: type[GatewayError] = RequestRefusedError
    match status:
        case 401:
            kind = AccountError
            message, step = "The gateway does not accept the API key", _PREFERENCES
        case 402:
            kind = AccountError
            message, step = "The account has no credit left for this model", _CREDIT
        case 403:
            kind = AccountError
            message = f"This API key may not do this{said}"
            step = "Check the key's model list and limits on the gateway's site"
        case 404 | 405 | 501:
            message = f"The gateway does not know this model or address{said}"
            step = f"Check the model ({model}) and the gateway URL in the preferences"
        case 413:
            message, step = "The request is too large for the gateway", "Use a smaller image"
        case 429:
            kind = RateLimitError
            wait = retry_after(headers)
            message = "Too many requests to the gateway"
            step = f"Try again in {wait:.0f} seconds" if wait else "Try again in a minute"
        case _ if status >= 500:
            kind = GatewayFailureError
            message = f"The gateway or the service behind it failed (HTTP {status}){said}"
            step = "Try again in a minute"
            if request_id:
                step += f"; its support can look up request {request_id}"
        case _:
            message = f"The gateway does not accept the request (HTTP {status}){said}"
            step = "Change the prompt or the settings and try again"
    return kind(message, step, detail=detail, status=status, request_id=request_id)


def retry_after(headers: Mapping[str, str], limit: float = 3600.0) -> float | None:
    """Seconds of ``Retry-After``, as a number or as a date (RFC 9110, section 10.2.3)."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - time()
        except (TypeError, ValueError, OverflowError):
            return None
    if seconds != seconds:  # NaN
        return None
    return min(max(seconds, 0.0), limit)


def from_exception(error: Exception, host: str) -> TrellisError:
    """The error for a request that got no answer. ``host`` names the other side."""
    detail = f"{type(error).__name__}: {error}"
    chain = tuple(_causes(error))
    text = " ".join(str(cause) for cause in chain).lower()
    if any(isinstance(c, ssl.SSLCertVerificationError) for c in chain) or "certificate" in text:
        return UnreachableError(
            f"The certificate of {host} is not trusted by this computer",
            "Check the computer's date; on a company network, have its certificate installed "
            "in the operating system",
            detail=detail,
            retry=False,
        )
    if isinstance(error, httpx.ProxyError):
        return UnreachableError(
            "The network's proxy refused the connection",
            "Check the proxy's address and password (HTTPS_PROXY)",
            detail=detail,
        )
    if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout):
        return UnreachableError(f"{host} does not answer", detail=detail)
    if isinstance(error, httpx.TimeoutException):
        return TooSlowError(f"{host} took too long to answer", detail=detail)
    if any(phrase in text for phrase in _NO_NAME):
        return UnreachableError(f"The name {host} cannot be found", detail=detail)
    if isinstance(error, httpx.ConnectError):
        return UnreachableError(f"{host} refuses the connection", detail=detail)
    return UnreachableError(f"The connection to {host} broke", detail=detail)


_NO_NAME: Final = (
    "name or service not known",
    "nodename nor servname",
    "getaddrinfo failed",
    "temporary failure in name resolution",
    "no address associated",
    "name resolution",
)


def _causes(error: BaseException | None) -> Any:
    seen = 0
    while error is not None and seen < 10:
        yield error
        error = error.__cause__ or error.__context__
        seen += 1
