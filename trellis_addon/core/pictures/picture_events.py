# SPDX-License-Identifier: GPL-3.0-or-later
"""The events of a job that makes pictures: frozen, in order, exactly one terminal event."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..events import Cancelled, Failed, Progress


@dataclass(frozen=True)
class PictureArrived:
    """One picture is on this disk and can be shown. Numbers begin at 1."""

    set_id: str
    number: int
    path: Path


@dataclass(frozen=True)
class PicturesFinished:
    """Terminal: all pictures are here. The cost is in US cents, if the gateway reported one."""

    set_id: str
    folder: Path
    pictures: tuple[Path, ...]
    cost_cents: float | None
    """What this run has cost: 0 for a set that was there before."""
    seconds: float
    notes: tuple[str, ...] = ()


PictureEvent = Progress | PictureArrived | PicturesFinished | Failed | Cancelled
PictureEnd = PicturesFinished | Failed | Cancelled
"""The events that a job ends with. ``prop_id`` of those that props share is the set's id."""
