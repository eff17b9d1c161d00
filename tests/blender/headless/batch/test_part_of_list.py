# SPDX-License-Identifier: GPL-3.0-or-later
"""`batch --only`, `--skip` and `--limit`: what is left out is made later, nothing twice."""

from __future__ import annotations

from pathlib import Path

from gateway import StandInGateway
from support.batching import PROMPTS, Bench, sums
from support.rooms import props


def test_a_part_and_then_the_rest(stand_in: StandInGateway, tmp_path: Path) -> None:
    bench = Bench(stand_in, tmp_path)
    first = bench.run("--only", "1-2", "--limit", "1")
    assert sums(first) == {"done": 1}, first.explain()
    assert "Note: 1 of 3 props chosen (line 1); 2 left out" in first.stderr
    (made,) = props(bench.library)
    planned = bench.run("--skip", made.name, "--dry-run")
    assert planned.last["to_send"] == 2, planned.explain()
    wrong = bench.run("--only", "oak barell")
    assert wrong.code == 2, wrong.explain()
    every = bench.run()
    assert sums(every) == {"done": 2, "skipped": 1}, every.explain()
    assert bench.sent == dict.fromkeys(PROMPTS, 1)
