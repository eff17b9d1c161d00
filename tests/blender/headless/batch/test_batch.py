# SPDX-License-Identifier: GPL-3.0-or-later
"""`batch` in processes of its own: what is done, what is sent, and what is left."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from gateway import Gate, StandInGateway
from gateway import actions as do
from gateway.meshes import make_glb
from support.batching import CHAT, FILES, PROMPTS, Bench, sums
from support.blenders import long_elsewhere
from support.processes import LIMIT_SECONDS, Ended, ended, run
from support.rooms import files_holding, parts, props
from support.stopping import KILLED, STOPS, ask_to_stop, until_told


@pytest.fixture
def bench(stand_in: StandInGateway, tmp_path: Path) -> Iterator[Bench]:
    yield Bench(stand_in, tmp_path)
    if props(tmp_path / "library"):
        assert files_holding(tmp_path) == []


def test_everything_once_and_then_nothing(bench: Bench) -> None:
    report, page, sheet = (bench.home / n for n in ("r.jsonl", "r.html", "sheet.png"))
    scene = bench.home / "all.blend"
    beside = ["--report", report, "--html", page, "--contact-sheet", sheet, "--scene", scene]
    done = bench.run("--jobs", "3", *beside)
    assert done.code == 0, done.explain()
    assert sums(done) == {"done": len(PROMPTS)}
    assert done.last["cost_cents"] > 0
    assert bench.ready == sorted(PROMPTS)
    assert bench.sent == dict.fromkeys(PROMPTS, 1)
    assert page.stat().st_size > 4000
    assert sheet.read_bytes().startswith(b"\x89PNG")
    assert scene.is_file()
    lines = [json.loads(line) for line in report.read_text("utf-8").splitlines() if line]
    assert {line["status"] for line in lines} == {"done"}
    assert all(line["triangles"] and line["size_metres"] and line["id"] for line in lines)
    assert parts(bench.library) == []

    again = bench.run("--jobs", "3")
    assert again.code == 0, again.explain()
    assert sums(again) == {"skipped": len(PROMPTS)}
    assert sum(bench.sent.values()) == len(PROMPTS)

    bench.file.write_text("\n".join([*PROMPTS, "wooden crate"]), "utf-8")
    planned = bench.run("--dry-run")
    assert planned.code == 0, planned.explain()
    assert planned.last["to_send"] == 1
    assert planned.last["cost"] > 0
    assert sum(bench.sent.values()) == len(PROMPTS)
    more = bench.run()
    assert sums(more) == {"done": 1, "skipped": len(PROMPTS)}, more.explain()
    assert bench.sent["wooden crate"] == 1
    bench.file.write_text("wooden crate", "utf-8")
    forced = bench.run("--force")
    assert sums(forced) == {"done": 1}, forced.explain()
    assert bench.sent["wooden crate"] == 2


def test_a_bad_line_sends_nothing(bench: Bench) -> None:
    bench.file = bench.home / "props.csv"
    bench.file.write_text("prompt;seed\noak barrel;1\nvase;minus one\n;3\n", "utf-8")
    done = bench.run()
    assert done.code == 2, done.explain()
    assert [event["line"] for event in done.events if event["event"] == "fault"] == [3, 4]
    assert bench.gateway.requests == ()
    assert not bench.library.exists()


@pytest.mark.long
@pytest.mark.parametrize(
    "options",
    [
        ("--shard", "5/4"),
        ("--export", "glb"),
        ("--names", "{nam}"),
    ],
)
def test_bad_options(bench: Bench, options: tuple[str, ...]) -> None:
    done = bench.run(*options)
    assert done.code == 2, done.explain()
    assert bench.gateway.requests == ()


@pytest.mark.long
def test_an_empty_account_stops_the_batch(bench: Bench) -> None:
    bench.gateway.script.on(CHAT, do.status(402), after=1, times=1)
    done = bench.run("--jobs", "1")
    assert done.code == 3, done.explain()
    assert sums(done) == {"done": 1, "failed": 1}
    assert sum(bench.sent.values()) == 2
    paid = bench.run("--jobs", "2")
    assert paid.code == 0, paid.explain()
    assert sums(paid) == {"done": 2, "skipped": 1}
    assert bench.ready == sorted(PROMPTS)


def test_a_failure_is_one_of_its_own_prop(bench: Bench) -> None:
    bench.gateway.script.on(CHAT, do.answer("text"), after=1, times=2)
    done = bench.run("--jobs", "1", "--endpoint", "chat", "--max-failures", "2")
    assert done.code == 1, done.explain()
    assert sums(done)["failed"] == 2
    assert sum(bench.sent.values()) == 3


@pytest.mark.long
def test_what_it_may_cost(bench: Bench) -> None:
    # Between the price of one and of two: 2.1 cents each.
    done = bench.run("--max-cost", "0.03", "--jobs", "4")
    assert done.code == 3, done.explain()
    assert sums(done) == {"done": 1}
    assert sum(bench.sent.values()) == 1
    dear = bench.run("--max-cost", "1000", "--jobs", "1")
    assert dear.code == 0, dear.explain()
    states = [e["state"] for e in dear.events if e["event"] == "state"]
    # One at the gateway at once, and it is asked again while the first is being imported.
    assert states.index("sending", 1) < states.index("ready")
    assert bench.ready == sorted(PROMPTS)


@long_elsewhere
@pytest.mark.parametrize("number", STOPS)
def test_one_signal_finishes_what_is_at_the_gateway(bench: Bench, number: int) -> None:
    gate = Gate()
    bench.gateway.script.on(CHAT, do.hold(gate))
    process = bench.start("--jobs", "1")
    assert gate.reached.wait(LIMIT_SECONDS)
    ask_to_stop(process, number, bench.home)
    until_told(process, "Stopping: 1 under way")
    gate.release()
    done = ended(process)
    assert done.code == 130, done.explain()
    assert sums(done) == {"done": 1}
    assert len(bench.ready) == 1
    assert sum(bench.sent.values()) == 1
    assert sums(bench.run()) == {"done": 2, "skipped": 1}
    assert bench.sent == dict.fromkeys(PROMPTS, 1)


@long_elsewhere
def test_two_signals_end_at_once_and_lose_nothing(bench: Bench) -> None:
    gate = Gate()
    bench.gateway.script.on(FILES, do.hold(gate, at=20_000), times=None)
    process = bench.start("--jobs", "2")
    assert gate.reached.wait(LIMIT_SECONDS)
    ask_to_stop(process, signal.SIGINT, bench.home)
    until_told(process, "Stopping:")
    ask_to_stop(process, signal.SIGINT, bench.home)
    done = ended(process)
    assert not gate.released.is_set()
    assert done.code == 130, done.explain()
    assert set(sums(done)) == {"cancelled"}
    gate.release()
    again = bench.run()
    assert again.code == 0, again.explain()
    assert bench.ready == sorted(PROMPTS)
    assert len(props(bench.library)) == len(PROMPTS)
    # The same key means the same call to the gateway: nothing is paid for a second time.
    assert len(bench.keys) == len(PROMPTS)


@long_elsewhere
@pytest.mark.parametrize("route", [CHAT, FILES])
def test_killed_and_started_again(bench: Bench, route: str) -> None:
    gate = Gate()
    bench.gateway.script.on(route, do.hold(gate), after=1)
    process = bench.start("--jobs", "2")
    assert gate.reached.wait(LIMIT_SECONDS)
    process.kill()
    assert ended(process).code == KILLED
    gate.release()
    done = bench.run("--jobs", "2")
    assert done.code == 0, done.explain()
    assert bench.ready == sorted(PROMPTS)
    assert len(props(bench.library)) == len(PROMPTS)
    assert len(bench.keys) == len(PROMPTS)
    assert max(bench.sent.values()) <= 2
    # The kill may have left a torn claim, which stays until it is old.
    assert [left for prop in props(bench.library) for left in parts(prop)] == []


@pytest.mark.long
def test_two_shards_and_one_of_them_twice_make_one_library(bench: Bench) -> None:
    reports = bench.home / "reports"
    started = [
        bench.start("--shard", shard, "--report", reports / f"{number}.jsonl")
        for number, shard in enumerate(("1/2", "2/2", "1/2"))
    ]
    codes = [ended(process).code for process in started]
    # What the same shard makes twice at once is made by one of them, and the other says so.
    assert codes[1] == 0
    assert set(codes) <= {0, 6}
    assert bench.ready == sorted(PROMPTS)
    assert bench.sent == dict.fromkeys(PROMPTS, 1)
    merged = ["-m", "trellis_addon", "report", reports, "--library", bench.library, "--json"]
    done = run(merged, bench.home)
    assert sums(done) == {"done": len(PROMPTS)}


def test_words_for_people(bench: Bench) -> None:
    bench.file.write_text("stone vase\n", "utf-8")
    out = bench.home / "out"
    exported = ["--export", "glb", "--output", out, "--names", "{line}-{name}"]
    exported += ["--shot", "--shot-size", "32x32", "--shot-samples", "1"]
    arguments = [word for word in bench.arguments(*exported) if word != "--json"]
    done = run(arguments, bench.home, **bench.variables)
    assert done.code == 0, done.explain()
    assert "1/1 ready: Stone vase" in done.stderr
    assert "Rendering" not in done.stderr
    names = {path.name for path in out.iterdir()}
    endings = ("glb", "png", "sha256", "export.json")
    assert names == {f"1-Stone vase.{ending}" for ending in endings}
    quiet = run([*arguments, "--quiet"], bench.home, **bench.variables)
    assert quiet.stderr.splitlines()[-1].startswith("0 ready, 1 already there")
    assert done.stdout == quiet.stdout == ""


def product(bench: Bench, *words: str | Path) -> Ended:
    """Another command on the same library."""
    where = ["--library", bench.library, "--json"]
    return run(["-m", "trellis_addon", *words, *where], bench.home, **bench.variables)


@pytest.mark.long
def test_import_export_verify_and_clean(bench: Bench) -> None:
    meshes = bench.home / "meshes" / "deeper"
    meshes.mkdir(parents=True)
    for name in PROMPTS[:2]:
        (meshes / f"{name}.glb").write_bytes(make_glb(name, 0, 2000, 64))
    (meshes / "notes.txt").write_text("no mesh")
    brought = product(bench, "import", meshes.parent)
    assert brought.code == 0, brought.explain()
    assert sums(brought) == {"done": 2}
    assert sums(product(bench, "import", meshes.parent)) == {"skipped": 2}
    assert bench.gateway.requests == ()

    first, second = props(bench.library)
    target = bench.home / "out"
    out = product(bench, "export", first.name, "--formats", "obj", "--output", target)
    assert out.code == 0, out.explain()
    assert (target / f"{first.name}.obj").is_file()
    assert product(bench, "export", "--output", target).code == 2

    assert product(bench, "verify").code == 0
    content = (first / "model.glb").read_bytes()
    (first / "model.glb").write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    (second / "thumbnail.png").unlink()
    found = product(bench, "verify")
    assert found.code == 1, found.explain()
    faults = {(e["id"], e["file"]) for e in found.events if e["event"] == "fault"}
    assert faults == {(first.name, "model.glb"), (second.name, "thumbnail.png")}
    assert product(bench, "verify", second.name).last == {
        "event": "summary",
        "verified": 1,
        "bad": 1,
    }

    before = sorted(first.iterdir())
    leftover = [first / "payload-0.part", first / "prop.blend1", first / "prop-4.1.blend"]
    for path in leftover:
        path.write_bytes(b"left")
    assert product(bench, "clean").last["files"] == 3
    assert all(path.exists() for path in leftover)
    assert product(bench, "clean", "--yes").code == 0
    assert sorted(first.iterdir()) == before


def test_clean_keeps_what_can_go_on(bench: Bench) -> None:
    bench.file.write_text(PROMPTS[0], "utf-8")
    bench.killed_in_the_download()
    (folder,) = props(bench.library)
    paid = folder / "payload-7.part"
    paid.write_bytes(b"an answer that is paid for")
    assert product(bench, "clean", "--yes").last["files"] == 0
    assert paid.exists()
