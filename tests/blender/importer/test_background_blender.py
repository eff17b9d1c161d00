# SPDX-License-Identifier: GPL-3.0-or-later
"""The background Blender as a process: hostile files, sudden death, its environment, its end."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from gateway.meshes.ugly import make_ugly
from support.glbs import cube, png
from support.odd_files import hostile, sound
from support.processes import REPOSITORY, end_process, environment, is_gone, wait_until, workers
from support.rooms import KEY, Rooms, parts

HOSTILE, SOUND = hostile(), sound()
DOUBTFUL = {"needs-draco", "needs-ktx2", "needs-meshopt"}
"""Files that become props where this Blender's importer has what they say they need."""

Make = Callable[..., Any]


def new_background(rooms: Rooms, **more: Any) -> Any:
    process, limits = (
        rooms("importer.pipe.background_blender"),
        rooms("importer.pipe.blender_process").ProcessLimits(**more),
    )
    return process.BackgroundBlender(process.command_for("", sys.executable), limits)


def convert(rooms: Rooms, background: Any, folder: Any, say: Any = lambda text: None) -> Any:
    token = rooms("core.cancel").CancelToken()
    return background.convert(folder, folder.read(), token, say)


@pytest.fixture(scope="module")
def survivor(rooms: Rooms) -> Any:
    """The background Blender that is given all hostile files, one after the other."""
    background = new_background(rooms, props=10_000)
    background.warm_up()
    yield background
    background.close()


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_file_is_one_props_error(
    name: str, rooms: Rooms, survivor: Any, tmp_path: Path
) -> None:
    folder = rooms.downloaded(tmp_path, HOSTILE[name])
    before = workers(os.getpid())
    refused = ""
    try:
        convert(rooms, survivor, folder)
    except rooms("core.errors").BadFileError as error:
        refused = error.facts.message
    assert refused or name in DOUBTFUL
    assert folder.blend.exists() is not bool(refused)
    assert folder.glb.read_bytes() == HOSTILE[name]
    assert parts(folder.path) == []
    assert workers(os.getpid()) == before


@pytest.mark.parametrize("name", SOUND)
def test_the_next_prop_is_made_all_the_same(
    name: str, rooms: Rooms, survivor: Any, tmp_path: Path
) -> None:
    folder = rooms.downloaded(tmp_path, SOUND[name])
    before = workers(os.getpid())
    made = convert(rooms, survivor, folder)
    assert made.prop["triangles"] >= 12
    assert max(made.prop["size_metres"]) == pytest.approx(1.0, abs=1e-3)
    assert folder.blend.stat().st_size > 0
    assert folder.thumbnail.stat().st_size > 0
    assert parts(folder.path) == []
    assert workers(os.getpid()) == before


def test_outside_picture_is_not_read(make: Make, rooms: Rooms, tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(png())
    model = cube().picture(uri="../secret.png").pack()
    folder, made = make(tmp_path / "library", model)
    assert made.notes == ("Not beside the model, so left out: secret.png",)
    assert made.prop["images"] == 0
    assert [path.name for path in folder.path.rglob("*.png")] == ["thumbnail.png"]


def test_killed_in_the_middle_of_a_prop(rooms: Rooms, tmp_path: Path) -> None:
    background = new_background(rooms)
    before = set(workers(os.getpid()))
    killed: list[int] = []

    def kill(text: str) -> None:
        if "picture" in text and not killed:
            killed.extend(set(workers(os.getpid())) - before)
            psutil.Process(killed[0]).kill()

    try:
        folder = rooms.downloaded(tmp_path, SOUND["stand-in"])
        with pytest.raises(rooms("core.errors").ImporterError) as caught:
            convert(rooms, background, folder, kill)
        assert "stopped while it prepared the prop" in caught.value.facts.message
        assert "exit code" in caught.value.facts.detail
        assert folder.glb.read_bytes() == SOUND["stand-in"]
        assert not folder.blend.exists()
        assert convert(rooms, background, folder).prop["triangles"] > 1000
        (now,) = set(workers(os.getpid())) - before
        assert [now] != killed
    finally:
        background.close()
    assert set(workers(os.getpid())) == before


def test_killed_between_two_props(rooms: Rooms, tmp_path: Path) -> None:
    background = new_background(rooms)
    before = set(workers(os.getpid()))
    try:
        folder = rooms.downloaded(tmp_path, SOUND["cube"])
        convert(rooms, background, folder)
        (worker,) = set(workers(os.getpid())) - before
        psutil.Process(worker).kill()
        try:
            convert(rooms, background, folder)
        except rooms("core.errors").ImporterError:
            pass  # the death may be noticed only by this prop; the next one is made in any case
        assert convert(rooms, background, folder).prop["triangles"] == 12
    finally:
        background.close()


def test_environment_holds_no_secret(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AIGATEWAY_API_KEY", "OTHER_SECRET", "MY_TOKEN", "DB_PASSWORD", "aws_key_id"):
        monkeypatch.setenv(name, KEY)
    monkeypatch.setenv("INDEX_ADDRESS", f"https://me:{KEY}@127.0.0.1/simple")
    monkeypatch.setenv("HARMLESS_SETTING", "kept")
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "7")
    background = new_background(rooms)
    before = set(workers(os.getpid()))
    try:
        background.warm_up()
        convert(rooms, background, rooms.downloaded(tmp_path, SOUND["cube"]))
        (worker,) = set(workers(os.getpid())) - before
        process = psutil.Process(worker)
        variables, command = process.environ(), process.cmdline()
    finally:
        background.close()
    assert variables["HARMLESS_SETTING"] == "kept"
    # How memory is used is told by us, unless the user tells it.
    assert variables["MALLOC_TRIM_THRESHOLD_"] == "7"
    assert int(variables["MALLOC_MMAP_THRESHOLD_"]) == 32 << 20
    assert KEY not in "".join([*variables.values(), *command])
    assert "AIGATEWAY_API_KEY" not in variables


@pytest.mark.parametrize("last_words", [b"", b"no frame at all", b"\0TRELLIS\1\xff\xff\xff\xff"])
def test_ends_when_its_input_closes_or_makes_no_sense(
    last_words: bytes, rooms: Rooms, tmp_path: Path
) -> None:
    process = rooms("importer.pipe.background_blender")
    worker = subprocess.Popen(
        process.command_for("", sys.executable),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(tmp_path),
    )
    try:
        assert rooms("importer.pipe.messages").receive(worker.stdout, skip_noise=True) == {
            "ready": True
        }
        assert worker.stdin is not None
        if last_words:
            worker.stdin.write(last_words)
            worker.stdin.flush()
        else:
            worker.stdin.close()
        assert worker.wait(timeout=60) == 0
    finally:
        worker.kill()
        worker.wait()


OWNER = """
import os, sys, time
from trellis_addon.importer.pipe.background_blender import BackgroundBlender, command_for
from support.processes import workers
background = BackgroundBlender(command_for("", sys.executable))
background.warm_up()
print(workers(os.getpid())[0], flush=True)
time.sleep(600)
"""


def test_ends_when_its_owner_is_killed(tmp_path: Path) -> None:
    scratch = tmp_path / "temporary"
    scratch.mkdir()
    paths = os.pathsep.join(map(str, (REPOSITORY, REPOSITORY / "tests")))
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER],
        cwd=REPOSITORY,
        env=environment(tmp_path, PYTHONPATH=paths, TMPDIR=str(scratch)),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert owner.stdout is not None
    worker = psutil.Process(int(owner.stdout.readline()))
    owner.kill()
    owner.communicate()
    try:
        wait_until(lambda: is_gone(worker))
    finally:
        end_process(worker)
    # Blender was just starting. On Windows it is ended, and the next owner removes its folder.
    assert os.name == "nt" or list(scratch.iterdir()) == []


def test_cannot_be_started(rooms: Rooms, tmp_path: Path) -> None:
    process, errors = rooms("importer.pipe.background_blender"), rooms("core.errors")
    background = process.BackgroundBlender((str(tmp_path / "no blender"),))
    with pytest.raises(errors.ImporterError, match="could not be started"):
        background.warm_up()


def test_program_that_is_no_blender(rooms: Rooms, tmp_path: Path) -> None:
    process, errors = rooms("importer.pipe.background_blender"), rooms("core.errors")
    background = process.BackgroundBlender((sys.executable, "-c", "raise SystemExit('no bpy')"))
    folder = rooms.downloaded(tmp_path, SOUND["cube"])
    with pytest.raises(errors.ImporterError) as caught:
        convert(rooms, background, folder)
    assert "no bpy" in caught.value.facts.detail
    background.close()


def test_cancelled_in_the_middle(rooms: Rooms, tmp_path: Path) -> None:
    background = new_background(rooms)
    before = set(workers(os.getpid()))
    token = rooms("core.cancel").CancelToken()
    folder = rooms.downloaded(tmp_path, SOUND["stand-in"])

    def stop(text: str) -> None:
        if "picture" in text:
            token.cancel()

    with pytest.raises(rooms("core.errors").CancelledError):
        background.convert(folder, folder.read(), token, stop)
    assert set(workers(os.getpid())) == before
    assert not folder.blend.exists()
    assert convert(rooms, background, folder).prop["triangles"] > 1000
    background.close()


def test_cancelled_while_the_mesh_is_cleaned_and_rebuilt(rooms: Rooms, tmp_path: Path) -> None:
    background = new_background(rooms)
    token = rooms("core.cancel").CancelToken()
    folder = rooms.downloaded(tmp_path, make_ugly("a crate", triangles=60_000, texture=64))
    finishing = {"clean": "full", "rebuild": "standard"}
    record = folder.read().model_copy(update={"finishing": finishing})
    said: list[str] = []

    def stop(text: str) -> None:
        # Import, cleaning and rebuild take seconds after this, and say nothing until the picture.
        said.append(text)
        if text == "Importing in the background":
            token.cancel()

    before = set(workers(os.getpid()))
    with pytest.raises(rooms("core.errors").CancelledError):
        background.convert(folder, record, token, stop)
    assert said[-1] == "Importing in the background"
    assert set(workers(os.getpid())) == before
    assert not list(folder.path.glob("*.part")) + list(folder.path.glob("textures*"))
    assert not folder.blend.exists()
    background.close()


@pytest.mark.skipif(os.name == "nt", reason="needs a pipe in the file system")
def test_cancelled_job_leaves_no_part_file(rooms: Rooms, tmp_path: Path) -> None:
    background = new_background(rooms)
    folder = rooms.downloaded(tmp_path, SOUND["stand-in"])
    job = rooms.job(folder, rooms.settings("http://127.0.0.1:9"), background)
    # Blender is held at the worst moment, with a part file on the disk and another one being
    # written: into a pipe that nobody reads, which holds less than it writes.
    pipe = folder.path / "prop.blend.part.part@"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        job.start()
        readable, _, _ = select.select([reader], [], [], 90)
        held = parts(folder.path)
        job.cancel()
        events = list(job.wait())
    finally:
        background.close()
        os.close(reader)
    assert readable, "Blender never wrote the prop"
    assert held == ["thumbnail.png.part"]
    assert type(events[-1]).__name__ == "Cancelled"
    assert str(folder.read().state) == "cancelled"
    assert not folder.blend.exists()
    assert parts(folder.path) == []


def test_props_wait_for_their_turn(rooms: Rooms, background: Any, tmp_path: Path) -> None:
    folders = [rooms.downloaded(tmp_path, SOUND["cube"]) for _ in range(3)]
    made: list[Any] = []
    threads = [
        threading.Thread(target=lambda f=f: made.append(convert(rooms, background, f)))
        for f in folders
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert len(made) == 3
    assert all(folder.blend.is_file() for folder in folders)


def test_closed_for_good(rooms: Rooms, tmp_path: Path) -> None:
    background = new_background(rooms)
    background.close()
    with pytest.raises(rooms("core.errors").ImporterError, match="closing"):
        background.warm_up()
