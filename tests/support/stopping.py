# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks a process of the product to stop, as a terminal or a scheduler does.

On Windows a signal of another process is a console event, which Wine does not deliver. So a hook in
the process raises it there when a file appears: in a thread of its own, as Windows does with
console events. Python reads the hook by itself, where its folder is on PYTHONPATH.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

from .processes import ended

if sys.platform == "win32":
    STOPS: Final = (signal.SIGINT, signal.SIGBREAK)
else:
    STOPS: Final = (signal.SIGINT, signal.SIGTERM)

KILLED: Final = 1 if os.name == "nt" else -9
"""The exit code of a process after `Popen.kill`."""

TOLD_SECONDS: Final = 300.0
"""Far beyond what it takes a process to hear a signal and to say so."""

HOOK: Final = """
import os, signal, sys, threading, time
def watch():
    while True:
        for name in os.listdir({folder!r}):
            if name.startswith("signal-"):
                try:
                    os.remove(os.path.join({folder!r}, name))
                except OSError:
                    continue  # whoever has made it has not closed it yet
                signal.raise_signal(int(name.split("-")[1]))
        time.sleep(0.05)
if not any("worker.py" in argument for argument in sys.orig_argv):
    threading.Thread(target=watch, daemon=True).start()
"""


def hearing(home: Path) -> dict[str, str]:
    """Variables for a process that is to be asked to stop."""
    if os.name != "nt":
        return {}
    folder = home / "signals"
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(HOOK.format(folder=str(folder)), "utf-8")
    return {"PYTHONPATH": str(folder)}


def ask_to_stop(process: subprocess.Popen[str], number: int, home: Path) -> None:
    """Send the signal to a process that was started with these variables."""
    if os.name == "nt":
        (home / "signals" / f"signal-{int(number)}").touch()
    else:
        process.send_signal(number)


def until_told(process: subprocess.Popen[str], words: str) -> None:
    """Read what a process says until a line has these words. One that does not say so is killed.

    :raises AssertionError: it has ended without, or was killed.
    """
    assert process.stderr
    guard = threading.Timer(TOLD_SECONDS, process.kill)
    guard.start()
    try:
        if not any(words in line for line in process.stderr):
            raise AssertionError(ended(process).explain())
    finally:
        guard.cancel()
