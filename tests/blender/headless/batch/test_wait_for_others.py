# SPDX-License-Identifier: GPL-3.0-or-later
"""`batch --wait` and `resume --wait`: props that another process is making are waited for."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from gateway import Gate, StandInGateway
from support.batching import PROMPTS, Bench, held_at_gate, sums
from support.blenders import newest_only
from support.processes import LIMIT_SECONDS, Ended, ended, output_lines, start
from support.rooms import props

pytestmark = [newest_only, pytest.mark.long]


@pytest.fixture
def bench(stand_in: StandInGateway, tmp_path: Path) -> Bench:
    return Bench(stand_in, tmp_path)


@pytest.fixture
def gate(bench: Bench) -> Iterator[Gate]:
    yield from held_at_gate(bench)


def first(bench: Bench, gate: Gate) -> subprocess.Popen[str]:
    """A process that has the whole list, one prop at a time, and waits for the first."""
    process = bench.start("--jobs", "1")
    assert gate.reached.wait(LIMIT_SECONDS)
    return process


def waiting(process: subprocess.Popen[str]) -> int:
    """For how many props a process says that it waits."""
    for line in output_lines(process):
        event = json.loads(line)
        if event["event"] == "waiting":
            return int(event["props"])
    raise AssertionError(ended(process).explain())


def test_what_is_finished_elsewhere_is_there(bench: Bench, gate: Gate) -> None:
    other = first(bench, gate)
    process = bench.start("--jobs", "1", "--wait")
    # The other process has claimed one item; this one makes the others meanwhile.
    assert waiting(process) == 1
    gate.release()
    done = ended(process)
    assert done.code == 0, done.explain()
    assert sums(done) == {"done": 2, "skipped": 1}
    assert done.last["not_there"] == 0
    assert ended(other).code == 0
    assert bench.sent == dict.fromkeys(PROMPTS, 1)


def test_what_a_dead_process_leaves_is_taken_up(bench: Bench, gate: Gate) -> None:
    other = first(bench, gate)
    process = bench.start("--jobs", "1", "--wait", "2h")
    assert waiting(process) == 1
    other.kill()
    ended(other)
    gate.release()
    done = ended(process)
    assert done.code == 0, done.explain()
    assert sums(done) == {"done": 3}
    assert len(bench.keys) == len(PROMPTS), "nothing is paid for twice"


def test_time_that_is_over_is_told(bench: Bench, gate: Gate) -> None:
    other = first(bench, gate)
    done = bench.run("--jobs", "1", "--wait", "1s")
    assert done.code == 6, done.explain()
    assert sums(done) == {"done": 2, "skipped": 1}
    assert done.last["not_there"] == 1
    assert "1 being made elsewhere" in done.stderr
    gate.release()
    assert ended(other).code == 0


def test_without_it_their_number_is_said(bench: Bench, gate: Gate) -> None:
    other = first(bench, gate)
    done = bench.run("--jobs", "1")
    assert done.code == 6, done.explain()
    assert "--wait waits for them" in done.stderr
    assert done.last["not_there"] == 1
    gate.release()
    ended(other)


def test_signal_ends_the_waiting(bench: Bench, gate: Gate) -> None:
    other = first(bench, gate)
    process = bench.start("--jobs", "1", "--wait")
    waiting(process)
    process.terminate()
    done = ended(process)
    assert done.code == 130, done.explain()
    assert "1 not begun" in done.stderr
    gate.release()
    ended(other)


def resumed(bench: Bench, *options: str) -> subprocess.Popen[str]:
    words = ["-m", "trellis_addon", "resume", *options, "--json", "--library", bench.library]
    return start(words, bench.home, **bench.variables)


@pytest.mark.parametrize("dies", [False, True], ids=["finishes", "dies"])
def test_resume_waits(bench: Bench, gate: Gate, dies: bool) -> None:
    bench.file.write_text(PROMPTS[0], "utf-8")
    other = first(bench, gate)
    process = resumed(bench, "--wait")
    assert waiting(process) == 1
    if dies:
        other.kill()
        ended(other)
    gate.release()
    done: Ended = ended(process)
    assert done.code == 0, done.explain()
    ended(other)
    assert bench.ready == [PROMPTS[0]]
    assert len(props(bench.library)) == len(bench.keys) == 1
