# SPDX-License-Identifier: GPL-3.0-or-later
"""The jobs of a batch share what the gateway says about a model: one of them asks."""

from __future__ import annotations

import json
from pathlib import Path

from gateway import Gate, StandInGateway
from gateway import actions as do
from support.batching import Bench, sums
from support.processes import LIMIT_SECONDS, ended, output_lines

JOBS = 8


def test_one_job_asks_for_all(stand_in: StandInGateway, tmp_path: Path) -> None:
    bench = Bench(stand_in, tmp_path)
    bench.file.write_text("\n".join(f"crate {number}" for number in range(JOBS)), "utf-8")
    gate = Gate()
    stand_in.script.on("GET /v1/models/*", do.hold(gate))
    process = bench.start("--jobs", str(JOBS))
    begun = 0
    for line in output_lines(process):
        begun += json.loads(line)["event"] == "item"
        if begun == JOBS:
            break
    assert gate.reached.wait(LIMIT_SECONDS)
    gate.release()
    done = ended(process)
    assert done.code == 0, done.explain()
    assert sums(done) == {"done": JOBS}
    asked = [r.path for r in stand_in.requests_to("GET /v1/models/")]
    assert len(asked) == 1, asked
