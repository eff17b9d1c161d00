# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides how many background Blenders work side by side. No bpy here."""

from __future__ import annotations

import os
from typing import Final

from .memory_limit import GIB, free_bytes

EACH_BYTES: Final = 8 * GIB // 5
"""The memory that is counted for each: what a model of 2 M triangles with 4096 px textures takes
(measured). One of 20,000 triangles and 1024 px takes 0.6 GB, picture included."""


def cores() -> int:
    """The number of processor cores that this process may use, which a scheduler may limit."""
    if affinity := getattr(os, "sched_getaffinity", None):  # Linux has it
        return len(affinity(0))
    return os.cpu_count() or 1


def processes_here() -> int:
    """One background Blender for each core, as far as the free memory goes; at least one.

    Importing is limited by the processor, while generations mostly wait. On 2 cores, two processes
    make 1.8 times as many props as one, and three make no more than two (measured).
    """
    free = free_bytes()
    fitting = cores() if free is None else free // EACH_BYTES
    return max(1, min(cores(), fitting))
