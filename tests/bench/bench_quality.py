# SPDX-License-Identifier: GPL-3.0-or-later
"""What measuring the quality of a prop adds to making it."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from harness import ROOT, Result, fresh_process

sys.path.insert(0, str(ROOT / "tests"))

from gateway.meshes.ugly import make_ugly

SIZES = (20_000, 250_000, 1_000_000)
PIXELS = 2048


def quality() -> Iterator[Result]:
    """The share of the measuring in the making of ugly props, picture included, in CPU time."""
    with tempfile.TemporaryDirectory(prefix="trellis bench ") as folder:
        for triangles in SIZES:
            path = Path(folder) / "model.glb"
            path.write_bytes(make_ugly("oak barrel", triangles=triangles, texture=PIXELS))
            measured = fresh_process("measure_quality.py", str(path))
            spent, whole = measured["measuring"], measured["whole"]
            yield Result(
                f"quality_{triangles // 1000}k_triangles",
                spent / whole,
                "of making it",
                0.15,
                runs=measured["runs"],
                note=f"{spent * 1000:.0f} ms of {whole * 1000:.0f}, after the prop can be placed",
            )
