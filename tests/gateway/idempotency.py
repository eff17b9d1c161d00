# SPDX-License-Identifier: GPL-3.0-or-later
"""Idempotency: the same key with the same body is answered once, then repeated."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from .record import RecordedRequest
from .replies import GatewayError, error_reply
from .reply import Reply

HEADER = "idempotency-key"


@dataclass
class _Entry:
    digest: bytes
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    reply: Reply | None = None


class IdempotencyBook:
    """Remembers the answers to POST requests that carried an idempotency key.

    A key belongs to one bearer key and one path. Errors are not remembered, so that a client may
    try again. A repeat that arrives while the first is being answered waits for its answer.
    """

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str, str], _Entry] = {}

    async def answer(self, request: RecordedRequest, make: Callable[[], Awaitable[Reply]]) -> Reply:
        """The remembered answer to `request`, or a new one; 409 for the key with another body."""
        key = request.headers.get(HEADER)
        if key is None or request.method != "POST":
            return await make()
        owner = request.headers.get("authorization", "")
        digest = hashlib.sha256(request.body).digest()
        entry = self._entries.setdefault((owner, request.path, key), _Entry(digest))
        if entry.digest != digest:
            message = "This idempotency key was used with another request body."
            return Reply.of(error_reply(GatewayError(409, message, HEADER)))
        async with entry.lock:
            if entry.reply is not None:
                return entry.reply.with_headers({"idempotent-replayed": "true"})
            reply = await make()
            if reply.status < 400:
                entry.reply = reply
            return reply
