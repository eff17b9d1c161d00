# SPDX-License-Identifier: GPL-3.0-or-later
"""Prepares what the background Blender is started with: its folder for temporary files, its
environment variables, and the right Python. No bpy here.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final

from ...library.disk.process_identity import birth
from .messages import SCRATCH

_SECRETS: Final = tuple(
    "KEY TOKEN SECRET PASSWORD PASSWD PASSPHRASE CREDENTIAL COOKIE AUTH AIGATEWAY PROXY".split()
)
_SECRET_VALUE: Final = re.compile(r"://[^/@\s]*:[^/@\s]*@")
"""A URL with a password in it."""
_PROFILE: Final = "BLENDER_USER_"
"""How the names of the variables begin that say where Blender keeps what is the user's."""
QUICK_MEMORY: Final = {
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(256 << 20),
    "OPENBLAS_NUM_THREADS": "1",
}
"""How the C library of Linux (glibc) and numpy are told what suits large arrays that live shortly.

Freed memory is reused, up to 256 MB of it and in pieces of up to 32 MB, so that the largest arrays
of a very heavy prop do not add up. As new memory from the system, it takes a tenth of a prop's
time, as each page is cleared when it is first touched (measured). ``worker`` gives it back after
each prop.

OpenBLAS is for small matrices here. After each product, all its other threads wait for the next
one without sleeping, for 30 ms on cores that Cycles could use (measured).
"""


def make_scratch() -> str:
    """Make the folder for the temporary files of one background Blender.

    Its name has the id of its owner. On Windows, where the process is ended together with a killed
    owner and cannot clean up, the folders that such owners left are removed first. Elsewhere the
    process removes its folder itself, and an id may be that of a process in another container.
    """
    if sys.platform == "win32":
        _remove_abandoned(Path(tempfile.gettempdir()))
    return tempfile.mkdtemp(prefix=f"{SCRATCH}{os.getpid()}-")


def _remove_abandoned(folder: Path) -> None:
    for left in folder.glob(f"{SCRATCH}*"):
        owner = left.name.removeprefix(SCRATCH).partition("-")[0]
        if owner.isdecimal() and birth(int(owner)) is None:
            shutil.rmtree(left, ignore_errors=True)


def started_directly(
    command: tuple[str, ...], variables: dict[str, str]
) -> tuple[tuple[str, ...], dict[str, str]]:
    """The command and the variables that start the Python itself, where the command would start
    the launcher of a virtual environment on Windows.

    The launcher starts Python as its child, so the memory and the exit code would be those of the
    wrong process. The variable tells Python its environment; ``multiprocessing`` uses the same.
    """
    python = getattr(sys, "_base_executable", "")
    if os.name != "nt" or command[0] != sys.executable or python in ("", command[0]):
        return command, variables
    return (python, *command[1:]), variables | {"__PYVENV_LAUNCHER__": sys.executable}


def child_environment(scratch: str) -> dict[str, str]:
    """The environment variables for the process, without any that look like secrets, as it needs
    none.

    Temporary files go to a separate folder. Blender makes a folder for each process and removes it
    only at a regular exit, which this process never has. So does the profile: when factory settings
    are read, no extension is enabled, and Blender removes the packages that the extensions of the
    profile have unpacked, also from under the artist's running Blender (seen with bpy 5.3).
    """
    kept = {
        name: value
        # The key of the gateway is one of these variables, and proxies may have passwords.
        for name, value in os.environ.items()
        if not any(word in name.upper() for word in _SECRETS)
        and not _SECRET_VALUE.search(value)
        and not name.upper().startswith(_PROFILE)
    }
    profile = {f"{_PROFILE}RESOURCES": str(Path(scratch) / "profile")}
    return QUICK_MEMORY | kept | profile | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), scratch)
