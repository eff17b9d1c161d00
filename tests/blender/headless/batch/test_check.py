# SPDX-License-Identifier: GPL-3.0-or-later
"""`batch --check`: everything that a run needs, without a connection and without a trace."""

from __future__ import annotations

from pathlib import Path

import pytest
from gateway import StandInGateway
from support.batching import Bench
from support.processes import Ended


@pytest.fixture
def bench(stand_in: StandInGateway, tmp_path: Path) -> Bench:
    made = Bench(stand_in, tmp_path)
    made.file = tmp_path / "props.csv"
    made.file.write_text("prompt,for\nold boot,house\n", "utf-8")
    (made.library / "destinations").mkdir(parents=True)
    (made.library / "destinations" / "own.toml").write_text('[house]\nlabel = "House"\n', "utf-8")
    return made


def verdicts(done: Ended) -> dict[str, str]:
    return {e["name"]: e["verdict"] for e in done.events if e["event"] == "check"}


def test_all_is_ready_and_nothing_is_left(bench: Bench) -> None:
    outputs = ("--report", "new/r.jsonl", "--html", "new/r.html", "--output", "new/out")
    places = [word if word.startswith("--") else bench.home / word for word in outputs]
    before = {path: path.stat().st_mtime_ns for path in bench.home.rglob("*")}
    done = bench.run("--check", *places)
    assert done.code == 0, done.explain()
    assert verdicts(done) == dict.fromkeys(
        ("destinations", "library", "--report", "--html", "--output", "key", "gateway"), "ok"
    )
    assert done.last == {"event": "checked", "items": 1, "duplicates": 0}
    # The process's own home is there, too, in which Blender leaves what it likes.
    after = {path: path.stat().st_mtime_ns for path in before}
    assert after == before
    assert not (bench.home / "new").exists()
    assert bench.gateway.requests == ()


def test_every_fault_is_told(bench: Bench) -> None:
    bench.file.write_text("prompt\nold boot\n", "utf-8")
    (bench.library / "destinations" / "broken.toml").write_text("[x\n", "utf-8")
    bench.variables["AIGATEWAY_API_KEY"] = ""
    bench.variables["AIGATEWAY_BASE_URL"] = "https://gateway.invalid/v1"
    (bench.home / "afile").write_text("")
    done = bench.run("--check", "--report", bench.home / "afile" / "r.jsonl")
    assert done.code == 2, done.explain()
    faults = {name for name, verdict in verdicts(done).items() if verdict == "fault"}
    assert faults == {"destinations", "--report", "key", "gateway"}
    assert "not a directory" in done.stderr
    assert done.last["event"] == "failed"


@pytest.mark.parametrize(
    ("content", "options"),
    [
        ("prompt,for\nold boot,hose\n", ()),
        ("prompt,seed\nold boot,one\n", ()),
        ("prompt\nold boot\n", ("--names", "{asset}")),
        ("prompt\nold boot\n", ("--only", "9")),
    ],
)
def test_faults_of_list_and_options(bench: Bench, content: str, options: tuple[str, ...]) -> None:
    bench.file.write_text(content, "utf-8")
    done = bench.run("--check", *options)
    assert done.code == 2, done.explain()
