# SPDX-License-Identifier: GPL-3.0-or-later
"""``make bench``: run the benchmarks of the table, print a line for each row, and write
``out/bench.json`` and ``BENCHMARKS.md``. The others run by their name, or all with ``--only all``.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from bench_answers import answers
from bench_background import arrival, background
from bench_batch import batch
from bench_call import call
from bench_cleaning import cleaning
from bench_freeze import freeze
from bench_gallery import gallery
from bench_library import library
from bench_memory import memory
from bench_placing import placing, scene
from bench_quality import quality
from bench_reading import reading
from bench_rebuild import rebuild
from bench_session import click, enable, session
from bench_window import window
from harness import ROOT, Result
from table import page

Benchmarks = Mapping[str, Callable[[], Iterator[Result]]]

TABLE: Benchmarks = {
    "enable": enable,
    "click": click,
    "session": session,
    "placing": placing,
    "memory": memory,
    "arrival": arrival,
}
"""What an artist feels; without a window."""
IN_WINDOW: Benchmarks = {"freeze": freeze, "window": window}
"""The part of the table that needs ``BLENDER=/path/to/blender``."""
MORE: Benchmarks = {
    "answers": answers,
    "background": background,
    "batch": batch,
    "call": call,
    "cleaning": cleaning,
    "gallery": gallery,
    "library": library,
    "quality": quality,
    "reading": reading,
    "rebuild": rebuild,
    "scene": scene,
}
"""These take longer, and are run before and after a change of what they measure."""
ALL: Benchmarks = {**TABLE, **IN_WINDOW, **MORE}


def versions() -> dict[str, str]:
    """What was measured, without the machine's name."""
    names = ("bpy", "httpx", "pydantic", "numpy")
    found = {name: importlib.metadata.version(name) for name in names}
    return {"python": platform.python_version(), "system": platform.system(), **found}


def chosen(only: str | None) -> Benchmarks:
    """The benchmarks of a run: one, all, or those of the table that can run here."""
    if only == "all":
        return ALL
    if only:
        return {only: ALL[only]}
    return {**TABLE, **IN_WINDOW} if _has_window() else TABLE


def _has_window() -> bool:
    return shutil.which(os.environ.get("BLENDER", "")) is not None


def measure(benchmarks: Benchmarks) -> list[Result]:
    """Run them, and print each row as it comes, with the time that each benchmark has taken."""
    results: list[Result] = []
    for name, benchmark in benchmarks.items():
        started = time.monotonic()
        for result in benchmark():
            print(result.line(), flush=True)
            results.append(result)
        print(f"    {name}: {time.monotonic() - started:.0f} s", flush=True)
    return results


def main() -> int:
    """Benchmarks never fail a build: 0 unless the name is unknown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=[*sorted(ALL), "all"])
    only = parser.parse_args().only
    measured, started = versions(), time.monotonic()
    print(", ".join(f"{name} {number}" for name, number in measured.items()), flush=True)
    results = measure(chosen(only))
    missed = [result.name for result in results if not result.met]
    print(
        f"{len(results)} rows in {time.monotonic() - started:.0f} s; "
        f"missed: {', '.join(missed) or 'none'}"
    )
    out = ROOT / "out"
    out.mkdir(exist_ok=True)
    rows = [result.row(measured) for result in results]
    (out / "bench.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    if only is None:
        left_out = () if _has_window() else tuple(f"{name} (no window)" for name in IN_WINDOW)
        text = page(results, measured, left_out)
        (ROOT / "BENCHMARKS.md").write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
