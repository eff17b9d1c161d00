# SPDX-License-Identifier: GPL-3.0-or-later
"""Job objects of Windows: what is started ends with its owner, even if it listens to nobody."""

from __future__ import annotations

import ctypes
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from support.processes import REPOSITORY, end_process, environment, is_gone, wait_until

from trellis_addon.importer.pipe.blender_process import BlenderProcess
from trellis_addon.importer.pipe.child_environment import make_scratch, started_directly
from trellis_addon.importer.pipe.windows_job import BasicLimits, ExtendedLimits, tied

windows = pytest.mark.skipif(os.name != "nt", reason="Windows alone has job objects")
DEAF = "import time; time.sleep(3600)"
PARENT = f"""
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", {DEAF!r}])
print(child.pid, file=sys.stderr, flush=True)
time.sleep(3600)
"""
OWNER = f"""
import sys, time
from trellis_addon.importer.pipe.blender_process import BlenderProcess
print(BlenderProcess((sys.executable, "-c", {DEAF!r})).pid, flush=True)
time.sleep(3600)
"""


@pytest.fixture
def running() -> Iterator[list[psutil.Process]]:
    """What a test has started, so that nothing outlives a failure."""
    started: list[psutil.Process] = []
    yield started
    for process in started:
        end_process(process)


def killed_owner(home: Path) -> tuple[psutil.Process, int]:
    """What an owner had started that was killed, and the owner's process id."""
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER],
        cwd=REPOSITORY,
        env=environment(home, PYTHONPATH=str(REPOSITORY), TMPDIR=str(home)),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert owner.stdout is not None
    started = psutil.Process(int(owner.stdout.readline()))
    owner.kill()
    owner.communicate()
    return started, owner.pid


def test_structure_is_as_long_as_windows_asks() -> None:
    assert (ctypes.sizeof(BasicLimits), ctypes.sizeof(ExtendedLimits)) == (64, 144)
    assert BasicLimits.LimitFlags.offset == 16
    assert ExtendedLimits.ProcessMemoryLimit.offset == 112


@pytest.mark.skipif(os.name == "nt", reason="Windows has job objects")
def test_no_job_object_elsewhere() -> None:
    assert tied(os.getpid()) is None


@windows
def test_limits_are_accepted(
    caplog: pytest.LogCaptureFixture, running: list[psutil.Process]
) -> None:
    process = psutil.Popen([sys.executable, "-c", DEAF])
    running.append(process)
    with caplog.at_level(logging.WARNING):
        job = tied(process.pid)
        assert job is not None
        job.limit_memory(3 << 30)
        job.close()
        job.close()
    assert caplog.messages == []
    process.wait(60)


@windows
def test_process_that_listens_to_nobody_ends_with_its_killed_owner(
    tmp_path: Path, running: list[psutil.Process]
) -> None:
    started, _ = killed_owner(tmp_path)
    running.append(started)
    wait_until(lambda: is_gone(started))


@windows
def test_what_it_has_started_ends_with_it(running: list[psutil.Process]) -> None:
    process = BlenderProcess((sys.executable, "-c", PARENT))
    wait_until(process.tail)
    child = psutil.Process(int(process.tail()))
    running.append(child)
    process.end()
    wait_until(lambda: is_gone(child))


@windows
def test_process_that_is_gone_is_no_error() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    job = tied(process.pid)
    assert job is not None
    job.limit_memory(3 << 30)
    job.close()


def test_launcher_of_a_virtual_environment_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "_base_executable", "the real one")
    command, variables = started_directly((sys.executable, "worker.py"), {"A": "b"})
    if os.name == "nt":
        assert command == ("the real one", "worker.py")
        assert variables == {"A": "b", "__PYVENV_LAUNCHER__": sys.executable}
    else:
        assert (command, variables) == ((sys.executable, "worker.py"), {"A": "b"})
    assert started_directly(("blender.exe", "--background"), {}) == (
        ("blender.exe", "--background"),
        {},
    )


@windows
def test_folder_of_a_killed_owner_is_removed_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, running: list[psutil.Process]
) -> None:
    started, owner = killed_owner(tmp_path)
    running.append(started)
    wait_until(lambda: is_gone(started))
    (left,) = tmp_path.glob(f"trellis-background-{owner}-*")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    first = Path(make_scratch())
    second = Path(make_scratch())  # ours is in use
    assert [left.exists(), first.exists(), second.exists()] == [False, True, True]
