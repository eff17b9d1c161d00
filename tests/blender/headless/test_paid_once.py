# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever ends a command, what was paid for is used by the next, and not paid for again."""

from __future__ import annotations

import json
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from gateway import Gate, StandInGateway
from gateway import actions as do
from support.batching import CHAT, FILES, Bench, sums
from support.blenders import newest_only
from support.processes import Ended, ended, output_lines, start
from support.rooms import props

# The command line is the same in all; test_doors is run on each.
pytestmark = [newest_only, pytest.mark.long]

POLL, JOBS = "GET /v1/jobs/*", "POST /v1/3d/generations"
PROMPT = "oak barrel"
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@pytest.fixture
def bench(stand_in: StandInGateway, tmp_path: Path) -> Bench:
    made = Bench(stand_in, tmp_path)
    made.file.write_text(PROMPT, "utf-8")
    return made


def command(bench: Bench, *words: str | Path) -> Any:
    """Start another command on the batch's library."""
    arguments = ["-m", "trellis_addon", *words, "--library", bench.library, "--json"]
    return start(arguments, bench.home, **bench.variables)


def record(bench: Bench) -> dict[str, Any]:
    (folder,) = props(bench.library)
    found: dict[str, Any] = json.loads((folder / "prop.json").read_text("utf-8"))
    return found


def assert_paid_once(bench: Bench) -> None:
    assert [payment.prompt for payment in bench.gateway.payments] == [PROMPT]
    assert bench.ready == [PROMPT]
    assert len(props(bench.library)) == 1


def killed_in_the_download(bench: Bench) -> None:
    bench.killed_in_the_download()
    assert record(bench)["state"] == "downloading"


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_resume(bench: Bench, number: int) -> None:
    """A scheduler sends SIGTERM before it kills."""
    killed_in_the_download(bench)
    gate = Gate()
    bench.gateway.script.on(FILES, do.hold(gate, at=20_000))
    process = command(bench, "resume")
    assert gate.reached.wait(60)
    process.send_signal(number)
    done = ended(process)
    gate.release()
    assert done.code == 130, done.explain()
    assert "resume goes on with it" in done.stderr
    assert record(bench)["state"] == "downloading"
    again = ended(command(bench, "resume"))
    assert again.code == 0, again.explain()
    assert sums(bench.run()) == {"skipped": 1}
    assert_paid_once(bench)


@posix
def test_a_signal_to_generate_while_it_imports(bench: Bench) -> None:
    process = command(bench, "generate", PROMPT)
    for line in output_lines(process):
        if json.loads(line).get("state") == "importing":
            process.send_signal(signal.SIGINT)
            break
    done = ended(process)
    assert done.code in (0, 130), done.explain()  # the import may have been quicker
    assert ended(command(bench, "resume")).code == 0
    assert sums(bench.run()) == {"skipped": 1}
    assert_paid_once(bench)


def test_a_cancelled_prop_whose_model_is_there(bench: Bench) -> None:
    """Cancelled in the sidebar while it was imported: its model is paid for."""
    assert sums(bench.run()) == {"done": 1}
    (folder,) = props(bench.library)
    found = record(bench)
    kept = {name: entry for name, entry in found["files"].items() if name.startswith("model.")}
    found |= {"state": "cancelled", "files": kept, "prop": {}}
    (folder / "prop.json").write_text(json.dumps(found), "utf-8")
    (folder / "prop.blend").unlink()
    shutil.rmtree(bench.library / ".items")
    done = bench.run()
    assert sums(done) == {"done": 1}, done.explain()
    assert_paid_once(bench)


@pytest.mark.parametrize("status", [401, 402, 403])
def test_an_account_that_is_refused_while_the_job_goes_on(bench: Bench, status: int) -> None:
    """Such as a key whose limit is reached by this very job."""
    bench.gateway.script.on(POLL, do.status(status))
    done = bench.run("--endpoint", "jobs")
    assert done.code == 3, done.explain()
    again = bench.run("--endpoint", "jobs")
    assert sums(again) == {"done": 1}, again.explain()
    assert len(bench.gateway.requests_to(JOBS)) == 1
    assert_paid_once(bench)


def test_the_number_of_a_job_is_not_thrown_away(bench: Bench) -> None:
    bench.gateway.script.on(POLL, do.status(404), times=4)
    assert sums(bench.run("--endpoint", "jobs")) == {"failed": 1}
    job = record(bench)["origin"]["job_id"]
    assert job
    assert sums(bench.run("--endpoint", "jobs")) == {"done": 1}
    assert record(bench)["origin"]["job_id"] == job
    assert_paid_once(bench)


BADLY = {
    "504": (CHAT, do.mask(504)),
    "answer lost": (CHAT, do.cut_at(0)),
    "brotli": (CHAT, do.recode("brotli")),
    "in progress": (CHAT, do.status(425)),
    "file late": (FILES, do.status(404)),
    "file with a line break": (FILES, do.recode("newline")),
}


@pytest.mark.parametrize("name", BADLY)
def test_gateway_that_accepts_and_then_answers_badly(bench: Bench, name: str) -> None:
    """By whatever commands, and in whatever order."""
    route, action = BADLY[name]
    bench.gateway.script.on(route, action)
    bench.run()
    ended(command(bench, "clean", "--yes"))
    again = ended(command(bench, "resume"))
    assert again.code == 0, again.explain()
    assert sums(bench.run()) == {"skipped": 1}
    assert_paid_once(bench)
    assert len(bench.keys) == 1


def test_batch_goes_on_with_what_may_have_been_taken(bench: Bench) -> None:
    bench.gateway.script.on(CHAT, do.mask(502), times=3)
    for _ in range(3):
        done = bench.run()
        assert sums(done) == {"failed": 1}, done.explain()
        assert "may have been made and charged" in done.stderr
        assert record(bench)["may_be_billed"]
    assert sums(bench.run()) == {"done": 1}
    assert_paid_once(bench)
    assert len(bench.keys) == 1


def test_only_force_pays_once_more(bench: Bench) -> None:
    bench.gateway.script.on(CHAT, do.mask(504))
    assert sums(bench.run()) == {"failed": 1}
    assert sums(bench.run("--force")) == {"done": 1}
    assert len(bench.gateway.payments) == len(bench.keys) == 2
    assert len(props(bench.library)) == 2, "what may be owed is not deleted"


def test_torn_record_of_a_job_to_resume(bench: Bench) -> None:
    bench.gateway.script.on(POLL, do.status(402))
    assert bench.run("--endpoint", "jobs").code == 3
    (folder,) = props(bench.library)
    path = folder / "prop.json"
    path.write_bytes(path.read_bytes().partition(b'"calls"')[0])
    done = ended(command(bench, "resume"))
    assert done.code == 0, done.explain()
    assert "goes on where it stood" in done.stderr
    assert len(bench.gateway.requests_to(JOBS)) == 1
    assert_paid_once(bench)


def broken(bench: Bench, how: str) -> Ended:
    """What a batch says of a prop whose record it cannot read."""
    killed_in_the_download(bench)
    (folder,) = props(bench.library)
    path = folder / "prop.json"
    whole = path.read_text("utf-8")
    path.write_text(json.dumps(json.loads(whole) | {"schema": 99}) if how == "newer" else "{")
    done = bench.run()
    path.write_text(whole, "utf-8")
    return done


@pytest.mark.parametrize(("how", "words"), [("newer", "newer Trellis"), ("torn", "is damaged")])
def test_a_record_that_cannot_be_read(bench: Bench, how: str, words: str) -> None:
    done = broken(bench, how)
    assert done.code == 1, done.explain()
    assert sums(done) == {"failed": 1}
    assert words in done.stderr
    assert sums(bench.run()) == {"done": 1}
    assert_paid_once(bench)


def test_a_record_that_was_set_aside(bench: Bench) -> None:
    """By another command, which has told it; what the prop is owed is not known any more."""
    killed_in_the_download(bench)
    (folder,) = props(bench.library)
    whole = (folder / "prop.json").read_text("utf-8")
    (folder / "prop.json").write_text("{")
    assert ended(command(bench, "resume")).code == 0
    (aside,) = folder.glob("prop.json.broken-*")
    done = bench.run()
    assert done.code == 1, done.explain()
    assert sums(done) == {"failed": 1}
    assert f"kept as {aside.name}" in done.stderr
    (folder / "prop.json").write_text(whole, "utf-8")
    assert sums(bench.run()) == {"done": 1}
    assert_paid_once(bench)


def test_a_cancelled_prop_that_may_be_billed(bench: Bench) -> None:
    """In the sidebar, while the gateway was at it."""
    killed_in_the_download(bench)
    (folder,) = props(bench.library)
    found = record(bench) | {"state": "cancelled", "may_be_billed": True}
    (folder / "prop.json").write_text(json.dumps(found), "utf-8")
    assert sums(bench.run()) == {"failed": 1}
    assert len(bench.gateway.payments) == 1
    assert sums(bench.run("--force")) == {"done": 1}
    assert folder.exists()


def test_a_limit_that_cannot_be_kept(bench: Bench) -> None:
    """The jobs endpoint tells no cost."""
    bench.file.write_text("a\nb\nc", "utf-8")
    done = bench.run("--endpoint", "jobs", "--max-cost", "0.01", "--jobs", "2")
    assert done.code == 3, done.explain()
    assert sums(done) == {"done": 1}
    assert "does not say what a prop costs" in done.stderr
    assert len(bench.gateway.payments) == 1
