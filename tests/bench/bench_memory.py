# SPDX-License-Identifier: GPL-3.0-or-later
"""The memory of a Blender with many heavy props, of which it shows the proxies."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench_placing import MANY, MEDIUM, copies_of, make_prop
from harness import RUNS, Result, fresh_process, in_turn, medians

GOAL = 1.1


def memory() -> Iterator[Result]:
    """Blender with fifty props of 250,000 triangles, against their proxies alone."""
    with tempfile.TemporaryDirectory(prefix="trellis bench ") as folder:
        blends = copies_of(make_prop(Path(folder), MEDIUM), MANY)

        gained: dict[str, list[float]] = {"linked": [], "proxies": []}

        def measure(what: str) -> float:
            found = fresh_process("measure_memory.py", what, *blends)
            gained[what].append(found["gained"])
            return float(found["mb"])

        ours, proxies = medians(in_turn(lambda: measure("linked"), lambda: measure("proxies")))
        more, least = (statistics.median(gained[name]) for name in gained)
        note = f"{ours:.0f} MB : {proxies:.0f} MB; for the props {more:.0f} MB : {least:.0f} MB"
        yield Result(f"memory_of_{MANY}_props", ours / proxies, "x proxies", GOAL, RUNS, note)
