# SPDX-License-Identifier: GPL-3.0-or-later
"""The message that asks the background Blender for an export. No pydantic: that side has none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from .messages import Task

ENDINGS: Final = {
    "glb": ".glb",
    "fbx": ".fbx",
    "obj": ".obj",
    "usd": ".usdc",
    "usdz": ".usdz",
    "blend": ".blend",
}
"""The formats and their file extensions."""


@dataclass(frozen=True)
class ExportTask(Task):
    """One export. ``folder`` and ``blend`` are the prop's file, ``name`` is that of the result."""

    formats: Sequence[str] = ()
    target: str = ""
    """The folder to write into."""
    export: Mapping[str, Any] = field(default_factory=dict)
    """How it is written: the fields of ``core.destinations.destination.Export``."""
    version: str = ""
    """The prop's version, for formats that have a place for it: how often it was finished."""
