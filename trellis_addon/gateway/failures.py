# SPDX-License-Identifier: GPL-3.0-or-later
"""An error answer as one of our errors: one row per status.

The gateway's pages disagree on the names (``code`` is an integer here and a string there), so:
the status first, then ``code`` if it is a string, then ``type``. Requests that got no answer at
all are worded by ``broken_connections``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..core.errors import (
    AccountError,
    GatewayError,
    GatewayFailureError,
    RateLimitError,
    RequestRefusedError,
)
from ..core.text import shorten
from .prose import looks_like_html
from .rate import retry_after, wait_words


@dataclass(frozen=True)
class Row:
    """What is told for a status. ``quotes`` adds the gateway's own words to the message."""

    kind: type[GatewayError]
    message: str
    next_step: str
    quotes: bool = True


ROWS: Final[dict[int, Row]] = {
    400: Row(
        RequestRefusedError,
        "The gateway does not accept the request",
        "Change the prompt or the settings and try again",
    ),
    401: Row(
        AccountError,
        "The gateway does not accept the API key",
        "Check the key in the extension's preferences",
        quotes=False,
    ),
    402: Row(
        AccountError,
        "The account has no credit left, or this key has reached its spending limit",
        "Top up or raise the limit on the gateway's site; the free sign-up credit covers only "
        "some models",
        quotes=False,
    ),
    403: Row(
        AccountError,
        "This API key may not use this model, or its limit is reached",
        "Check the key's models and limits on the gateway's site",
    ),
    404: Row(
        RequestRefusedError,
        "The gateway does not know this model or address",
        "Check the model and the gateway URL in the preferences",
    ),
    405: Row(
        RequestRefusedError,
        "The gateway does not offer this way to generate props",
        "Set the endpoint to Automatic, or check the gateway URL in the preferences",
    ),
    407: Row(  # the proxy's; ``transport`` makes the same words of it, as of a refused tunnel
        RequestRefusedError,
        "The network's proxy asks for a user name and password",
        "Put them into the proxy's address in the preferences",
        quotes=False,
    ),
    408: Row(
        GatewayFailureError,
        "The gateway stopped waiting for the model",
        "Try again",
    ),
    409: Row(
        RequestRefusedError,
        "The gateway has this request already",
        "Try again in a few minutes, or start a new generation",
    ),
    413: Row(
        RequestRefusedError,
        "The request is too large for the gateway",
        "Use a shorter prompt or a smaller image",
    ),
    422: Row(
        RequestRefusedError,
        "The model does not support one of the settings",
        "Reset the settings and try again",
    ),
    425: Row(
        RequestRefusedError,
        "The gateway has this request already",
        "Try again in a few minutes, or start a new generation",
    ),
    429: Row(RateLimitError, "Too many requests to the gateway", "Try again in {wait}"),
    499: Row(GatewayFailureError, "The gateway saw the request as cancelled", "Try again"),
    500: Row(GatewayFailureError, "The gateway failed", "Try again"),
    501: Row(
        RequestRefusedError,
        "The gateway does not offer this way to generate props",
        "Set the endpoint to Automatic, or check the gateway URL in the preferences",
    ),
    502: Row(GatewayFailureError, "The service that makes the models failed", "Try again"),
    503: Row(GatewayFailureError, "The gateway is overloaded", "Try again in {wait}"),
    504: Row(
        GatewayFailureError,
        "The service that makes the models took too long",
        "Try again",
    ),
}

_JOB_GONE: Final = Row(
    RequestRefusedError,
    "The gateway no longer knows this generation; finished ones are kept for 7 days",
    "Generate the prop again",
    quotes=False,
)
_ODD: Final = Row(
    RequestRefusedError, "The gateway gave an answer that is not understood", "Try again"
)
_UNREACHED: Final = Row(
    GatewayFailureError, "The gateway's service cannot be reached", "Try again in a few minutes"
)
_REDIRECT: Final = Row(
    RequestRefusedError,
    "The gateway points to another address",
    "Write that address as the gateway URL in the preferences",
    quotes=False,
)


BLOCKED: Final = Row(
    GatewayFailureError,
    "The network, or a firewall before the gateway, blocks this request",
    "Try again later or from another network; the API key need not be wrong",
    quotes=False,
)
"""A web page in place of the gateway's JSON: a captive portal, a company's filter, Cloudflare."""
_KEY_OR_BLOCK: Final = frozenset({401, 403, 406})
_CLOUDFLARE: Final = re.compile(r"\s*error code: 1[0-9]{3}\s*")
"""How Cloudflare words its refusals for programs (Cloudflare's documentation, "1xxx errors")."""


def is_blocked(status: int, headers: Mapping[str, str], text: str) -> bool:
    """Whether an answer comes from something before the gateway and says nothing of the key."""
    if headers.get("cf-mitigated", ""):
        return True
    page = "html" in headers.get("content-type", "").lower() or looks_like_html(text)
    return status in _KEY_OR_BLOCK and (page or _CLOUDFLARE.fullmatch(text) is not None)


def row_for(status: int) -> Row:
    """The row of a status that has one of its own, or of its family."""
    if status in ROWS:
        return ROWS[status]
    if 520 <= status <= 527:  # Cloudflare, on which the gateway runs
        return _UNREACHED
    if status >= 500:
        return ROWS[500]
    if 300 <= status < 400:
        return _REDIRECT
    return ROWS[400] if status >= 400 else _ODD


def from_response(
    status: int, headers: Mapping[str, str], text: str, *, model: str = "", subject: str = ""
) -> GatewayError:
    """The error for an answer with an error status.

    :param text: its body, bounded.
    :param model: the model that was asked for, to be named.
    :param subject: ``job`` where a 404 means that a job is gone.
    """
    body = read_error(text)
    row = _JOB_GONE if subject == "job" and status == 404 else row_for(status)
    if is_blocked(status, headers, text):
        row = BLOCKED
    request_id = request_id_of(headers)
    message = row.message
    if model and status == 404:
        message += f" ({model})"
    if row.quotes and body.message:
        message += f": {body.message.rstrip('.')}"
    step = row.next_step.format(wait=wait_words(retry_after(headers)))
    if status >= 500 and request_id:
        step += f"; the gateway's support can look up request {shorten(request_id, 80)}"
    name = body.code or body.type
    return row.kind(
        message,
        step,
        detail=" ".join(filter(None, (f"HTTP {status}", name, body.message))),
        status=status,
        request_id=request_id,
    )


def request_id_of(headers: Mapping[str, str]) -> str | None:
    """The gateway's id of a request, for its support; bounded, as it goes into records."""
    return shorten(headers.get("x-request-id", "")) or None


_MESSAGE: Final = re.compile(r'"(?:message|detail|msg)"\s*:\s*"((?:[^"\\]|\\.){1,400})')
_MARKUP: Final = re.compile(r' ?[:(-]? ?(?:[{\[] ?["{\[]|<[!/?a-zA-Z]).*')
"""From where on a line is JSON or HTML and no longer words. Single spaces: where each of several
may be long, a body of nothing but spaces takes cubic time."""


@dataclass(frozen=True)
class ErrorBody:
    """What an error answer says of itself, in any of the forms that are in use."""

    message: str = ""
    code: str = ""
    type: str = ""


def read_error(text: str) -> ErrorBody:
    """Read ``{"error": {...}}``, ``{"error": "..."}``, ``{"message"}``, ``{"detail"}`` or prose."""
    try:
        document = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        cut = _MESSAGE.search(text)  # JSON of which only the beginning was read
        return ErrorBody(message=plain(cut[1] if cut else text))
    if isinstance(document, str):
        return ErrorBody(message=plain(document))
    if not isinstance(document, dict):
        return ErrorBody()
    inner = document.get("error") or document
    if isinstance(inner, str):
        return ErrorBody(message=plain(inner))
    if not isinstance(inner, dict):
        return ErrorBody()
    return ErrorBody(
        message=plain(_words(inner.get("message") or inner.get("detail") or "")),
        code=shorten(inner["code"], 80) if isinstance(inner.get("code"), str) else "",
        type=shorten(inner["type"], 80) if isinstance(inner.get("type"), str) else "",
    )


def plain(text: str) -> str:
    """Foreign words for a sentence: short, without the markup, JSON or bytes that are in them."""
    nested = _MESSAGE.search(text)  # a provider's own error body, passed on as text
    if nested and text.lstrip().startswith("{"):
        text = nested[1]
    text = _MARKUP.sub("", " ".join(text.split()))
    readable = "".join(c for c in text if c.isprintable() or c.isspace())
    if readable.count("\ufffd") > len(text) // 10 or len(readable) < len(text) * 0.9:
        return ""
    return shorten(readable)


def _words(value: Any, depth: int = 0) -> str:
    """FastAPI's ``detail`` may be a list of ``{"loc": [...], "msg": "..."}``."""
    if isinstance(value, list) and depth < 3:
        return "; ".join(_words(item, depth + 1) for item in value[:10])
    if isinstance(value, dict) and depth < 3:
        return _words(value.get("msg") or value.get("message") or "", depth + 1)
    return value if isinstance(value, str) else ""
