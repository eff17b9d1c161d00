# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of the user's account and machine: frozen values between threads and windows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .cost import Costs
from .errors import ErrorFacts

Verdict = Literal["ok", "note", "fault"]


@dataclass(frozen=True)
class Check:
    """One line of a connection test."""

    name: str
    verdict: Verdict
    """``fault``: no prop can be generated. ``note``: worth reading, and in nobody's way."""
    text: str
    error: ErrorFacts | None = None
    short: str = ""
    """What has room in a narrow panel; empty: ``text``."""


@dataclass(frozen=True)
class Balance:
    """The account's credit. The gateway documents no fields, so it may be words only."""

    cents: float | None
    words: str
    """The amount as people write it, or the gateway's answer, shortened."""


@dataclass(frozen=True)
class ModelFacts:
    """One model of the gateway's list."""

    id: str
    price: str = ""


@dataclass(frozen=True)
class Models:
    """The gateway's models that make 3D."""

    entries: tuple[ModelFacts, ...] = ()


@dataclass(frozen=True)
class LibraryFacts:
    """What a look at the library folder has shown."""

    path: Path
    problem: ErrorFacts | None = None
    exists: bool = False
    """A folder that is not there yet is no problem: the first prop makes it."""
    props: int = 0


@dataclass(frozen=True)
class Trouble:
    """Something that was asked for in the background could not be told."""

    errand: str
    error: ErrorFacts


Fact = Check | Balance | Models | Costs | LibraryFacts | Trouble
