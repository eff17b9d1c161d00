# SPDX-License-Identifier: GPL-3.0-or-later
"""A large answer must not be felt: how long Blender's main thread waits, how much memory it takes,
and what it costs a redraw, against ``httpx.Response.json()``.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness import RUNS, Result, fresh_process

SIZES = (5, 50, 200)


@contextmanager
def answer_server() -> Iterator[str]:
    """The server's port, as text."""
    script = Path(__file__).with_name("answer_server.py")
    process = subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.communicate()


def answers() -> Iterator[Result]:
    """Gap, memory, redraw; ours and the plain client in turn."""
    with answer_server() as port:
        for size in SIZES:
            ours, plain = [], []
            for _ in range(RUNS):
                ours.append(fresh_process("measure_answer.py", "ours", port, str(size), "gap"))
                plain.append(fresh_process("measure_answer.py", "json", port, str(size), "gap"))
            gap = statistics.median(m["gap"] for m in ours)
            other = statistics.median(m["gap"] for m in plain)
            yield Result(
                f"answer_{size}mb_longest_wait",
                gap,
                "ms",
                10.0,
                note=f"json(): {other:.0f} ms, {gap / other:.3f} of it",
            )
            memory = statistics.median(m["memory"] for m in ours)
            other = statistics.median(m["memory"] for m in plain)
            yield Result(
                f"answer_{size}mb_memory", memory, "MB", 16.0, note=f"json(): {other:.0f} MB"
            )
        frames = [
            fresh_process("measure_answer.py", "ours", port, "50", "frame")["frame"]
            for _ in range(RUNS)
        ]
        plain_frames = [
            fresh_process("measure_answer.py", "json", port, "50", "frame")["frame"]
            for _ in range(RUNS)
        ]
        yield Result(
            "redraw_while_answer_comes_in",
            statistics.median(frames),
            "x idle",
            1.2,
            note=f"json(): {statistics.median(plain_frames):.2f} x idle; simulated redraw",
        )
