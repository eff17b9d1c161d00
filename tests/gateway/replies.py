# SPDX-License-Identifier: GPL-3.0-or-later
"""Bodies that every answer shares: JSON that says what it comes from, and documented errors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

STAND_IN = "This is a stand-in gateway. It generates nothing from a model."
STAND_IN_HEADER = "x-stand-in"

ERROR_TYPES: Mapping[int, str] = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "insufficient_credits",
    403: "scope_exceeded",
    404: "not_found",
    409: "idempotency_conflict",
    413: "payload_too_large",
    422: "unsupported_parameter",
    429: "rate_limit_error",
    500: "server_error",
    502: "provider_error",
    503: "service_unavailable",
    504: "timeout_error",
}


class GatewayError(Exception):
    """A refusal; the application turns it into the documented error body."""

    def __init__(self, status: int, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.param = param


def to_json(payload: Mapping[str, Any]) -> bytes:
    """The payload as JSON text with the field `stand_in` added."""
    return json.dumps({**payload, "stand_in": STAND_IN}).encode()


def json_reply(
    payload: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A JSON answer."""
    return Response(to_json(payload), status, dict(headers or {}), "application/json")


def error_body(status: int, message: str, param: str | None = None) -> bytes:
    """The error object of the published specification; `code` repeats the HTTP status."""
    kind = ERROR_TYPES.get(status, "api_error")
    error = {"message": message, "type": kind, "code": status, "param": param}
    return to_json({"error": error})


def error_reply(error: GatewayError) -> Response:
    """An error as an answer."""
    body = error_body(error.status, str(error), error.param)
    return Response(body, error.status, media_type="application/json")
