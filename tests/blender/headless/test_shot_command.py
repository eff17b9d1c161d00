# SPDX-License-Identifier: GPL-3.0-or-later
"""``trellis shot`` and ``--shot``: what is taken, what stays, what is refused."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.processes import Ended
from support.prop_files import stored_prop
from support.rooms import Rooms

Run = Callable[..., Ended]
SMALL = ("--size", "48x32", "--samples", "1")


@pytest.fixture
def vase(rooms: Rooms, settings: Path) -> Any:
    """A prop in the user's library."""
    return stored_prop(rooms, settings, "Vase")


def test_only_what_is_missing_or_older_is_taken(trellis: Run, vase: Any, tmp_path: Path) -> None:
    out = tmp_path / "Bilder"
    words = ("shot", "--all", "--output", out, *SMALL)
    done = trellis(*words, "--json")
    assert done.code == 0, done.explain()
    path = out / f"{vase.id}.png"
    expected = {"event": "shot", "id": vase.id, "path": str(path), "notes": []}
    told, shot = [event for event in done.lines if event["event"] != "progress"]
    assert shot == expected
    assert (told["event"], told["kind"], told["path"]) == ("written", "shot", str(path))
    assert told["bytes"] == path.stat().st_size
    assert [file.name for file in out.iterdir()] == [path.name]
    written = path.stat().st_mtime_ns
    again = trellis(*words, "--json")
    assert (again.code, [e["event"] for e in again.lines]) == (0, ["shot_skipped"])
    assert path.stat().st_mtime_ns == written
    newer = path.stat().st_mtime + 5
    os.utime(vase.blend, (newer, newer))
    third = trellis(*words, "--json")
    assert third.lines[-1] == expected, third.explain()
    assert path.stat().st_mtime_ns != written


def test_a_prop_that_cannot_be_rendered_costs_only_itself(
    rooms: Rooms, trellis: Run, vase: Any, settings: Path, tmp_path: Path
) -> None:
    broken = stored_prop(rooms, settings, "Urn")
    broken.blend.write_bytes(b"no blend")
    done = trellis("shot", broken.id, vase.id, "--output", tmp_path / "out", *SMALL, "--json")
    assert done.code == 1, done.explain()
    ends = {e["id"]: e["event"] for e in done.lines if e["event"].startswith("shot")}
    assert ends == {broken.id: "shot_failed", vase.id: "shot"}
    assert [file.name for file in (tmp_path / "out").iterdir()] == [f"{vase.id}.png"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "Name the props"),
        (("nothing-00000000",), "nothing-00000000"),
        (("--all", "--size", "big"), "Not a size"),
        (("--all", "--samples", "0"), "samples must be"),
        (("--all", "--names", "x"), "The pattern x gives several props one name"),
    ],
)
def test_what_is_wrong_is_told(
    trellis: Run, vase: Any, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    done = trellis("shot", *words, "--output", tmp_path / "out")
    assert done.code == 2, done.explain()
    assert told in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", [("generate", "a vase"), ("batch", "list.txt")])
def test_shots_of_new_props_need_a_folder(
    trellis: Run, settings: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    (tmp_path / "list.txt").write_text("a vase\n", encoding="utf-8")
    words = [tmp_path / word if word.endswith(".txt") else word for word in command]
    done = trellis(*words, "--shot")
    assert done.code == 2, done.explain()
    assert "--shot needs a folder" in done.stderr
    wrong = trellis(*words, "--shot", "--output", tmp_path, "--shot-size", "7")
    assert (wrong.code, "Not a size" in wrong.stderr) == (2, True), wrong.explain()


def test_generate_takes_a_shot_of_what_it_made(
    trellis: Run, settings: Path, tmp_path: Path
) -> None:
    words = ("--shot", "--shot-size", "48x32", "--shot-samples", "1", "--output", tmp_path / "out")
    done = trellis("generate", "a small vase", *words, "--json")
    assert done.code == 0, done.explain()
    assert [e["event"] for e in done.lines if e["event"] in ("finished", "shot")] == [
        "finished",
        "shot",
    ]
    assert [p.suffix for p in (tmp_path / "out").iterdir()] == [".png"]


def test_a_signal_cancels_the_shot_under_way(rooms: Rooms, vase: Any, tmp_path: Path) -> None:
    module = rooms("headless.outputs.shot_files")
    signals = rooms("headless.console.signals").Signals()
    token = module.SignalToken(signals)
    blender = rooms("importer.pipe.export_client").BlenderProgram(
        (sys.executable, "-c", "import time; time.sleep(600)"), (5, 0, 0)
    )

    def tell(text: str) -> None:
        signals.heard += 1  # as the handler does, while the background Blender starts

    shoot = rooms("importer.pipe.shot_client").shoot_prop
    shot = rooms("core.generation.shot").Shot()
    with pytest.raises(rooms("core.errors").CancelledError):
        shoot(blender, vase, shot, tmp_path / "out", token=token, report_status=tell)
    assert list((tmp_path / "out").iterdir()) == []
