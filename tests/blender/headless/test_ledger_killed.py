# SPDX-License-Identifier: GPL-3.0-or-later
"""What a killed process had paid stands in the ledger for the next one that asks, and once."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from gateway import StandInGateway
from gateway import actions as do
from support.blenders import newest_only
from support.crash_runs import Bench
from support.crash_steps import STEPS

from trellis_addon.library.cost_ledger import Ledger

pytestmark = [
    newest_only,
    pytest.mark.long,
    pytest.mark.skipif(sys.platform != "linux", reason="stops inside processes"),
]


@pytest.mark.parametrize("key", ["downloaded", "recorded"])
def test_killed_before_the_cost_was_written_down(
    stand_in: StandInGateway, tmp_path: Path, key: str
) -> None:
    """Nothing is resumed: a prop that is ready never would be."""
    bench, step = Bench(stand_in, tmp_path), STEPS[key]
    child = bench.start()
    try:
        bench.begin(child, key)
        bench.reached(key)
    finally:
        child.kill()
    (call,) = bench.record(step)["origin"]["calls"]
    assert not list((bench.library / ".costs").glob("*.jsonl"))
    assert Ledger(bench.library).spent() == call["cost_cents"] > 0
    assert bench.resume().code == 0
    assert Ledger(bench.library).spent() == call["cost_cents"]
    assert not list((bench.library / ".costs").glob("*.open"))


def test_resume_finds_what_an_older_version_missed(
    stand_in: StandInGateway, tmp_path: Path
) -> None:
    bench = Bench(stand_in, tmp_path)
    made = bench.command("generate", "oak barrel", "--library", bench.library)
    assert made.code == 0, made.explain()
    (ledger,) = (bench.library / ".costs").iterdir()
    ledger.unlink()
    assert Ledger(bench.library).spent() == 0
    assert bench.resume().code == 0
    assert Ledger(bench.library).spent() == stand_in.payments[-1].cents


def test_cost_told_by_the_submit_and_by_a_poll(stand_in: StandInGateway, tmp_path: Path) -> None:
    bench = Bench(stand_in, tmp_path)
    for route in ("POST /v1/3d/generations", "GET /v1/jobs/*"):
        stand_in.script.on(route, do.header("x-cost-cents", "2.1"), times=None)
    words = ["generate", "oak barrel", "--endpoint", "jobs", "--library", bench.library, "--json"]
    made = bench.command(*words)
    assert made.code == 0, made.explain()
    assert made.last["cost_cents"] == 2.1
    assert Ledger(bench.library).spent() == 2.1
