# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of pictures for tests: a bench that makes one with real sockets, and what it gave."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway import StandInGateway
from gateway.meshes.drawing import Look, draw
from gateway.settings import PICTURES

from support.rooms import KEY
from trellis_addon.core.errors import ErrorFacts
from trellis_addon.core.events import Failed
from trellis_addon.core.pictures.picture_events import (
    PictureArrived,
    PictureEvent,
    PicturesFinished,
)
from trellis_addon.core.pictures.picture_request import PictureRequest, as_data_uri
from trellis_addon.core.secret import Secret
from trellis_addon.core.settings import GatewaySettings, Settings
from trellis_addon.engine.picture_jobs import picture_job
from trellis_addon.library.picture_record import PictureRecord
from trellis_addon.library.pictures.picture_set import PictureSet

GENERATIONS, EDITS = "POST /v1/images/generations", "POST /v1/images/edits"
FILES, POLL = "GET /v1/files/*", "GET /v1/jobs/*"
ONE_A_CALL = "bria/fibo/generate"


def picture_request(**more: Any) -> PictureRequest:
    """A request for small pictures."""
    values = {"prompt": "a red chair", "model": PICTURES, "size": "64x64", **more}
    return PictureRequest.checked(**values)


def source_uri(prompt: str = "a blue vase", seed: int = 3) -> str:
    """A picture to ask for more like it."""
    return as_data_uri(draw(Look(prompt, seed), 64, 64), "png")


@dataclass
class RanPictures:
    """A job that has ended."""

    events: list[PictureEvent]
    folder: PictureSet

    @property
    def record(self) -> PictureRecord:
        """The record as it is now."""
        return self.folder.read()

    @property
    def finished(self) -> PicturesFinished:
        """The good end; there must be one."""
        last = self.events[-1]
        assert isinstance(last, PicturesFinished), last
        return last

    @property
    def error(self) -> ErrorFacts:
        """What went wrong; it must have."""
        last = self.events[-1]
        assert isinstance(last, Failed), last
        return last.error

    @property
    def contents(self) -> list[bytes]:
        """The pictures that are here."""
        return [path.read_bytes() for path in self.finished.pictures]

    @property
    def arrived(self) -> list[int]:
        """The numbers in the order in which they were told."""
        return [event.number for event in self.events if isinstance(event, PictureArrived)]


@dataclass
class PictureBench:
    """Makes sets of pictures in a library, and counts what they cost since it began."""

    gateway: StandInGateway
    library: Path
    limit_cents: float = 0.0
    more: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._before = len(self.gateway.payments)

    @property
    def settings(self) -> Settings:
        """How the gateway is reached."""
        reached = {"base_url": self.gateway.base_url, "key": Secret(KEY), **self.more}
        return Settings(
            GatewaySettings(**reached), self.library, True, daily_limit_cents=self.limit_cents
        )

    @property
    def paid(self) -> int:
        """How many calls were charged."""
        return len(self.gateway.payments) - self._before

    def run(self, request: PictureRequest | None = None) -> RanPictures:
        """Make a set, to its end."""
        job = picture_job(request or picture_request(), self.settings)
        job.start()
        events = list(job.wait())
        assert job.join(60)
        return RanPictures(events, PictureSet(self.library / "pictures" / job.set_id))
