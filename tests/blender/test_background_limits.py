# SPDX-License-Identifier: GPL-3.0-or-later
"""What a background Blender may take: time and memory for a prop, props, idle time; and that it is
gone with its owner whatever it does. On real background Blenders.

A pipe in the file system in place of the model is a prop that is never done: opening it waits.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from gateway.meshes import make_glb
from support.glbs import cube
from support.processes import REPOSITORY, environment, workers
from support.rooms import Rooms

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
CUBE = cube().pack()


@contextmanager
def blender(rooms: Rooms, **limits: Any) -> Iterator[Any]:
    """A background Blender of its own."""
    process, child = rooms("importer.process"), rooms("importer.child")
    command = process.command_for("", sys.executable)
    background = process.BackgroundBlender(command, child.Limits(**limits))
    try:
        yield background
    finally:
        background.close()


def convert(rooms: Rooms, background: Any, folder: Any, say: Any = lambda text: None) -> Any:
    token = rooms("core.cancel").CancelToken()
    return background.convert(folder, folder.read(), token, say)


def endless(folder: Any) -> Any:
    """Have the folder's model be one whose reading never ends."""
    folder.glb.unlink()
    os.mkfifo(folder.glb)
    return folder


def wait_until(happened: Callable[[], object]) -> None:
    """Up to a minute, which is far beyond what any of it takes."""
    for _ in range(1200):
        if happened():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen")


def set_limits(rooms: Rooms, background: Any, **limits: Any) -> None:
    background._limits = rooms("importer.child").Limits(**limits)


@linux
def test_over_the_time_limit(rooms: Rooms, tmp_path: Path) -> None:
    before = workers(os.getpid())
    with blender(rooms, prop_seconds=0.5) as background:
        with pytest.raises(rooms("core.errors").ImporterError) as caught:
            convert(rooms, background, endless(rooms.downloaded(tmp_path, CUBE)))
        assert "took too long" in caught.value.facts.message
        assert workers(os.getpid()) == before
        set_limits(rooms, background)
        assert convert(rooms, background, rooms.downloaded(tmp_path, CUBE)).prop["triangles"] == 12


def test_over_the_memory_limit(rooms: Rooms, tmp_path: Path) -> None:
    heavy = rooms.downloaded(tmp_path, make_glb("oak barrel", 0, 200_000, 1024))
    with blender(rooms) as background:
        convert(rooms, background, rooms.downloaded(tmp_path, CUBE))
        held = rooms("importer.memory_limit").resident_bytes(background.process_id)
        if held is None:
            pytest.skip("this system does not tell")
        set_limits(rooms, background, prop_bytes=held + (96 << 20))
        with pytest.raises(rooms("core.errors").ImporterError) as caught:
            convert(rooms, background, heavy)
        facts = caught.value.facts
        assert facts.message.startswith("This model needs more memory than 0.")
        assert facts.message.endswith(" GB to prepare and was stopped")
        assert "fewer triangles" in facts.next_step
        assert not facts.retryable
        assert background.process_id is None
        assert not heavy.blend.exists()
        set_limits(rooms, background)
        assert convert(rooms, background, rooms.downloaded(tmp_path, CUBE)).prop["triangles"] == 12


def test_fresh_process_after_many_props(rooms: Rooms, tmp_path: Path) -> None:
    seen = []
    with blender(rooms, props=2) as background:
        for _ in range(3):
            background.warm_up()
            seen.append(background.process_id)
            convert(rooms, background, rooms.downloaded(tmp_path, CUBE))
            assert background.process_id is not None  # the next one is warm already
    assert seen[0] == seen[1] != seen[2]


def test_fresh_process_when_memory_stays(rooms: Rooms, tmp_path: Path) -> None:
    with blender(rooms, idle_bytes=1) as background:
        background.warm_up()
        first = background.process_id
        convert(rooms, background, rooms.downloaded(tmp_path, CUBE))
        assert background.process_id not in (None, first)


def test_ends_when_idle_and_comes_back(rooms: Rooms, tmp_path: Path) -> None:
    with blender(rooms, idle_seconds=0.2) as background:
        background.warm_up()
        wait_until(lambda: background.process_id is None)
        said: list[str] = []
        # Starting and making take longer than the idle time, which does not run meanwhile.
        convert(rooms, background, rooms.downloaded(tmp_path, CUBE), said.append)
        assert said[0] == "Starting the background Blender"
        wait_until(lambda: background.process_id is None)


def test_does_not_end_while_it_is_used(rooms: Rooms, tmp_path: Path) -> None:
    with blender(rooms, idle_seconds=30.0) as background:
        background.warm_up()
        first = background.process_id
        background._idle.function()  # not the timer's thread: a timer that is no longer the last
        assert background.process_id == first


OWNER = """
import os, sys
from pathlib import Path
from support.rooms import Rooms
from support.glbs import cube
rooms = Rooms("trellis_addon")
process, token = rooms("importer.process"), rooms("core.cancel").CancelToken()
folder = rooms.downloaded(Path(sys.argv[1]), cube().pack())
folder.glb.unlink()
os.mkfifo(folder.glb)
background = process.BackgroundBlender(process.command_for("", sys.executable))
def say(text):
    print(text, background.process_id, flush=True)
background.convert(folder, folder.read(), token, say)
"""


@linux
def test_ends_in_the_middle_of_a_prop_when_its_owner_is_killed(tmp_path: Path) -> None:
    scratch = tmp_path / "temporary"
    scratch.mkdir()
    paths = f"{REPOSITORY}:{REPOSITORY / 'tests'}"
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path / "library")],
        cwd=REPOSITORY,
        env=environment(tmp_path, PYTHONPATH=paths, TMPDIR=str(scratch)),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert owner.stdout is not None
    worker = next(line.split()[-1] for line in owner.stdout if line.startswith("Importing"))
    handle = os.pidfd_open(int(worker))
    try:
        assert [path.name.startswith("trellis-background-") for path in scratch.iterdir()] == [True]
        owner.kill()
        owner.wait()
        ready, _, _ = select.select([handle], [], [], 60)
        assert ready, "the background Blender outlives its owner"
        assert list(scratch.iterdir()) == []
    finally:
        os.close(handle)
        owner.stdout.close()


@linux
def test_ends_itself_where_it_hangs(rooms: Rooms, tmp_path: Path) -> None:
    """Its pipe stays open, and Blender's own code waits for a file that never comes."""
    process, messages = rooms("importer.process"), rooms("importer.messages")
    os.mkfifo(tmp_path / "model.stl")
    worker = subprocess.Popen(
        process.command_for("", sys.executable),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(tmp_path),
    )
    try:
        assert messages.receive(worker.stdout, skip_noise=True) == {"ready": True}
        task = messages.Task(str(tmp_path), "Rock", "rock", model="model.stl")
        messages.send_task(worker.stdin, task, 1, 1.0)
        assert messages.receive(worker.stdout)["number"] == 1
        assert worker.wait(60) == 1
        assert worker.stderr is not None
        assert b"Timeout" in worker.stderr.read()
    finally:
        worker.kill()
        worker.communicate()


@linux
def test_temporary_files_go_with_the_process(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    scratch = tmp_path / "temporary"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    with blender(rooms) as background:
        convert(rooms, background, rooms.downloaded(tmp_path / "library", CUBE))
        (own,) = scratch.iterdir()
        assert list(own.glob("blender_*"))  # Blender's, which it would leave behind
        (worker,) = (w for w in workers(os.getpid()) if w == background.process_id)
        assert f"TMPDIR={own}".encode() in Path(f"/proc/{worker}/environ").read_bytes()
    assert list(scratch.iterdir()) == []


SETTINGS = """
import json, sys
sys.path.insert(0, ".")
import bpy
from trellis_addon.importer.gltf import empty_file
empty_file()
preferences = bpy.context.preferences
print(json.dumps({
    "factory": bpy.app.factory_startup,
    "online": bpy.app.online_access,
    "scripts of files": preferences.filepaths.use_scripts_auto_execute,
    "user's add-ons": [name for name in preferences.addons.keys() if name.startswith("bl_ext.")],
}))
"""


def test_settings_are_blenders_own(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SETTINGS],
        cwd=REPOSITORY,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
    )
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "factory": True,
        "online": False,
        "scripts of files": False,
        "user's add-ons": [],
    }


def test_application_is_started_alone(rooms: Rooms) -> None:
    command = rooms("importer.process").command_for("/opt/blender/blender", "/usr/bin/python")
    flags = {"--background", "--factory-startup", "--offline-mode", "--disable-autoexec"}
    script = command.index("--python")
    assert command[0] == "/opt/blender/blender"
    assert flags <= set(command[:script])  # Blender takes its arguments one after the other
    assert Path(command[script + 1]).name == "worker.py"
    assert len(command) == script + 2
