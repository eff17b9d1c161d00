# SPDX-License-Identifier: GPL-3.0-or-later
"""Who a process is, so that a lock can tell a living owner from a dead one. No POSIX-only calls.

A process's number alone does not do: numbers are used again, and in a container (a Flatpak
Blender, for one) the same number means another process.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_STILL_ACTIVE: Final = 259
_QUERY_LIMITED_INFORMATION: Final = 0x1000
_INVALID_PARAMETER: Final = 87
"""OpenProcess's error for a number that no process has."""


@dataclass(frozen=True)
class Process:
    """One process of one machine."""

    host: str
    space: str
    """The space in which the number counts: Linux's PID namespace; empty elsewhere."""
    pid: int
    birth: str
    """When it was born, in the system's own words; empty where that is not told."""

    @classmethod
    def current(cls) -> Process:
        """The process that asks."""
        pid = os.getpid()
        return cls(socket.gethostname(), _space(), pid, birth(pid) or "")

    @property
    def lives(self) -> bool | None:
        """Whether it is running; None where that cannot be known from here."""
        if (self.host, self.space) != (socket.gethostname(), _space()):
            return None
        now = birth(self.pid)
        if now is None:
            return False
        if now and self.birth:
            return now == self.birth
        return None


def birth(pid: int) -> str | None:
    """What tells a process from a later one with the same number.

    :returns: empty when it lives and no more is told; None when there is no such process.
    """
    if pid <= 0:
        return None
    return _windows_birth(pid) if os.name == "nt" else _posix_birth(pid)


def _posix_birth(pid: int) -> str | None:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return None
    except PermissionError:
        pass  # it lives, and belongs to somebody else
    return _linux_birth(pid) if sys.platform.startswith("linux") else _ps_birth(pid)


def _linux_birth(pid: int) -> str | None:
    """State and start time (ticks since boot), fields 3 and 22 of ``/proc/PID/stat``; proc(5)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    if len(fields) < 20:
        return ""
    return None if fields[0] in "ZX" else f"{boot} {fields[19]}"


def _ps_birth(pid: int) -> str | None:
    """On macOS and the BSDs, where Python itself does not tell."""
    try:
        done = subprocess.run(
            ["ps", "-o", "lstart=", "-p", str(pid)],
            env={**os.environ, "LC_ALL": "C", "TZ": "UTC0"},
            capture_output=True,
            text=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


def _windows_birth(pid: int) -> str | None:
    """``os.kill(pid, 0)`` would send Ctrl-C there. Written by the documentation, not run."""
    import ctypes
    from ctypes import wintypes

    library: Any = ctypes  # these names are Windows's alone
    kernel = library.WinDLL("kernel32", use_last_error=True)
    kernel.OpenProcess.restype = wintypes.HANDLE
    kernel.OpenProcess.argtypes = (wintypes.DWORD, wintypes.BOOL, wintypes.DWORD)
    handle = wintypes.HANDLE(kernel.OpenProcess(_QUERY_LIMITED_INFORMATION, False, pid))
    if not handle.value:
        return None if library.get_last_error() == _INVALID_PARAMETER else ""
    try:
        code = wintypes.DWORD()
        asked = kernel.GetExitCodeProcess(handle, ctypes.byref(code))
        if asked and code.value != _STILL_ACTIVE:
            return None
        times = [wintypes.FILETIME() for _ in range(4)]
        if not kernel.GetProcessTimes(handle, *(ctypes.byref(time) for time in times)):
            return ""
        return str(times[0].dwHighDateTime << 32 | times[0].dwLowDateTime)
    finally:
        kernel.CloseHandle(handle)


def _space() -> str:
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""
