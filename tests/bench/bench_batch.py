# SPDX-License-Identifier: GPL-3.0-or-later
"""``trellis batch``: how well asking and importing overlap, what it adds to a prop, how quickly it
says that there is nothing to do, and whether its memory grows. All in processes of its own,
against the stand-in gateway.
"""

from __future__ import annotations

import itertools
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from harness import ROOT, Result, fresh_process, in_turn, medians

sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(ROOT))

from gateway import StandInGateway
from gateway.meshes import make_glb
from support.batching import CHAT, Bench
from support.processes import ended
from support.props_many import write_many
from support.rooms import Rooms, props

PROPS, DELAY, JOBS = 64, 2.0, 16
SMALL = (500, 64)
"""Triangles and pixels where the model itself is not what is measured."""
WHOLE = (20_000, 1024)
EACH = 12
"""Props in one run of the per-prop measurement."""
LOOPS = 3
"""Runs of the comparison with a bare loop, each of which takes a minute."""
DONE = 2_000
MANY, SETTLED = 500, 50
QUICK = (Path(__file__).with_name("measure_batch.py"),)


def batch() -> Iterator[Result]:
    """All of them."""
    yield from over_bare_loop()
    yield total()
    yield each()
    yield nothing_to_do()
    yield memory()


def listed(bench: Bench, count: int) -> None:
    bench.file.write_text("\n".join(f"crate {number}" for number in range(count)), "utf-8")


class ReadyMesh:
    """In the place of the gateway's meshes: one that is there, so that none is made meanwhile."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def glb(self, _prompt: str, _seed: int) -> bytes:
        """The same for all."""
        return self._content


def over_bare_loop() -> Iterator[Result]:
    """The whole command for 64 props, at a gateway that answers at once, with and without pictures,
    against a script that imports and saves the same model as often, in turn.
    """
    content = make_glb("crate", 0, *WHOLE)
    with StandInGateway() as gateway, tempfile.TemporaryDirectory() as folder:
        gateway._store.meshes = ReadyMesh(content)  # type: ignore[assignment]
        model = Path(folder) / "model.glb"
        model.write_bytes(content)

        def product(*options: str) -> float:
            with tempfile.TemporaryDirectory() as home:
                bench = Bench(gateway, Path(home))
                listed(bench, PROPS)
                start = time.perf_counter()
                done = bench.run("--jobs", str(JOBS), *options)
                seconds = time.perf_counter() - start
                assert done.last["done"] == PROPS, done.explain()
                pictures = sum((path / "thumbnail.png").is_file() for path in props(bench.library))
                assert pictures == (0 if options else PROPS)
                return seconds

        def bare() -> float:
            start = time.perf_counter()
            fresh_process("measure_bare.py", str(model), str(PROPS))
            return time.perf_counter() - start

        runs = [(bare(), product("--no-pictures"), product()) for _ in range(LOOPS)]
    loop, without, pictured = (statistics.median(each) for each in zip(*runs, strict=True))
    spread = f"; of {LOOPS} runs, the loop took {min(r[0] for r in runs):.1f} to "
    spread += f"{max(r[0] for r in runs):.1f} s"
    for name, seconds, goal in (("without", without, 1.6), ("with", pictured, 3.0)):
        yield Result(
            f"batch_{PROPS}_over_loop_{name}_pictures",
            seconds / loop,
            "x import+save",
            goal,
            runs=LOOPS,
            note=f"{seconds:.1f} against {loop:.1f} s, whole processes{spread}",
        )


def total() -> Result:
    """64 props against the longer of the two things that it has to wait for."""
    with (
        StandInGateway(delay=DELAY, triangles=SMALL[0], texture=SMALL[1]) as gateway,
        tempfile.TemporaryDirectory() as folder,
    ):
        bench = Bench(gateway, Path(folder))
        listed(bench, PROPS)
        before = imports(Path(folder) / "before", PROPS // 2)
        process = bench.start("--jobs", str(JOBS))
        assert process.stdout
        started = seconds = 0.0
        for line in process.stdout:
            now, event = time.perf_counter(), json.loads(line)["event"]
            started = started or (now if event == "item" else 0.0)
            if event == "summary":
                seconds = now - started
        ended(process)
        assert seconds, "the batch ended without its summary"
        one = statistics.fmean([*before, *imports(Path(folder) / "after", PROPS // 2)])
        assert len(props(bench.library)) == len(gateway.requests_to(CHAT)) == PROPS
    asking, importing = PROPS * DELAY / JOBS, PROPS * one
    return Result(
        f"batch_total_{PROPS}_props",
        seconds / max(asking, importing),
        "x the longer",
        1.15,
        runs=1,
        note=f"{seconds:.1f} s; asking {asking:.1f} s, importing in one background Blender "
        f"{importing:.1f} s ({one * 1000:.0f} ms a prop, picture included)",
    )


def imports(library: Path, count: int) -> list[float]:
    """Seconds of each prop that a background Blender makes while nothing else happens."""
    rooms = Rooms("trellis_addon")
    process = rooms("importer.pipe.background_blender")
    blender = process.BackgroundBlender(process.command_for("", sys.executable))
    token = rooms("core.cancel").CancelToken()
    times = []
    try:
        for number in range(-1, count):  # the first one waits for the start
            model = make_glb(f"crate {number}", 0, *SMALL)
            folder = rooms.downloaded(library, model)
            start = time.perf_counter()
            blender.convert(folder, folder.read(), token, lambda text: None)
            times.append(time.perf_counter() - start)
    finally:
        blender.close()
    return times[1:]


def each() -> Result:
    """From one prop's end to the next one's, the models being there, against Blender's own part."""
    rooms = Rooms("trellis_addon")
    content = make_glb("crate", 0, *WHOLE)
    with StandInGateway() as gateway, tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model.glb"
        model.write_bytes(content)

        def bare() -> float:
            measured = fresh_process("measure_bare.py", str(model), str(EACH))
            return float(statistics.median(measured["seconds"]))

        def product() -> float:
            with tempfile.TemporaryDirectory() as home:
                bench = Bench(gateway, Path(home), QUICK)
                listed(bench, EACH)
                for prompt in bench.file.read_text("utf-8").splitlines():
                    rooms.downloaded(bench.library, content, prompt=prompt)
                done = bench.run("--jobs", str(EACH))
                assert done.last["done"] == EACH, done.explain()
                assert not gateway.requests
                ends = sorted(ready_at(path) for path in props(bench.library))
                return statistics.median(b - a for a, b in itertools.pairwise(ends))

        ours, blenders = medians(in_turn(product, bare))
    return Result(
        "batch_per_prop_over_bare_import",
        ours / blenders,
        "x import+write",
        1.25,
        note=f"{ours * 1000:.0f} against {blenders * 1000:.0f} ms; without the picture",
    )


def ready_at(folder: Path) -> float:
    """When the record became ``ready``, in seconds."""
    record: dict[str, Any] = json.loads((folder / "prop.json").read_text("utf-8"))
    assert record["history"][-1]["state"] == "ready"
    return datetime.fromisoformat(record["history"][-1]["time"]).timestamp()


def nothing_to_do() -> Result:
    """2,000 items that are done: the whole process, with Blender's own start in it."""
    with StandInGateway() as gateway, tempfile.TemporaryDirectory() as home:
        bench = Bench(gateway, Path(home))
        write_many(bench.library, DONE, b"")
        requests = [
            json.loads((path / "prop.json").read_text("utf-8"))["request"]
            for path in props(bench.library)
        ]
        bench.file = Path(home) / "props.jsonl"
        bench.file.write_text("\n".join(map(json.dumps, requests)), "utf-8")
        bench.run("--dry-run")  # the first run after a change from elsewhere makes the index

        def again() -> float:
            start = time.perf_counter()
            done = bench.run()
            assert done.last["skipped"] == DONE, done.explain()
            return time.perf_counter() - start

        def start_up() -> float:
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", "import bpy, os; os._exit(0)"], check=True)
            return time.perf_counter() - start

        whole, bare = medians(in_turn(again, start_up))
        assert not gateway.requests
    return Result(
        f"batch_second_run_of_{DONE}",
        whole,
        "s",
        3.0,
        note=f"the whole process; {bare:.2f} s of it are Blender's own start",
    )


def memory() -> Result:
    """The batch's own process over 500 props; the background Blender is measured elsewhere."""
    with (
        StandInGateway(triangles=SMALL[0], texture=SMALL[1]) as gateway,
        tempfile.TemporaryDirectory() as home,
    ):
        bench = Bench(gateway, Path(home), QUICK)
        listed(bench, MANY)
        process = bench.start("--jobs", "4")
        assert process.stdout
        look = Rooms("trellis_addon")("importer.pipe.memory_limit").resident_bytes
        events = (json.loads(line)["event"] for line in process.stdout)
        resident = [look(process.pid) for event in events if event == "finished"]
        assert ended(process).code == 0
        assert len(resident) == MANY
    kept, last = max(resident[:SETTLED]), max(resident[-SETTLED:])
    return Result(
        f"batch_memory_over_{MANY}_props",
        last / kept,
        f"x first {SETTLED}",
        1.05,
        runs=1,
        note=f"{kept / 1e6:.0f} -> {last / 1e6:.0f} MB, largest of the first and last {SETTLED}",
    )
