# SPDX-License-Identifier: GPL-3.0-or-later
"""Identifies processes, so that a lock can distinguish a living owner from a dead one. Works on all
systems.

A process id alone is not enough: ids are reused, and in a container (such as a Flatpak Blender's)
the same id belongs to another process.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """One process on one machine."""

    host: str
    space: str
    """The PID namespace on Linux, within which the id is valid; empty on other systems."""
    pid: int
    birth: str
    """When it was started, in a form that depends on the system; empty if the system does not
    tell."""

    @classmethod
    def current(cls) -> Process:
        """The process that calls this."""
        pid = os.getpid()
        return cls(socket.gethostname(), _space(), pid, birth(pid) or "")

    @property
    def lives(self) -> bool | None:
        """Whether it is running; None if that cannot be determined from here."""
        if (self.host, self.space) != (socket.gethostname(), _space()):
            return None
        now = birth(self.pid)
        if now is None:
            return False
        if now and self.birth:
            return now == self.birth
        return None


def birth(pid: int) -> str | None:
    """The start time of a process, which distinguishes it from a later one with the same id.

    :returns: empty if it is running and nothing more is known; None if there is no such process.
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
        pass  # it is running, and belongs to another user
    return _linux_birth(pid) if sys.platform.startswith("linux") else _ps_birth(pid)


def _linux_birth(pid: int) -> str | None:
    """The boot id and the start time in ticks since boot, which is field 22 of ``/proc/PID/stat``,
    see proc(5). None for a zombie, according to the state in field 3.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
        # Ticks are counted from the boot, so after a restart another process may have the same id
        # and the same ticks.
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""
    # From the last ")": the second field is the program's name, which may itself contain spaces and
    # parentheses.
    fields = stat.rpartition(")")[2].split()
    if len(fields) < 20:
        return ""
    return None if fields[0] in "ZX" else f"{boot} {fields[19]}"


def _ps_birth(pid: int) -> str | None:
    """The start time according to ``ps``, for macOS and the BSDs, where Python itself
    cannot tell.
    """
    try:
        done = subprocess.run(
            ["ps", "-o", "lstart=", "-p", str(pid)],
            # The same text in every locale and time zone, as two processes compare it.
            env={**os.environ, "LC_ALL": "C", "TZ": "UTC0"},
            capture_output=True,
            text=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


def _windows_birth(pid: int) -> str | None:
    """The creation time as psutil tells it; ``os.kill(pid, 0)`` would send Ctrl-C on Windows.

    Used on Windows alone: elsewhere psutil's times follow the system's clock when that is set, and
    a living owner of a lock would then look like another process.
    """
    import psutil

    try:
        return str(psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return None
    except psutil.Error:
        return ""


def _space() -> str:
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""
