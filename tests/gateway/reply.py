# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole answer in memory, taken from the application before anything of it is sent."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Scope

from .line import ClientGoneError

LOG = logging.getLogger("gateway.stand_in")


@dataclass(frozen=True)
class Reply:
    """Status, headers (lower-case names) and body of an answer."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    @classmethod
    def of(cls, response: Response) -> Reply:
        """The reply that a Starlette response would send."""
        return cls(response.status_code, list(response.raw_headers), bytes(response.body))

    def with_headers(self, changes: Mapping[str, str]) -> Reply:
        """The same reply with these headers set; names in any case."""
        new = {name.lower().encode(): value.encode() for name, value in changes.items()}
        kept = [pair for pair in self.headers if pair[0] not in new]
        return replace(self, headers=[*kept, *new.items()])

    def header(self, name: str) -> str | None:
        """One header's value, or None."""
        wanted = name.lower().encode()
        return next((value.decode() for key, value in self.headers if key == wanted), None)


async def run_app(app: ASGIApp, scope: Scope, body: bytes) -> Reply:
    """Run an ASGI application on a request that is already read, and collect its answer."""
    status = 500
    headers: list[tuple[bytes, bytes]] = []
    pieces: list[bytes] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status, headers
        if message["type"] == "http.response.start":
            status, headers = message["status"], list(message.get("headers", []))
        elif message["type"] == "http.response.body":
            pieces.append(message.get("body", b""))

    try:
        await app(scope, receive, send)
    except ClientGoneError:
        raise
    except Exception:  # Starlette raises what it has answered with 500 once more
        LOG.exception("the stand-in failed on %s", scope["path"])
    return Reply(status, headers, pieces[0] if len(pieces) == 1 else b"".join(pieces))
