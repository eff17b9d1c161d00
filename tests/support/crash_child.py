# SPDX-License-Identifier: GPL-3.0-or-later
"""The product in a process that is going to be ended: jobs by command, told line by line.

    python tests/support/crash_child.py LIBRARY

Reads commands from standard input, JSON, one a line: {"prompt", "endpoint"} starts a
generation beside those that run; {"argv": [...]} runs a command of the command line and waits for
it. Writes what happens to standard output, one JSON object a line, then ends with its input.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
from pathlib import Path
from typing import Any

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from trellis_addon.core.events import Cancelled, Failed, Finished, Progress, StateChanged
from trellis_addon.core.generation.request import GenerationRequest
from trellis_addon.engine.job_factory import JobFactory
from trellis_addon.headless.cli import run_cli
from trellis_addon.preferences import read_settings

Line = dict[str, Any]


@bpy.app.handlers.persistent  # type: ignore[untyped-decorator]
def before_save(*_: Any) -> None:
    """The one stop that is no audit event: Blender is about to write the scene file."""
    stops = sys.modules["sitecustomize"].STOPS
    for stop in list(stops.stops):
        if stop["event"] == "save_pre":
            stops.reach(stop)


# The command line keeps standard output for itself while it runs.
OUT = os.fdopen(os.dup(1), "w", encoding="utf-8")


def tell(**facts: Any) -> None:
    """One line."""
    OUT.write(json.dumps(facts) + "\n")
    OUT.flush()


def read(lines: queue.SimpleQueue[Line | None]) -> None:
    """Commands onto the queue, on a thread of their own."""
    for line in sys.stdin:
        lines.put(json.loads(line))
    lines.put(None)


def words(event: Any) -> Line:
    """An event as plain facts."""
    match event:
        case StateChanged(state=state):
            return {"event": "state", "state": str(state)}
        case Progress(text=text):
            return {"event": "progress", "text": text}
        case Finished(prop_id=prop):
            return {"event": "finished", "id": prop}
        case Failed(error=facts):
            return {"event": "failed", "kind": facts.kind, "message": facts.message}
        case Cancelled():
            return {"event": "cancelled"}
        case _:
            raise AssertionError(event)


def listen(prompt: str, job: Any) -> None:
    """Tell what a job says, on a thread of its own: the main thread may be held at a step."""
    for event in job.wait():
        tell(prompt=prompt, **words(event))


def main() -> None:
    library = Path(sys.argv[1])
    lines: queue.SimpleQueue[Line | None] = queue.SimpleQueue()
    threading.Thread(target=read, args=(lines,), daemon=True).start()
    bpy.app.handlers.save_pre.append(before_save)
    workshop = JobFactory()
    listeners = []
    while (line := lines.get()) is not None:
        if "argv" in line:
            tell(event="ran", code=run_cli(line["argv"]))
            continue
        settings = read_settings(library=library, endpoint=line["endpoint"])
        request = GenerationRequest.checked(prompt=line["prompt"])
        job = workshop.generate(request, settings)
        listeners.append(threading.Thread(target=listen, args=(line["prompt"], job)))
        listeners[-1].start()
        job.start()
    for listener in listeners:
        listener.join()
    workshop.close()
    os._exit(0)


main()
