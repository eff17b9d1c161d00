# SPDX-License-Identifier: GPL-3.0-or-later
"""The product in processes of its own, and a look at the processes that it starts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from .event_lines import check_line

REPOSITORY = Path(__file__).resolve().parents[2]
# Far beyond what any of them takes; a hang at exit must not hold up the run.
LIMIT_SECONDS = 600.0

QUICK = "TRELLIS_PICTURE_SAMPLES"
"""Grainy pictures of the props: a full one takes ten times as long as all the rest of a small prop.
Tests that look at a picture ask for a full one."""


@dataclass(frozen=True)
class Ended:
    """A finished process: exit code, output, and the JSON objects among its lines."""

    code: int
    stdout: str
    stderr: str

    @property
    def events(self) -> list[dict[str, Any]]:
        """Every line of standard output as JSON, without the `begin` that each command starts with.
        A line that is no JSON, or none of its event's declaration, fails the test.
        """
        return _without_begin(self.stdout.splitlines())

    @property
    def last(self) -> dict[str, Any]:
        """The last of them."""
        assert self.stdout, self.explain()
        return self.events[-1]

    @property
    def lines(self) -> list[dict[str, Any]]:
        """JSON objects on standard output, in order; Blender prints other lines between them."""
        return _without_begin(x for x in self.stdout.splitlines() if x.startswith("{"))

    @property
    def facts(self) -> dict[str, Any]:
        """The last JSON object; fails the test with the whole output when there is none."""
        assert self.lines, self.explain()
        return self.lines[-1]

    def explain(self) -> str:
        """Everything there is to see."""
        return f"exit code {self.code}\n--- stdout\n{self.stdout}\n--- stderr\n{self.stderr}"


def _without_begin(lines: Iterable[str]) -> list[dict[str, Any]]:
    texts = list(lines)
    found = [json.loads(text) for text in texts]
    if not found or found[0].get("event") != "begin":
        return found  # not of the command line
    for text in texts:
        check_line(text)
    return found[1:]


def environment(home: Path, **variables: str) -> dict[str, str]:
    """A process's environment: nothing of the caller's settings, a home of its own."""
    ours = ("AIGATEWAY_", "TRELLIS_", "BLENDER_", "PYTHON")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    kept |= {QUICK: os.environ[QUICK]} if QUICK in os.environ else {}
    folders = {"HOME": str(home), "BLENDER_USER_RESOURCES": str(home / "blender")}
    return kept | folders | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"} | variables


def start(
    arguments: Sequence[object], home: Path, *, cwd: str | Path = REPOSITORY, **variables: str
) -> subprocess.Popen[str]:
    """Start this Python with the arguments, in the checkout's folder or another."""
    return subprocess.Popen(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        env=environment(home, **variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    )


def output_lines(process: subprocess.Popen[str]) -> Iterator[str]:
    """The lines of a process's output as they come, up to its end.

    `communicate` reads the file descriptor, so what the text file has read ahead would be missing
    from :func:`ended`. Each byte is read by itself here, and what follows a line stays in the pipe.
    """
    assert process.stdout
    line = b""
    while byte := os.read(process.stdout.fileno(), 1):
        line += byte
        if byte == b"\n":
            yield line.decode("utf-8", "replace")
            line = b""


def ended(process: subprocess.Popen[str]) -> Ended:
    """Wait for the end of a process; one that hangs is killed and fails the test."""
    try:
        stdout, stderr = process.communicate(timeout=LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        stdout, stderr = process.communicate()
        raise AssertionError(f"still running\n{stdout}\n{stderr}") from None
    return Ended(process.returncode, stdout, stderr)


def run(
    arguments: Sequence[object], home: Path, *, cwd: str | Path = REPOSITORY, **variables: str
) -> Ended:
    """Start a process and wait for its end."""
    return ended(start(arguments, home, cwd=cwd, **variables))


def workers(parent: int) -> list[int]:
    """The background Blenders that a process has started and that are running; none if it has
    ended.
    """
    found = []
    try:
        children = psutil.Process(parent).children()
    except psutil.NoSuchProcess:
        return []
    for child in children:
        try:
            if any("worker.py" in part for part in child.cmdline()) and not is_gone(child):
                found.append(child.pid)
        except psutil.Error:
            continue  # it has ended meanwhile
    return found


def is_gone(process: psutil.Process) -> bool:
    """Whether a process has ended; one that nobody has asked for its exit code has ended, too.

    It is asked by its start as well as its number, which another process may get.
    """
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def end_process(process: psutil.Process) -> None:
    """Kill what a failed test has left running; it would hold the pipes of the whole run."""
    if not is_gone(process):
        process.kill()


def wait_until(happened: Callable[[], object]) -> None:
    """Up to a minute, which is far beyond what any of it takes."""
    for _ in range(1200):
        if happened():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen")


def worker_pid(background: Any) -> int | None:
    """The process of a `BackgroundBlender`; None while there is none."""
    return next(iter(background.pids), None)


def cancel_or_kill(what: str, background: Any, token: Any) -> None:
    """Cancel a job by its token, or kill the background Blender that works for it."""
    if what == "cancel":
        token.cancel()
        return
    pid = worker_pid(background)
    assert pid is not None
    psutil.Process(pid).kill()
