# SPDX-License-Identifier: GPL-3.0-or-later
"""Ties the background Blender to its owner on Windows, by a job object. No bpy here.

Elsewhere, and mostly here too, the background Blender ends when its pipe closes. It cannot notice
that while its own C code holds Python's lock, which may be for as long as a bad model keeps it
busy. A job object needs no help from the process: its only handle belongs to the owner, and Windows
ends the processes in it when that handle is closed, also because the owner was killed.

Written according to Microsoft's documentation of ``JOBOBJECT_EXTENDED_LIMIT_INFORMATION`` and of
nested jobs (Windows 8 and later). Under Wine 10, the end with the owner was seen; the memory limit
was not, as Wine accepts it without effect.
"""

from __future__ import annotations

import ctypes
import logging
import sys
from ctypes import wintypes
from typing import Any, Final

log = logging.getLogger(__name__)

LIMIT_PROCESS_MEMORY: Final = 0x0100
LIMIT_KILL_ON_JOB_CLOSE: Final = 0x2000
EXTENDED_LIMIT_INFORMATION: Final = 9
PROCESS_TERMINATE: Final = 0x0001
PROCESS_SET_QUOTA: Final = 0x0100


class BasicLimits(ctypes.Structure):
    """``JOBOBJECT_BASIC_LIMIT_INFORMATION``. Blender has no 32-bit version, so sizes are 64-bit."""

    _fields_ = (
        ("PerProcessUserTimeLimit", ctypes.c_int64),
        ("PerJobUserTimeLimit", ctypes.c_int64),
        ("LimitFlags", ctypes.c_uint32),
        ("MinimumWorkingSetSize", ctypes.c_size_t),
        ("MaximumWorkingSetSize", ctypes.c_size_t),
        ("ActiveProcessLimit", ctypes.c_uint32),
        ("Affinity", ctypes.c_size_t),
        ("PriorityClass", ctypes.c_uint32),
        ("SchedulingClass", ctypes.c_uint32),
    )


class ExtendedLimits(ctypes.Structure):
    """``JOBOBJECT_EXTENDED_LIMIT_INFORMATION``."""

    _fields_ = (
        ("BasicLimitInformation", BasicLimits),
        ("IoInfo", ctypes.c_uint64 * 6),
        ("ProcessMemoryLimit", ctypes.c_size_t),
        ("JobMemoryLimit", ctypes.c_size_t),
        ("PeakProcessMemoryUsed", ctypes.c_size_t),
        ("PeakJobMemoryUsed", ctypes.c_size_t),
    )


class Job:
    """A job object with one process in it, and the processes that it will start.

    Where Windows refuses something, that is logged: the process then ends by its pipe alone, as on
    other systems.
    """

    def __init__(self, pid: int) -> None:
        self._kernel = _kernel()
        # Without security attributes the handle is not inherited: a copy of it in the background
        # Blender would keep the job open.
        self._handle = self._kernel.CreateJobObjectW(None, None)
        self._checked(self._handle and self._set(LIMIT_KILL_ON_JOB_CLOSE) and self._take(pid))

    def limit_memory(self, most: int) -> None:
        """Refuse memory beyond this number of bytes to each of the processes."""
        flags = LIMIT_KILL_ON_JOB_CLOSE | LIMIT_PROCESS_MEMORY
        if self._handle:  # it was told before if there is none, or it has been closed
            self._checked(self._set(flags, most))

    def close(self) -> None:
        """End the processes that are still running. May be called twice."""
        handle, self._handle = self._handle, None
        if handle:
            self._kernel.CloseHandle(handle)

    def _set(self, flags: int, most: int = 0) -> bool:
        limits = ExtendedLimits(ProcessMemoryLimit=most)
        limits.BasicLimitInformation.LimitFlags = flags
        kind, size = EXTENDED_LIMIT_INFORMATION, ctypes.sizeof(limits)
        call = self._kernel.SetInformationJobObject
        return bool(call(self._handle, kind, ctypes.byref(limits), size))

    def _take(self, pid: int) -> bool:
        process = self._kernel.OpenProcess(PROCESS_SET_QUOTA | PROCESS_TERMINATE, False, pid)
        if not process:
            return False
        try:
            return bool(self._kernel.AssignProcessToJobObject(self._handle, process))
        finally:
            self._kernel.CloseHandle(process)

    def _checked(self, done: object) -> None:
        if not done:
            library: Any = ctypes  # get_last_error is Windows's alone
            log.warning("no job object for the background Blender: %d", library.get_last_error())


def tied(pid: int) -> Job | None:
    """A job object with this process in it; None on systems that have no job objects."""
    return Job(pid) if sys.platform == "win32" else None


def _kernel() -> Any:
    """``kernel32`` with the types of the functions used here. Handles are as wide as pointers."""
    library: Any = ctypes  # WinDLL is Windows's alone
    # An instance of our own: types that are set on ``ctypes.windll`` hold for every add-on.
    kernel = library.WinDLL("kernel32", use_last_error=True)
    handle, pointer, number = wintypes.HANDLE, ctypes.c_void_p, wintypes.DWORD
    kernel.CreateJobObjectW.restype = kernel.OpenProcess.restype = handle
    kernel.CreateJobObjectW.argtypes = (pointer, wintypes.LPCWSTR)
    kernel.OpenProcess.argtypes = (number, wintypes.BOOL, number)
    kernel.SetInformationJobObject.argtypes = (handle, ctypes.c_int, pointer, number)
    kernel.AssignProcessToJobObject.argtypes = (handle, handle)
    kernel.CloseHandle.argtypes = (handle,)
    return kernel
