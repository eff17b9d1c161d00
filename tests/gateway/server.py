# SPDX-License-Identifier: GPL-3.0-or-later
"""Starting and stopping the stand-in in a thread of its own."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
import threading
import traceback
from collections.abc import Iterable
from typing import ClassVar, Self, Unpack

import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from .app import build_app
from .front import TRANSPORT_KEY, Front
from .idempotency import IdempotencyBook
from .meshes.cache import MeshCache
from .record import RecordedRequest
from .replies import STAND_IN
from .script import Script
from .settings import Behaviour, Settings
from .store import Payment, Store

LOG = logging.getLogger("gateway.stand_in")
HOST = "127.0.0.1"


class _Protocol(H11Protocol):
    """uvicorn's HTTP/1.1, which hands its transport to the application."""

    unplugged: ClassVar[threading.Event]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self.unplugged.is_set():
            transport.abort()
            return
        inner = self.app

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            scope[TRANSPORT_KEY] = transport
            await inner(scope, receive, send)

        self.app = app


class _Server(uvicorn.Server):
    """uvicorn's server, which drops its connections when it stops instead of waiting for them."""

    def drop_all(self) -> None:
        """Break every connection there is."""
        for connection in list(self.server_state.connections):
            transport = getattr(connection, "transport", None)
            if isinstance(transport, asyncio.Transport):
                transport.abort()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.drop_all()
        await asyncio.sleep(0)
        await super().shutdown(sockets)


class StandInGateway:
    """A gateway on loopback for the time of a `with` block. See `settings.Settings`.

    host_alias: the host name in `base_url`, for instance "localhost": another name for the same
    loopback address, so that two gateways count as two hosts. media_alias: the host name in file
    links (default: `host_alias`), to play a media host beside the API host.
    """

    def __init__(
        self,
        answer: str = "link",
        delay: float = 0.0,
        *,
        keys: Iterable[str] | None = None,
        port: int = 0,
        host_alias: str = HOST,
        media_alias: str | None = None,
        **behaviour: Unpack[Behaviour],
    ) -> None:
        self._socket = socket.create_server((HOST, port), backlog=128)
        self._port: int = self._socket.getsockname()[1]
        self.base_url = f"http://{host_alias}:{self._port}"
        self.settings = Settings(
            answer=answer,
            delay=delay,
            keys=None if keys is None else frozenset(keys),
            api_url=self.base_url,
            media_url=f"http://{media_alias or host_alias}:{self._port}",
            **behaviour,
        )
        self.script = Script()
        self._requests: list[RecordedRequest] = []
        self._thread = threading.Thread(target=self._run, name="stand-in-gateway", daemon=True)
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._failure: BaseException | None = None
        self._store = Store(self.settings, MeshCache(self.settings))
        self._unplugged = threading.Event()
        self._server: _Server | None = None

    @property
    def requests(self) -> tuple[RecordedRequest, ...]:
        """All requests so far, in order of arrival."""
        return tuple(self._requests)

    def requests_to(self, route: str) -> tuple[RecordedRequest, ...]:
        """The requests to one route, such as "GET /v1/jobs/"; the route may be a beginning."""
        return tuple(r for r in self._requests if r.route.startswith(route))

    @property
    def payments(self) -> tuple[Payment, ...]:
        """Every call that was charged, in order; a job that is done is, asked for or not."""
        self._store.settle()
        return tuple(self._store.payments)

    def prompt_of(self, request: RecordedRequest) -> str:
        """The prompt that a request is about: its own, or that of the job it asks after."""
        if request.method == "POST" and request.body.startswith(b"{"):
            data = request.json
            last = data.get("messages", [{}])[-1].get("content", "")
            return str(data.get("prompt") or last)
        job = next((part for part in request.path.split("/") if part in self._store.jobs), "")
        return self._store.jobs[job].prompt if job else ""

    def unplug(self) -> None:
        """Break all connections and every new one, as a network that is gone; `plug_in` ends it.

        Returns when they are broken: what the caller does next, such as opening a gate, comes too
        late for an answer that was held. Raises `RuntimeError` when the server's loop is stuck.
        """
        self._unplugged.set()
        loop, server = self._loop, self._server
        if loop is None or server is None:
            return
        broken = threading.Event()

        def drop() -> None:
            server.drop_all()
            broken.set()

        loop.call_soon_threadsafe(drop)
        if not broken.wait(30):
            frame = sys._current_frames().get(self._thread.ident or 0)
            where = "".join(traceback.format_stack(frame)) if frame else "its thread is gone"
            raise RuntimeError(f"the stand-in gateway did not break its connections:\n{where}")

    def plug_in(self) -> None:
        """Let connections through again."""
        self._unplugged.clear()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def start(self) -> None:
        """Serve until `stop()`. Raises `RuntimeError` when the server cannot start."""
        self._thread.start()
        if not self._ready.wait(30) or self._failure is not None:
            raise RuntimeError("the stand-in gateway did not start") from self._failure
        LOG.info("%s: %s", self.base_url, STAND_IN)

    def stop(self) -> None:
        """Drop all connections, stop the server and wait for its thread."""
        if self._loop is not None and self._stop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)
        self._socket.close()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # handed to the thread that started us
            self._failure = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        front = Front(
            build_app(), self._store, self.script, self._requests, self._stop, IdempotencyBook()
        )
        config = uvicorn.Config(
            front,
            http=type("_Plugged", (_Protocol,), {"unplugged": self._unplugged}),
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=5,
        )
        server = self._server = _Server(config)
        serving = asyncio.create_task(server.serve(sockets=[self._socket]))
        while not server.started and not serving.done():
            await asyncio.sleep(0.001)
        self._ready.set()
        stopping = asyncio.create_task(self._stop.wait())
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        server.should_exit = True
        await serving
