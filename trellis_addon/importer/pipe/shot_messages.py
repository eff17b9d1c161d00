# SPDX-License-Identifier: GPL-3.0-or-later
"""The message that asks the background Blender for a product shot."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from .messages import Task

PICTURES: Final = "-turntable"
"""What the folder of a turntable's pictures is named, after the name of the shot."""


@dataclass(frozen=True)
class ShotTask(Task):
    """One shot. ``folder`` and ``blend`` are the prop's file, ``name`` is that of the result."""

    shot: dict[str, Any] = field(default_factory=dict)
    """See ``core.generation.shot``."""
    target: str = ""
    """The folder to write into."""
