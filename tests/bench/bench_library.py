# SPDX-License-Identifier: GPL-3.0-or-later
"""Libraries of thousands: ``list``, ``verify``, ``report`` and ``batch --scene``, in processor time
of whole processes, since that is the same on a busy machine. The props are real, small, and a few
files linked again and again.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from harness import ROOT, Result, fresh_process

sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(ROOT))

from gateway import StandInGateway
from support.batching import Bench
from support.props_copied import copy_many, report_lines
from support.rooms import props

MANY, FEWER = 5_000, 1_000
SCENES = (250, 500, 1_000)
PROMPTS = ("oak barrel", "red mushroom", "stone vase", "table lamp")
SMALL = (500, 64)
"""Triangles and pixels of a prop."""
GOALS = {"list": 2.0, "verify": 8.0, "report": 12.0}
SCENE_GOAL = 12.0
EVEN = 4.4
"""Four times as many props may take this many times as long."""
FLAT = 1.25


def library() -> Iterator[Result]:
    """All of them."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        models = _models(home)
        for count in (*SCENES, MANY):
            _make(home, models, count)
        yield from _commands(home)
        yield from _scenes(home)


def _models(home: Path) -> list[Path]:
    with StandInGateway(triangles=SMALL[0], texture=SMALL[1]) as gateway:
        bench = Bench(gateway, home)
        bench.file.write_text("\n".join(PROMPTS), "utf-8")
        done = bench.run()
        assert done.code == 0, done.explain()
        return props(bench.library)


def _make(home: Path, models: list[Path], count: int) -> None:
    records = copy_many(models, home / f"library-{count}", count)
    asked = [{k: v for k, v in r["request"].items() if v not in (None, [])} for r in records]
    for name, rows in (("list", asked), ("report", report_lines(records))):
        text = "".join(f"{json.dumps(row)}\n" for row in rows)
        (home / f"{name}-{count}.jsonl").write_text(text, "utf-8")


def _run(home: Path, count: int, *words: str) -> tuple[float, float]:
    """Processor seconds, and the peak of the memory in bytes."""
    place = ("--library", str(home / f"library-{count}"))
    found = fresh_process("measure_library.py", *words, *place)
    assert found["code"] == 0, (words, found)
    return found["cpu"], found["peak"]


def _commands(home: Path) -> Iterator[Result]:
    for name, goal in GOALS.items():
        grown = []
        for count in (FEWER, MANY):
            words = [name]
            if name == "report":
                words += [str(home / f"report-{count}.jsonl"), "--html", str(home / "page.html")]
            grown.append(_run(home, count, *words))
        (_, fewer), (seconds, peak) = grown
        yield Result(f"{name}_of_{MANY}", seconds, "s of CPU", goal, 1)
        note = f"{fewer / 1e6:.0f} -> {peak / 1e6:.0f} MB"
        yield Result(f"{name}_memory_{FEWER}_to_{MANY}", peak / fewer, "x", FLAT, 1, note)


def _scenes(home: Path) -> Iterator[Result]:
    taken = {}
    for count in SCENES:
        scene = ("--scene", str(home / f"all-{count}.blend"))
        taken[count], _ = _run(home, count, "batch", str(home / f"list-{count}.jsonl"), *scene)
    most, least = max(SCENES), min(SCENES)
    bare = fresh_process(
        "measure_library.py", "--bare", str(home / f"library-{most}"), str(home / "bare.blend")
    )["cpu"]
    note = f"Blender's own calls, one file after another: {bare:.1f} s"
    yield Result(f"scene_of_{most}", taken[most], "s of CPU", SCENE_GOAL, 1, note)
    note = ", ".join(f"{count}: {seconds:.1f} s" for count, seconds in taken.items())
    grown = taken[most] / taken[least]
    yield Result(f"scene_{least}_to_{most}", grown, "x", EVEN, 1, note)
