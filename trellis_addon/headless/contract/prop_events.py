# SPDX-License-Identifier: GPL-3.0-or-later
"""The events of one prop on its way: from its first state to its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from ...core import events as core
from .command_events import CancelledEvent, ErrorFields, FailedEvent, ProgressEvent
from .message import Message


@dataclass(frozen=True, kw_only=True)
class StateEvent(Message, event="state"):
    """The prop is in another state, and its record already says so."""

    id: Annotated[str, "the prop"]
    state: Annotated[core.State, "the state, as in `prop.json`"]


@dataclass(frozen=True, kw_only=True)
class UsableEvent(Message, event="usable"):
    """The prop can be placed, while its picture is still being rendered."""

    id: Annotated[str, "the prop"]
    blend: Annotated[str, "its `prop.blend`"]


@dataclass(frozen=True, kw_only=True)
class FinishedEvent(Message, event="finished"):
    """The end of a prop that is ready."""

    id: Annotated[str, "the prop"]
    folder: Annotated[str, "its folder in the library"]
    glb: Annotated[str, "the model as received"]
    blend: Annotated[str, "its `prop.blend`"]
    thumbnail: Annotated[str, "its picture, `thumbnail.png`"]
    cost_cents: Annotated[float | None, "its cost in US cents; null if the gateway told none"]
    request_id: Annotated[str | None, "the gateway's id of the request"]
    seconds: Annotated[float, "how long it took, in seconds"]
    notes: Annotated[tuple[str, ...], "what was dropped or repaired, for people"]


def message_of(event: core.Event) -> Message:
    """The line for an event of a job."""
    match event:
        case core.StateChanged(prop_id=prop, state=state):
            return StateEvent(id=prop, state=state)
        case core.Progress(prop_id=prop, fraction=fraction, text=text):
            return ProgressEvent(id=prop, fraction=fraction, text=text)
        case core.Usable(prop_id=prop, blend=blend):
            return UsableEvent(id=prop, blend=str(blend))
        case core.Finished():
            return FinishedEvent(
                id=event.prop_id,
                folder=str(event.folder),
                glb=str(event.glb),
                blend=str(event.blend),
                thumbnail=str(event.thumbnail),
                cost_cents=event.cost_cents,
                request_id=event.request_id,
                seconds=round(event.seconds, 3),
                notes=event.notes,
            )
        case core.Failed(prop_id=prop, error=facts):
            return FailedEvent(id=prop, error=ErrorFields.of(facts))
        case core.Cancelled(prop_id=prop, may_be_billed=billed):
            return CancelledEvent(id=prop, may_be_billed=billed)
