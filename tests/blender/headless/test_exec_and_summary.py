# SPDX-License-Identifier: GPL-3.0-or-later
"""`--exec` and `--summary` of commands as processes: in order, after failures and signals."""

from __future__ import annotations

import json
import os
import signal
import sys
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from gateway import StandInGateway
from gateway import actions as do
from pydantic import TypeAdapter
from support.batching import CHAT, Bench
from support.processes import Ended, ended, output_lines, run, wait_until
from support.rooms import KEY, props

from trellis_addon.headless.contract.summary_document import SummaryDocument

HOOK = """
import json, os, pathlib, sys, time
seen, *words = sys.argv[1:]
folder = pathlib.Path(seen)
folder.mkdir(exist_ok=True)
(folder / words[0]).write_text(json.dumps([words, dict(os.environ)]))
print("words of the hook")
if "crate" in words[0]:
    sys.exit(3)
while "barrel" in words[0] and not (folder / "go").exists():
    time.sleep(0.01)
"""


@pytest.fixture
def bench(stand_in: StandInGateway, tmp_path: Path) -> Bench:
    made = Bench(stand_in, tmp_path)
    (tmp_path / "hook.py").write_text(HOOK, "utf-8")
    return made


def hook(bench: Bench, words: str) -> str:
    return f'"{sys.executable}" "{bench.home / "hook.py"}" "{bench.home / "seen"}" {words}'


def summary(bench: Bench) -> SummaryDocument:
    found = (bench.home / "summary.json").read_bytes()
    return TypeAdapter(SummaryDocument).validate_json(found, strict=True)


def seen(bench: Bench) -> dict[str, Any]:
    return {p.name: json.loads(p.read_text()) for p in (bench.home / "seen").glob("*-*")}


def events(done: Ended, name: str) -> list[dict[str, Any]]:
    return [line for line in done.events if line["event"] == name]


def test_each_finished_prop_has_its_run(bench: Bench) -> None:
    bench.file.write_text("red mushroom\ncrate\nstone vase", "utf-8")
    for route in (CHAT, "POST /v1/3d/generations"):
        bench.gateway.script.on(
            route, do.status(400), times=None, when=lambda r: b"stone vase" in r.body
        )
    where = ("--summary", bench.home / "summary.json", "--report", bench.home / "report.jsonl")
    done = bench.run("--exec", hook(bench, "{id} {index} {name} {exports}"), *where)
    assert done.code == 1, done.explain()
    runs = seen(bench)
    assert sorted(words[1:] for words, _ in runs.values()) == [
        ["1", "Red mushroom"],
        ["2", "Crate"],
    ]
    for prop, (_, variables) in runs.items():
        assert variables["TRELLIS_PROP_ID"] == prop
        assert Path(variables["TRELLIS_PROP_BLEND"]).is_file()
        assert KEY not in json.dumps(variables)
    (crate,) = [prop for prop in runs if "crate" in prop]
    assert [line["id"] for line in events(done, "executed")] == [p for p in runs if p != crate]
    (failed,) = events(done, "exec_failed")
    assert (failed["id"], failed["exit_code"]) == (crate, 3)
    assert f"--exec for {crate}: it ended with exit code 3" in done.stderr
    assert "words of the hook" in done.stderr
    (totals,) = events(done, "summary")
    assert (totals["done"], totals["failed"]) == (2, 1)
    found = summary(bench)
    assert (found.exit_code, found.done, found.failed) == (1, 2, 1)
    assert found.cost_cents == totals["cost_cents"]
    assert sorted(found.made) == sorted(runs)
    assert {(each.step, each.line) for each in found.failures} == {("prop", 3), ("exec", 2)}
    assert all(each.message for each in found.failures)
    assert [each.kind for each in found.files] == ["report"]
    # The next run has nothing to make, and so nothing to run.
    again = bench.run("--exec", hook(bench, "{id}"), "--shard", "1/1", *where)
    assert not events(again, "executed")


def test_exports_are_there_when_it_runs(bench: Bench) -> None:
    out = bench.home / "out"
    words = ["generate", "red mushroom", "--export", "glb,obj", "--output", out]
    more = ["--summary", bench.home / "summary.json", "--exec", hook(bench, "{id} {exports}")]
    where = ["--library", bench.library, "--json"]
    done = run(["-m", "trellis_addon", *words, *more, *where], bench.home, **bench.variables)
    assert done.code == 0, done.explain()
    ((prop, (told, _)),) = seen(bench).items()
    assert told == [prop, *(str(out / f"{prop}.{ending}") for ending in ("glb", "obj"))]
    found = summary(bench)
    assert (found.command, found.exit_code, found.done) == ("generate", 0, 1)
    assert found.cost_cents
    assert {Path(each.path).suffix for each in found.files} >= {".glb", ".obj"}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_signals_end_it_and_the_summary_is_written(bench: Bench) -> None:
    bench.file.write_text("barrel one\nbarrel two", "utf-8")
    target = bench.home / "summary.json"
    process = bench.start("--exec", hook(bench, "{id}"), "--summary", target)
    # One run waits for ever, and the other one for that.
    wait_until(lambda: (bench.home / "seen").is_dir() and seen(bench))
    assert json.loads(target.read_bytes())["exit_code"] is None
    finished = (line for line in output_lines(process) if json.loads(line)["event"] == "finished")
    assert len(list(islice(finished, 2))) == 2, "a prop is ready before its picture is taken"
    process.send_signal(signal.SIGTERM)
    wait_until(lambda: process.poll() is not None or process.send_signal(signal.SIGTERM))
    done = ended(process)
    assert done.code == 130, done.explain()
    assert sorted(line["exit_code"] is None for line in events(done, "exec_failed")) == [
        False,
        True,
    ]
    found = summary(bench)
    assert (found.exit_code, found.done) == (130, 2)
    assert [each.step for each in found.failures] == ["exec", "exec"]
    assert len(seen(bench)) == 1
    assert len(props(bench.library)) == 2


def test_a_command_that_fails_writes_the_summary(bench: Bench) -> None:
    bench.file.write_text('{"prompt": 1}', "utf-8")
    target = bench.home / "summary.json"
    target.write_text("of an earlier run", "utf-8")
    done = bench.run("--summary", target, "--format", "jsonl")
    assert done.code == 2, done.explain()
    found = summary(bench)
    assert found.exit_code == 2
    assert found.failures[0].step == "command"
    assert found.failures[0].message in done.stderr


@pytest.mark.parametrize(
    "options",
    [
        ("--exec", "no-such-program {id}"),
        ("--exec", "sh -c 'echo {name}'"),
        ("--exec", sys.executable, "--exec-timeout", "0"),
        ("--summary", "/proc/none/summary.json"),
    ],
)
def test_what_cannot_be_done_is_found_before_anything_is_paid_for(
    bench: Bench, options: tuple[str, ...]
) -> None:
    done = bench.run(*options)
    assert done.code == 2, done.explain()
    assert not bench.gateway.requests
