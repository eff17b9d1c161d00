# SPDX-License-Identifier: GPL-3.0-or-later
"""``make bench``: run the benchmarks, print one line each, write ``out/bench.json``."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import platform
import sys
from collections.abc import Callable, Iterator
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
from bench_placing import placing
from bench_quality import quality
from bench_reading import reading
from bench_rebuild import rebuild
from bench_session import click, enable, session
from bench_window import window
from harness import ROOT, Result

BENCHMARKS: dict[str, Callable[[], Iterator[Result]]] = {
    "answers": answers,
    "background": background,
    "arrival": arrival,
    "rebuild": rebuild,
    "batch": batch,
    "freeze": freeze,
    "placing": placing,
    "reading": reading,
    "cleaning": cleaning,
    "quality": quality,
    "gallery": gallery,
    "library": library,
    "enable": enable,
    "click": click,
    "session": session,
    "call": call,
    "window": window,
}


def versions() -> dict[str, str]:
    """What was measured, without the machine's name."""
    names = ("bpy", "httpx", "pydantic", "numpy")
    found = {name: importlib.metadata.version(name) for name in names}
    return {"python": platform.python_version(), "system": platform.system(), **found}


def main() -> int:
    """Benchmarks never fail a build: 0 unless the name is unknown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=sorted(BENCHMARKS))
    only = parser.parse_args().only
    rows = []
    print(", ".join(f"{name} {number}" for name, number in versions().items()), flush=True)
    for name, benchmark in BENCHMARKS.items():
        if only in (None, name):
            for result in benchmark():
                print(result.line(), flush=True)
                rows.append(result.row(versions()))
    out = ROOT / "out"
    out.mkdir(exist_ok=True)
    (out / "bench.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
