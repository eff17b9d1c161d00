# SPDX-License-Identifier: GPL-3.0-or-later
"""Describes jobs for the sidebar: running and waiting ones, and the results of the last ones."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypedDict

from ...core.cost import money
from ...core.errors import ErrorFacts, TrellisError
from ...core.text import shorten
from ..common.texts import elapsed
from ..translation.translations import iface

if TYPE_CHECKING:
    from pathlib import Path

    from ...core.events import Finished, State, Usable
    from ...core.generation.finishing import Finishing
    from ...job.job import Job
    from ...library.record import PropRecord
    from ...scene.place.placing import Placed, Placement
    from ...scene.place.selection import Selection
    from ...scene.place.surface import BoundingBox as Extent
    from .pending_boxes import PendingBox

Level = Literal["INFO", "WARNING", "ERROR"]

MOST_ENDED: Final = 6
"""The number of failures that stay visible; the records in the library keep all of them."""

WAITS: Final = "Waits for its turn"
CLOSED: Final = "Its file was closed, so it is in the library only"
SCENE_GONE: Final = "Its scene was deleted, so it is in the library only"

LONGEST_NAME: Final = 120
"""The most characters of a prompt in a job's name; prompts of 5,000 characters are possible."""

ESCAPE: Final = "Esc over the Trellis tab asks whether to cancel"
QUITTING: Final = "Can be continued after quitting"


class RunningFields(TypedDict, total=False):
    """Further values for a job that is added; see :class:`Running`."""

    reload: bool
    library_only_reason: str
    image: str
    metres: float
    finishing: Finishing | None
    did: str
    after: Callable[[bool], None] | None


@dataclass
class Running:
    """A job as the sidebar shows it."""

    job: Job
    prompt: str
    placements: list[Placement]
    """Where the prop still has to be placed, once for each copy."""
    reload: bool = False
    """Whether to reload it in the open file if it is linked there."""
    library_only_reason: str = ""
    """Why it only goes to the library, if its scene or file no longer exists."""
    image: str = ""
    """The name of its reference image in this file."""
    metres: float = 1.0
    """The likely length of its longest side."""
    text: str = "Starting"
    fraction: float | None = None
    started: float = field(default_factory=time.monotonic)
    placed: bool = False
    """Whether it has been placed, while its picture is being rendered."""
    had_draft: bool = False
    """Whether the file may be linked as it was with a draft of its proxy."""
    waiting: bool = False
    """Whether it waits for another job to end; its thread has not been started."""
    at_gateway: bool = False
    """Whether the gateway has been asked and has not answered yet, which takes the usual time."""
    may_have_cost: bool = False
    """Whether the gateway has been asked at all."""
    notes: tuple[str, ...] = ()
    """Notes from placing it."""
    finishing: Finishing | None = None
    """The settings for finishing a prop again. They are kept here, as a failure removes them from
    its record."""
    did: str = "Generate"
    """What the user did, for the undo step: "Import"."""
    after: Callable[[bool], None] | None = None
    """Called when it has ended and is no longer running, with whether it has succeeded."""
    selection: Selection | None = None
    """The selection when the job was started."""
    came_from: Placement | None = None
    """Its first place, which tells the scene in which it was started."""

    def goes_to(self, state: State) -> None:
        """Note a new state of its record."""
        from ...core.events import State

        self.at_gateway = state in (State.SENDING, State.WAITING)
        self.may_have_cost |= self.at_gateway or state is State.DOWNLOADING

    def can_be_placed(self, event: Usable) -> bool:
        """Note that its prop can be placed. False if it has to wait for its proxy, as a draft that
        is packed into the open file could not be exchanged.
        """
        from ...scene.link.methods import Method

        self.had_draft |= event.is_draft
        packs = any(at.method is Method.PACK for at in self.placements)
        return not (event.is_draft and packs)

    def leaves_file(self) -> None:
        """Forget its places and image, as another file has been opened."""
        self.library_only_reason = CLOSED if self.placements else self.library_only_reason
        self.placements.clear()
        self.image = ""

    def drop_gone(self) -> None:
        """Forget places in scenes that the user has deleted, which is no error."""
        from ...scene.place.placing import scene_of

        there = [at for at in self.placements if scene_of(at)]
        if len(there) < len(self.placements):
            self.library_only_reason, self.placements = SCENE_GONE, there

    def take_placed(self, results: Sequence[Placed]) -> list[TrellisError]:
        """Note the results of placing it, one for each place. Returns the errors.

        Places where it has been placed are dropped, so that neither the end of the job nor Try
        Again places it there once more.
        """
        pairs = list(zip(self.placements, results, strict=True))
        self.placements = [at for at, result in pairs if result.error]
        self.placed |= len(self.placements) < len(pairs)
        notes = [result.note for result in results if result.note]
        self.notes = tuple(dict.fromkeys((*self.notes, *notes)))
        return [result.error for result in results if result.error]

    @property
    def seconds(self) -> float:
        """The seconds since its start."""
        return time.monotonic() - self.started

    @property
    def state(self) -> str:
        """A short text for the box in the viewport."""
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
    """Whether the next try continues what has been paid for, so that it is free."""
    charge: str = "unknown"
    """Whether it was charged, as in ``library.record.Charge``."""
    cents: float | None = None
    """The amount that was charged, if the gateway has told it."""
    reload: bool = False
    library_only_reason: str = ""
    image: str = ""
    metres: float = 1.0
    finishing: Finishing | None = None
    did: str = "Generate"

    @classmethod
    def of(cls, running: Running, facts: ErrorFacts, price: Price) -> Ended:
        """Make the failure, with everything that another try needs."""
        return cls(
            running.job.prop_id,
            running.prompt,
            facts,
            tuple(running.placements),
            price.free_now,
            price.charge,
            price.cents,
            running.reload,
            running.library_only_reason,
            running.image,
            running.metres,
            running.finishing,
            running.did,
        )

    def elsewhere(self) -> Ended:
        """The same failure after another file has been opened."""
        library_only_reason = CLOSED if self.placements else self.library_only_reason
        return self._replace(placements=(), library_only_reason=library_only_reason, image="")


class Price(NamedTuple):
    """What a failed prop has cost, and whether the next try costs anything."""

    charge: str = "unknown"
    cents: float | None = None
    free_now: bool = False


class Report(NamedTuple):
    """A report for Blender's Info log: its level, and a sentence."""

    level: Level
    text: str


def goes_on(record: PropRecord) -> bool:
    """Whether the next try continues this prop; a finished one only has to be placed."""
    from ...core.events import State

    return record.is_resumable or record.state is State.READY


def record_name(record: PropRecord) -> str:
    """The name of a running job: the prop's name, or else its prompt."""
    return shorten(str(record.request.get("name") or record.request.get("prompt") or record.id), 60)


def size_of(record: PropRecord) -> float:
    """The longest side of an existing prop in metres; 1 if it is not recorded."""
    size = record.prop.get("size_metres")
    numbers = [s for s in size if isinstance(s, int | float)] if isinstance(size, list) else []
    return max(numbers, default=1.0) or 1.0


def price_of(library: Path, prop_id: str) -> Price:
    """The facts about a failed prop's price. Reads one small file."""
    from ...core.events import State
    from ...library.prop_folder import PropFolder

    # Without a readable record, it is unknown whether it was charged.
    try:
        record = PropFolder(library / prop_id).read()
    except TrellisError:
        return Price()
    going_on = goes_on(record) and (record.accepted_by_gateway or record.state is State.READY)
    # A prop with a source was imported, which costs nothing.
    free = going_on or bool(record.request.get("source"))
    return Price(record.charge, record.cost_cents, free)


def charge_words(charge: str, cents: float | None = None) -> str:
    """The sentence after an error that says whether the prop was charged."""
    if charge == "charged":
        return iface("Charged: {}").format(money(cents)) if cents else iface("It was charged")
    if charge == "not_charged":
        return iface("Not charged")
    return iface("Perhaps charged: see your account")


def is_owed(library: Path, prop_id: str) -> bool:
    """Whether a prop may have been charged although its model never arrived. For tooltips and
    dialogs, not for ``draw``, as it reads the record.
    """
    from ...library.prop_folder import PropFolder

    try:
        return PropFolder(library / prop_id).read().owed
    except TrellisError:
        return False


def is_new(running: Running, event: Finished | Usable) -> bool:
    """Whether a finished prop is new to the Asset Browser."""
    from ...core.events import Finished

    told = running.placed or running.reload or bool(running.library_only_reason)
    return told and isinstance(event, Finished)


def ready_words(running: Running, event: Finished) -> str:
    """The message about a successful job: its duration, cost and notes."""
    cost = iface("for {} US cents").format(f"{event.cost_cents:g}") if event.cost_cents else ""
    done = "Placed in {} s" if running.placed else "Made again in {} s"
    notes = (*running.notes, *event.notes)
    if running.library_only_reason and not running.placed:
        done, notes = "Made in {} s", (running.library_only_reason, *notes)
    words = f"{iface(done).format(f'{running.seconds:.0f}')} {cost}".rstrip()
    return ". ".join((words, *map(iface, notes)))


def boxes(running: Sequence[Running]) -> Iterator[PendingBox]:
    """The boxes where the props of running jobs will be placed."""
    from ...scene.place.placing import scene_of
    from .pending_boxes import PendingBox

    for each in running:
        for at in each.placements:
            if scene := scene_of(at):
                yield PendingBox(scene.name, at.location, each.metres, each.fraction, each.state)


def taken(running: Sequence[Running], scene: str) -> list[Extent]:
    """The bounding boxes in a scene that the props of running jobs are going to fill."""
    from ...scene.place.free_spots import at

    return [at(box.location, box.size) for box in boxes(running) if box.scene == scene]


def status(running: Sequence[Running], *, escape: bool = True) -> str:
    """The text for the status bar; "" if no job is running.

    :param escape: whether to mention Esc, if an operator is listening to that key.
    """
    if not running:
        return ""
    first = running[0]
    what = shorten(first.prompt, 40)
    if len(running) > 1:
        what = iface("{} props").format(len(running))
    doing = iface(first.text.partition(";")[0])  # the rest is the usual time, which is for panels
    words = iface(WAITS) if first.waiting else f"{doing}, {first.state}"
    hints = (QUITTING, ESCAPE) if escape else (QUITTING,)
    return ". ".join((f"Trellis: {what}: {words}", *map(iface, hints)))
