# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures the memory of another process, and decides how much one prop may use. No bpy here.

Where a system does not tell, the answer is None and the prop is made without a limit: a prop must
not fail because it cannot be watched. A process is looked at ten times a second, so between two
looks it may go beyond the limit by what it can touch in that time: up to a few hundred megabytes.
On Windows, a job object bounds that as well (``windows_job``). psutil is imported by the first
look, not by Blender's start-up.
"""

from __future__ import annotations

import ctypes
import struct
import sys
from pathlib import Path
from typing import Final

GIB: Final = 1 << 30
LEAST: Final = 3 * GIB
MOST: Final = 16 * GIB

_RUSAGE_BYTES: Final = 96
"""The size of ``rusage_info_v0``: a UUID of 16 bytes and ten 64-bit numbers. The eighth of them is
the footprint, which includes memory that macOS has compressed (resident memory does not)."""


def prop_limit(processes: int = 1) -> int:
    """The number of bytes that a background Blender may use while it makes one prop.

    It is half of the machine's memory, as the rest is for the artist's own scene, and a machine
    that swaps is as good as frozen. It is at least 3 GiB: a model of 2 M triangles with 4096 px
    textures takes 1.6 GiB (measured). It is at most 16 GiB, as no sensible model takes ten times
    the measured value. Several processes share it.
    """
    # Where the machine's memory is unknown, the least limit is used.
    return min(max((machine_bytes() or 2 * LEAST) // (2 * processes), LEAST), MOST)


def machine_bytes() -> int | None:
    """Memory of the machine, or of the container if that has less; None if nobody tells."""
    import psutil

    try:
        total: int = psutil.virtual_memory().total
    except (OSError, RuntimeError):
        return None
    most = _of_group("memory.max")
    return total if most is None else min(total, most)


def free_bytes() -> int | None:
    """Memory that can be used without swapping, within the container's limit; None if nobody
    tells.
    """
    import psutil

    try:
        free: int = psutil.virtual_memory().available
    except (OSError, RuntimeError):
        return None
    most, used = _of_group("memory.max"), _of_group("memory.current")
    return free if most is None or used is None else max(0, min(free, most - used))


def _of_group(name: str) -> int | None:
    """A number of the control group of this process; None if there is none, or no limit."""
    try:
        text = (Path("/sys/fs/cgroup") / name).read_text("ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdecimal() else None


def resident_bytes(pid: int) -> int | None:
    """Memory that a process holds now; None if it is gone or nobody tells."""
    import psutil

    try:
        info = psutil.Process(pid).memory_info()
        if sys.platform == "darwin":
            return _mac_footprint(pid) or int(info.rss)
        # Windows pages out what is over: of working set and committed memory the larger counts.
        return int(max(info.rss, info.vms) if sys.platform == "win32" else info.rss)
    except (psutil.Error, OSError, AttributeError):
        return None


def _mac_footprint(pid: int) -> int | None:
    """``proc_pid_rusage`` of libproc, which psutil does not ask. Written by libproc.h and
    sys/resource.h, not run yet.
    """
    usage = ctypes.create_string_buffer(_RUSAGE_BYTES)
    if ctypes.CDLL(None).proc_pid_rusage(ctypes.c_int(pid), ctypes.c_int(0), usage) != 0:
        return None
    footprint: int = struct.unpack_from("=10Q", usage.raw, 16)[7]
    return footprint or None
