# SPDX-License-Identifier: GPL-3.0-or-later
"""A batch while its gateway is away for a time, refuses for a time, or never comes back."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from gateway import StandInGateway
from gateway import actions as do
from support.batching import CHAT, Bench, sums
from support.blenders import newest_only
from support.processes import ended, output_lines

pytestmark = [newest_only, pytest.mark.long]

MANY = [f"crate {number}" for number in range(4)]


@pytest.fixture
def bench(stand_in: StandInGateway, tmp_path: Path) -> Bench:
    made = Bench(stand_in, tmp_path)
    made.file.write_text("\n".join(MANY), "utf-8")
    return made


def read_until(process: subprocess.Popen[str], words: str) -> Iterator[str]:
    """The lines of the output up to the one that has these words."""
    for line in output_lines(process):
        yield line
        if words in line:
            return
    raise AssertionError(ended(process).explain())


def test_gateway_that_comes_late(bench: Bench, stand_in: StandInGateway) -> None:
    stand_in.stop()
    process = bench.start("--jobs", "2", "--give-up-after", "5m")
    before = [json.loads(line) for line in read_until(process, '"waiting"')]
    port = int(stand_in.base_url.rpartition(":")[2])
    with StandInGateway(triangles=500, texture=64, port=port) as back:
        done = ended(process)
        assert len(back.payments) == len(MANY), "each prop is paid for once"
    assert done.code == 0, done.explain()
    assert bench.ready == MANY
    assert any(event["event"] == "reached" for event in done.events), done.explain()
    told = [event["event"] for event in (*before, *done.events)]
    assert told.count("failed") == told.count("retry") > 0, "each end is followed by another try"


def test_network_that_goes_while_props_are_made(bench: Bench, stand_in: StandInGateway) -> None:
    process = bench.start("--jobs", "1", "--give-up-after", "5m", "--endpoint", "chat")
    list(read_until(process, '"item"'))
    stand_in.unplug()
    list(read_until(process, '"waiting"'))
    stand_in.plug_in()
    done = ended(process)
    assert done.code == 0, done.explain()
    assert bench.ready == MANY
    # A request that was lost on its way back is repeated under its key.
    assert len(stand_in.payments) == len(MANY), "each prop is paid for once"
    assert any(event["event"] == "reached" for event in done.events), done.explain()


def test_gateway_that_stays_away_is_given_up(bench: Bench, stand_in: StandInGateway) -> None:
    stand_in.stop()
    done = bench.run("--jobs", "2", "--give-up-after", "3s")
    assert done.code == 4, done.explain()
    waits = [event for event in done.events if event["event"] == "waiting"]
    assert waits
    assert all(0 < event["seconds"] <= 3 for event in waits)
    assert sums(done) == {"failed": 1}
    assert f"{len(MANY) - 1} not begun" in done.stderr


def test_signal_ends_the_waiting(bench: Bench, stand_in: StandInGateway) -> None:
    stand_in.stop()
    process = bench.start("--give-up-after", "1h")
    list(read_until(process, '"waiting"'))
    process.terminate()
    done = ended(process)
    assert done.code == 130, done.explain()


def test_failure_that_costs_nothing_is_tried_again(bench: Bench, stand_in: StandInGateway) -> None:
    bench.file.write_text(MANY[0], "utf-8")
    stand_in.script.on(CHAT, do.status(503), times=4)  # the job itself asks four times
    done = bench.run("--endpoint", "chat", "--retry", "1")
    assert done.code == 0, done.explain()
    assert [e["seconds"] for e in done.events if e["event"] == "retry"] == [5.0]
    assert len(stand_in.payments) == 1


@pytest.mark.parametrize(
    "options", [("--give-up-after", "soon"), ("--give-up-after", "nan"), ("--retry", "-1")]
)
def test_wrong_limits_are_told(bench: Bench, options: tuple[str, str]) -> None:
    done = bench.run(*options)
    assert done.code == 2, done.explain()
    assert options[0] in done.stderr
