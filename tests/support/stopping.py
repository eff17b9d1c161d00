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
from pathlib import Path
from typing import Final

if sys.platform == "win32":
    STOPS: Final = (signal.SIGINT, signal.SIGBREAK)
else:
    STOPS: Final = (signal.SIGINT, signal.SIGTERM)

KILLED: Final = 1 if os.name == "nt" else -9
"""The exit code of a process after `Popen.kill`."""

HOOK: Final = """
import os, signal, sys, threading, time
def watch():
    while True:
        for name in os.listdir({folder!r}):
            if name.startswith("signal-"):
                number = int(name.split("-")[1])
                os.remove(os.path.join({folder!r}, name))
                signal.raise_signal(number)
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
