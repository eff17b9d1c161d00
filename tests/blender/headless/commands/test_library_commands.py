# SPDX-License-Identifier: GPL-3.0-or-later
"""`trellis list`, `show` and `resume` on a library that others use too."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from gateway import Gate, StandInGateway
from gateway import actions as do
from gateway.meshes import make_glb
from support.processes import LIMIT_SECONDS, Ended, start
from support.rooms import KEY, PROMPT, Rooms, files_holding, unlocked

CHAT = "POST /v1/chat/completions"
Run = Callable[..., Ended]


@pytest.fixture
def library(rooms: Rooms, settings: Path) -> Any:
    return rooms("library.library").Library(settings)


@pytest.fixture
def downloaded(rooms: Rooms, settings: Path) -> Any:
    """A prop whose model is on the disk already."""
    return rooms.downloaded(settings, make_glb(PROMPT, 0, 2000, 64), prompt=PROMPT, seed=7)


def props(done: Ended) -> list[dict[str, Any]]:
    return [event for event in done.events if event["event"] == "prop"]


def test_list_of_nothing(settings: Path, trellis: Run) -> None:
    settings.mkdir()
    done = trellis("list", "--json")
    assert (done.code, done.events) == (0, [])
    assert f"0 props in {settings}" in done.stderr


def test_list(library: Any, trellis: Run, rooms: Rooms, downloaded: Any) -> None:
    record = rooms("library.record")
    other = unlocked(
        library.create_locked(rooms.request("small vase, " + "blue " * 60), "", "chat")
    )
    call = record.Call(endpoint="chat", time="t", cost_cents=2.1)
    other.advance(rooms("core.events").State.CANCELLED, origin=record.Origin(calls=(call,)))
    done = trellis("list", "--json")
    assert done.code == 0
    first, second = props(done)
    assert [first["id"], second["id"]] == sorted([downloaded.id, other.id])
    listed = {one["id"]: one for one in (first, second)}
    assert listed[downloaded.id] == {
        "event": "prop",
        "id": downloaded.id,
        "state": "downloaded",
        "prompt": PROMPT,
        "created": downloaded.read().created,
        "folder": str(downloaded.path),
        "glb": str(downloaded.glb),
        "blend": None,
        "thumbnail": None,
        "cost_cents": None,
        "is_resumable": True,
        "worked_on_by": None,
        "quality": None,
        "readiness": None,
    }
    assert listed[other.id]["cost_cents"] == pytest.approx(2.1)
    assert listed[other.id]["is_resumable"] is False
    words = trellis("list")
    assert words.code == 0
    lines = words.stdout.splitlines()
    assert len(lines) == 2
    assert all(len(line) < 150 for line in lines)
    assert f"  {downloaded.id}  {PROMPT}" in words.stdout
    assert "2.1 ct" in words.stdout
    assert "2 props in" in words.stderr


def test_list_says_who_is_working(downloaded: Any, trellis: Run, rooms: Rooms) -> None:
    with rooms("library.folder_lock").FolderLock.acquire(downloaded.path):
        (listed,) = props(trellis("list", "--json"))
    assert listed["worked_on_by"].startswith(f"process {os.getpid()} on ")


def test_list_sets_broken_records_aside(downloaded: Any, trellis: Run, library: Any) -> None:
    (downloaded.path / "prop.json").write_bytes(b"{")
    done = trellis("list", "--json")
    (note,) = done.events
    assert note["event"] == "note"
    assert downloaded.id in note["text"]
    assert "Note: The record of the prop" in done.stderr
    (note,) = trellis("list", "--json").events
    assert note["text"].startswith(f"{downloaded.id} has no record; `resume` makes it again")


def test_show(downloaded: Any, trellis: Run) -> None:
    path = downloaded.path / "prop.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), "of_tomorrow": [1]}))
    (shown,) = props(trellis("show", downloaded.id, "--json"))
    assert shown["id"] == downloaded.id
    assert shown["record"] == json.loads(path.read_text("utf-8")) | shown["record"]
    assert shown["record"]["of_tomorrow"] == [1]
    words = trellis("show", downloaded.id)
    assert words.code == 0
    for text in (PROMPT, "seed:", "model.glb:", "downloaded", "history:", str(downloaded.path)):
        assert text in words.stdout
    assert KEY not in words.stdout


def test_list_by_use(trellis: Run, rooms: Rooms, settings: Path) -> None:
    quality, ready = rooms("core.generation.quality").Quality, rooms("core.events").State.READY
    ids = {}
    for name, triangles in (("light", 9_000), ("heavy", 250_000), ("old", None)):
        folder = ids[name] = rooms.new_folder(settings, prompt=f"{name} vase")
        facts = {} if triangles is None else {"quality": quality(triangles).to_dict()}
        folder.advance(ready, prop={"triangles": 1, **facts})

    def listed(*options: str) -> set[str]:
        return {event["id"] for event in props(trellis("list", "--json", *options))}

    assert listed() == {folder.id for folder in ids.values()}
    assert listed("--ready-for", "game") == {ids["light"].id}
    assert listed("--ready-for", "render") == {ids["light"].id, ids["heavy"].id}
    assert listed("--ready-for", "render", "--ready-for", "ar") == {ids["light"].id}
    assert trellis("list", "--ready-for", "cinema").code == 2
    (heavy,) = (one for one in props(trellis("list", "--json")) if one["id"] == ids["heavy"].id)
    assert heavy["quality"]["triangles"] == 250_000
    assert heavy["readiness"]["game"]["light"] == "not_yet"
    assert heavy["readiness"]["game"]["reason"] == "250,000 triangles"
    assert heavy["readiness"]["render"] == {"light": "ready", "reason": "", "next_step": ""}
    words = trellis("show", ids["heavy"].id).stdout
    assert "Ready for: render. Usable for: web (250,000 triangles" in words
    assert trellis("show", ids["old"].id).code == 0


def test_show_of_nothing(settings: Path, trellis: Run) -> None:
    done = trellis("show", "nothing-01234567", "--json")
    assert done.code == 2
    assert done.last["error"]["kind"] == "input"
    assert trellis("show").code == 2


def test_other_library(tmp_path: Path, trellis: Run, downloaded: Any) -> None:
    (tmp_path / "another").mkdir()
    done = trellis("list", "--library", tmp_path / "another", "--json")
    assert (done.code, done.events) == (0, [])


# --- resume, and the locks of jobs


def test_resume_skips_what_a_living_process_works_on(
    downloaded: Any, trellis: Run, rooms: Rooms
) -> None:
    before = (downloaded.path / "prop.json").read_bytes()
    with rooms("library.folder_lock").FolderLock.acquire(downloaded.path):
        done = trellis("resume", "--json")
        assert done.code == 6, done.explain()
        assert done.last == {
            "event": "skipped",
            "id": downloaded.id,
            "reason": f"This Blender is already working on {downloaded.id}",
        }
        assert "Skipped: This Blender" in done.stderr
        assert (downloaded.path / "prop.json").read_bytes() == before
    done = trellis("resume", "--json")
    assert done.last["event"] == "finished", done.explain()
    assert not (downloaded.path / ".lock").exists()


def test_resume_takes_a_lost_record_back_in(
    downloaded: Any, trellis: Run, stand_in: StandInGateway
) -> None:
    path = downloaded.path / "prop.json"
    path.write_bytes(path.read_bytes()[:-20])
    done = trellis("resume", "--json")
    assert done.code == 0, done.explain()
    assert next(event["text"] for event in done.events if event["event"] == "note").startswith(
        f"The record of the prop {downloaded.id} is damaged; it is kept as prop.json.broken-"
    )
    assert done.last["event"] == "finished"
    assert json.loads(path.read_text("utf-8"))["request"]["prompt"] == PROMPT
    assert stand_in.requests_to("POST") == ()


def test_lock_is_held_from_start_to_end(
    settings: Path, stand_in: StandInGateway, tmp_path: Path, trellis: Run, rooms: Rooms
) -> None:
    gate = Gate()
    stand_in.script.on(CHAT, do.hold(gate))
    process = start(
        ["-m", "trellis_addon", "generate", "small vase", "--json", "--library", settings],
        tmp_path,
        AIGATEWAY_API_KEY=KEY,
        AIGATEWAY_BASE_URL=stand_in.base_url,
    )
    try:
        assert gate.reached.wait(120)
        (listed,) = props(trellis("list", "--json"))
        assert f"process {process.pid} on " in listed["worked_on_by"]
        done = trellis("resume", "--json")
        assert (done.code, done.last["event"]) == (6, "skipped"), done.explain()
        assert done.last["reason"] == f"Another Blender is working on {listed['id']}"
        gate.release()
        stdout, stderr = process.communicate(timeout=LIMIT_SECONDS)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, stderr
    assert json.loads(stdout.splitlines()[-1])["event"] == "finished"
    assert not (Path(listed["folder"]) / ".lock").exists()
    assert len(stand_in.requests_to(CHAT)) == 1
    assert files_holding(settings) == []


def test_killed_process_leaves_nothing_locked(
    settings: Path, stand_in: StandInGateway, tmp_path: Path, trellis: Run
) -> None:
    gate = Gate()
    stand_in.script.on(CHAT, do.hold(gate))
    process = start(
        ["-m", "trellis_addon", "generate", "small vase", "--library", settings],
        tmp_path,
        AIGATEWAY_API_KEY=KEY,
        AIGATEWAY_BASE_URL=stand_in.base_url,
    )
    try:
        assert gate.reached.wait(120)
    finally:
        process.kill()
        process.communicate()
        gate.release()
    (folder,) = [path.parent for path in settings.glob("*/prop.json")]
    assert (folder / ".lock").exists()
    done = trellis("resume", "--json")
    assert done.code == 0, done.explain()
    assert done.last["event"] == "finished"
    assert not (folder / ".lock").exists()


@pytest.mark.parametrize("status", [401, 500])
def test_failed_job_releases_its_lock(
    settings: Path, stand_in: StandInGateway, trellis: Run, status: int
) -> None:
    stand_in.script.on(CHAT, do.status(status), times=None)
    done = trellis("generate", "small vase", "--endpoint", "chat", "--json")
    assert done.code != 0
    (folder,) = [path.parent for path in settings.glob("*/prop.json")]
    assert not (folder / ".lock").exists()


def test_job_that_dies_releases_its_lock(settings: Path, downloaded: Any, rooms: Rooms) -> None:
    holding = rooms("engine.locked_job").holding
    lock = rooms("library.folder_lock").FolderLock.acquire(downloaded.path)
    token = rooms("core.cancel").CancelToken()
    settled: list[bool] = []

    def settle() -> None:
        settled.append(lock.held)

    with pytest.raises(ZeroDivisionError), holding(lock, lambda event: None, token, settle):
        raise ZeroDivisionError
    assert settled == [True]
    assert not (downloaded.path / ".lock").exists()


def test_lock_is_free_when_the_end_is_heard(downloaded: Any, rooms: Rooms) -> None:
    events = rooms("core.events")
    lock = rooms("library.folder_lock").FolderLock.acquire(downloaded.path)
    token = rooms("core.cancel").CancelToken()
    seen, settled = [], []
    ending = events.Cancelled(downloaded.id, False)
    with rooms("engine.locked_job").holding(
        lock,
        lambda event: seen.append((event, lock.held)),
        token,
        lambda: settled.append(lock.held),
    ) as tell:
        tell(events.Progress(downloaded.id, None, "x"))
        tell(ending)
    assert [held for _, held in seen] == [True, False]
    assert settled == [True]


def test_catalog_is_there_after_a_generation(settings: Path, trellis: Run, rooms: Rooms) -> None:
    theirs = b"VERSION 1\n\n4f5c1e2a-0d3b-4c1e-9a55-0123456789ab:Studio:Studio\n"
    catalogs = rooms("library.asset_catalogs")
    settings.mkdir()
    (settings / catalogs.FILE).write_bytes(theirs)
    assert trellis("generate", "small vase").code == 0
    content = (settings / catalogs.FILE).read_bytes()
    assert content == theirs + catalogs.MAIN.line + b"\n"
