# SPDX-License-Identifier: GPL-3.0-or-later
"""Props rebuilt to a budget, against the same props as received, until they can be placed.

Both are made by one warm background Blender in turn. Its memory is looked at ten times a second, so
the peak is that of the whole import with the rebuild in it. For the size that has a goal, Blender's
own import and writing of the same file are measured in turn with them.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import ROOT, Result, fresh_process

sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(ROOT))

from gateway.meshes import make_glb
from support.processes import worker_pid
from support.rooms import Rooms

RUNS = 3
PROMPT = "weathered oak barrel"
SIZES = ((20_000, 1024), (250_000, 2048), (1_000_000, 2048))
"""Triangles, and pixels of the textures."""
BUDGETS = ("background", "standard", "hero")
JUDGED = ("standard", 250_000)
TIMES = 4.0
"""The goal of these: this many imports by this add-on, and by Blender's own importer."""
SECONDS = 30.0
GIGABYTES = 3.0


@dataclass(frozen=True)
class Made:
    """One prop: seconds until it can be placed, also of the processor; its triangles; and the most
    memory meanwhile.
    """

    seconds: float
    cpu: float
    triangles: int
    peak: int


def rebuild() -> Iterator[Result]:
    """Time and memory at each size and budget."""
    rooms = Rooms("trellis_addon")
    process = rooms("importer.pipe.background_blender")
    blender = process.BackgroundBlender(process.command_for("", sys.executable))
    try:
        with tempfile.TemporaryDirectory() as name:
            for triangles, pixels in SIZES:
                model = make_glb(PROMPT, 0, triangles, pixels)
                made(rooms, blender, Path(name), model, "off")
                for budget in BUDGETS:
                    if BUDGETS.index(budget) < 2 or triangles > 50_000:
                        yield from _rows(rooms, blender, Path(name), model, budget, triangles)
    finally:
        blender.close()


def _rows(
    rooms: Rooms, blender: Any, library: Path, model: bytes, budget: str, triangles: int
) -> Iterator[Result]:
    judged = (budget, triangles) == JUDGED
    path = library / "bare.glb"
    path.write_bytes(model)
    pairs, bare = [], []
    for _ in range(RUNS):
        plain_one = made(rooms, blender, library, model, "off")
        pairs.append((plain_one, made(rooms, blender, library, model, budget)))
        if judged:
            bare += fresh_process("measure_bare.py", str(path), "1")["seconds"]
    plain = statistics.median(one.seconds for one, _ in pairs)
    rebuilt = statistics.median(other.seconds for _, other in pairs)
    peak = max(other.peak for _, other in pairs) / 1e9
    title = f"rebuild_{budget}_{triangles // 1000}k"
    cpu = [statistics.median(pair[k].cpu for pair in pairs) for k in (0, 1)]
    note = (
        f"{plain:.2f} -> {rebuilt:.2f} s until it can be placed ({cpu[0]:.1f} -> {cpu[1]:.1f} s of "
        f"processor), {pairs[0][1].triangles:,} triangles"
    )
    if judged:
        yield Result(title, rebuilt / plain, "x import", TIMES, RUNS, note)
        own = statistics.median(bare)
        told = f"Blender's own import and writing: {own:.2f} s"
        yield Result(f"{title}_over_bare", rebuilt / own, "x import+write", TIMES, RUNS, told)
    else:
        yield Result(title, rebuilt, "s", SECONDS, RUNS, note)
    largest = max(one.peak for one, _ in pairs) / 1e9
    note = f"{largest:.2f} GB without the rebuild"
    yield Result(f"{title}_memory", peak, "GB", GIGABYTES, RUNS, note)


def made(rooms: Rooms, blender: Any, library: Path, model: bytes, budget: str) -> Made:
    """Make one prop; its folder is removed."""
    finishing = rooms("core.generation.finishing").Finishing(rebuild=budget, proxy=False)
    folder = rooms.downloaded(library, model)
    record = folder.read().model_copy(update={"finishing": finishing.to_dict()})
    usable: list[float] = []
    peaks, done = [0], threading.Event()
    resident = rooms("importer.pipe.memory_limit").resident_bytes

    def watch() -> None:
        while not done.wait(0.1):
            pid = worker_pid(blender)
            if pid is not None and not usable:
                peaks.append(resident(pid) or 0)

    watcher = threading.Thread(target=watch)
    watcher.start()
    before, start = processor(blender), time.perf_counter()
    try:
        result = blender.convert(
            folder,
            record,
            rooms("core.cancel").CancelToken(),
            lambda text: None,
            usable=lambda prop: usable.extend((time.perf_counter(), processor(blender))),
        )
    finally:
        done.set()
        watcher.join()
    shutil.rmtree(folder.path)
    return Made(usable[0] - start, usable[1] - before, result.prop["triangles"], max(peaks))


def processor(blender: Any) -> float:
    """The seconds of processor that the background Blender has used so far."""
    import psutil

    pid = worker_pid(blender)
    return sum(psutil.Process(pid).cpu_times()[:2]) if pid is not None else 0.0
