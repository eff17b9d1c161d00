# SPDX-License-Identifier: GPL-3.0-or-later
"""How much memory another process holds, and how much one prop may take. No bpy here.

Our own lines instead of psutil: one number is needed, and psutil would be a compiled wheel for
each of six platforms in the package. Where a system does not tell, the answer is None and the
prop is made without a limit: a prop must not fail because it cannot be watched.

Linux was measured. The calls for macOS and Windows follow the systems' documentation (libproc.h
and sys/resource.h; psapi.h and sysinfoapi.h) and were not run yet; ``test_memory_limit.py`` checks
them where it runs. A process is looked at ten times a second, so between two looks it may go
beyond the limit by what it can touch in that time: up to a few hundred megabytes.
"""

from __future__ import annotations

import ctypes
import os
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

GIB: Final = 1 << 30
LEAST: Final = 3 * GIB
MOST: Final = 16 * GIB

_QUERY_LIMITED_INFORMATION: Final = 0x1000
_VM_READ: Final = 0x0010
_RUSAGE_BYTES: Final = 96
"""Size of ``rusage_info_v0``: a UUID of 16 bytes and ten 64-bit numbers; the eighth of them is
the footprint, which also counts what macOS has compressed (resident memory does not)."""


def prop_limit() -> int:
    """Bytes that the background Blender may hold while it makes one prop.

    Half of the machine's memory: the artist's own scene lives beside it, and a machine that
    swaps is as good as frozen. Not below 3 GiB: a model of 2 M triangles with 4096 px textures
    takes 1.6 GiB (measured). Not above 16 GiB: what needs ten times that is no sound model.
    """
    return min(max((machine_bytes() or 2 * LEAST) // 2, LEAST), MOST)


def machine_bytes() -> int | None:
    """Memory of the machine, or of the container if that has less; None if nobody tells."""
    if os.name == "nt":
        return _windows_machine()
    names: dict[str, int] = getattr(os, "sysconf_names", {})
    if not {"SC_PAGE_SIZE", "SC_PHYS_PAGES"} <= names.keys():
        return None
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        group = Path("/sys/fs/cgroup/memory.max").read_text("ascii").strip()
    except OSError:
        group = ""  # no control groups here
    if group.isdecimal():
        total = min(total, int(group))
    return total if total > 0 else None


def resident_bytes(pid: int) -> int | None:
    """Memory that a process holds now; None if it is gone or nobody tells."""
    try:
        if os.name == "nt":
            return _windows_resident(pid)
        if sys.platform == "darwin":
            return _mac_footprint(pid) or _ps_resident(pid)
        return _linux_resident(pid)
    except (OSError, ValueError, AttributeError):
        return None


def _linux_resident(pid: int) -> int:
    """Field 2 of ``/proc/PID/statm``, in pages; proc(5)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _mac_footprint(pid: int) -> int | None:
    """``proc_pid_rusage`` of libproc, which is part of the C library."""
    usage = ctypes.create_string_buffer(_RUSAGE_BYTES)
    if ctypes.CDLL(None).proc_pid_rusage(ctypes.c_int(pid), ctypes.c_int(0), usage) != 0:
        return None
    footprint: int = struct.unpack_from("=10Q", usage.raw, 16)[7]
    return footprint or None


def _ps_resident(pid: int) -> int | None:
    """In units of 1024 bytes; POSIX leaves them open, macOS and the BSDs say so."""
    command = ["ps", "-o", "rss=", "-p", str(pid)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10)
    except subprocess.SubprocessError:
        return None
    words = done.stdout.split()
    return int(words[0]) * 1024 if words else None


class _MemoryCounters(ctypes.Structure):
    """``PROCESS_MEMORY_COUNTERS`` of psapi.h."""

    _fields_ = (
        ("size", ctypes.c_uint32),
        ("page_faults", ctypes.c_uint32),
        ("peak_working_set", ctypes.c_size_t),
        ("working_set", ctypes.c_size_t),
        ("quota", ctypes.c_size_t * 4),
        ("pagefile", ctypes.c_size_t),
        ("peak_pagefile", ctypes.c_size_t),
    )


class _MemoryStatus(ctypes.Structure):
    """``MEMORYSTATUSEX`` of sysinfoapi.h."""

    _fields_ = (
        ("size", ctypes.c_uint32),
        ("load", ctypes.c_uint32),
        ("total", ctypes.c_uint64),
        ("rest", ctypes.c_uint64 * 6),
    )


def _kernel() -> Any:
    library: Any = ctypes  # WinDLL is Windows's alone
    return library.WinDLL("kernel32", use_last_error=True)


def _windows_resident(pid: int) -> int | None:
    """The larger of working set and committed memory: Windows pages out what is over."""
    kernel = _kernel()
    kernel.OpenProcess.restype = ctypes.c_void_p
    kernel.OpenProcess.argtypes = (ctypes.c_uint32, ctypes.c_int, ctypes.c_uint32)
    kernel.CloseHandle.argtypes = (ctypes.c_void_p,)
    ask = kernel.K32GetProcessMemoryInfo
    ask.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint32)
    handle = kernel.OpenProcess(_QUERY_LIMITED_INFORMATION | _VM_READ, 0, pid)
    if not handle:
        return None
    try:
        counters = _MemoryCounters(size=ctypes.sizeof(_MemoryCounters))
        if not ask(handle, ctypes.byref(counters), counters.size):
            return None
        return max(int(counters.working_set), int(counters.pagefile))
    finally:
        kernel.CloseHandle(handle)


def _windows_machine() -> int | None:
    status = _MemoryStatus(size=ctypes.sizeof(_MemoryStatus))
    if not _kernel().GlobalMemoryStatusEx(ctypes.byref(status)):
        return None
    return int(status.total)
