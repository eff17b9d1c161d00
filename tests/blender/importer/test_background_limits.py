# SPDX-License-Identifier: GPL-3.0-or-later
"""What a background Blender may take: time and memory for a prop, props, idle time; and that it is
gone with its owner whatever it does. On real background Blenders.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from gateway.meshes import make_glb
from support.glbs import cube
from support.hanging import HOLDS_THE_LOCK, WAITS, python_path
from support.processes import (
    REPOSITORY,
    end_process,
    environment,
    is_gone,
    wait_until,
    worker_pid,
    workers,
)
from support.rooms import Rooms

CUBE = cube().pack()


@contextmanager
def blender(rooms: Rooms, **limits: Any) -> Iterator[Any]:
    """A background Blender of its own."""
    process, child = (
        rooms("importer.pipe.background_blender"),
        rooms("importer.pipe.blender_process"),
    )
    command = process.command_for("", sys.executable)
    background = process.BackgroundBlender(command, child.ProcessLimits(**limits))
    try:
        yield background
    finally:
        background.close()


def convert(rooms: Rooms, background: Any, folder: Any, say: Any = lambda text: None) -> Any:
    token = rooms("core.cancel").CancelToken()
    return background.convert(folder, folder.read(), token, say)


def set_limits(rooms: Rooms, background: Any, **limits: Any) -> None:
    background._limits = rooms("importer.pipe.blender_process").ProcessLimits(**limits)


def test_over_the_time_limit(rooms: Rooms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = workers(os.getpid())
    with blender(rooms, prop_seconds=0.5) as background:
        monkeypatch.setenv("PYTHONPATH", python_path(tmp_path / "hook", WAITS))
        with pytest.raises(rooms("core.errors").ImporterError) as caught:
            convert(rooms, background, rooms.downloaded(tmp_path, CUBE))
        monkeypatch.undo()
        assert "took too long" in caught.value.facts.message
        assert workers(os.getpid()) == before
        set_limits(rooms, background)
        assert convert(rooms, background, rooms.downloaded(tmp_path, CUBE)).prop["triangles"] == 12


def test_over_the_memory_limit(rooms: Rooms, tmp_path: Path) -> None:
    heavy = rooms.downloaded(tmp_path, make_glb("oak barrel", 0, 200_000, 1024))
    with blender(rooms) as background:
        convert(rooms, background, rooms.downloaded(tmp_path, CUBE))
        held = rooms("importer.pipe.memory_limit").resident_bytes(worker_pid(background))
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
        assert worker_pid(background) is None
        assert not heavy.blend.exists()
        set_limits(rooms, background)
        assert convert(rooms, background, rooms.downloaded(tmp_path, CUBE)).prop["triangles"] == 12


def test_fresh_process_after_many_props(rooms: Rooms, tmp_path: Path) -> None:
    seen = []
    with blender(rooms, props=2) as background:
        for _ in range(3):
            background.warm_up()
            seen.append(worker_pid(background))
            convert(rooms, background, rooms.downloaded(tmp_path, CUBE))
            assert worker_pid(background) is not None  # the next one is warm already
    assert seen[0] == seen[1] != seen[2]


def test_fresh_process_when_memory_stays(rooms: Rooms, tmp_path: Path) -> None:
    with blender(rooms, idle_bytes=1) as background:
        background.warm_up()
        first = worker_pid(background)
        convert(rooms, background, rooms.downloaded(tmp_path, CUBE))
        assert worker_pid(background) not in (None, first)


def test_ends_when_idle_and_comes_back(rooms: Rooms, tmp_path: Path) -> None:
    with blender(rooms, idle_seconds=0.2) as background:
        background.warm_up()
        wait_until(lambda: worker_pid(background) is None)
        said: list[str] = []
        # Starting and making take longer than the idle time, which does not run meanwhile.
        convert(rooms, background, rooms.downloaded(tmp_path, CUBE), said.append)
        assert said[0] == "Starting the background Blender"
        wait_until(lambda: worker_pid(background) is None)


def test_does_not_end_while_it_is_used(rooms: Rooms, tmp_path: Path) -> None:
    with blender(rooms, idle_seconds=30.0) as background:
        background.warm_up()
        first = worker_pid(background)
        background._timer.function()  # not the timer's thread: a timer that is no longer the last
        assert worker_pid(background) == first


OWNER = """
import sys
from pathlib import Path
from support.processes import worker_pid
from support.rooms import Rooms
from support.glbs import cube
rooms = Rooms("trellis_addon")
process, token = rooms("importer.pipe.background_blender"), rooms("core.cancel").CancelToken()
folder = rooms.downloaded(Path(sys.argv[1]), cube().pack())
background = process.BackgroundBlender(process.command_for("", sys.executable))
def say(text):
    print(text, worker_pid(background), flush=True)
background.convert(folder, folder.read(), token, say)
"""


@pytest.mark.parametrize(
    "hang",
    [
        pytest.param(WAITS, id="waits"),
        pytest.param(
            HOLDS_THE_LOCK,
            id="holds the lock",
            marks=pytest.mark.skipif(os.name != "nt", reason="Windows alone has job objects"),
        ),
    ],
)
def test_ends_in_the_middle_of_a_prop_when_its_owner_is_killed(hang: str, tmp_path: Path) -> None:
    scratch = tmp_path / "temporary"
    scratch.mkdir()
    paths = python_path(tmp_path / "hook", hang)
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path / "library")],
        cwd=REPOSITORY,
        env=environment(tmp_path, PYTHONPATH=paths, TMPDIR=str(scratch)),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert owner.stdout is not None
    pid = next(int(line.split()[-1]) for line in owner.stdout if line.startswith("Importing"))
    worker = psutil.Process(pid)
    (own,) = scratch.glob("trellis-background-*")
    wait_until((tmp_path / "hook" / "reached").exists)
    owner.kill()
    owner.communicate()
    try:
        wait_until(lambda: is_gone(worker))
    finally:
        end_process(worker)
    # With a job object the process is ended, and has no time to remove its folder.
    assert own.exists() is False or os.name == "nt"


@pytest.mark.skipif(
    os.name == "nt",
    reason="Blender's libraries wait for Python's lock at the end; a job object ends the process",
)
def test_ends_itself_where_it_hangs(rooms: Rooms, tmp_path: Path) -> None:
    """Its pipe stays open, and C code never comes back."""
    process, messages = rooms("importer.pipe.background_blender"), rooms("importer.pipe.messages")
    (tmp_path / "model.glb").write_bytes(CUBE)
    worker = subprocess.Popen(
        process.command_for("", sys.executable),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(tmp_path, PYTHONPATH=python_path(tmp_path / "hook", HOLDS_THE_LOCK)),
    )
    try:
        assert messages.receive(worker.stdout, skip_noise=True) == {"ready": True}
        task = messages.Task(str(tmp_path), "Rock", "rock")
        messages.send_task(worker.stdin, task, 1, 1.0)
        assert messages.receive(worker.stdout)["number"] == 1
        assert worker.wait(60) == 1
        assert worker.stderr is not None
        assert b"Timeout" in worker.stderr.read()
    finally:
        worker.kill()
        worker.communicate()


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
        (worker,) = (w for w in workers(os.getpid()) if w == worker_pid(background))
        assert psutil.Process(worker).environ()["TMPDIR"] == str(own)
    assert list(scratch.iterdir()) == []


SETTINGS = """
import json, sys
sys.path.insert(0, ".")
import bpy
from trellis_addon.importer.read.blender_gltf import empty_file
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
    command = rooms("importer.pipe.background_blender").command_for(
        "/opt/blender/blender", "/usr/bin/python"
    )
    flags = {"--background", "--factory-startup", "--offline-mode", "--disable-autoexec"}
    script = command.index("--python")
    assert command[0] == "/opt/blender/blender"
    assert flags <= set(command[:script])  # Blender takes its arguments one after the other
    assert Path(command[script + 1]).name == "worker.py"
    assert len(command) == script + 2
