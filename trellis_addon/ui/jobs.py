# SPDX-License-Identifier: GPL-3.0-or-later
"""What the sidebar shows of jobs: those under way or waiting, and how the last ones ended."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from ..core.cost import money
from ..core.errors import ErrorFacts, TrellisError
from ..core.text import shorten
from .texts import elapsed
from .translations import iface

if TYPE_CHECKING:
    from pathlib import Path

    from ..core.events import Finished, State, Usable
    from ..core.finishing import Finishing
    from ..job.job import Job
    from ..library.record import PropRecord
    from ..scene.placing import Placed, Placement
    from ..scene.selecting import Selection
    from ..scene.surface import Box as Extent
    from .placeholder import Box

Level = Literal["INFO", "WARNING", "ERROR"]

MOST_ENDED: Final = 6
"""So many failures are kept on show; the records in the library keep all of them."""

WAITS: Final = "Waits for its turn"
CLOSED: Final = "Its file was closed, so it is in the library only"
SCENE_GONE: Final = "Its scene was deleted, so it is in the library only"

LONGEST_NAME: Final = 120
"""Characters of a prompt that a job is called by; prompts of 5,000 are possible."""

ESCAPE: Final = "Esc over the Trellis tab asks whether to cancel"
QUITTING: Final = "Can be continued after quitting"


@dataclass
class Running:
    """One job as the sidebar shows it."""

    job: Job
    prompt: str
    placements: list[Placement]
    """Where the prop is to stand yet, once for each copy."""
    reload: bool = False
    """Whether the open file is to show it anew where it is linked."""
    homeless: str = ""
    """Why it goes to the library alone, when what it was to stand in is gone."""
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
    at_gateway: bool = False
    """Whether the gateway has been asked and has not answered: that takes the usual time."""
    may_have_cost: bool = False
    """Whether the gateway has been asked at all."""
    notes: tuple[str, ...] = ()
    """What came of placing it."""
    finishing: Finishing | None = None
    """The settings that a prop is made anew by: a failure takes them out of its record."""
    did: str = "Generate"
    """What was done, for the undo step."""
    selection: Selection | None = None
    """What was selected when it was asked for."""
    came_from: Placement | None = None
    """Where it was to stand at first, in the scene that is meant."""

    def goes_to(self, state: State) -> None:
        """Its record says so now."""
        from ..core.events import State

        self.at_gateway = state in (State.SENDING, State.WAITING)
        self.may_have_cost |= self.at_gateway or state is State.DOWNLOADING

    def leaves_file(self) -> None:
        """Another file is open: it has no place and no image there."""
        self.homeless = CLOSED if self.placements else self.homeless
        self.placements.clear()
        self.image = ""

    def drop_gone(self) -> None:
        """Leave out places in scenes that were deleted: the user has done that, it is no fault."""
        from ..scene.placing import scene_of

        there = [at for at in self.placements if scene_of(at)]
        if len(there) < len(self.placements):
            self.homeless, self.placements = SCENE_GONE, there

    def take_placed(self, results: Sequence[Placed]) -> list[TrellisError]:
        """What became of its places, one result for each; gives the faults.

        What stands already is not placed once more, neither at the end nor by Try Again.
        """
        pairs = list(zip(self.placements, results, strict=True))
        self.placements = [at for at, result in pairs if result.error]
        self.placed |= len(self.placements) < len(pairs)
        notes = [result.note for result in results if result.note]
        self.notes = tuple(dict.fromkeys((*self.notes, *notes)))
        return [result.error for result in results if result.error]

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self.started

    @property
    def state(self) -> str:
        """One short line, for the box in the viewport."""
        if self.waiting:
            return iface("Waiting")
        return elapsed(self.seconds) if self.fraction is None else f"{self.fraction:.0%}"


class Ended(NamedTuple):
    """A job that ended without a prop in the scene."""

    prop_id: str
    prompt: str
    facts: ErrorFacts
    placements: tuple[Placement, ...] = ()
    free: bool = False
    """Whether the next try goes on with what is paid for already."""
    charge: str = "unknown"
    """As in ``library.record.Charge``: whether this one was charged."""
    cents: float | None = None
    """What it was charged, where the gateway told."""
    reload: bool = False
    homeless: str = ""
    image: str = ""
    metres: float = 1.0
    finishing: Finishing | None = None
    did: str = "Generate"

    @classmethod
    def of(cls, running: Running, facts: ErrorFacts, price: Price) -> Ended:
        """With all that the next try has to know."""
        return cls(
            running.job.prop_id,
            running.prompt,
            facts,
            tuple(running.placements),
            price.free_now,
            price.charge,
            price.cents,
            running.reload,
            running.homeless,
            running.image,
            running.metres,
            running.finishing,
            running.did,
        )

    def elsewhere(self) -> Ended:
        """The same after another file was opened."""
        homeless = CLOSED if self.placements else self.homeless
        return self._replace(placements=(), homeless=homeless, image="")


class Price(NamedTuple):
    """What a failed prop has cost, and whether the next try costs anything."""

    charge: str = "unknown"
    cents: float | None = None
    free_now: bool = False


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


def size_of(record: PropRecord) -> float:
    """The longest side of a prop that was made before, in metres; 1 where nobody wrote it down."""
    size = record.prop.get("size_metres")
    numbers = [s for s in size if isinstance(s, int | float)] if isinstance(size, list) else []
    return max(numbers, default=1.0) or 1.0


def price_of(library: Path, prop_id: str) -> Price:
    """What is known of a failed prop's price. Reads one small file."""
    from ..core.events import State
    from ..library.folder import PropFolder

    try:
        record = PropFolder(library / prop_id).read()
    except TrellisError:
        return Price()
    going_on = goes_on(record) and (record.answered or record.state is State.READY)
    free = going_on or bool(record.request.get("source"))
    return Price(record.charge, record.cost_cents, free)


def charge_words(charge: str, cents: float | None = None) -> str:
    """The sentence that follows an error: whether it was charged."""
    if charge == "charged":
        return iface("Charged: {}").format(money(cents)) if cents else iface("It was charged")
    if charge == "not_charged":
        return iface("Not charged")
    return iface("Perhaps charged: see your account")


def is_owed(library: Path, prop_id: str) -> bool:
    """Whether a prop may have been charged while its model is not here. For tooltips and dialogs:
    it reads the record.
    """
    from ..library.folder import PropFolder

    try:
        return PropFolder(library / prop_id).read().owed
    except TrellisError:
        return False


def is_new(running: Running, event: Finished | Usable) -> bool:
    """Whether the Asset Browser has a finished prop to show that it does not know."""
    from ..core.events import Finished

    told = running.placed or running.reload or bool(running.homeless)
    return told and isinstance(event, Finished)


def ready_words(running: Running, event: Finished) -> str:
    """What is said of a job that went well: how long, at what cost, and what to know of it."""
    cost = iface("for {} US cents").format(f"{event.cost_cents:g}") if event.cost_cents else ""
    done = "Placed in {} s" if running.placed else "Made anew in {} s"
    notes = (*running.notes, *event.notes)
    if running.homeless and not running.placed:
        done, notes = "Made in {} s", (running.homeless, *notes)
    words = f"{iface(done).format(f'{running.seconds:.0f}')} {cost}".rstrip()
    return ". ".join((words, *map(iface, notes)))


def boxes(running: Sequence[Running]) -> Iterator[Box]:
    """Where the props under way will stand."""
    from ..scene.placing import scene_of
    from .placeholder import Box

    for each in running:
        for at in each.placements:
            if scene := scene_of(at):
                yield Box(scene.name, at.location, each.metres, each.fraction, each.state)


def taken(running: Sequence[Running], scene: str) -> list[Extent]:
    """The boxes of a scene that the props under way are going to fill."""
    from ..scene.spots import at

    return [at(box.location, box.size) for box in boxes(running) if box.scene == scene]


def status(running: Sequence[Running], *, escape: bool = True) -> str:
    """The line for the status bar; "" when nothing runs.

    :param escape: say how it is stopped, where somebody listens to that key.
    """
    if not running:
        return ""
    first = running[0]
    what = shorten(first.prompt, 40)
    if len(running) > 1:
        what = iface("{} props").format(len(running))
    doing = iface(first.text.partition(";")[0])  # what follows is the usual time: the panel's
    words = iface(WAITS) if first.waiting else f"{doing}, {first.state}"
    hints = (QUITTING, ESCAPE) if escape else (QUITTING,)
    return ". ".join((f"Trellis: {what}: {words}", *map(iface, hints)))
