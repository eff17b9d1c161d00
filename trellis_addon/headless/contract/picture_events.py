# SPDX-License-Identifier: GPL-3.0-or-later
"""The events of pictures that are made before props: by ``pictures`` and ``--picture-first``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from ...core.events import Cancelled, Failed, Progress
from ...core.pictures.picture_events import PictureArrived, PictureEvent, PicturesFinished
from .command_events import CancelledEvent, ErrorFields, FailedEvent, ProgressEvent
from .message import Message


@dataclass(frozen=True, kw_only=True)
class PictureArrivedEvent(Message, event="picture"):
    """One picture of a set is on this disk."""

    id: Annotated[str, "the set of pictures"]
    number: Annotated[int, "its number in the set, from 1"]
    path: Annotated[str, "its file"]


@dataclass(frozen=True, kw_only=True)
class PicturesEvent(Message, event="pictures"):
    """The end of a set of pictures that is complete."""

    id: Annotated[str, "the set of pictures"]
    folder: Annotated[str, "its folder in the library"]
    files: Annotated[tuple[str, ...], "the pictures, in the order of their numbers"]
    cost_cents: Annotated[
        float | None,
        "what this run has cost in US cents, 0 for pictures that were there; null if the gateway "
        "told none",
    ]
    seconds: Annotated[float, "how long it took, in seconds"]
    notes: Annotated[tuple[str, ...], "what the gateway said about it, for people"]


@dataclass(frozen=True, kw_only=True)
class PickedEvent(Message, event="picked"):
    """A picture was chosen, from which a prop is made."""

    id: Annotated[str, "the set of pictures"]
    number: Annotated[int, "the number of the picture"]
    line: Annotated[int | None, "the line in the list, from `batch`"] = None


@dataclass(frozen=True, kw_only=True)
class WouldMakePicturesEvent(Message, event="would_make_pictures"):
    """What `batch --picture-first --dry-run` would pay for pictures before the props."""

    sets: Annotated[int, "sets of pictures that are not there yet"]
    pictures: Annotated[int, "the pictures in them"]
    cost: Annotated[float | None, "their expected cost in US cents; null if it is not known"]


def picture_message(event: PictureEvent) -> Message:
    """The line for an event of a job that makes pictures."""
    match event:
        case Progress(prop_id=name, fraction=fraction, text=text):
            return ProgressEvent(id=name, fraction=fraction, text=text)
        case PictureArrived(set_id=name, number=number, path=path):
            return PictureArrivedEvent(id=name, number=number, path=str(path))
        case PicturesFinished():
            return PicturesEvent(
                id=event.set_id,
                folder=str(event.folder),
                files=tuple(map(str, event.pictures)),
                cost_cents=event.cost_cents,
                seconds=round(event.seconds, 3),
                notes=event.notes,
            )
        case Failed(prop_id=name, error=facts):
            return FailedEvent(id=name, error=ErrorFields.of(facts))
        case Cancelled(prop_id=name, may_be_billed=billed):
            return CancelledEvent(id=name, may_be_billed=billed)
