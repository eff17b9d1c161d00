# SPDX-License-Identifier: GPL-3.0-or-later
"""Milliseconds of our reading of a GLB and of Blender's importer alone, in turn in one Blender.

``measure_reading.py GLB``; the last line printed is a JSON object. Run by ``bench_reading.py``.
"""

from __future__ import annotations

import json
import logging
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import bpy

from trellis_addon.importer.read.blender_gltf import empty_file
from trellis_addon.importer.read.model_import import import_model

ROUNDS = 5


def timed(work: Callable[[], object]) -> float:
    """Milliseconds of one call in an empty file."""
    empty_file()
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def main() -> None:
    """Five of each; the first of each loads modules and is left out."""
    logging.disable(logging.WARNING)
    path = Path(sys.argv[1])
    ours, theirs = [], []
    for _ in range(ROUNDS + 1):
        ours.append(timed(lambda: import_model(path)))
        theirs.append(timed(lambda: bpy.ops.import_scene.gltf(filepath=str(path))))
    measured = {"ours": statistics.median(ours[1:]), "theirs": statistics.median(theirs[1:])}
    sys.stdout.flush()
    print("\n" + json.dumps(measured | {"runs": ROUNDS}), flush=True)
    os._exit(0)  # 4.2 and 4.5 do not always end by themselves


if __name__ == "__main__":
    main()
