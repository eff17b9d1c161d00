# SPDX-License-Identifier: GPL-3.0-or-later
"""What a background Blender may say that ours never would. Real processes, no Blender in them.

Whatever it does, the owner's thread ends with one sentence, its memory stays as it is, and the
process is gone.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from support.jobs import ROOMS
from support.processes import end_process, worker_pid

from trellis_addon.core.cancel import CancelToken
from trellis_addon.core.errors import CancelledError, ImporterError
from trellis_addon.importer.pipe.background_blender import BackgroundBlender
from trellis_addon.importer.pipe.blender_process import BlenderProcess, ProcessLimits
from trellis_addon.importer.pipe.memory_limit import resident_bytes
from trellis_addon.importer.pipe.messages import Task

PRELUDE = """
import json, os, struct, sys, time
tasks, replies = sys.stdin.buffer, sys.stdout.buffer
MAGIC = bytes([0]) + b"TRELLIS" + bytes([1])
def raw(content, length=None):
    count = len(content) if length is None else length
    replies.write(MAGIC + struct.pack("<I", count) + content)
    replies.flush()
def say(**message):
    raw(json.dumps(message).encode())
def task():
    tasks.read(len(MAGIC))
    return json.loads(tasks.read(struct.unpack("<I", tasks.read(4))[0]))
def made(number):
    say(number=number, made={"triangles": 12}, notes=[])
"""
READY = "say(ready=True)\nnumber = task()['number']\n"
ANSWER = READY + "made(number)\ntask()"

NONSENSE = {
    "frame that claims 4 GB": READY + "raw(b'{}', 0xffffffff)\ntask()",
    "cut frame": READY + "raw(b'{', 100)",
    "words between frames": READY + "print('Saved the file', flush=True)\ntask()",
    "endless noise": "while True: replies.write(bytes(65536))",
    "nothing but brackets": READY + "raw(b'[' * 900000)\ntask()",
    "objects in objects": READY + "raw(b'{\"a\":' * 150000)\ntask()",
    "not a number": READY + 'raw(b\'{"number": 1, "made": {"size": NaN}, "notes": []}\')\ntask()',
    "a list": READY + "raw(b'[]')\ntask()",
    "not text": READY + "raw(bytes([255, 254]))\ntask()",
    "neither prop nor fault": READY + "say(number=number)\ntask()",
    "prop that is none": READY + "say(number=number, made=7, notes=[])\ntask()",
    "notes that are none": READY + "say(number=number, made={}, notes='x')\ntask()",
    "fault that is none": READY + "say(number=number, failed='x')\ntask()",
    "answer to another task": READY + "made(number + 1)\ntask()",
    "frames without end": "while True: say(ready=True, text='x' * 900000)",
    "closed pipe": READY + "sys.stdout.close(); os.close(1); time.sleep(1)",
    "ended at once": "pass",
}


def command(program: str) -> tuple[str, ...]:
    return (sys.executable, "-c", PRELUDE + program)


@contextmanager
def child(program: str) -> Iterator[BlenderProcess]:
    started = BlenderProcess(command(program))
    try:
        yield started
    finally:
        started.end()


def run(started: BlenderProcess, say: Any = lambda text: None, **limits: Any) -> Any:
    task = Task("/library/prop", "Barrel", "barrel")
    limited = ProcessLimits(**{"prop_seconds": 60.0, **limits})
    return started.run(task, limited, CancelToken(), say)


def test_answer_comes_through() -> None:
    with child(
        READY + "say(number=number, progress='a\\n' * 5000)\nmade(number)\ntask()"
    ) as started:
        said: list[str] = []
        assert run(started, said.append).prop == {"triangles": 12}
        assert said[0] == "Starting the background Blender"
        assert len(said[1]) == 500
        assert started.alive


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_is_one_sentence(name: str) -> None:
    before = resident_bytes_here()
    with child(NONSENSE[name]) as started:
        with pytest.raises(ImporterError) as caught:
            run(started)
        assert not started.alive
        assert "background Blender" in caught.value.facts.message
        assert len(caught.value.facts.detail) < 20_000
    assert resident_bytes_here() - before < 200 << 20


def resident_bytes_here() -> int:
    import os

    return resident_bytes(os.getpid()) or 0


def until(happened: Callable[[], object]) -> None:
    """Up to a minute, which is far beyond what any of it takes."""
    for _ in range(6000):
        if happened():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it did not happen")


def test_frames_that_nobody_asked_for_wait_in_the_pipe() -> None:
    before = resident_bytes_here()
    with child("say(ready=True)\nwhile True: say(text='x' * 900000)") as started:
        until(started._frames.full)
        threading.Event().wait(0.2)  # for what would be read beyond them
        assert resident_bytes_here() - before < 100 << 20


def test_process_that_takes_no_task() -> None:
    """The frame is longer than a pipe holds; cancelling and the time limit work all the same."""
    with child("say(ready=True)\ntime.sleep(600)") as started:
        task = Task("/library/prop", "Barrel", "barrel " * 100_000)
        with pytest.raises(ImporterError, match="took too long"):
            started.run(task, ProcessLimits(prop_seconds=1.0), CancelToken(), lambda text: None)
        assert not started.alive


def test_task_that_is_too_long_is_not_waited_for() -> None:
    with child(ANSWER) as started:
        task = Task("/library/prop", "Barrel", "barrel " * 1_000_000)
        with pytest.raises(ImporterError, match="stopped while"):
            started.run(task, ProcessLimits(), CancelToken(), lambda text: None)


def test_what_is_printed_is_kept_in_its_last_lines_only() -> None:
    before = resident_bytes_here()
    program = "block = b'chatter ' * 8192\nfor _ in range(4096): os.write(2, block)\n"
    failing = READY + "os.write(2, b'the last words')\nos._exit(3)"
    with child(program + failing) as started:
        with pytest.raises(ImporterError) as caught:
            run(started)
        assert resident_bytes_here() - before < 100 << 20
        assert [path.name for path in Path(started._scratch).rglob("*")] == []
    assert caught.value.facts.detail.startswith("exit code 3\n")
    assert caught.value.facts.detail.endswith("the last words")
    assert len(caught.value.facts.detail) < 4000


def test_over_the_memory_limit() -> None:
    program = READY + "block = bytearray(os.urandom(1)) * (400 << 20)\ntime.sleep(600)"
    with child(program) as started:
        with pytest.raises(ImporterError, match=r"needs more memory than 0\.195 GB to"):
            run(started, prop_bytes=200 << 20)
        assert not started.alive


def test_over_the_time_limit() -> None:
    with child(READY + "time.sleep(600)") as started:
        with pytest.raises(ImporterError, match="took too long"):
            run(started, prop_seconds=0.5)
        assert not started.alive


def test_grandchild_that_keeps_the_pipes() -> None:
    """Ending waits for nobody who holds a pipe that nobody ever reads to its end."""
    program = (
        "import subprocess\n"
        f"held = subprocess.Popen([{sys.executable!r}, '-c', 'import time; time.sleep(40)'])\n"
        + READY
        + "say(number=number, failed={'message': str(held.pid)})\ntask()"
    )
    started = BlenderProcess(command(program))
    with pytest.raises(ImporterError) as caught:
        run(started)
    grandchild = psutil.Process(int(caught.value.facts.message))
    ended = threading.Thread(target=started.end, daemon=True)
    ended.start()
    ended.join(30)
    assert not ended.is_alive()
    end_process(grandchild)  # if no job object of Windows has done so


def test_closed_in_the_middle(tmp_path: Path) -> None:
    """As at the end of Blender: the job's thread ends at once."""
    background = BackgroundBlender(command(READY + "time.sleep(600)"))
    folder = ROOMS.downloaded(tmp_path, b"model")
    token, caught = CancelToken(), []

    def job() -> None:
        try:
            background.convert(folder, folder.read(), token, lambda text: None)
        except (ImporterError, CancelledError) as error:
            caught.append(error)

    thread = threading.Thread(target=job)
    thread.start()
    until(lambda: worker_pid(background) is not None)
    token.cancel(interrupted=True)
    background.close()
    thread.join(30)
    assert not thread.is_alive()
    assert [type(error) for error in caught] == [CancelledError]
    assert worker_pid(background) is None
