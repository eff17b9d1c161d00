# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a model's file, checked and made light, against Blender's importer alone."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from harness import ROOT, Result, fresh_process

sys.path.insert(0, str(ROOT / "tests"))

from support.glbs import charts

SIZES = {250_000: 2048, 1_000_000: 4096}
"""Triangles, and pixels along a side of the two pictures."""


def reading() -> Iterator[Result]:
    """Both in turn in one process, for a model as a generator gives it."""
    with tempfile.TemporaryDirectory(prefix="trellis bench ") as folder:
        for triangles, pixels in SIZES.items():
            path = Path(folder) / f"{triangles}.glb"
            path.write_bytes(charts(triangles, pixels))
            measured = fresh_process("measure_reading.py", str(path))
            ours, theirs = measured["ours"], measured["theirs"]
            yield Result(
                f"reading_{triangles // 1000}k_triangles",
                ours / theirs,
                "x importer",
                0.6,
                runs=measured["runs"],
                note=f"{ours:.0f} ms : {theirs:.0f} ms",
            )
