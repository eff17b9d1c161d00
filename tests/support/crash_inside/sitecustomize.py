# SPDX-License-Identifier: GPL-3.0-or-later
"""Inside a process under test: stops it at exact steps, and writes down what it has synced.

Python reads this by itself where its folder is on PYTHONPATH, in the product's process and in the
background Blender alike; the product knows nothing of it. Standard library only.

CRASH_FOLDER is where `reached-NAME` appears once a stop is reached; the process then waits for
`go-NAME`. `synced.jsonl` has a line for each file that was synced, as it was then. CRASH_STOPS is a
JSON list of stops:

    {"name": ..., "process": "main" | "worker", "event": an audit event (PEP 578), "path": a regular
     expression for the path that the event is about, "text": one for what a renamed file holds,
     "limit": bytes that a file may have from then on; more is refused}
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
import threading
import time
from pathlib import Path
from typing import Any


class Stops:
    """The stops of one process. An audit hook cannot be taken away; `stops` can be emptied."""

    def __init__(self, folder: Path, stops: list[dict[str, Any]]) -> None:
        self.folder = folder
        self.stops = stops
        self._lock = threading.Lock()
        self._busy = threading.local()

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        """See every file that is opened, renamed or removed."""
        if not self.stops or event not in ("open", "os.rename", "os.remove"):
            return
        if getattr(self._busy, "now", False):
            return
        self._busy.now = True
        try:
            self._look(event, arguments)
        finally:
            self._busy.now = False

    def _look(self, event: str, arguments: tuple[Any, ...]) -> None:
        path = arguments[1 if event == "os.rename" else 0]
        if not isinstance(path, str | os.PathLike):
            return
        for stop in list(self.stops):
            if stop["event"] == event and re.search(stop["path"], os.fspath(path)):
                if "text" in stop:
                    text = Path(arguments[0]).read_text("utf-8", "replace")
                    if not re.search(stop["text"], text):
                        continue
                self.reach(stop)
                return

    def reach(self, stop: dict[str, Any]) -> None:
        """Stop here, once."""
        with self._lock:
            if stop not in self.stops:
                return
            self.stops.remove(stop)
        (self.folder / f"reached-{stop['name']}").touch()
        while not (self.folder / f"go-{stop['name']}").exists():
            time.sleep(0.005)
        if "limit" in stop:
            import resource

            _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (stop["limit"], most))

    def sync(self, handle: int) -> None:
        """Take the place of `os.fsync`."""
        _fsync(handle)
        found = os.fstat(handle)
        line = [found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns]
        with contextlib.suppress(OSError):  # a full disk, which is then what is tested
            log = os.open(self.folder / "synced.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            os.write(log, json.dumps(line).encode() + b"\n")
            os.close(log)


_fsync = os.fsync


def install(folder: Path, stops: list[dict[str, Any]]) -> Stops:
    """From now on in this process."""
    made = Stops(folder, stops)
    module: Any = os
    module.fsync = made.sync
    sys.addaudithook(made.hook)
    return made


if "CRASH_FOLDER" in os.environ:
    _process = "worker" if any("worker.py" in word for word in sys.orig_argv) else "main"
    _all = json.loads(os.environ.get("CRASH_STOPS", "[]"))
    STOPS = install(
        Path(os.environ["CRASH_FOLDER"]), [stop for stop in _all if stop["process"] == _process]
    )
