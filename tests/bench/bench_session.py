# SPDX-License-Identifier: GPL-3.0-or-later
"""What the extension costs Blender's start, and the artist's window while props are generated."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator

from harness import RUNS, Result, fresh_process, gateway

OWN_ADDON = "io_mesh_uv_layout"
"""One of the smallest that Blender 4.2 to 5.3 all bring along."""


def enable() -> Iterator[Result]:
    """Enabling, as an absolute and against one of Blender's own small add-ons."""
    with tempfile.TemporaryDirectory(prefix="trellis bench ") as profile:
        what = "measure_enable.py", profile, OWN_ADDON
        fresh_process(*what)  # unpacks the wheels and writes the byte code
        pairs = [(fresh_process(*what), _import_of_requests()) for _ in range(RUNS)]
    ours = statistics.median(run["ours"] for run, _ in pairs)
    theirs = statistics.median(run["theirs"] for run, _ in pairs)
    requests = statistics.median(other for _, other in pairs)
    modules = pairs[0][0]["modules"]
    note = f"{OWN_ADDON}: {theirs:.1f} ms; import requests: {requests:.0f} ms"
    yield Result("enable_time", ours, "ms", 10.0, note=f"{modules:.0f} modules; {note}")
    ratio = statistics.median(run["ours"] / other for run, other in pairs)
    yield Result("enable_to_requests", ratio, "of its import", 0.04, note=note)


def _import_of_requests() -> float:
    """Milliseconds of one library that add-ons like to import, in a plain Python, counted as in
    ``measure_enable``.
    """
    script = "import time; t = time.thread_time(); import requests; print(time.thread_time() - t)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return float(done.stdout) * 1000


def click() -> Iterator[Result]:
    """The first click on Generate: with nothing loaded, and after a look at the panel."""
    pairs = [
        (fresh_process("measure_click.py", "cold"), fresh_process("measure_click.py", "warm"))
        for _ in range(RUNS)
    ]
    cold = statistics.median(run["wall"] for run, _ in pairs)
    libraries = statistics.median(run["libraries"] for run, _ in pairs)
    gap = statistics.median(run["gap"] for run, _ in pairs)
    note = f"the panel was never looked at; begins after {libraries:.0f} ms of a thread, in which "
    note += f"the longest wait for the GIL is {gap:.0f} ms"
    yield Result("first_click_cold", cold, "ms", 50.0, note=note)
    warm = statistics.median(run["wall"] for _, run in pairs)
    gap = statistics.median(run["gap"] for _, run in pairs)
    note = f"after a look at the panel; longest wait for the GIL meanwhile {gap:.0f} ms"
    yield Result("first_click", warm, "ms", 50.0, note=note)


def session() -> Iterator[Result]:
    """The longest that ten generations hold the main thread up, with placing and apart from it."""
    with gateway("--triangles", 50_000) as url:
        runs = [fresh_process("measure_session.py", url) for _ in range(RUNS)]
    if any(run["placed"] != 10 for run in runs):
        raise RuntimeError(f"not every prop arrived: {runs}")
    for name, goal, words in (
        ("tick", 30.0, "longest tick of the timer, apart from placing"),
        ("gap", 30.0, "longest wait for the GIL between two ticks"),
        ("placing", 50.0, "longest tick that places a prop"),
    ):
        value = statistics.median(run[name] for run in runs)
        yield Result(f"session_main_thread_{name}", value, "ms", goal, note=words)
    begun = statistics.median(run["begun"] for run in runs)
    yield Result("session_click_for_ten_props", begun, "ms", 50.0, note="from click to all begun")
