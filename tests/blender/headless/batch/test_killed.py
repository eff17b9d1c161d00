# SPDX-License-Identifier: GPL-3.0-or-later
"""A batch that is killed as a power cut would, again and again, and batches beside each other."""

from __future__ import annotations

import json
import random
import threading
from collections import Counter
from pathlib import Path

import pytest
from gateway import Gate, StandInGateway
from gateway import actions as do
from support.batching import CHAT, PROMPTS, Bench, sums
from support.blenders import newest_only
from support.processes import ended, output_lines, run
from support.rooms import files_holding, parts, props
from support.stopping import KILLED

pytestmark = [newest_only, pytest.mark.long]

MOMENTS = 20
SEED = 20261122
PROPS = 28
FINISHED = (0, 1, 0, 2)
"""So many props does a run finish before it is killed, in turn; 15 in all, and a few by chance."""
MOST_LINES = 16
"""Then it goes on for so many lines about the making of props. Each takes 13 from end to end."""
PATIENCE_SECONDS = 30.0
HALF_MADE = {"sending", "downloading", "downloaded", "importing"}


def kill_after(bench: Bench, finished: int, lines: int) -> Counter[str]:
    """Start, wait for so many props and then lines, and kill; the states of all then."""
    process = bench.start("--jobs", "3")
    # All but one may be done before so much has come; then any moment will do.
    limit = threading.Timer(PATIENCE_SECONDS, process.kill)
    limit.start()
    output = output_lines(process)
    next(output, "")  # the beginning
    next(output, "")  # at the earliest while it takes its claims and makes its folders
    for line in output if finished or lines else ():
        event = json.loads(line)["event"]
        finished -= event == "finished"
        lines -= finished <= 0 and event not in ("item", "skipped")
        if finished <= 0 and lines <= 0:
            break
    process.kill()
    limit.cancel()
    done = ended(process)
    assert done.code == KILLED, done.explain()
    paths = [prop / "prop.json" for prop in props(bench.library)]
    return Counter(json.loads(path.read_text("utf-8"))["state"] for path in paths)


def spread(dice: random.Random) -> list[tuple[int, int]]:
    """After how many props and lines each kill comes: all over a run, and some at once."""
    lines = [number * MOST_LINES // MOMENTS for number in range(MOMENTS)]
    dice.shuffle(lines)
    return [(FINISHED[number % len(FINISHED)], line) for number, line in enumerate(lines)]


def test_killed_at_random_moments_ends_complete(tmp_path: Path) -> None:
    print(f"seed {SEED}")
    dice = random.Random(SEED)
    prompts = [f"crate {number:02}" for number in range(PROPS)]
    met: list[Counter[str]] = []
    gate = Gate()
    with StandInGateway(delay=0.8, triangles=500, texture=64) as gateway:
        bench = Bench(gateway, tmp_path)
        bench.file.write_text("\n".join(prompts), "utf-8")
        # However fast the machine is, the list is not done before the last kill.
        gateway.script.on(
            CHAT, do.hold(gate), times=None, when=lambda r: gateway.prompt_of(r) == prompts[-1]
        )
        for finished, lines in spread(dice):
            met.append(kill_after(bench, finished, lines))
            print(f"killed after {finished} props and {lines} lines: {dict(met[-1])}")
        assert met[-1]["ready"] < len(prompts)
        both = [one for one in met if one["ready"] and HALF_MADE & set(one)]
        assert len(both) >= MOMENTS // 2, "kills that met finished and half-made props"
        assert {"sending", "importing"} <= {state for one in both for state in one}
        gate.release()
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
    first = bench.start("--jobs", "2", "--wait")
    bench.file = tmp_path / "other.txt"
    bench.file.write_text("\n".join([*reversed(PROMPTS), "wooden crate"]), "utf-8")
    second = bench.start("--jobs", "2", "--wait")
    ends = [ended(first), ended(second)]
    assert [end.code for end in ends] == [0, 0], [end.explain() for end in ends]
    assert bench.ready == sorted([*PROMPTS, "wooden crate"])
    assert bench.sent == dict.fromkeys([*PROMPTS, "wooden crate"], 1)
    assert sum(end.last["done"] for end in ends) == len(PROMPTS) + 1
    assert [path.name for path in (bench.library / ".items").glob("*.probe")] == []


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
