# SPDX-License-Identifier: GPL-3.0-or-later
"""`batch --grace`: a scheduler's SIGTERM, and the time until its SIGKILL."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from gateway import Gate, StandInGateway
from support.batching import PROMPTS, Bench, held_at_gate, sums
from support.blenders import newest_only
from support.processes import LIMIT_SECONDS, ended
from support.stopping import STOPS, ask_to_stop, until_told

pytestmark = [newest_only, pytest.mark.long]


@pytest.fixture
def bench(stand_in: StandInGateway, tmp_path: Path) -> Bench:
    return Bench(stand_in, tmp_path)


@pytest.fixture
def gate(bench: Bench) -> Iterator[Gate]:
    yield from held_at_gate(bench)


def asked_to_stop(bench: Bench, gate: Gate, grace: str, words: str) -> subprocess.Popen[str]:
    """A batch that has been asked to stop and says so, with its call held at the gateway."""
    process = bench.start("--jobs", "1", "--grace", grace)
    assert gate.reached.wait(LIMIT_SECONDS)
    ask_to_stop(process, STOPS[-1], bench.home)
    until_told(process, words)
    return process


def test_call_that_ends_in_time_is_finished_and_nothing_is_begun(bench: Bench, gate: Gate) -> None:
    process = asked_to_stop(bench, gate, "10m", "1 under way are finished first, for 10 min")
    gate.release()
    done = ended(process)
    assert done.code == 130, done.explain()
    assert sums(done) == {"done": 1}
    assert "2 not begun" in done.stderr
    assert sum(bench.sent.values()) == 1


def test_call_that_takes_longer_is_stopped_and_goes_on_later(bench: Bench, gate: Gate) -> None:
    process = asked_to_stop(bench, gate, "2s", "The time to finish is over: 1 under way")
    done = ended(process)
    assert not gate.released.is_set()
    assert done.code == 130, done.explain()
    assert sums(done) == {"cancelled": 1}
    gate.release()
    again = bench.run()
    assert again.code == 0, again.explain()
    assert bench.ready == sorted(PROMPTS)
    assert len(bench.keys) == len(PROMPTS), "nothing is paid for twice"


def test_second_signal_ends_it_before_the_time_is_over(bench: Bench, gate: Gate) -> None:
    process = asked_to_stop(bench, gate, "10m", "1 under way are finished first")
    ask_to_stop(process, signal.SIGINT, bench.home)
    done = ended(process)
    assert not gate.released.is_set()
    assert done.code == 130, done.explain()
    assert sums(done) == {"cancelled": 1}


def test_wrong_time_is_told(bench: Bench) -> None:
    done = bench.run("--grace", "soon")
    assert done.code == 2, done.explain()
    assert "--grace soon is no length of time" in done.stderr
