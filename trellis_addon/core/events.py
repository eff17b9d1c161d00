# SPDX-License-Identifier: GPL-3.0-or-later
"""What a job says while it runs: frozen values, in order, exactly one terminal one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from .errors import ErrorFacts


class State(StrEnum):
    """The states of a prop, as they stand in ``prop.json``.

    Each is written *before* the step that it announces is acted on, so that a start after a
    crash knows the most that can have happened.
    """

    REQUESTED = "requested"
    """The folder exists; nothing was sent."""
    SENDING = "sending"
    """The paid request may have left this machine."""
    WAITING = "waiting"
    """The gateway has taken it as a job, whose id is in the record."""
    DOWNLOADING = "downloading"
    """The answer has come; the mesh is on its way."""
    DOWNLOADED = "downloaded"
    """``model.glb`` is whole and its SHA-256 is in the record."""
    IMPORTING = "importing"
    """The background Blender is making ``prop.blend``."""
    READY = "ready"
    """``prop.blend`` and the picture are there."""
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class StateChanged:
    """The prop has gone on to another state; the record says the same."""

    prop_id: str
    state: State


@dataclass(frozen=True)
class Progress:
    """Something to show meanwhile. ``fraction`` is 0 to 1, or None where nobody knows."""

    prop_id: str
    fraction: float | None
    text: str


@dataclass(frozen=True)
class Usable:
    """The prop can be placed; its picture is being taken still. Comes only where it was asked for,
    and a :class:`Finished` follows, whatever becomes of the picture.
    """

    prop_id: str
    folder: Path
    blend: Path


@dataclass(frozen=True)
class Finished:
    """Terminal: the prop is ready. Cost in US cents where the gateway told one."""

    prop_id: str
    folder: Path
    glb: Path
    blend: Path
    thumbnail: Path
    cost_cents: float | None
    request_id: str | None
    seconds: float
    notes: tuple[str, ...] = ()
    """Sentences that the user should read: what was dropped or repaired."""


@dataclass(frozen=True)
class Failed:
    """Terminal: no prop, and why. Nothing that was downloaded is lost."""

    prop_id: str | None
    error: ErrorFacts


@dataclass(frozen=True)
class Cancelled:
    """Terminal: stopped on request."""

    prop_id: str | None
    may_be_billed: bool
    """True when the gateway had the request already and could not be told in time."""


Event = StateChanged | Progress | Usable | Finished | Failed | Cancelled
TerminalEvent = Finished | Failed | Cancelled
Emit = Callable[[Event], None]
