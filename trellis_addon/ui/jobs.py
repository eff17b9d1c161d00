# SPDX-License-Identifier: GPL-3.0-or-later
"""What the sidebar shows of jobs: those under way or waiting, and how the last ones ended."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from ..core.errors import ErrorFacts, TrellisError
from ..core.text import shorten
from .texts import CATEGORY, elapsed

if TYPE_CHECKING:
    from pathlib import Path

    from ..job.job import Job
    from ..library.record import PropRecord
    from ..scene.placing import Placement
    from .placeholder import Box

Level = Literal["INFO", "WARNING", "ERROR"]

MOST_ENDED: Final = 6
"""So many failures are kept on show; the records in the library keep all of them."""

WAITS: Final = "Waits for its turn"
CLOSED: Final = "Its file was closed, so it is in the library only"


@dataclass
class Running:
    """One job as the sidebar shows it."""

    job: Job
    prompt: str
    placements: list[Placement]
    """Where the prop is to stand yet, once for each copy."""
    reload: bool = False
    """Whether the open file is to show it anew where it is linked."""
    homeless: bool = False
    """Whether the file that it was to stand in was closed meanwhile."""
    image: str = ""
    """The name of its reference image in this file."""
    metres: float = 1.0
    """How large it is likely to be: the longest side."""
    text: str = "Starting"
    fraction: float | None = None
    started: float = field(default_factory=time.monotonic)
    placed: bool = False
    """Whether it stands where it was to stand, while its picture is being taken."""
    waiting: bool = False
    """Whether it waits for another job to end; its thread has not been started."""

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self.started

    @property
    def state(self) -> str:
        """One short line, for the box in the viewport."""
        if self.waiting:
            return "Waiting"
        return elapsed(self.seconds) if self.fraction is None else f"{self.fraction:.0%}"


class Ended(NamedTuple):
    """A job that ended without a prop in the scene."""

    prop_id: str
    prompt: str
    facts: ErrorFacts
    placements: tuple[Placement, ...] = ()
    free: bool = False
    """Whether the next try goes on with what is paid for already."""


class Report(NamedTuple):
    """What the operator says in the end: a level of Blender's, and a sentence."""

    level: Level
    text: str


def goes_on(record: PropRecord) -> bool:
    """Whether the next try takes up this prop; one that is made has only to be placed."""
    from ..core.events import State

    return record.can_go_on or record.state is State.READY


def record_name(record: PropRecord) -> str:
    """What a running job is called: the prop's name, else its prompt."""
    return shorten(str(record.request.get("name") or record.request.get("prompt") or record.id), 60)


def is_free(library: Path, prop_id: str) -> bool:
    """Whether the next try costs nothing. Reads one small file."""
    from ..core.events import State
    from ..library.folder import PropFolder

    try:
        record = PropFolder(library / prop_id).read()
    except TrellisError:
        return False
    going_on = goes_on(record) and (record.answered or record.state is State.READY)
    return going_on or bool(record.request.get("source"))


def boxes(running: Sequence[Running]) -> Iterator[Box]:
    """Where the props under way will stand."""
    from .placeholder import Box

    for each in running:
        for at in each.placements:
            yield Box(at.scene, at.location, each.metres, each.fraction, each.state)


def status(running: Sequence[Running]) -> str:
    """The line for the status bar; "" when nothing runs."""
    if not running:
        return ""
    first = running[0]
    what = shorten(first.prompt, 40) if len(running) == 1 else f"{len(running)} props"
    doing = first.text.partition(";")[0]  # what follows is the usual time, which the panel tells
    words = WAITS.lower() if first.waiting else f"{doing}, {first.state}"
    return f"Trellis: {what}: {words}. Esc over the {CATEGORY} tab cancels"
