# SPDX-License-Identifier: GPL-3.0-or-later
"""What the two Blenders say to each other of an export. No pydantic: one side has none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from .messages import Task

ENDINGS: Final = {"glb": ".glb", "fbx": ".fbx", "obj": ".obj", "usd": ".usdc", "blend": ".blend"}
"""The formats, and the ending of each one's file."""


@dataclass(frozen=True)
class ExportTask(Task):
    """One export. ``folder`` and ``blend`` name the prop's file, ``name`` the exported one's."""

    formats: Sequence[str] = ()
    target: str = ""
    """The folder to write into."""
