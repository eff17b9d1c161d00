# SPDX-License-Identifier: GPL-3.0-or-later
"""The events that a job emits while it runs: frozen values, in order, ending with exactly one
terminal event.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from .errors import ErrorFacts


class State(StrEnum):
    """The states of a prop, as written in ``prop.json``.

    Each is written *before* the step that it announces begins. So after a crash the record shows
    the furthest that the prop can have come.
    """

    REQUESTED = "requested"
    """The folder exists, and nothing was sent."""
    SENDING = "sending"
    """The paid request may have left this machine."""
    WAITING = "waiting"
    """The gateway has accepted it as a job, whose id is in the record."""
    DOWNLOADING = "downloading"
    """The answer has arrived, and the mesh is being downloaded."""
    DOWNLOADED = "downloaded"
    """``model.glb`` is complete, and its SHA-256 is in the record."""
    IMPORTING = "importing"
    """The background Blender is building ``prop.blend``."""
    READY = "ready"
    """``prop.blend`` and the picture exist."""
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class StateChanged:
    """The prop is in another state; the record already says so."""

    prop_id: str
    state: State


@dataclass(frozen=True)
class Progress:
    """Progress to show. ``fraction`` is 0 to 1, or None if it is not known."""

    prop_id: str
    fraction: float | None
    text: str


@dataclass(frozen=True)
class Usable:
    """The prop can be placed, while its picture is still being rendered. Emitted only on request. A
    :class:`Finished` follows, even if the picture fails.
    """

    prop_id: str
    folder: Path
    blend: Path
    is_draft: bool = False
    """Whether its proxy is a draft, so that the file is to be read again at the end."""


@dataclass(frozen=True)
class Finished:
    """Terminal: the prop is ready. The cost is in US cents, if the gateway reported one."""

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
    """Terminal: there is no prop, for this reason. Nothing that was downloaded is lost."""

    prop_id: str | None
    error: ErrorFacts


@dataclass(frozen=True)
class Cancelled:
    """Terminal: stopped on request."""

    prop_id: str | None
    may_be_billed: bool
    """True if the gateway had already accepted the request and could not be stopped in time."""


Event = StateChanged | Progress | Usable | Finished | Failed | Cancelled
TerminalEvent = Finished | Failed | Cancelled
Emit = Callable[[Event], None]
