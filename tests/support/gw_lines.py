# SPDX-License-Identifier: GPL-3.0-or-later
"""One generation on the test's own thread; every wait takes no time and is written down."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gateway import StandInGateway

from support.jobs import ROOMS, PlainImporter
from trellis_addon.core.cancel import CancelToken
from trellis_addon.core.errors import ErrorFacts
from trellis_addon.core.events import Event, Failed, Finished, Progress
from trellis_addon.core.settings import GatewaySettings
from trellis_addon.gateway.client import Gateway
from trellis_addon.gateway.http.address import Address
from trellis_addon.gateway.http.rate_limit import RateBudget
from trellis_addon.gateway.http.transport import Transport
from trellis_addon.job.generation import Generation
from trellis_addon.library.day_cache import DayCache
from trellis_addon.library.prop_folder import PropFolder
from trellis_addon.library.record import Call, PropRecord

CHAT, JOBS = "POST /v1/chat/completions", "POST /v1/3d/generations"
POLL, FILES, SCHEMA = "GET /v1/jobs/*", "GET /v1/files/*", "GET /v1/models/*"


class QuickToken(CancelToken):
    """Waits are written down instead of waited; the clock goes on by as much."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []
        self.now = 1000.0

    def wait(self, seconds: float) -> None:
        """No time passes, except on :attr:`now`."""
        self.check()
        self.waits.append(seconds)
        self.now += max(0.0, seconds)

    def clock(self) -> float:
        """For a :class:`RateBudget`."""
        return self.now


@dataclass
class Ran:
    """A generation that has ended."""

    folder: PropFolder
    events: list[Event]
    token: QuickToken

    @property
    def record(self) -> PropRecord:
        """The record as it is now."""
        return self.folder.read()

    @property
    def calls(self) -> list[tuple[str, int | None]]:
        """Endpoint and status of each call in the record."""
        return [(call.endpoint, call.status) for call in self.record.origin.calls]

    @property
    def call(self) -> Call:
        """The only call in the record."""
        (call,) = self.record.origin.calls
        return call

    @property
    def error(self) -> ErrorFacts:
        """What went wrong; it must have."""
        last = self.events[-1]
        assert isinstance(last, Failed), last
        return last.error

    @property
    def finished(self) -> Finished:
        """The good end; there must be one."""
        last = self.events[-1]
        assert isinstance(last, Finished), last
        return last

    @property
    def model(self) -> bytes:
        """The received model's bytes."""
        return self.finished.glb.read_bytes()

    @property
    def said(self) -> list[str]:
        """All progress texts, in order."""
        return [event.text for event in self.events if isinstance(event, Progress)]


@dataclass
class Limit:
    """A time limit that counts from a request which the stand-in has, and not from the start: how
    fast a machine gets that far is not what is tested.

    :param route: as in the script. :param number: which request to it, from 1.
    :param step: of httpcore's, at which it begins; with the body, what has come before is through.
    """

    gateway: StandInGateway
    route: str
    seconds: float = 0.2
    number: int = 1
    step: str = "receive_response_headers.started"

    def begin_in(self, transport: Transport) -> None:
        """Have one line keep it."""
        sockets, seen = transport._sockets, list[str]()
        trace = sockets.trace

        def traced(event: str, info: Mapping[str, Any]) -> None:
            trace(event, info)
            if not event.endswith(self.step):
                return
            asked = info["request"]
            path = asked.url.target.decode("ascii").partition("?")[0]
            if not self._is_meant(route := f"{asked.method.decode('ascii')} {path}"):
                return
            seen.append(route)
            if len(seen) == self.number:
                self._until_there()
                transport._deadline = time.monotonic() + self.seconds
                # Fixed when the request was built; each read looks it up anew.
                times = asked.extensions["timeout"]
                times["read"] = min(times["read"], self.seconds)

        sockets.trace = traced  # type: ignore[method-assign]

    def _is_meant(self, route: str) -> bool:
        return fnmatchcase(route, self.route)

    def _until_there(self) -> None:
        for _ in range(6000):
            if sum(self._is_meant(r.route) for r in self.gateway.requests) >= self.number:
                return
            time.sleep(0.01)
        raise AssertionError(f"the stand-in never saw {self.route}")


@dataclass
class Bench:
    """A library with a gateway at ``url``. Settings and budget are those of every run."""

    url: str
    library: Path
    settings: dict[str, Any] = field(default_factory=dict)
    limit: Limit | None = None
    """Beside the one in the settings, which counts from the start."""

    def gateway_settings(self) -> GatewaySettings:
        """How the gateway is reached."""
        more = {"endpoint": "auto", **self.settings}
        settings: GatewaySettings = ROOMS.settings(self.url, **more)
        return settings

    def run(self, **request: Any) -> Ran:
        """A new prop, to its end."""
        folder = ROOMS.new_folder(self.library, self.url, **request)
        # `new_folder` writes down an endpoint; the product writes "auto" and so does this.
        origin = folder.read().origin.model_copy(update={"endpoint": "auto"})
        folder.update(origin=origin)
        return self.go_on(folder)

    def go_on(self, folder: PropFolder) -> Ran:
        """Another run on the same folder."""
        token, events = QuickToken(), list[Event]()

        def line(token: CancelToken, report_status: Callable[[str], None]) -> Gateway:
            gateway = Gateway(
                self.gateway_settings(), token, RateBudget(clock=clock), report_status
            )
            if self.limit:
                self.limit.begin_in(gateway._transport)
            return gateway

        clock = token.clock
        memory = DayCache(self.library)
        Generation(folder, line, memory, PlainImporter(), events.append, token, (5, 2, 0)).run()
        return Ran(folder, events, token)

    def transport(self, token: CancelToken | None = None, budget: Any = None) -> Transport:
        """A bare line to the gateway, to be closed by the test."""
        token = token or QuickToken()
        clock = token.clock if isinstance(token, QuickToken) else None
        budget = budget or (RateBudget(clock=clock) if clock else RateBudget())
        settings = self.gateway_settings()
        return Transport(Address.of(settings), settings, token, budget)


def completion(content: Any, **more: Any) -> dict[str, Any]:
    """A chat answer with this content."""
    message = {"role": "assistant", "content": content, **more}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
    }


def quick_folder() -> Iterator[Path]:
    """A folder whose files need not reach a disk: each generation waits for that some 20 times."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


def fresh(gateway: StandInGateway) -> StandInGateway:
    """A stand-in that goes on from test to test (to stop one takes 0.2 s), as if it were new."""
    gateway.script.clear()
    gateway._requests.clear()
    return gateway
