# SPDX-License-Identifier: GPL-3.0-or-later
"""What stops a batch before its end, what its doors and lists share, and what failures leave."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from gateway import StandInGateway
from gateway import actions as do
from support.batching import CHAT, FILES, MODULE, PROMPTS, SCRIPT, Bench, sums
from support.blenders import newest_only
from support.processes import ended, output_lines
from support.rooms import props

pytestmark = [newest_only, pytest.mark.long]


@pytest.fixture
def bench(stand_in: StandInGateway, tmp_path: Path) -> Bench:
    return Bench(stand_in, tmp_path)


EXCEL = """Prompt;Name;Seed;Temperature;Size;Metres;Shading;param.texture_size\r
"Fass, ""alt"" und\r
gro\u00df";Fass;7;0,5;height;2,1;flat;1024\r
"""


@pytest.mark.parametrize("door", [MODULE, SCRIPT], ids=["module", "script"])
def test_what_excel_saves_by_each_door(
    stand_in: StandInGateway, tmp_path: Path, door: tuple[str | Path, ...]
) -> None:
    bench = Bench(stand_in, tmp_path, door)
    bench.file = tmp_path / "Liste aus Excel.csv"
    bench.file.write_bytes(b"\xef\xbb\xbf" + EXCEL.encode())
    checked = bench.run("--check")
    assert checked.code == 0, checked.explain()
    assert checked.last == {"event": "checked", "items": 1, "duplicates": 0}
    assert stand_in.requests == ()
    done = bench.run("--report", tmp_path / "r.jsonl")
    assert done.code == 0, done.explain()
    assert sums(done) == {"done": 1}
    (folder,) = props(bench.library)
    record = json.loads((folder / "prop.json").read_text("utf-8"))
    asked = record["request"]
    assert asked["prompt"] == 'Fass, "alt" und\r\ngro\u00df'
    assert (asked["name"], asked["seed"], asked["temperature"]) == ("Fass", 7, 0.5)
    assert asked["parameters"] == [["texture_size", 1024]]
    assert record["prop"]["size_metres"][2] == pytest.approx(2.1, abs=0.01)
    assert json.loads(bench.gateway.requests_to(CHAT)[0].body)["seed"] == 7
    for text in ("batch", "--shard I/N", "--rate N", "{row}"):
        assert text in bench.run("--help").stdout


def test_stop_on_error(bench: Bench) -> None:
    bench.gateway.script.on(CHAT, do.answer("text"), times=None)
    done = bench.run("--jobs", "1", "--endpoint", "chat", "--stop-on-error")
    assert done.code == 1, done.explain()
    assert sums(done) == {"failed": 1}
    assert [event["reason"] for event in done.events if event["event"] == "stopped"]
    assert "2 not begun" in done.stderr
    assert sum(bench.sent.values()) == 1


def test_most_failures_are_counted_not_props(bench: Bench) -> None:
    bench.file.write_text("a\nb\nc\nd\ne", "utf-8")
    free = do.header("x-cost-cents", "0")  # or it would be asked for under the same key
    bench.gateway.script.on(CHAT, do.answer("text"), free, after=1, times=None)
    options = ("--jobs", "1", "--endpoint", "chat", "--max-failures", "2")
    done = bench.run(*options)
    assert done.code == 1, done.explain()
    assert sums(done) == {"done": 1, "failed": 2}
    assert sum(bench.sent.values()) == 3
    failed = [prop for prop in props(bench.library) if not (prop / "prop.blend").exists()]
    assert len(failed) == 2

    # Failing over and over leaves one folder for each item, and a success none of the failed.
    again = bench.run(*options)
    assert sums(again) == {"failed": 2, "skipped": 1}, again.explain()
    assert len(props(bench.library)) == 3
    assert not any(prop.exists() for prop in failed)
    bench.gateway.script.clear()
    done = bench.run()
    assert sums(done) == {"done": 4, "skipped": 1}, done.explain()
    assert len(props(bench.library)) == 5
    assert bench.ready == ["a", "b", "c", "d", "e"]
    costs = [line for path in (bench.library / ".costs").iterdir() for line in path.open()]
    paid = [line for line in costs if line.strip()]
    assert len(paid) == len(bench.gateway.requests_to(CHAT)), "a deleted try keeps its cost"


def test_failed_tries_that_cost_nothing_do_not_pile_up(bench: Bench) -> None:
    bench.file.write_text(PROMPTS[0], "utf-8")
    bench.gateway.script.on(CHAT, do.status(404), times=None)
    tries = []
    for _ in range(2):
        assert sums(bench.run("--endpoint", "chat")) == {"failed": 1}
        tries += props(bench.library)
    first, second = tries
    assert not first.exists()
    bench.gateway.script.clear()
    assert sums(bench.run()) == {"done": 1}
    assert not second.exists()
    assert len(bench.gateway.payments) == 1


def test_a_failed_try_whose_model_may_be_had_is_kept(bench: Bench) -> None:
    bench.file.write_text(PROMPTS[0], "utf-8")
    bench.gateway.script.on(FILES, do.status(404), times=None)
    done = bench.run()
    assert done.code == 1, done.explain()
    (failed,) = props(bench.library)
    bench.gateway.script.clear()
    assert sums(bench.run()) == {"done": 1}
    assert props(bench.library) == [failed]
    assert len(bench.gateway.payments) == 1


def test_a_job_that_failed_at_the_gateway_is_asked_for_again(bench: Bench) -> None:
    bench.file.write_text(PROMPTS[0], "utf-8")
    bench.gateway.script.on("GET /v1/jobs/*", do.job_status("failed"))
    done = bench.run("--endpoint", "jobs")
    assert sums(done) == {"failed": 1}, done.explain()
    again = bench.run("--endpoint", "jobs")
    assert sums(again) == {"done": 1}, again.explain()
    assert len(bench.gateway.requests_to("POST /v1/3d/generations")) == 2
    assert len(props(bench.library)) == 1


def test_no_gateway(tmp_path: Path) -> None:
    with StandInGateway() as gateway:
        bench = Bench(gateway, tmp_path)
    bench.file.write_text("\n".join(f"crate {number}" for number in range(40)), "utf-8")
    done = bench.run("--jobs", "2")
    assert done.code == 4, done.explain()
    # It is given up long before the end of the list.
    assert done.last["failed"] <= 8
    assert "not begun" in done.stderr
    with StandInGateway(triangles=500, texture=64) as gateway:
        bench.file.write_text("crate 1\ncrate 2", "utf-8")
        bench.variables["AIGATEWAY_BASE_URL"] = gateway.base_url
        back = bench.run()
    assert sums(back) == {"done": 2}, back.explain()


def asked_until_held(bench: Bench, *options: str) -> int:
    """How many requests have been sent when the batch says that it has to wait for its rate."""
    process = bench.start("--jobs", "1", *options)
    for line in output_lines(process):
        if "allows no more requests" in line:
            break
    else:
        raise AssertionError(ended(process).explain())
    sent = len(bench.gateway.requests)
    process.kill()
    ended(process)
    return sent


def test_rate_is_of_all_shards_together(bench: Bench) -> None:
    bench.file.write_text("\n".join(f"crate {number}" for number in range(20)), "utf-8")
    assert asked_until_held(bench, "--rate", "6") == 6
    assert asked_until_held(bench, "--rate", "12", "--shard", "1/2") == 12
