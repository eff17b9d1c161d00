# SPDX-License-Identifier: GPL-3.0-or-later
"""One client connection: waiting while it lasts, and writing answers that break HTTP's rules.

Well-formed answers go through uvicorn. An answer that is cut, dripped, held or mislabelled is
written to the transport by hand, since uvicorn rightly refuses to send it.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from http import HTTPStatus

from starlette.types import Send

from .script import Effect, Gate

CHUNK = 65_536
TICK = 0.005

Headers = list[tuple[bytes, bytes]]


class ClientGoneError(Exception):
    """The client left, or the server stops: nobody waits for this answer any more."""


class Line:
    """The connection a request came in on."""

    def __init__(self, transport: asyncio.Transport, closing: asyncio.Event) -> None:
        self._transport = transport
        self._closing = closing

    def check(self) -> None:
        """Raise `ClientGoneError` when the connection is closed or the server stops."""
        if self._closing.is_set() or self._transport.is_closing():
            raise ClientGoneError

    async def pause(self, seconds: float) -> None:
        """Wait, but no longer than the client does."""
        end = time.monotonic() + seconds
        while (rest := end - time.monotonic()) > 0:
            self.check()
            await asyncio.sleep(min(TICK, rest))

    async def wait_for(self, gate: Gate) -> None:
        """Wait for a gate to open."""
        gate.reached.set()
        while not gate.released.is_set():
            self.check()
            await asyncio.sleep(TICK)

    async def wait_forever(self) -> None:
        """Wait until the client leaves or the server stops. Raises `ClientGoneError`."""
        while True:
            await self.pause(3600)

    async def send(self, send: Send, status: int, headers: Headers, body: bytes) -> None:
        """Send a well-formed answer, in pieces, so that a client can leave half way."""
        await send({"type": "http.response.start", "status": status, "headers": headers})
        for start in range(0, max(len(body), 1), CHUNK):
            piece = body[start : start + CHUNK]
            more = start + CHUNK < len(body)
            await send({"type": "http.response.body", "body": piece, "more_body": more})

    async def write(self, status: int, headers: Headers, body: bytes, effect: Effect) -> None:
        """Write an answer by hand as `effect` wants it, then close the connection."""
        end = len(body) if effect.cut_at is None else min(effect.cut_at, len(body))
        if effect.cut_at is None or effect.cut_at > 0:
            length = None if effect.no_length else len(body) + effect.length_delta
            self._transport.write(_head(status, headers, length))
        hold_at = effect.gate_at if effect.gate and effect.gate_at is not None else None
        sent = 0
        while sent < end or (hold_at is not None and hold_at <= sent):
            if effect.gate and hold_at is not None and hold_at <= sent:
                hold_at = None
                await self._drain()
                await self.wait_for(effect.gate)
                continue
            piece = _piece(effect.bytes_per_second)
            stop = min(sent + piece, end, hold_at if hold_at is not None else end)
            self._transport.write(body[sent:stop])
            await self._drain()
            if effect.bytes_per_second:
                await self.pause((stop - sent) / effect.bytes_per_second)
            sent = stop
        await self._drain()
        self._close(effect.reset)

    async def _drain(self) -> None:
        while self._transport.get_write_buffer_size() > 0:
            self.check()
            await asyncio.sleep(TICK / 5)
        self.check()

    def _close(self, reset: bool) -> None:
        if reset:
            sock: socket.socket = self._transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()
        else:
            self._transport.close()


def _piece(rate: float | None) -> int:
    return CHUNK if rate is None else max(1, min(CHUNK, int(rate / 20)))


def _head(status: int, headers: Headers, length: int | None) -> bytes:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unknown"
    lines = [f"HTTP/1.1 {status} {phrase}".encode()]
    lines += [name + b": " + value for name, value in headers if name.lower() != b"content-length"]
    lines += [] if length is None else [b"content-length: %d" % length]
    lines += [b"connection: close", b"", b""]
    return b"\r\n".join(lines)
