# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known about the user's account and machine, as frozen values that threads hand to the
window.
"""

from __future__ import annotations

from collections.abc import Mapping
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
    """``fault``: no prop can be generated. ``note``: worth reading, but nothing is blocked."""
    text: str
    error: ErrorFacts | None = None
    short: str = ""
    """A version that fits a narrow panel; empty: use ``text``."""


@dataclass(frozen=True)
class Balance:
    """The account's credit. The gateway does not document the fields, so there may be only text."""

    cents: float | None
    words: str
    """The amount formatted for people, or the gateway's answer, shortened."""


@dataclass(frozen=True)
class ModelFacts:
    """One model of the gateway's list."""

    id: str
    image_cents: float | None = None
    """What one picture of an image model costs, in US cents, if the list tells it."""


@dataclass(frozen=True)
class Models:
    """The gateway's models that generate 3D."""

    entries: tuple[ModelFacts, ...] = ()


@dataclass(frozen=True)
class PictureModels:
    """The gateway's models that make pictures."""

    entries: tuple[ModelFacts, ...] = ()

    @property
    def default(self) -> str:
        """The cheapest that tells its price, else the first; "" without any."""
        priced = [e for e in self.entries if e.image_cents is not None]
        if priced:
            return min(priced, key=lambda entry: (entry.image_cents, entry.id)).id
        return self.entries[0].id if self.entries else ""

    def cents(self, model: str) -> float | None:
        """The price of one picture of a model, if the list tells it."""
        return next((e.image_cents for e in self.entries if e.id == model), None)


@dataclass(frozen=True)
class LibraryFacts:
    """The result of checking the library folder."""

    path: Path
    problem: ErrorFacts | None = None
    exists: bool = False
    """A missing folder is not a problem: the first prop creates it."""
    props: int = 0


@dataclass(frozen=True)
class PictureForms:
    """How models take reference images, as far as their schemas were asked in the last day."""

    by_model: Mapping[str, str]
    """See ``gateway.answers.picture_form``."""


@dataclass(frozen=True)
class Trouble:
    """A background request for one of the facts above failed."""

    errand: str
    error: ErrorFacts


# Everything that a background request may put into the window's queue.
Fact = Check | Balance | Models | PictureModels | Costs | LibraryFacts | PictureForms | Trouble
