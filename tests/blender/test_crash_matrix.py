# SPDX-License-Identifier: GPL-3.0-or-later
"""Every step of a generation x every kind of end: then the prop is whole, and paid for once.

Real processes are stopped at exact steps, ended, and started again. The data is in
`support/crash_steps.py`; the table in CONTRIBUTING.md is made of it. One scenario for each kind of
end runs all its steps, and each cell is a test of its own. TRELLIS_CRASH_SEEDS=20 cuts the files of
the power loss in so many ways.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import bpy
import pytest
from gateway import StandInGateway
from support import bpy_context
from support.blenders import OLDER
from support.crash_checks import Reports, instances_here, whole_library
from support.crash_disks import can_be_read_only, full, mounts, read_only, small_disk
from support.crash_inside import sitecustomize
from support.crash_runs import (
    LOCK,
    Bench,
    Child,
    HalfWritten,
    not_synced,
    patient,
    stops,
)
from support.crash_steps import AT_GATEWAY, ENDS, SAME_RUN, STEPS, cells
from support.crash_table import CONTRIBUTING, current
from support.rooms import Rooms

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(sys.platform != "linux", reason="signals, /proc and audit hooks"),
]
SEEDS = int(os.environ.get("TRELLIS_CRASH_SEEDS", "2"))
EVERYWHERE = ("blender", "power")
"""What an older Blender may do differently; the other ends are of the library and the network."""
HERE = (
    ENDS
    if not OLDER or "TRELLIS_CRASH_SEEDS" in os.environ
    else tuple(end for end in ENDS if end in EVERYWHERE)
)
# --- the ends


def first_round(bench: Bench, child: Child, last: str = "importing") -> None:
    """Everything that can wait side by side, and one step in the background Blender."""
    bench.begin(child, "recorded", "in-scene")
    bench.reached("recorded")
    assert child.outcome(STEPS["in-scene"]) == "finished"
    bench.begin(child, *AT_GATEWAY, last)
    bench.reached(*AT_GATEWAY, last)
    bench.place(child)
    bench.reached("in-scene")


def killed(bench: Bench) -> Iterator[None]:
    """Three processes, one for each step of the background Blender; yields before each start."""
    for last in ("importing", "half-written", "in-place"):
        yield
        child = bench.start()
        try:
            if last == "importing":
                first_round(bench, child)
            else:
                bench.begin(child, last)
                bench.reached(last)
            half = HalfWritten(bench) if last == "half-written" else None
        finally:
            child.kill()
            bench.go(*AT_GATEWAY)
        if half:
            half.leave()


def blender(bench: Bench) -> Reports:
    list(killed(bench))
    return whole_library(bench, "blender")


def touched_and_not_synced(bench: Bench) -> dict[str, int]:
    """As `not_synced` once the owners have touched their locks, as they do on a slow machine."""
    locks = bench.library.glob(f"*/{LOCK}")
    held = [lock for lock in locks if lock.stat().st_mtime >= bench.born]
    assert held, "a process that was killed has left its locks"
    for lock in held:
        os.utime(lock)
    return not_synced(bench)


def power(bench: Bench) -> Reports:
    """The same, and what was not synced is cut: in several ways, each in a library of its own."""
    unsynced: dict[str, int] = {}
    for _ in killed(bench):
        if bench.hooks.exists():
            unsynced |= touched_and_not_synced(bench)
    unsynced |= touched_and_not_synced(bench)
    assert LOCK not in {Path(name).name for name in unsynced}
    assert "payload-0.part" in {Path(name).name for name in unsynced}, "what was half received"
    kept = bench.home / "kept"
    bench.root.rename(kept)
    reports: Reports = {key: [] for key in ("", *cells("power"))}
    for seed in range(SEEDS):
        shutil.rmtree(bench.root, ignore_errors=True)
        shutil.copytree(kept, bench.root)
        chance = random.Random(seed)
        for name, size in sorted(unsynced.items()):
            os.truncate(bench.root / name, chance.choice((0, chance.randrange(size))))
        for key, wrong in whole_library(bench, "power").items():
            reports[key] += [f"seed {seed}: {one}" for one in wrong]
    return reports


def background(bench: Bench) -> Reports:
    child = bench.start()
    try:
        first_round(bench, child)
        os.kill(child.worker, signal.SIGKILL)
        patient(lambda: child.find("failed", STEPS["importing"].prompt), "the importer's error")
        bench.go(*AT_GATEWAY, "importing", "recorded", "in-scene")
        ends = {key: child.outcome(STEPS[key]) for key in (*AT_GATEWAY, "recorded", "importing")}
        for last in ("half-written", "in-place"):
            bench.begin(child, last)
            bench.reached(last)
            half = HalfWritten(bench) if last == "half-written" else None
            os.kill(child.worker, signal.SIGKILL)
            bench.go(last)
            ends[last] = child.outcome(STEPS[last])
            if half:
                half.leave()
        child.end()
    finally:
        child.kill()
    return whole_library(bench, "background") | _run_on(ends, "background", "importer")


def _run_on(ends: dict[str, str], end: str, kind: str) -> Reports:
    """What went on by itself as it should, and what failed by a name."""
    wrong = [
        f"{key} ended as {outcome}"
        for key, outcome in ends.items()
        if outcome != ("finished" if (key, end) in SAME_RUN else kind)
    ]
    return {"ends": wrong}


def full_disk(bench: Bench) -> Reports:
    child = bench.start(limit=True)
    try:
        first_round(bench, child)
        both = (child.process.pid, child.worker)
        with full(bench.root, both):
            bench.go(*AT_GATEWAY, "importing", "recorded", "in-scene")
            ends = {k: child.outcome(STEPS[k]) for k in (*AT_GATEWAY, "recorded", "importing")}
            ran = patient(lambda: child.find("ran"), "the scene's refusal")
        for last in ("half-written", "in-place"):
            bench.begin(child, last)
            bench.reached(last)
            if last == "half-written":
                bench.go(last)  # its file may have so many bytes and no more
                ends[last] = child.outcome(STEPS[last])
                os.kill(child.worker, signal.SIGKILL)  # that limit was for this one
                continue
            with full(bench.root, (child.process.pid, child.worker)):
                bench.go(last)
                ends[last] = child.outcome(STEPS[last])
        child.end()
    finally:
        child.kill()
    reports = whole_library(bench, "full")
    if ends.pop("recorded") != "finished":  # its last bytes were there before the disk was full
        return reports | {"ends": ["recorded did not finish"]}
    reports["ends"] = _named(ends, child)
    if ran["code"] == 0:
        reports["ends"].append("the scene was saved on a full disk")
    return reports


def _named(ends: dict[str, str], child: Child) -> list[str]:
    """Every end is an error that names the disk."""
    wrong = []
    for key, kind in ends.items():
        failed = child.find("failed", STEPS[key].prompt) or {}
        said = str(failed.get("message", ""))
        if kind not in ("library", "importer") or "cannot be written" not in said:
            wrong.append(f"{key} ended as {kind}: {said}")
    return wrong


def read_only_library(bench: Bench) -> Reports:
    if not can_be_read_only():
        pytest.skip("this user may not mount, and permissions do not hold it back")
    child = bench.start()
    try:
        first_round(bench, child)
        with read_only(bench.root):
            bench.go(*AT_GATEWAY, "importing", "recorded", "in-scene")
            ends = {k: child.outcome(STEPS[k]) for k in (*AT_GATEWAY, "recorded", "importing")}
            ran = patient(lambda: child.find("ran"), "the scene's refusal")
        bench.begin(child, "in-place")
        bench.reached("in-place")
        with read_only(bench.root):
            bench.go("in-place")
            ends["in-place"] = child.outcome(STEPS["in-place"])
        child.end()
    finally:
        child.kill()
    reports = whole_library(bench, "read-only")
    reports["ends"] = _named(ends, child)
    if ran["code"] == 0:
        reports["ends"].append("the scene was saved read-only")
    return reports


def network(bench: Bench) -> Reports:
    child = bench.start()
    held = [key for key in cells("network") if key != "importing"]
    try:
        bench.begin(child, "recorded")
        bench.reached("recorded")
        bench.begin(child, *AT_GATEWAY, "importing")
        bench.reached(*AT_GATEWAY, "importing")
        bench.gateway.unplug()
        bench.go(*held, "importing")
        again = [STEPS[k].prompt for k in ("first-poll", "later-poll", "mid-download")]
        patient(lambda: all(_tries_again(child, prompt) for prompt in again), "another try")
        lost = [k for k in held if (k, "network") not in SAME_RUN and k != "accepted"]
        ends = {key: child.outcome(STEPS[key]) for key in lost}
        bench.gateway.plug_in()
        ends |= {k: child.outcome(STEPS[k]) for k in (*held, "importing")}
        child.end()
    finally:
        bench.gateway.plug_in()
        child.kill()
    return whole_library(bench, "network") | _run_on(ends, "network", "unreachable")


def _tries_again(child: Child, prompt: str) -> bool:
    told = [e["text"] for e in child.events if e.get("prompt") == prompt and "text" in e]
    return any("again" in text or "going on" in text for text in told)


def another_file(bench: Bench, rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> Reports:
    """In this process, through the session, as in the artist's Blender."""
    for name, value in (bench.variables | bench.inside()).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TRELLIS_LIBRARY", str(bench.library))
    own, session = rooms("preferences").stored(), rooms("ui.jobs.session").Session.get()
    here = sitecustomize.install(bench.hooks, [s for s in stops() if s["process"] == "main"])
    own.jobs_at_once = 8
    session.workshop.close()  # the next background Blender has the stops in it
    try:
        ends = {}
        groups = (("recorded",), AT_GATEWAY[:4], AT_GATEWAY[4:], ("importing",), ("in-place",))
        for keys in groups:
            bpy.ops.wm.read_homefile(use_empty=True)
            jobs = {key: _session_job(bench, rooms, session, key) for key in keys}
            bench.reached(*keys)
            bpy.ops.wm.open_mainfile(filepath=str(bench.scene), load_ui=False)
            bench.go(*keys)
            for key, job in jobs.items():
                session.wait(job.prop_id)
                ends[key] = type(job.outcome).__name__.lower()
            ends |= {k: "in the wrong file" for k in keys if instances_here()}
    finally:
        here.stops.clear()
        bench.go(*STEPS)
        session.cancel()
        session.workshop.close()
        session.forget()
        session.reports.clear()
        own.property_unset("jobs_at_once")
    return whole_library(bench, "file") | _run_on(ends, "file", "")


def _session_job(bench: Bench, rooms: Rooms, session: Any, key: str) -> Any:
    step = STEPS[key]
    bench.script(step)
    settings = rooms("preferences").read_settings(endpoint=step.endpoint)
    job = session.workshop.generate(rooms.request(step.prompt), settings)
    session.add(job, step.prompt, rooms("scene.place.placing").at_cursor(bpy_context.scene()))
    return job


SCENARIOS: dict[str, Callable[[Bench], Reports]] = {
    "blender": blender,
    "background": background,
    "power": power,
    "full": full_disk,
    "read-only": read_only_library,
    "network": network,
}


@pytest.fixture(scope="module")
def reports_of(rooms: Rooms, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Reports]:
    """What a scenario has found, run once for all its cells."""

    @cache
    def run(end: str) -> Reports:
        home = tmp_path_factory.mktemp(end)
        with ExitStack() as stack:
            gateway = stack.enter_context(StandInGateway(triangles=400, texture=256))
            small = end == "full" and mounts()
            root = stack.enter_context(small_disk(home / "disk")) if small else None
            bench = Bench(gateway, home, root)
            bpy.ops.wm.read_homefile(use_empty=True)
            bpy.ops.wm.save_as_mainfile(filepath=str(bench.scene))
            try:
                if end == "file":
                    with pytest.MonkeyPatch.context() as variables:
                        return another_file(bench, rooms, variables)
                return SCENARIOS[end](bench)
            except AssertionError as error:  # told by each cell, but run only once
                told = bench.child.told() if bench.child else ""
                broke = [f"the scenario broke: {error}\n{told}"]
                return dict.fromkeys(("", "ends", *cells(end)), broke)

    return run


PAIRS = [(end, step) for end in HERE for step in ("", "ends", *cells(end))]


@pytest.mark.parametrize(
    ("end", "step"),
    [pytest.param(*pair, id=f"{pair[0]}-{pair[1] or 'library'}") for pair in PAIRS],
)
def test_ended_and_started_again(reports_of: Callable[[str], Reports], end: str, step: str) -> None:
    assert reports_of(end).get(step, []) == []


def test_table_in_the_developers_page_is_of_this_matrix() -> None:
    text = CONTRIBUTING.read_text("utf-8")
    assert current(text) == text, "run: python tests/support/crash_table.py"
