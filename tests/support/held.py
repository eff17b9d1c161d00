# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that another program has open, as a scanner or another Blender does for moments.

Python opens without the right for others to delete, as C's ``fopen`` does. Elsewhere than on
Windows that hinders nobody.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def held(path: Path, seconds: float) -> Iterator[None]:
    """Keep a file open from now on for so long."""
    file = path.open("rb")
    timer = threading.Timer(seconds, file.close)
    timer.start()
    try:
        yield
    finally:
        timer.join()


@contextmanager
def kept_to_itself(path: Path, seconds: float) -> Iterator[None]:
    """Keep a file open for some seconds so that nobody else can even read it; Windows only."""
    import ctypes

    library: Any = ctypes  # WinDLL is Windows's alone
    kernel = library.WinDLL("kernel32", use_last_error=True)
    kernel.CreateFileW.restype = ctypes.c_void_p
    generic_read, no_sharing, open_existing = 0x80000000, 0, 3
    handle = ctypes.c_void_p(
        kernel.CreateFileW(str(path), generic_read, no_sharing, None, open_existing, 0, None)
    )
    timer = threading.Timer(seconds, kernel.CloseHandle, (handle,))
    timer.start()
    try:
        yield
    finally:
        timer.join()
