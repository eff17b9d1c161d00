# SPDX-License-Identifier: GPL-3.0-or-later
"""Seconds of CPU that making a prop takes, and how many of these measure its quality.

``measure_quality.py GLB``; the last line printed is a JSON object. Run by ``bench_quality.py``.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from trellis_addon.importer.pipe.messages import Task
from trellis_addon.importer.prop import convert
from trellis_addon.importer.quality.measure import measure

ROUNDS = 3


def main() -> None:
    """Make the prop some times; the first, which loads modules, is left out."""
    logging.disable(logging.WARNING)
    spent: list[float] = []
    whole: list[float] = []

    def timed(objects: list[Any]) -> Any:
        start = time.process_time()
        quality = measure(objects)
        spent.append(time.process_time() - start)
        return quality

    setattr(convert, "measure", timed)  # noqa: B010  (mypy knows it as a function)
    for _ in range(ROUNDS + 1):
        with tempfile.TemporaryDirectory() as name:
            shutil.copy(sys.argv[1], Path(name) / "model.glb")
            start = time.process_time()
            convert.convert(Task(name, "Prop", "prop", early=True), lambda text: None)
            whole.append(time.process_time() - start)
    found = {"measuring": statistics.median(spent[1:]), "whole": statistics.median(whole[1:])}
    sys.stdout.flush()
    print("\n" + json.dumps(found | {"runs": ROUNDS}), flush=True)
    os._exit(0)  # 4.2 and 4.5 do not always end by themselves


if __name__ == "__main__":
    main()
