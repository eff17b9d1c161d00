# SPDX-License-Identifier: GPL-3.0-or-later
"""What our client adds to a call of the gateway, against httpx with the same answer."""

from __future__ import annotations

from collections.abc import Iterator

from harness import Result, fresh_process, gateway, in_turn, medians

DELAY = 1.0
"""Seconds that the stand-in takes for a prop; the real gateway takes 30 and more."""

WHOLE = ("--answer", "data_uri", "--delay", DELAY, "--plain")
"""Answers hold the mesh."""


def call() -> Iterator[Result]:
    """The whole call, ours and the bare client in turn."""
    with gateway(*WHOLE) as url:
        ours, bare = medians(
            in_turn(
                lambda: float(fresh_process("measure_call.py", "ours", url)["call"]),
                lambda: float(fresh_process("measure_call.py", "bare", url)["call"]),
            )
        )
    note = f"{ours:.0f} ms : {bare:.0f} ms, of which the gateway takes {DELAY * 1000:.0f}"
    yield Result("gateway_call", ours / bare, "x bare httpx", 1.1, note=note)
