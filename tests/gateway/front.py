# SPDX-License-Identifier: GPL-3.0-or-later
"""The outermost layer: records a request, asks the script, checks the key, sends the answer."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from dataclasses import dataclass, replace
from typing import cast

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .context import SCOPE_KEY, Context
from .idempotency import HEADER, IdempotencyBook
from .line import ClientGoneError, Line
from .recoding import FORMS
from .record import RecordedRequest
from .replies import STAND_IN, STAND_IN_HEADER, GatewayError, error_reply
from .reply import Reply, run_app
from .script import Effect, Script
from .store import Store

LOG = logging.getLogger("gateway.stand_in")
TRANSPORT_KEY = "stand_in_transport"
RATE_LIMIT = 600


@dataclass
class Front:
    """The ASGI application that uvicorn runs."""

    app: ASGIApp
    store: Store
    script: Script
    requests: list[RecordedRequest]
    closing: asyncio.Event
    book: IdempotencyBook

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body = await _read(receive)
        if body is None:
            return
        request = _record(scope, body)
        self.requests.append(request)
        effect = self.script.take(request.route, request)
        line = Line(cast(asyncio.Transport, scope[TRANSPORT_KEY]), self.closing)
        context = Context(self.store, line, effect, body, request.headers.get(HEADER, ""))
        try:
            reply = await self._reply(scope, request, context)
            await line.pause(effect.seconds)
            if effect.gate and effect.gate_at is None:
                await line.wait_for(effect.gate)
            LOG.info("%s %d (%s)", request.route, reply.status, STAND_IN)
            await _deliver(reply, effect, line, request.method, send)
        except ClientGoneError:
            LOG.info("%s: nobody waits for the answer any more", request.route)
            cast(asyncio.Transport, scope[TRANSPORT_KEY]).abort()
        if effect.touches_wire:
            await _until_closed(receive)

    async def _reply(self, scope: Scope, request: RecordedRequest, context: Context) -> Reply:
        effect = context.effect
        if effect.replaces:
            reply = Reply(effect.status or 200, [], effect.body or b"")
        elif not self._may_enter(request):
            message = "Missing or invalid API key. Send 'Authorization: Bearer sk-aig-...'."
            reply = Reply.of(error_reply(GatewayError(401, message)))
        else:
            if effect.never_ends and not self._makes_job(request, effect):
                await context.line.wait_forever()
            scope[SCOPE_KEY] = context
            reply = await self.book.answer(request, lambda: run_app(self.app, scope, context.body))
            reply = _disguised(reply, effect)
        return self._finish(reply, request, effect)

    def _makes_job(self, request: RecordedRequest, effect: Effect) -> bool:
        """Whether `never_ends` means the job and not the answer."""
        if request.path == "/v1/chat/completions":
            return (effect.answer or self.store.settings.answer).startswith("job")
        return request.path.startswith(("/v1/jobs/", "/v1/3d/"))

    def _may_enter(self, request: RecordedRequest) -> bool:
        if request.path.endswith("/public") and request.path.startswith("/v1/files/jobs/"):
            return True
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self.store.settings.key_is_good(key.strip())
        return False

    def _finish(self, reply: Reply, request: RecordedRequest, effect: Effect) -> Reply:
        headers = {STAND_IN_HEADER: STAND_IN}
        headers["x-request-id"] = request.headers.get("x-request-id") or self.store.new_id("req")
        if reply.status < 400:
            recent = sum(r.time > time.monotonic() - 60 for r in self.requests[-RATE_LIMIT:])
            headers["x-ratelimit-limit-requests"] = str(RATE_LIMIT)
            headers["x-ratelimit-remaining-requests"] = str(max(0, RATE_LIMIT - recent))
            headers["x-ratelimit-reset-requests"] = "60"
        if effect.content_type and reply.body:
            headers["content-type"] = effect.content_type
        headers.update(effect.headers)
        return reply.with_headers(headers)


def _disguised(reply: Reply, effect: Effect) -> Reply:
    """What the endpoint has really answered, as the script wants it sent."""
    if effect.recode:
        recoded = FORMS[effect.recode](reply.body)
        reply = replace(reply, body=recoded.body).with_headers(recoded.headers)
    if effect.mask_body is not None:
        reply = Reply(reply.status, [], effect.mask_body)
    if effect.mask_status is not None:
        reply = replace(reply, status=effect.mask_status)
    return reply


async def _deliver(reply: Reply, effect: Effect, line: Line, method: str, send: Send) -> None:
    if effect.touches_wire:
        body = b"" if method == "HEAD" else reply.body
        await line.write(reply.status, reply.headers, body, effect)
        return
    headers = [pair for pair in reply.headers if pair[0] != b"content-length"]
    if reply.status not in (204, 304):
        headers.append((b"content-length", b"%d" % len(reply.body)))
    await line.send(send, reply.status, headers, reply.body)


async def _read(receive: Receive) -> bytes | None:
    """The whole body. None: its client has gone in the middle of it, so nothing is taken."""
    body = bytearray()
    while True:
        message: Message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)


async def _until_closed(receive: Receive) -> None:
    """Wait for the closed connection to be noticed, so that uvicorn sends nothing of its own."""
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(receive(), timeout=5)


def _record(scope: Scope, body: bytes) -> RecordedRequest:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    query = scope["query_string"].decode("latin-1")
    return RecordedRequest(scope["method"], scope["path"], query, headers, body, time.monotonic())
