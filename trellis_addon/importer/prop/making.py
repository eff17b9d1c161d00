# SPDX-License-Identifier: GPL-3.0-or-later
"""The prop while it is being finished, and what a step of the finishing is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ...core.generation.finishing import Finishing
from ...core.generation.rebuild_budgets import Budget, budget_of
from ..mesh.image_pixels import Pixels
from ..proxy.draft import Draft

ROLE: Final = "trellis_role"
"""A custom property of the other collections: ``full`` and ``proxy`` inside of the prop's, and
``lod`` beside it."""


Meanwhile = Callable[["Making", dict[Any, Pixels]], None]
"""Gets a prop, and the pixels of images that have been decoded for its proxy."""


@dataclass
class Making:
    """A prop between two steps."""

    objects: list[Any]
    """Those of the full prop; without those of proxy and levels of detail."""
    name: str
    settings: Finishing
    texture_folder: Path
    collection: Any
    root: Any
    size: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Width, depth and height in metres."""
    is_resized: bool = False
    """Whether a step may have moved or removed the outermost vertices since the size was set."""
    notes: list[str] = field(default_factory=list)
    lods: list[Any] = field(default_factory=list)
    triangles: int = 0
    has_proxy: bool = False
    is_hasty: bool = False
    """Whether a draft of the proxy is enough for now; see ``proxy_collections.replace_draft``."""
    draft: Draft | None = None
    """The draft, if it has one instead of its proxy."""
    meanwhile: Meanwhile | None = None
    """For what needs a prop that looks as it will. May be called while a thread makes the proxy."""

    @property
    def budget(self) -> Budget | None:
        """What the prop is rebuilt to, if it is."""
        return budget_of(self.settings)


@dataclass(frozen=True)
class Step:
    """One step; ``work`` changes the prop, and runs if the step applies to it."""

    name: str
    """For errors, as in ``failed at decimation``."""
    applies: Callable[[Making], bool]
    work: Callable[[Making], None]


class StepError(Exception):
    """A step failed; the message is its name, and the cause is what it raised."""
