# SPDX-License-Identifier: GPL-3.0-or-later
"""``--processes`` and ``--no-pictures``: real commands, and the order of what they do."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from gateway import StandInGateway
from gateway.meshes import make_glb
from support.batching import Bench, sums
from support.processes import LIMIT_SECONDS, Ended, ended, output_lines, start, wait_until, workers
from support.rooms import props
from support.stopping import hearing

TAKING, IMPORTING = "Taking the prop's picture", "Importing in the background"
COUNT = 6


@pytest.fixture
def bench(stand_in: StandInGateway, tmp_path: Path) -> Bench:
    bench = Bench(stand_in, tmp_path)
    bench.file.write_text("\n".join(f"crate {number}" for number in range(COUNT)), "utf-8")
    return bench


def trellis(bench: Bench, *words: object) -> Ended:
    arguments = ["-m", "trellis_addon", *words, "--library", bench.library, "--json"]
    return ended(start(arguments, bench.home, **hearing(bench.home), **bench.variables))


def texts(done: Ended) -> list[str]:
    return [str(event.get("text", "")) for event in done.events]


def records(bench: Bench) -> list[dict[str, Any]]:
    return [json.loads((p / "prop.json").read_text("utf-8")) for p in props(bench.library)]


def with_picture(bench: Bench) -> int:
    return sum((path / "thumbnail.png").is_file() for path in props(bench.library))


def last(told: list[str], text: str) -> int:
    return len(told) - 1 - told[::-1].index(text)


def test_all_props_are_begun_before_the_last_picture(bench: Bench) -> None:
    done = bench.run("--processes", 2, "--jobs", COUNT)
    assert sums(done) == {"done": COUNT}
    told = texts(done)
    counts = Counter(told)
    assert (counts[IMPORTING], counts[TAKING]) == (COUNT, COUNT)
    assert last(told, IMPORTING) < last(told, TAKING)
    for prop in props(bench.library):
        own = [e for e in done.events if e.get("id") == prop.name]
        ready = next(n for n, e in enumerate(own) if e.get("state") == "ready")
        taken = next(n for n, e in enumerate(own) if e.get("text") == TAKING)
        finished = next(n for n, e in enumerate(own) if e["event"] == "finished")
        assert ready < taken < finished
    assert with_picture(bench) == COUNT
    assert sum(bench.sent.values()) == COUNT


def test_without_pictures_and_finish_takes_them(bench: Bench) -> None:
    done = bench.run("--no-pictures")
    assert sums(done) == {"done": COUNT}
    assert TAKING not in texts(done)
    assert with_picture(bench) == 0
    assert trellis(bench, "resume").code == 0
    assert with_picture(bench) == 0
    finished = trellis(bench, "finish", "--all", "--processes", 2)
    assert finished.code == 0, finished.explain()
    assert Counter(event["event"] for event in finished.events)["finished"] == COUNT
    assert with_picture(bench) == COUNT
    # Nothing visible changes now.
    again = trellis(bench, "finish", "--all", "--height", "3")
    assert again.code == 0, again.explain()
    assert texts(again).count(IMPORTING) == COUNT
    assert TAKING not in texts(again)
    assert {record["prop"]["size_metres"][2] for record in records(bench)} == {3.0}


@pytest.mark.skipif(os.name == "nt", reason="sends SIGKILL")
def test_killed_workers_lose_nothing(bench: Bench) -> None:
    process = bench.start("--processes", 2, "--retry", 2)
    wait_until(lambda: len(workers(process.pid)) == 2)
    for pid in workers(process.pid):
        os.kill(pid, signal.SIGKILL)
    done = ended(process)
    assert done.last["event"] == "summary", done.explain()
    rest = bench.run("--retry", 2)
    assert rest.code == 0, rest.explain()
    assert done.last["done"] + rest.last["done"] == COUNT
    assert with_picture(bench) == COUNT
    assert set(bench.sent.values()) == {1}


@pytest.mark.skipif(os.name == "nt", reason="sends SIGKILL")
def test_killed_before_the_pictures(bench: Bench) -> None:
    process = bench.start("--processes", 1, "--jobs", COUNT)
    for line in output_lines(process):
        if json.loads(line).get("text") == TAKING:
            process.kill()
            break
    process.communicate(timeout=LIMIT_SECONDS)
    assert any(r["state"] == "ready" and r["prop"]["picture"] == "due" for r in records(bench))
    done = bench.run()
    assert done.code == 0, done.explain()
    assert {r["state"] for r in records(bench)} == {"ready"}
    assert "due" not in {r["prop"]["picture"] for r in records(bench)}
    assert with_picture(bench) == COUNT
    assert set(bench.sent.values()) == {1}


def test_as_many_exports_at_once_as_processes(bench: Bench, tmp_path: Path) -> None:
    models = tmp_path / "models"
    models.mkdir()
    for number in range(4):
        (models / f"crate {number}.glb").write_bytes(make_glb("crate", number, 500, 64))
    assert trellis(bench, "import", models, "--no-pictures").code == 0
    target = tmp_path / "out"
    done = trellis(bench, "export", "--all", "--output", target, "--processes", 2)
    assert done.code == 0, done.explain()
    begun, most = 0, 0
    for event in done.events:
        begun += {"progress": 1, "exported": -1}.get(event["event"], 0)
        most = max(most, begun)
    assert most == 2
    assert sorted(path.stem for path in target.glob("*.glb")) == [
        p.name for p in props(bench.library)
    ]


@pytest.mark.parametrize("command", [("finish", "--all"), ("import", "x.glb"), ("export", "--all")])
def test_no_processes_is_wrong_usage(bench: Bench, command: tuple[str, ...]) -> None:
    done = trellis(bench, *command, "--processes", 0)
    assert done.code == 2
    assert "--processes must be 1 or more" in done.explain()
