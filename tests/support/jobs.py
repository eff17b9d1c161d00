# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs of the bpy-free rooms, run against the stand-in, and what must be true of their end."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gateway import Gate, StandInGateway

from support.rooms import Rooms, files_holding, parts
from trellis_addon.core.events import Cancelled, Failed, Finished, State
from trellis_addon.job.generation import Made

ROOMS = Rooms("trellis_addon")
CHAT, FILES, JOBS = "POST /v1/chat/completions", "GET /v1/files/*", "GET /v1/jobs/*"


class PlainImporter:
    """Puts files where the true importer puts them; can be stopped in the middle.

    The true one has its tests in `tests/blender`.
    """

    def __init__(self, gate: Gate | None = None) -> None:
        self.gate = gate

    def convert(
        self,
        folder: Any,
        record: Any,
        token: Any,
        report_status: Callable[[str], None],
        blend: str = "prop.blend",
        usable: Any = None,
        picture: Any = None,
    ) -> Made:
        """Make two files; wait at the gate before."""
        report_status("Taking the prop's picture")
        if self.gate:
            self.gate.reached.set()
            while not self.gate.released.wait(0.02):
                token.check()
        for path in (folder.path / blend, folder.thumbnail):
            path.write_bytes(b"made of " + record.id.encode())
        return Made({"collection": "Barrel"}, ("1 camera of the model left out",))

    def take_picture(
        self,
        folder: Any,
        record: Any,
        token: Any,
        report_status: Callable[[str], None],
        blend: str,
        key: str,
    ) -> Made:
        """Make one file."""
        report_status("Taking the prop's picture")
        folder.thumbnail.write_bytes(b"picture of " + record.id.encode())
        return Made({"picture": key})


def begin(
    stand_in: StandInGateway, library: Path, importer: Any = None, **request: Any
) -> tuple[Any, Any]:
    """A folder and its job, not yet started."""
    folder = ROOMS.new_folder(library, stand_in.base_url, **request)
    settings = ROOMS.settings(stand_in.base_url)
    return folder, ROOMS.job(folder, settings, importer or PlainImporter())


def generate(
    stand_in: StandInGateway, library: Path, importer: Any = None, **request: Any
) -> tuple[Any, list[Any]]:
    """A whole generation; its folder and events."""
    folder, job = begin(stand_in, library, importer, **request)
    job.start()
    return folder, ending(job)


def go_on(folder: Any, stand_in: StandInGateway) -> list[Any]:
    """A second job on the same folder, to its end."""
    job = ROOMS.job(folder, ROOMS.settings(stand_in.base_url), PlainImporter())
    job.start()
    return ending(job)


def ending(job: Any) -> list[Any]:
    """All events of a job that was started, the last one being the only terminal one."""
    events = list(job.wait())
    terminal = [isinstance(event, Finished | Failed | Cancelled) for event in events]
    assert terminal.count(True) == 1
    assert terminal[-1]
    assert job.join(10)
    return events


def assert_ready(folder: Any, events: list[Any]) -> None:
    """The prop is complete, and its record true."""
    assert isinstance(events[-1], Finished), events[-1]
    record = folder.read()
    assert record.state is State.READY
    assert set(record.files) == {"model.glb", "prop.blend", "thumbnail.png"}
    for name, entry in record.files.items():
        content = (folder.path / name).read_bytes()
        assert entry.sha256 == hashlib.sha256(content).hexdigest()
        assert entry.bytes == len(content)
    assert parts(folder.path.parent) == []
    assert files_holding(folder.path.parent) == []


def assert_failed(folder: Any, events: list[Any], words: str) -> Any:
    """The job failed in these words, and the record says so; gives the facts."""
    assert isinstance(events[-1], Failed), events[-1]
    facts = events[-1].error
    assert words in facts.message
    assert facts.next_step
    record = folder.read()
    assert record.state is State.FAILED
    assert record.error.message == facts.message
    assert record.error.kind == facts.kind
    assert parts(folder.path.parent) == []
    assert files_holding(folder.path.parent) == []
    return facts
