# SPDX-License-Identifier: GPL-3.0-or-later
"""The packages that a lock names, as wheels for Windows, each by the lock's own hash."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

from environments import SetupError
from packaging.markers import Marker

from windows.machine import LeftOutError

PAUSES_SECONDS = (0.0, 5.0, 20.0)
# What pip says of a file that is another than the lock's: never a fault of the network.
CHANGED = "DO NOT MATCH THE HASHES"
# Its name, and the hash of what came instead.
_OTHER = re.compile(r"^ +([\w.-]+==\S+)(?= from )|^ +Got +([0-9a-f]{64})", re.MULTILINE)
# An entry of a lock, its continued lines joined.
_ENTRY = re.compile(
    r"^(?P<name>[\w.-]+==\S+)(?: ; (?P<marker>.+?))?(?P<hashes>(?: +--hash=\S+)+) *$"
)


def for_windows(lock: str, series: str) -> str:
    """Return a lock's entries that are for Windows, their markers left out.

    pip itself would judge the markers by the system on which it runs.
    """
    there = {
        "implementation_name": "cpython",
        "os_name": "nt",
        "platform_machine": "AMD64",
        "platform_python_implementation": "CPython",
        "platform_system": "Windows",
        "python_full_version": series + ".0",
        "python_version": series,
        "sys_platform": "win32",
    }
    lines = []
    for line in lock.replace("\\\n", " ").splitlines():
        entry = _ENTRY.match(line)
        if entry and (not entry["marker"] or Marker(entry["marker"]).evaluate(there)):
            lines.append(entry["name"] + entry["hashes"] + "\n")
    return "".join(lines)


def pip(folder: Path, requirements: str, series: str, name: str, *command: str) -> None:
    """Run pip for Windows on requirements with hashes. Raises LeftOutError and SetupError."""
    listed = folder / "requirements.txt"
    listed.write_text(requirements, "utf-8")
    options = ["--quiet", "--disable-pip-version-check", "--no-input", "--no-deps"]
    options += ["--require-hashes", "--only-binary=:all:", "--platform", "win_amd64"]
    options += ["--implementation", "cp", "--python-version", series, "-r", str(listed)]
    whole = [sys.executable, "-I", "-m", "pip", *command, *options]
    last = ""
    for pause in PAUSES_SECONDS:
        time.sleep(pause)
        done = subprocess.run(whole, capture_output=True, text=True)
        if done.returncode == 0:
            listed.unlink()
            return
        if CHANGED in done.stderr:
            found = " ".join(name or digest for name, digest in _OTHER.findall(done.stderr))
            raise SetupError(f"a package is another file than {name} says: {found}")
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
    raise LeftOutError(f"the packages of {name} cannot be loaded: {last}")


def download(wanted: str, folder: Path, series: str, name: str) -> None:
    """Put wheels into a folder. Raises LeftOutError and SetupError."""
    folder.mkdir()
    pip(folder, wanted, series, name, "download", "-d", str(folder))


def install(wanted: str, folder: Path, series: str, name: str) -> None:
    """Install wheels into a folder. Raises LeftOutError and SetupError."""
    # Compiled later, by both cores.
    place = ("install", "--no-compile", "--no-warn-script-location", "--target", str(folder))
    pip(folder, wanted, series, name, *place)
    compiled = [sys.executable, "-I", "-m", "compileall", "-q", "-j2", str(folder)]
    subprocess.run(
        compiled, capture_output=True
    )  # Some packages hold templates that are no Python.
