# SPDX-License-Identifier: GPL-3.0-or-later
"""What our client adds to a call of the gateway, against httpx with the same answer."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from harness import ROOT, Result, fresh_process, in_turn, medians

TRIANGLES, PIXELS = 20_000, 1024
DELAY = 1.0
"""Seconds that the stand-in takes for a prop; the real gateway takes 30 and more."""


@contextmanager
def gateway() -> Iterator[str]:
    """The base URL of a stand-in in a process of its own, whose answers hold the mesh."""
    script = ROOT / "tests" / "gateway" / "serve.py"
    options = ["--answer", "data_uri", "--delay", str(DELAY)]
    size = ["--triangles", str(TRIANGLES), "--texture", str(PIXELS), "--plain"]
    process = subprocess.Popen(
        [sys.executable, str(script), *options, *size],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(10)


def call() -> Iterator[Result]:
    """The whole call, ours and the bare client in turn."""
    with gateway() as url:
        ours, bare = medians(
            in_turn(
                lambda: float(fresh_process("measure_call.py", "ours", url)["call"]),
                lambda: float(fresh_process("measure_call.py", "bare", url)["call"]),
            )
        )
    note = f"{ours:.0f} ms : {bare:.0f} ms, of which the gateway takes {DELAY * 1000:.0f}"
    yield Result("gateway_call", ours / bare, "x bare httpx", 1.1, note=note)
