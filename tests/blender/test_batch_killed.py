# SPDX-License-Identifier: GPL-3.0-or-later
"""A batch that is killed as a power cut would, again and again, and batches beside each other."""

from __future__ import annotations

import json
import random
import sys
import time
from pathlib import Path

import pytest
from gateway import Gate, StandInGateway
from gateway import actions as do
from support.batching import CHAT, PROMPTS, Bench, sums
from support.blenders import newest_only
from support.processes import ended, run
from support.rooms import files_holding, parts, props

pytestmark = newest_only

MOMENTS = 20
SEED = 20261122
LONGEST_SECONDS = 1.5
"""From the first line on; a prop takes less than one."""


def kill_at_random(bench: Bench, dice: random.Random) -> bool:
    """Start, wait for the first line and a moment more, and kill. False: it was done before."""
    process = bench.start("--jobs", "3")
    assert process.stdout
    process.stdout.readline()
    # One in five is killed at once, while it takes its claims and makes its first folders.
    moment = dice.choice((0.0, *(dice.uniform(0, LONGEST_SECONDS) for _ in range(4))))
    time.sleep(moment)
    alive = process.poll() is None
    process.kill()
    ended(process)
    print(f"killed after {moment:.3f} s, {len(bench.ready)} ready")
    return alive


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_killed_at_random_moments_ends_complete(tmp_path: Path) -> None:
    print(f"seed {SEED}")
    dice = random.Random(SEED)
    prompts = [f"crate {number}" for number in range(MOMENTS // 2)]
    with StandInGateway(delay=0.5, triangles=500, texture=64) as gateway:
        bench = Bench(gateway, tmp_path)
        bench.file.write_text("\n".join(prompts), "utf-8")
        killed = sum(kill_at_random(bench, dice) for _ in range(MOMENTS))
        assert killed == MOMENTS, "the list is too short: it was done before the last moment"
        done = bench.run("--jobs", "3")
        assert done.code == 0, done.explain()
        assert bench.ready == sorted(prompts)
        assert len(props(bench.library)) == len(prompts)
        # By these the gateway knows a repetition: nothing is paid for twice.
        assert len(bench.keys) == len(prompts)
        for folder in props(bench.library):
            record = json.loads((folder / "prop.json").read_text("utf-8"))
            noted = [step["state"] for step in record["history"]].count("sending")
            # Written before it is sent, so that nothing goes out that nobody knows of.
            assert bench.sent[record["request"]["prompt"]] <= noted
        assert [left for prop in props(bench.library) for left in parts(prop)] == []
        assert files_holding(tmp_path) == []
        words = ["verify", "--library", bench.library, "--json"]
        verified = run([*bench.door, *words], tmp_path, **bench.variables)
        assert verified.code == 0, verified.explain()
        again = bench.run()
        assert sums(again) == {"skipped": len(prompts)}


def test_two_runs_of_overlapping_lists_at_once(stand_in: StandInGateway, tmp_path: Path) -> None:
    bench = Bench(stand_in, tmp_path)
    first = bench.start("--jobs", "2")
    bench.file = tmp_path / "other.txt"
    bench.file.write_text("\n".join([*reversed(PROMPTS), "wooden crate"]), "utf-8")
    second = bench.start("--jobs", "2")
    ends = [ended(first), ended(second)]
    assert [end.code for end in ends] == [0, 0], [end.explain() for end in ends]
    assert bench.ready == sorted([*PROMPTS, "wooden crate"])
    assert bench.sent == dict.fromkeys([*PROMPTS, "wooden crate"], 1)
    assert sum(end.last["done"] for end in ends) == len(PROMPTS) + 1
    assert [path.name for path in (bench.library / ".items").glob("*.probe")] == []


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_killed_while_it_took_over_a_lock(stand_in: StandInGateway, tmp_path: Path) -> None:
    bench = Bench(stand_in, tmp_path)
    bench.file.write_text(PROMPTS[0], "utf-8")
    gate = Gate()
    stand_in.script.on(CHAT, do.hold(gate))
    process = bench.start()
    assert gate.reached.wait(60)
    process.kill()
    ended(process)
    gate.release()
    (folder,) = props(bench.library)
    # What a second process leaves that is killed when it has just got the right to the lock.
    owner = json.loads((folder / ".lock").read_text("utf-8"))
    heir = folder / f".lock.{owner['token']}.heir"
    heir.write_text(json.dumps(owner | {"token": "0123abcd"}), "utf-8")
    done = bench.run()
    assert done.code == 0, done.explain()
    assert bench.ready == [PROMPTS[0]]
