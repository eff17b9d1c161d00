# SPDX-License-Identifier: GPL-3.0-or-later
"""Every command with `--json`, as a process: nothing but declared events, the first one `begin`."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import get_args

import pytest
from gateway import StandInGateway
from support.batching import Bench
from support.event_lines import check_line
from support.processes import Ended, run

from trellis_addon.headless.commands.parser import COMMANDS
from trellis_addon.headless.contract.output_events import FileKind

pytestmark = pytest.mark.long


@pytest.fixture
def bench(stand_in: StandInGateway, tmp_path: Path) -> Bench:
    return Bench(stand_in, tmp_path)


def told(bench: Bench, command: str, *options: object) -> Ended:
    """Run a command, and check every line that it prints."""
    alone = command in ("farm", "completion")
    where = ["--json"] if alone else ["--library", bench.library, "--json"]
    done = run(["-m", "trellis_addon", command, *options, *where], bench.home, **bench.variables)
    assert done.stdout.endswith("\n"), done.explain()
    lines = [check_line(line) for line in done.stdout.split("\n")[:-1]]
    assert [n for n, line in enumerate(lines) if line["event"] == "begin"] == [0], done.explain()
    assert lines[0]["version"] == 1
    assert lines[0]["command"] == command
    for line in lines:
        if line["event"] == "written":
            content = Path(line["path"]).read_bytes()
            assert line["bytes"] == len(content)
            assert line.get("sha256") in (None, hashlib.sha256(content).hexdigest())
    return done


def test_every_command(bench: Bench) -> None:
    bench.file.write_text("crate\nbarrel", "utf-8")
    out, seen = bench.home / "out", {"generate"}
    made = told(bench, "generate", "red mushroom", "--export", "glb", "--output", out)
    prop = next(line["id"] for line in made.events if line["event"] == "finished")
    written = [line for line in made.events if line["event"] == "written"]
    report = bench.home / "report.jsonl"
    for command, *options in (
        ("batch", bench.file, "--check"),
        ("batch", bench.file, "--dry-run"),
        (
            "batch",
            bench.file,
            *("--report", report, "--html", bench.home / "report.html"),
            *("--contact-sheet", bench.home / "sheet.png", "--scene", bench.home / "all.blend"),
        ),
        ("batch", bench.file, "--picture-first", "1", "--picture-size", "64x64"),
        ("pictures", "cup", "--count", "1", "--size", "64x64"),
        ("import", out),
        ("resume",),
        ("finish", prop, "--height", "1"),
        ("export", "--all", "--output", out),
        ("export", prop, "--for", "web"),
        ("shot", prop, "--output", out, "--size", "32x32", "--samples", "1"),
        ("place", prop, "--scene", bench.home / "scene.blend"),
        ("list",),
        ("show", prop),
        ("verify",),
        ("clean",),
        ("destinations",),
        ("report", report, "--merged", bench.home / "merged.jsonl"),
        ("farm", "slurm", bench.file, "--library", bench.library, "--output", out / "job.sh"),
        ("farm", "slurm", bench.file, "--library", bench.library),
        ("completion", "bash", "--output", out / "trellis.bash"),
        ("completion", "zsh"),
        ("doctor",),
        ("doctor", "--show-config"),
    ):
        done = told(bench, command, *options)
        assert done.code == 0, done.explain()
        written += [line for line in done.events if line["event"] == "written"]
        seen.add(command)
    assert seen == set(COMMANDS)
    assert {line["kind"] for line in written} == {*get_args(FileKind)} - {"summary"}
    assert any(line.get("sha256") for line in written)


def test_commands_that_fail(bench: Bench) -> None:
    bench.file.write_text("crate\n\ud7ff\u2028barrel", "utf-8")
    for command, *options in (
        ("show", "nothing-00000000"),
        ("list",),
        ("batch", bench.home / "none.csv"),
        ("farm", "slurm", bench.file),
        ("generate", ""),
    ):
        done = told(bench, command, *options)
        assert done.code == 2, done.explain()
        assert done.last["event"] == "failed"


def test_wrong_usage_prints_nothing_on_standard_output(bench: Bench) -> None:
    done = run(["-m", "trellis_addon", "list", "--json", "--jsn"], bench.home)
    assert (done.code, done.stdout) == (2, "")
