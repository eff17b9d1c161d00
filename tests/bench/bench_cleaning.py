# SPDX-License-Identifier: GPL-3.0-or-later
"""What cleaning the mesh adds to an import, from the file to ``prop.blend``, without a picture."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from harness import ROOT, Result, fresh_process

sys.path.insert(0, str(ROOT / "tests"))

from support.glbs import charts

SIZES = {20_000: 512, 250_000: 2048, 1_000_000: 4096}
"""Triangles, and pixels along a side of the two pictures."""
GOALS = {"safe": 0.15, "full": 0.5}


def cleaning() -> Iterator[Result]:
    """The default and the thorough way, for a model as a generator gives it."""
    with tempfile.TemporaryDirectory(prefix="trellis bench ") as folder:
        for triangles, pixels in SIZES.items():
            path = Path(folder) / f"{triangles}.glb"
            path.write_bytes(charts(triangles, pixels))
            for how, goal in GOALS.items():
                measured = fresh_process("measure_cleaning.py", str(path), how)
                cleaning, rest = measured["cleaning"], measured["rest"]
                yield Result(
                    f"cleaning_{how}_{triangles // 1000}k_triangles",
                    cleaning / rest,
                    "x the rest",
                    goal,
                    runs=measured["runs"],
                    note=f"{cleaning:.0f} ms : {rest:.0f} ms, {measured['peak'] / 1e6:.0f} MB",
                )
