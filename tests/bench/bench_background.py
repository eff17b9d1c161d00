# SPDX-License-Identifier: GPL-3.0-or-later
"""200 props, one after the other, made by one background Blender: neither its memory nor the time
that a prop takes may grow.

In the product a fresh process follows after 100 props; here that is switched off. Each prop is a
whole one, with its picture: 20,000 triangles and a texture of 512 pixels, four models in turn.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench_placing import background_import
from harness import ROOT, RUNS, Result, fresh_process

sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(ROOT))

from gateway.meshes import make_glb
from support.processes import worker_pid
from support.rooms import Rooms

PROPS = 200
SETTLED = 20
"""After so many props Blender has loaded what it needs; memory is compared with that."""
TRIANGLES, PIXELS = 20_000, 512
LARGE, LARGE_PIXELS = 250_000, 2048
PROMPTS = ("weathered oak barrel", "stone lantern", "iron-bound chest", "red armchair")


@dataclass(frozen=True)
class Look:
    """After one prop."""

    seconds: float
    resident: int
    process: int


def background() -> Iterator[Result]:
    """Memory and time of the last props against those after the twentieth."""
    looks = make_props(PROPS)
    ours = {look.process for look in looks}
    kept, last = looks[SETTLED - 1].resident, looks[-1].resident
    peak = max(look.resident for look in looks)
    yield Result(
        f"background_memory_after_{PROPS}_props",
        last / kept,
        f"x after {SETTLED}",
        1.1,
        runs=1,
        note=f"{kept / 1e6:.0f} -> {last / 1e6:.0f} MB, largest {peak / 1e6:.0f}; "
        f"{len(ours)} process, no restart",
    )
    early = statistics.median(look.seconds for look in looks[SETTLED : 2 * SETTLED])
    late = statistics.median(look.seconds for look in looks[-SETTLED:])
    yield Result(
        f"background_time_after_{PROPS}_props",
        late / early,
        f"x props {SETTLED}-{2 * SETTLED}",
        1.1,
        runs=SETTLED,
        note=f"{early * 1000:.0f} -> {late * 1000:.0f} ms a prop, picture included",
    )


def arrival() -> Iterator[Result]:
    """From the model on the disk to the prop in the scene, against the importer alone.

    As the product does it in a window: a warm background Blender, the check, the finishing, the
    file, then the placing calls, while the picture is being taken. With the light stand-in, as by
    default, and without.
    """
    rooms = Rooms("trellis_addon")
    process = rooms("importer.pipe.background_blender")
    blender = process.BackgroundBlender(process.command_for("", sys.executable))
    model = make_glb(PROMPTS[0], 0, LARGE, LARGE_PIXELS)
    try:
        with tempfile.TemporaryDirectory() as name:
            library = Path(name)
            one_prop(rooms, blender, library, model)
            file = library / "model.glb"
            file.write_bytes(model)
            theirs: list[float] = []
            ours: dict[bool, list[Any]] = {True: [], False: []}
            for _ in range(RUNS):
                theirs.append(
                    fresh_process("measure_placing.py", "calls", "import", str(file))["ms"]
                )
                for proxy, times in ours.items():
                    times.append(_arrived(rooms, blender, library, model, proxy=proxy))
    finally:
        blender.close()
    other = statistics.median(theirs)
    for proxy, times in ours.items():
        value = statistics.median(times)
        title = f"answer_to_placed_prop_{LARGE // 1000}k" + ("" if proxy else "_without_proxy")
        note = f"{value:.0f} ms : {other:.0f} ms, all of it but the calls in the background"
        yield Result(title, value / other, "x importer", 1.0, note=note)
    yield from background_import()


def _arrived(rooms: Rooms, blender: Any, library: Path, model: bytes, *, proxy: bool) -> float:
    """Milliseconds of one prop until it is placed; its picture is waited for, and not counted."""
    finishing = rooms("core.generation.finishing").Finishing(proxy=proxy).to_dict()
    folder = rooms.downloaded(library, model)
    record = folder.read().model_copy(update={"finishing": finishing})
    usable: list[float] = []
    start = time.perf_counter()
    blender.convert(
        folder,
        record,
        rooms("core.cancel").CancelToken(),
        lambda text: None,
        usable=lambda made: usable.append(time.perf_counter()),
    )
    converted = (usable[0] - start) * 1000
    placed = fresh_process("measure_placing.py", "calls", "link", str(folder.path / "prop.blend"))
    shutil.rmtree(folder.path)
    return converted + float(placed["ms"])


def make_props(count: int) -> list[Look]:
    """Make the props and look at the process after each."""
    rooms = Rooms("trellis_addon")
    process, limits = (
        rooms("importer.pipe.background_blender"),
        rooms("importer.pipe.blender_process").ProcessLimits,
    )
    never = limits(props=count + 1, idle_bytes=1 << 60)
    blender = process.BackgroundBlender(process.command_for("", sys.executable), never)
    models = [make_glb(prompt, 0, TRIANGLES, PIXELS) for prompt in PROMPTS]
    try:
        with tempfile.TemporaryDirectory() as library:
            blender.warm_up()
            return [
                one_prop(rooms, blender, Path(library), models[index % len(models)])
                for index in range(count)
            ]
    finally:
        blender.close()


def one_prop(rooms: Rooms, blender: Any, library: Path, model: bytes) -> Look:
    """Make one prop; its folder is removed, so that the disk stays as it was."""
    folder = rooms.downloaded(library, model)
    token = rooms("core.cancel").CancelToken()
    start = time.perf_counter()
    blender.convert(folder, folder.read(), token, lambda text: None)
    seconds = time.perf_counter() - start
    shutil.rmtree(folder.path)
    pid = worker_pid(blender)
    assert pid is not None, "its background Blender has ended"
    return Look(seconds, rooms("importer.pipe.memory_limit").resident_bytes(pid), pid)
