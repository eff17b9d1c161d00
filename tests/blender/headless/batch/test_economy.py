# SPDX-License-Identifier: GPL-3.0-or-later
"""`batch --economy` in processes of its own: what is sent, what is paid, and what is fetched."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from gateway import Gate, StandInGateway
from gateway import actions as do
from support.processes import Ended, ended, output_lines, run, start
from support.rooms import KEY, files_holding, parts, props
from support.stopping import KILLED

CHAT, CREATE, UPLOAD = "POST /v1/chat/completions", "POST /v1/batches", "POST /v1/files"
LOOK, CONTENT, LIST = "GET /v1/batches/*", "GET /v1/files/*/content", "GET /v1/batches"
PROMPTS = ("red mushroom", "oak barrel")
HALF, WHOLE = 1.05, 2.1
pytestmark = pytest.mark.long  # batches in parts, in processes of their own
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


class Bench:
    """A gateway, a file of prompts and a library."""

    def __init__(self, gateway: StandInGateway, home: Path) -> None:
        self.gateway = gateway
        self.home = home
        self.library = home / "library"
        self.file = home / "props.txt"
        self.write(*PROMPTS)
        self.variables = {"AIGATEWAY_API_KEY": KEY, "AIGATEWAY_BASE_URL": gateway.base_url}

    def write(self, *prompts: str) -> None:
        self.file.write_text("\n".join(prompts), "utf-8")

    def command(self, name: str, *options: str | Path) -> list[str | Path]:
        where: list[str | Path] = ["--library", self.library, "--json"]
        return ["-m", "trellis_addon", name, *options, *where]

    def start(self, *options: str | Path) -> subprocess.Popen[str]:
        how = ["--economy", "--part-size", "1", "--poll", "0.1"]
        words = self.command("batch", self.file, *how, *options)
        return start(words, self.home, **self.variables)

    def run(self, *options: str | Path) -> Ended:
        return ended(self.start(*options))

    def other(self, name: str, *options: str | Path) -> Ended:
        return run(self.command(name, *options), self.home, **self.variables)

    def let_time_pass(self) -> None:
        """What a killed process has left half made goes once it is old: till then somebody on
        another machine may be at it."""
        for path in [*(self.library / ".items").iterdir(), *(self.library / ".batches").iterdir()]:
            if path.suffix == ".part" or path.is_dir():
                os.utime(path, (0, 0))

    def backdate(self, facts: Path) -> None:
        """Let a part have been sent long ago."""
        part = json.loads(facts.read_text("utf-8"))
        facts.write_text(json.dumps({**part, "created": "2026-01-01T00:00:00+00:00"}), "utf-8")

    def keep_waiting(self) -> None:
        """No batch ends, until the script is cleared."""
        self.gateway.script.on(LOOK, do.job_status("in_progress"), times=None)
        self.gateway.script.on(CREATE, do.job_status("in_progress"), times=None)

    @property
    def paid(self) -> dict[str, list[float]]:
        """Prompt -> cents of each payment."""
        found: dict[str, list[float]] = {}
        for payment in self.gateway.payments:
            found.setdefault(payment.prompt, []).append(payment.cents)
        return found

    @property
    def batches(self) -> int:
        """How many the gateway has made: a repeated key makes none."""
        return len({r.headers["idempotency-key"] for r in self.gateway.requests_to(CREATE)})

    @property
    def records(self) -> list[dict[str, Any]]:
        return [json.loads((p / "prop.json").read_text("utf-8")) for p in props(self.library)]

    @property
    def ready(self) -> list[str]:
        """The prompts of all finished props; a prop made twice stands here twice."""
        return sorted(r["request"]["prompt"] for r in self.records if r["state"] == "ready")

    def check_whole(self, *prompts: str, killed: bool = False) -> None:
        """Everything is there once, and nothing is left over. What a kill has torn beside the props
        stays until it is old, or until the same file is written once more.
        """
        assert self.ready == sorted(prompts)
        assert len(props(self.library)) == len(prompts)
        folders = props(self.library) if killed else [self.library]
        assert [left for folder in folders for left in parts(folder)] == []
        batches = [path.name for path in (self.library / ".batches").iterdir()]
        assert [name for name in batches if not (killed and name.endswith(".part"))] == []


@pytest.fixture
def bench(stand_in: StandInGateway, tmp_path: Path) -> Iterator[Bench]:
    yield Bench(stand_in, tmp_path)
    if props(tmp_path / "library"):
        assert files_holding(tmp_path) == []


def sums(done: Ended) -> dict[str, Any]:
    assert done.last["event"] == "summary", done.explain()
    names = ("done", "failed", "skipped", "cancelled")
    return {name: done.last[name] for name in names if done.last[name]}


def seen(process: subprocess.Popen[str], event: str) -> dict[str, Any]:
    """Read what a process says, until it says that."""
    for line in output_lines(process):
        if (found := json.loads(line))["event"] == event:
            return dict(found)
    raise AssertionError(f"no {event}: {ended(process).explain()}")


def test_half_the_price_in_parts(bench: Bench) -> None:
    three = (*PROMPTS, "stone vase")
    bench.write(*three)
    done = bench.run("--part-size", "2")
    assert done.code == 0, done.explain()
    assert sums(done) == {"done": 3}
    assert done.last["cost_cents"] == pytest.approx(3 * HALF)
    assert bench.paid == {prompt: [HALF] for prompt in three}
    assert bench.batches == 2
    assert bench.gateway.requests_to(CHAT) == ()
    bench.check_whole(*three)
    assert bench.other("verify").code == 0
    for record in bench.records:
        (call,) = record["origin"]["calls"]
        assert (call["endpoint"], call["cost_cents"]) == ("batch", HALF)

    # The next ordinary call costs twice as much, and a next part the same.
    bench.write(*three, "wooden crate")
    assert bench.run("--dry-run").last["cost"] == pytest.approx(HALF)
    plain = bench.other("batch", bench.file, "--dry-run")
    assert plain.last["cost"] == pytest.approx(WHOLE)
    bench.write("oak barrel")
    forced = bench.run("--force")
    assert sums(forced) == {"done": 1}, forced.explain()
    assert bench.paid["oak barrel"] == [HALF, HALF]


@pytest.mark.parametrize("later", ["batch", "resume"])
def test_it_may_end_and_fetch_later(bench: Bench, later: str) -> None:
    bench.keep_waiting()
    sent = bench.run("--no-wait")
    assert sent.code == 5, sent.explain()
    waiting = [event for event in sent.events if event["event"] == "waiting"][-1]
    assert (waiting["props"], waiting["parts"]) == (2, 2)
    assert waiting["until"]
    assert "2 wait in the Batch API until" in sent.stderr
    assert {r["state"] for r in bench.records} == {"waiting"}
    # Neither another command nor the same one pays for them again.
    for again in (bench.run("--no-wait"), bench.other("resume"), bench.run("--no-wait", "--force")):
        assert again.code == 5, again.explain()
    plain = bench.other("batch", bench.file)
    assert sums(plain) == {"skipped": 2}, plain.explain()
    bench.gateway.script.clear()
    done = bench.run() if later == "batch" else bench.other("resume")
    assert done.code == 0, done.explain()
    assert bench.paid == {prompt: [HALF] for prompt in PROMPTS}
    assert bench.batches == 2
    bench.check_whole(*PROMPTS)


@pytest.mark.parametrize("route", [UPLOAD, CREATE, LIST, CONTENT])
def test_killed_and_started_again(bench: Bench, route: str) -> None:
    """Killed while the gateway has done its part and the answer is on its way."""
    if route == LIST:
        bench.gateway.script.on(CREATE, do.cut_at(0))
        assert bench.run().code == 4
    gate = Gate()
    bench.gateway.script.on(route, do.hold(gate))
    process = bench.start()
    assert gate.reached.wait(60)
    process.kill()
    assert ended(process).code == KILLED
    gate.release()
    done = bench.run()
    assert done.code == 0, done.explain()
    assert bench.paid == {prompt: [HALF] for prompt in PROMPTS}
    bench.check_whole(*PROMPTS, killed=True)


def test_killed_again_and_again(bench: Bench) -> None:
    for lines in (1, 3, 5, 8, 14):
        process = bench.start()
        for _ in islice(output_lines(process), 1 + lines):  # the first says what begins
            continue
        process.kill()
        ended(process)
    done = bench.run()
    assert done.code == 0, done.explain()
    assert bench.ready == sorted(PROMPTS)
    bench.let_time_pass()
    assert sums(bench.run()) == {"skipped": 2}
    assert bench.paid == {prompt: [HALF] for prompt in PROMPTS}
    bench.check_whole(*PROMPTS, killed=True)


def test_what_a_kill_has_left_half_made_goes_once_it_is_old(bench: Bench) -> None:
    """A claim that was being written, and a part's folder without its facts."""
    for name in (".items", ".batches"):
        (bench.library / name).mkdir(parents=True)
    torn = bench.library / ".items" / f".{'c0' * 16}.c40afac3.part"
    torn.write_bytes(b"{")
    empty = bench.library / ".batches" / ("c0" * 16)
    empty.mkdir()
    assert bench.run().code == 0
    assert torn.exists()
    assert empty.exists()
    bench.let_time_pass()
    assert sums(bench.run()) == {"skipped": 2}
    bench.check_whole(*PROMPTS)


def test_an_answer_that_was_lost_is_found_by_its_key(bench: Bench) -> None:
    """The batch was made, its answer never came, and the gateway forgets repetitions."""
    bench.gateway.script.on(CREATE, do.cut_at(0))
    first = bench.run()
    assert first.code == 4, first.explain()
    assert {r["origin"]["batch"]["id"] for r in bench.records} == {None}
    done = bench.run()
    assert done.code == 0, done.explain()
    # Found in the list: the first part is not created once more.
    keys = Counter(r.headers["idempotency-key"] for r in bench.gateway.requests_to(CREATE))
    assert sorted(keys.values()) == [1, 1]
    assert bench.paid == {prompt: [HALF] for prompt in PROMPTS}
    bench.check_whole(*PROMPTS)


def test_without_a_list_the_same_is_sent_under_the_same_key(bench: Bench) -> None:
    bench.gateway.script.on(CREATE, do.cut_at(0))
    assert bench.run().code == 4
    bench.gateway.script.on(LIST, do.status(404), times=None)
    done = bench.run()
    assert done.code == 0, done.explain()
    assert bench.batches == 2
    assert bench.paid == {prompt: [HALF] for prompt in PROMPTS}
    bench.check_whole(*PROMPTS)


def test_a_lost_folder_of_parts_is_made_again(bench: Bench) -> None:
    bench.keep_waiting()
    assert bench.run("--no-wait").code == 5
    for path in sorted((bench.library / ".batches").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    bench.gateway.script.clear()
    done = bench.other("resume")
    assert done.code == 0, done.explain()
    assert bench.paid == {prompt: [HALF] for prompt in PROMPTS}
    bench.check_whole(*PROMPTS)


def test_what_has_no_answer_is_asked_for_by_itself(bench: Bench) -> None:
    broken, worded = "vase (batch: 500)", "stool (batch: text)"
    bench.write("oak barrel", broken, worded)
    done = bench.run("--part-size", "3")
    assert done.code == 0, done.explain()
    assert bench.batches == 1
    assert bench.paid["oak barrel"] == [HALF]
    assert bench.paid[broken] == [WHOLE]
    # Text was paid for as an answer; the same endpoint is not asked for it a second time.
    sent = [r.json["messages"][-1]["content"] for r in bench.gateway.requests_to(CHAT)]
    assert sent == [broken]
    assert len(bench.gateway.requests_to("POST /v1/3d/generations")) == 1
    bench.check_whole("oak barrel", broken, worded)


PAGE = do.body(b"<html><body>Be right back</body></html>", "text/html")
LATE = {
    "named late": (LOOK, do.results_late()),
    "closed early": (CONTENT, do.close_early(900)),
    "a web page": (CONTENT, PAGE),
}


@pytest.mark.parametrize("fault", LATE)
def test_results_that_are_late_are_waited_for(bench: Bench, fault: str) -> None:
    """`test_batch_collect` has more of them."""
    route, action = LATE[fault]
    bench.gateway.script.on(route, action, times=3)
    first = bench.run("--part-size", "2", "--no-wait")
    assert first.code == 5, first.explain()
    assert "Nothing is asked again" in first.stderr
    assert bench.gateway.requests_to(CHAT) == ()
    done = bench.run("--part-size", "2")
    assert done.code == 0, done.explain()
    assert bench.paid == {prompt: [HALF] for prompt in PROMPTS}
    assert bench.batches == 1
    bench.check_whole(*PROMPTS)


def test_results_that_never_come_are_not_asked_again(bench: Bench) -> None:
    """The gateway counts a line that it does not give."""
    bench.gateway.script.on(CONTENT, do.first_lines(1), times=None)
    done = bench.run("--part-size", "2")
    assert done.code == 5, done.explain()
    assert sums(done) == {"done": 1}, "what came is made at once"
    words = "1 of 2 answers of the batch"
    assert [e for e in done.events if e["event"] == "note" and words in e["text"]]
    assert words in done.stderr
    again = bench.run("--no-wait")
    assert again.code == 5, again.explain()
    assert bench.other("resume").code == 1
    assert bench.other("batch", bench.file).code == 5
    assert bench.paid == {prompt: [HALF] for prompt in PROMPTS}
    assert bench.gateway.requests_to(CHAT) == ()


@pytest.mark.parametrize(("status", "code"), [(401, 3), (400, 1)])
def test_a_refusal_does_not_undo_a_batch_that_was_made(
    bench: Bench, status: int, code: int
) -> None:
    """Its answer was lost, and the gateway does not say what it has when it is asked again."""
    bench.gateway.script.on(CREATE, do.cut_at(0))
    assert bench.run("--part-size", "2").code == 4
    bench.gateway.script.on(LIST, do.status(404 if status == 400 else status), times=None)
    bench.gateway.script.on(CREATE, do.status(status), times=None)
    for command in ("batch", "resume"):
        again = bench.run("--part-size", "2") if command == "batch" else bench.other(command)
        assert again.code == code, again.explain()
    bench.gateway.script.clear()
    done = bench.run("--part-size", "2")
    assert done.code == 0, done.explain()
    assert bench.gateway.requests_to(CHAT) == ()
    assert bench.paid == {prompt: [HALF] for prompt in PROMPTS}
    bench.check_whole(*PROMPTS)


def test_a_gateway_without_the_batch_api(bench: Bench) -> None:
    bench.gateway.script.on(UPLOAD, do.status(404), times=None)
    done = bench.run()
    assert done.code == 0, done.explain()
    assert bench.paid == {prompt: [WHOLE] for prompt in PROMPTS}
    assert len(bench.gateway.requests_to(UPLOAD)) == 1
    (note,) = [event["text"] for event in done.events if event["event"] == "note"]
    assert note.endswith("Scripted answer 404")
    bench.check_whole(*PROMPTS)

    bench.write("stone vase")
    words = [word for word in bench.command("batch", bench.file, "--economy") if word != "--json"]
    told = run(words, bench.home, **bench.variables)
    assert told.code == 0, told.explain()
    assert f"({note}): asked for one by one, at the full price" in told.stderr
    assert bench.paid["stone vase"] == [WHOLE]


@pytest.mark.parametrize(("route", "status"), [(UPLOAD, 401), (CREATE, 402), (LOOK, 403)])
def test_a_refusing_account_stops_it(bench: Bench, route: str, status: int) -> None:
    if route == LOOK:
        bench.keep_waiting()
        assert bench.run("--no-wait").code == 5
        bench.gateway.script.clear()
    bench.gateway.script.on(route, do.status(status), times=None)
    done = bench.run()
    assert done.code == 3, done.explain()
    assert len(bench.gateway.requests_to(CHAT)) == 0
    assert bench.ready == []
    bench.gateway.script.clear()
    again = bench.run()
    assert again.code == 0, again.explain()
    assert bench.paid == {prompt: [HALF] for prompt in PROMPTS}
    bench.check_whole(*PROMPTS)


def test_a_line_that_the_account_is_refused(bench: Bench) -> None:
    refused = "vase (batch: 402)"
    bench.write("oak barrel", refused)
    done = bench.run("--part-size", "2")
    assert done.code == 3, done.explain()
    assert sums(done) == {"done": 1, "failed": 1}
    assert bench.gateway.requests_to(CHAT) == ()
    again = bench.run()
    assert again.code == 0, again.explain()
    assert bench.paid == {"oak barrel": [HALF], refused: [WHOLE]}


def test_a_batch_that_failed_and_one_that_is_overdue(bench: Bench) -> None:
    bench.keep_waiting()
    assert bench.run("--no-wait").code == 5
    first, second = sorted((bench.library / ".batches").glob("*/part.json"))
    bench.backdate(first)
    bench.gateway.script.clear()
    other = json.loads(second.read_text("utf-8"))["batch_id"]
    bench.gateway.script.on(f"GET /v1/batches/{other}", do.job_status("failed"), times=None)
    bench.gateway.script.on(LOOK, do.job_status("in_progress"), times=None)
    done = bench.run()
    assert done.code == 0, done.explain()
    assert len(bench.gateway.requests_to("POST /v1/batches/")) == 1
    # The overdue one was done by then, and what is done is fetched.
    assert sorted(cents for found in bench.paid.values() for cents in found) == [HALF, WHOLE]
    bench.check_whole(*PROMPTS)


def test_what_the_gateway_has_lost_is_not_paid_again_by_itself(bench: Bench) -> None:
    bench.keep_waiting()
    assert bench.run("--no-wait").code == 5
    bench.gateway.script.clear()
    bench.gateway.script.on(LOOK, do.status(404), times=None)
    bench.gateway.script.on(LIST, do.body(b'{"data": [], "has_more": false}'), times=None)
    assert bench.run().code == 5, "it may know it in a while"
    for facts in (bench.library / ".batches").glob("*/part.json"):
        bench.backdate(facts)
    done = bench.run()
    assert done.code == 1, done.explain()
    assert sums(done) == {"failed": 2}
    lost = bench.records
    assert {record["may_be_billed"] for record in lost} == {True}
    bench.gateway.script.clear()
    for again in (bench.run(), bench.other("batch", bench.file)):
        assert sums(again) == {"failed": 2}, again.explain()
        assert "--force" in again.stderr
    assert bench.paid == {}
    assert bench.records == lost


def test_what_it_may_cost(bench: Bench) -> None:
    # Nothing is known of the price: one at the full price, then one for half of it.
    bench.write(*PROMPTS, "stone vase")
    done = bench.run("--max-cost", "0.04")
    assert done.code == 3, done.explain()
    assert sums(done) == {"done": 2}
    assert sorted(cents for found in bench.paid.values() for cents in found) == [HALF, WHOLE]


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_waiting(bench: Bench, number: int) -> None:
    bench.keep_waiting()
    process = bench.start()
    waiting = seen(process, "waiting")
    assert waiting["props"] == 2
    process.send_signal(number)
    done = ended(process)
    assert done.code == 130, done.explain()
    bench.gateway.script.clear()
    assert sums(bench.run()) == {"done": 2}
    assert bench.paid == {prompt: [HALF] for prompt in PROMPTS}


@posix
def test_two_signals_end_while_it_is_being_sent(bench: Bench) -> None:
    gate = Gate()
    bench.gateway.script.on(CREATE, do.hold(gate))
    process = bench.start()
    assert gate.reached.wait(60)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    done = ended(process)
    assert not gate.released.is_set()
    assert done.code == 130, done.explain()
    gate.release()
    assert sums(bench.run()) == {"done": 2}
    assert bench.paid == {prompt: [HALF] for prompt in PROMPTS}
    bench.check_whole(*PROMPTS, killed=True)


def test_two_shards_and_one_of_them_twice(bench: Bench) -> None:
    started = [bench.start("--shard", shard) for shard in ("1/2", "2/2", "1/2")]
    codes = sorted(ended(process).code for process in started)
    # The second of the same shard finds its props in other hands, unless it comes late.
    assert codes[:2] == [0, 0]
    assert codes[2] in (0, 6)
    assert sums(bench.run()) == {"skipped": 2}
    assert bench.paid == {prompt: [HALF] for prompt in PROMPTS}
    bench.check_whole(*PROMPTS)


def test_inline_answers_and_jobs(tmp_path: Path) -> None:
    for answer in ("data_uri", "job"):
        with StandInGateway(answer, triangles=2000, texture=64) as gateway:
            (tmp_path / answer).mkdir()
            bench = Bench(gateway, tmp_path / answer)
            done = bench.run()
            assert done.code == 0, done.explain()
            assert gateway.requests_to(CHAT) == ()
            bench.check_whole(*PROMPTS)


def test_bad_options(bench: Bench) -> None:
    for options in (["--part-size", "0"], ["--poll", "0"], ["--endpoint", "jobs"]):
        assert bench.run(*options).code == 2
    assert bench.other("batch", bench.file, "--no-wait").code == 2
    assert bench.gateway.requests == ()
