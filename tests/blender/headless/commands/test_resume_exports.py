# SPDX-License-Identifier: GPL-3.0-or-later
"""`resume` writes the files that an ended command was to write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from gateway import Gate, StandInGateway
from gateway import actions as do
from support.batching import CHAT, FILES, MODULE, Bench
from support.own_destinations import SITE
from support.processes import LIMIT_SECONDS, Ended, ended, start
from support.rooms import props
from support.stopping import hearing


@pytest.fixture
def bench(stand_in: StandInGateway, tmp_path: Path) -> Bench:
    bench = Bench(stand_in, tmp_path)
    (bench.library / "destinations").mkdir(parents=True)
    (bench.library / "destinations" / "studio.toml").write_text(SITE, "utf-8")
    return bench


def run(bench: Bench, *words: str | Path) -> Ended:
    return ended(begun(bench, *words))


def begun(bench: Bench, *words: str | Path) -> Any:
    command = [*MODULE, *words, "--library", bench.library, "--json"]
    return start(command, bench.home, **hearing(bench.home), **bench.variables)


def killed(bench: Bench, *words: str | Path) -> None:
    """Run a command, and kill it while its model is on its way."""
    gate = Gate()
    bench.gateway.script.on(FILES, do.hold(gate, at=20_000), times=1)
    process = begun(bench, *words)
    assert gate.reached.wait(LIMIT_SECONDS)
    process.kill()
    ended(process)
    gate.release()


def test_killed_generation_is_exported_as_it_was_asked_for(bench: Bench) -> None:
    out = bench.home / "out"
    wanted = ("--for", "site", "--export", "obj", "--output", out, "--longest", "2")
    killed(bench, "generate", "red vase", *wanted)
    (folder,) = props(bench.library)
    assert list(out.rglob("*.*")) == []

    done = run(bench, "resume")
    assert done.code == 0, done.explain()
    files = sorted(path.relative_to(out).as_posix() for path in out.rglob("*.*"))
    assert {"site/red-vase/export.json", "site/red-vase/red-vase.glb"} < set(files)
    assert f"{folder.name}.obj" in files
    record = json.loads((folder / "prop.json").read_text("utf-8"))
    assert record["finishing"]["shading"] == "flat"
    assert record["finishing"]["metres"] == 2
    assert len(bench.gateway.requests_to(CHAT)) == 1

    stamps = {path: path.stat().st_mtime_ns for path in out.rglob("*.*")}
    again = run(bench, "resume")
    assert [line for line in again.events if line["event"] == "exported"] == [], again.explain()
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*.*")} == stamps
    # Its own settings are known, although the prop was finished for a destination at once.
    assert run(bench, "finish", folder.name, "--for", "render").code == 0
    record = json.loads((folder / "prop.json").read_text("utf-8"))
    assert record["finishing"]["shading"] == "received"


@pytest.mark.long
def test_killed_batch_is_exported_with_its_names(bench: Bench) -> None:
    out = bench.home / "out"
    bench.file = bench.home / "props.csv"
    bench.file.write_text("prompt,name,for\nred vase,Vase {1},site\n", "utf-8")
    wanted = ("--export", "glb", "--output", out, "--names", "{line}-{name}")
    killed(bench, "batch", bench.file, *wanted)
    done = run(bench, "resume")
    assert done.code == 0, done.explain()
    assert (out / "2-Vase {1}.glb").is_file()
    assert (out / "site/vase-1/vase-1.glb").is_file()
    assert not list(bench.library.glob("*/outputs.json"))
    assert len(bench.gateway.requests_to(CHAT)) == 1


def test_export_that_failed_is_due_until_it_is_written(bench: Bench) -> None:
    out = bench.home / "out"
    done = run(bench, "generate", "red vase", "--export", "glb", "--output", out)
    assert done.code == 0, done.explain()
    (folder,) = props(bench.library)
    assert not (folder / "outputs.json").exists()

    (out / f"{folder.name}.glb").unlink()
    assert run(bench, "resume").code == 0
    assert not list(out.glob("*.glb"))  # nothing is due any more

    due = {"formats": ["glb"], "export_folder": str(out), "export_name": "vase", "own": {}}
    due |= {"destinations": ["gone"], "destination_folder": "", "given": {}}
    (folder / "outputs.json").write_text(json.dumps(due), "utf-8")
    failed = run(bench, "resume")
    assert failed.code == 2, failed.explain()
    assert "There is no destination gone" in failed.stderr
    assert (folder / "outputs.json").exists()
    (folder / "outputs.json").write_text(json.dumps({**due, "destinations": []}), "utf-8")
    assert run(bench, "resume").code == 0
    assert (out / "vase.glb").is_file()
    assert not (folder / "outputs.json").exists()
