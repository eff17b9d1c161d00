# SPDX-License-Identifier: GPL-3.0-or-later
"""Converts error answers into our errors, with one row per status.

The gateway's pages disagree on the names (``code`` is an integer on one and a string on another),
so the status decides, then ``code`` if it is a string, then ``type``. Requests that got no answer
at all are handled by ``connection_errors``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ...core.errors import (
    AccountError,
    GatewayError,
    GatewayFailureError,
    RateLimitError,
    RequestRefusedError,
)
from ...core.next_step import ENDPOINT_OR_URL, PROXY_PASSWORD, NextStep
from ...core.text import shorten
from ..http.rate_limit import retry_after, wait_words
from .links_in_text import looks_like_html


@dataclass(frozen=True)
class StatusRow:
    """The error for a status. ``quotes`` appends the gateway's own words to the message."""

    kind: type[GatewayError]
    message: str
    next_step: NextStep | str
    quotes: bool = True

    @property
    def step(self) -> NextStep:
        """The next step, in which ``{wait}`` stands for a time."""
        return NextStep.of(self.next_step)


# The texts are keys of the translations in ``ui``, and docs/troubleshooting.md is generated from
# these rows.
ROWS: Final[dict[int, StatusRow]] = {
    400: StatusRow(
        RequestRefusedError,
        "The gateway does not accept the request",
        "Change the prompt or the settings and try again",
    ),
    401: StatusRow(
        AccountError,
        "The gateway does not accept the API key",
        NextStep("Check the key in the extension's preferences", "Check AIGATEWAY_API_KEY"),
        quotes=False,
    ),
    402: StatusRow(
        AccountError,
        "The account has no credit left, or this key has reached its spending limit",
        "Top up or raise the limit on the gateway's site; the free sign-up credit covers only "
        "some models",
        quotes=False,
    ),
    403: StatusRow(
        AccountError,
        "This API key may not use this model, or its limit is reached",
        "Check the key's models and limits on the gateway's site",
    ),
    404: StatusRow(
        RequestRefusedError,
        "The gateway does not know this model or address",
        NextStep(
            "Check the model and the gateway URL in the preferences",
            "Check --model and AIGATEWAY_BASE_URL",
        ),
    ),
    405: StatusRow(
        RequestRefusedError,
        "The gateway does not offer this way to generate props",
        ENDPOINT_OR_URL,
    ),
    407: StatusRow(  # from the proxy; ``transport`` gives a refused tunnel the same message
        RequestRefusedError,
        "The network's proxy asks for a user name and password",
        PROXY_PASSWORD,
        quotes=False,
    ),
    408: StatusRow(
        GatewayFailureError,
        "The gateway stopped waiting for the model",
        "Try again",
    ),
    409: StatusRow(
        RequestRefusedError,
        "The gateway has this request already",
        "Try again in a few minutes, or start a new generation",
    ),
    413: StatusRow(
        RequestRefusedError,
        "The request is too large for the gateway",
        "Use a shorter prompt or a smaller image",
    ),
    422: StatusRow(
        RequestRefusedError,
        "The model does not support one of the settings",
        "Reset the settings and try again",
    ),
    425: StatusRow(
        RequestRefusedError,
        "The gateway has this request already",
        "Try again in a few minutes, or start a new generation",
    ),
    429: StatusRow(RateLimitError, "Too many requests to the gateway", "Try again in {wait}"),
    499: StatusRow(GatewayFailureError, "The gateway saw the request as cancelled", "Try again"),
    500: StatusRow(GatewayFailureError, "The gateway failed", "Try again"),
    501: StatusRow(
        RequestRefusedError,
        "The gateway does not offer this way to generate props",
        ENDPOINT_OR_URL,
    ),
    502: StatusRow(GatewayFailureError, "The service that makes the models failed", "Try again"),
    503: StatusRow(GatewayFailureError, "The gateway is overloaded", "Try again in {wait}"),
    504: StatusRow(
        GatewayFailureError,
        "The service that makes the models took too long",
        "Try again",
    ),
}

_JOB_GONE: Final = StatusRow(
    RequestRefusedError,
    "The gateway no longer knows this generation; finished ones are kept for 7 days",
    "Generate the prop again",
    quotes=False,
)
_ODD: Final = StatusRow(
    RequestRefusedError, "The gateway gave an answer that is not understood", "Try again"
)
_UNREACHED: Final = StatusRow(
    GatewayFailureError, "The gateway's service cannot be reached", "Try again in a few minutes"
)
_REDIRECT: Final = StatusRow(
    RequestRefusedError,
    "The gateway points to another address",
    NextStep(
        "Write that address as the gateway URL in the preferences",
        "Set AIGATEWAY_BASE_URL to that address",
    ),
    quotes=False,
)


BLOCKED: Final = StatusRow(
    GatewayFailureError,
    "The network, or a firewall before the gateway, blocks this request",
    "Try again later or from another network; the API key need not be wrong",
    quotes=False,
)
"""For a web page instead of the gateway's JSON: a captive portal, a company's filter,
Cloudflare."""
_KEY_OR_BLOCK: Final = frozenset({401, 403, 406})
_CLOUDFLARE: Final = re.compile(r"\s*error code: 1[0-9]{3}\s*")
"""The text of Cloudflare's refusals for programs (Cloudflare's documentation, "1xxx errors")."""


def is_blocked(status: int, headers: Mapping[str, str], text: str) -> bool:
    """Whether an answer comes from something in front of the gateway, so that it says nothing about
    the key.
    """
    if headers.get("cf-mitigated", ""):
        return True
    page = "html" in headers.get("content-type", "").lower() or looks_like_html(text)
    return status in _KEY_OR_BLOCK and (page or _CLOUDFLARE.fullmatch(text) is not None)


def row_for(status: int) -> StatusRow:
    """The row of a status, or of its class if it has none of its own."""
    if status in ROWS:
        return ROWS[status]
    if 520 <= status <= 527:  # Cloudflare's statuses; the gateway runs on it
        return _UNREACHED
    if status >= 500:
        return ROWS[500]
    if 300 <= status < 400:
        return _REDIRECT
    return ROWS[400] if status >= 400 else _ODD


def from_response(
    status: int, headers: Mapping[str, str], text: str, *, model: str = "", subject: str = ""
) -> GatewayError:
    """Make the error for an answer with an error status.

    :param text: its body, limited in size.
    :param model: the requested model, for the message.
    :param subject: ``job`` if a 404 means that the job no longer exists.
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
    wait = wait_words(retry_after(headers))
    step = row.step.changed(lambda text: text.format(wait=wait))
    if status >= 500 and request_id:
        support = f"; the gateway's support can look up request {shorten(request_id, 80)}"
        step = step.changed(lambda text: text + support)
    name = body.code or body.type
    return row.kind(
        message,
        step,
        detail=" ".join(filter(None, (f"HTTP {status}", name, body.message))),
        status=status,
        request_id=request_id,
    )


def request_id_of(headers: Mapping[str, str]) -> str | None:
    """The gateway's id of a request, for its support. Limited in length, as it is written into
    records.
    """
    return shorten(headers.get("x-request-id", "")) or None


_MESSAGE: Final = re.compile(r'"(?:message|detail|msg)"\s*:\s*"((?:[^"\\]|\\.){1,400})')
_MARKUP: Final = re.compile(r' ?[:(-]? ?(?:[{\[] ?["{\[]|<[!/?a-zA-Z]).*')
"""The point in a line where prose ends and JSON or HTML begins. The spaces are single on purpose:
with repeated ones, a body of nothing but spaces would take cubic time."""


@dataclass(frozen=True)
class ErrorBody:
    """The contents of an error answer, in any of the usual forms."""

    message: str = ""
    code: str = ""
    type: str = ""


def read_error(text: str) -> ErrorBody:
    """Read ``{"error": {...}}``, ``{"error": "..."}``, ``{"message"}``, ``{"detail"}`` or prose."""
    try:
        document = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        cut = _MESSAGE.search(text)  # JSON that was truncated by the size limit
        return ErrorBody(message=plain(cut[1] if cut else text))
    if isinstance(document, str):
        return ErrorBody(message=plain(document))
    if not isinstance(document, dict):
        return ErrorBody()
    # OpenAI's form, and those of FastAPI ("detail") and of plain "message".
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
    """A server's text, made fit for a message: short, without markup, JSON or binary data."""
    # The beginning of the text decides, as words in front of JSON are a message of their own.
    nested = _MESSAGE.search(text)  # a provider's own error body, passed on as text
    if nested and text.lstrip().startswith("{"):
        text = nested[1]
    text = _MARKUP.sub("", " ".join(text.split()))
    readable = "".join(c for c in text if c.isprintable() or c.isspace())
    # Binary data, or text in another encoding: better no quotation than a garbled one.
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
