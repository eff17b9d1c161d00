# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the command of ``--exec``, one prop after the other, while the batch goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import psutil

from .exec_command import ExecCommand, PropFacts, environment

_GRACE_SECONDS: Final = 5.0
"""The time that a command has to end by itself before it is killed."""


@dataclass(frozen=True)
class ExecResult:
    """How the command has ended for one prop."""

    id: str
    seconds: float = 0.0
    exit_code: int | None = None
    reason: str = ""
    """Why it has failed; "" if it has not."""


class ExecRunner:
    """Runs the command for each prop on a thread of its own. Close it at the end.

    :param seconds: the longest for one run, after which it is ended.
    """

    def __init__(self, command: ExecCommand, seconds: float) -> None:
        self._command = command
        self._seconds = seconds
        self._pool = ThreadPoolExecutor(1, "trellis exec")
        self._waiting: deque[tuple[str, Future[ExecResult]]] = deque()
        self._stop = threading.Event()

    def add(self, facts: PropFacts) -> None:
        """Run the command for a prop as soon as those before it have ended."""
        variables = environment(facts, os.environ)
        future = self._pool.submit(self._run, facts, variables)
        self._waiting.append((facts.id, future))

    @property
    def left(self) -> int:
        """How many runs have not been reported by :meth:`results`."""
        return len(self._waiting)

    def results(self) -> Iterator[ExecResult]:
        """The results of the runs that have ended since the last call."""
        while self._waiting and self._waiting[0][1].done():
            prop, future = self._waiting.popleft()
            if future.cancelled():
                yield ExecResult(prop, reason="it was not run, as the command was interrupted")
            else:
                yield future.result()

    def drop(self) -> None:
        """Begin no more runs; the current one goes on."""
        for _, future in self._waiting:
            future.cancel()

    def close(self) -> None:
        """End the current run, and the thread."""
        self.drop()
        self._stop.set()
        # The thread must not be alive at exit, which crashes the bpy module of 4.2.
        self._pool.shutdown(wait=True)

    def _run(self, facts: PropFacts, variables: Mapping[str, str]) -> ExecResult:
        began = time.monotonic()
        try:
            process = subprocess.Popen(
                self._command.arguments(facts),
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=2,  # standard output is for the results of this command alone
                # A Ctrl-C at the terminal is for this command, which ends it if need be.
                start_new_session=os.name != "nt",
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        except (OSError, ValueError) as error:
            reason = str(getattr(error, "strerror", None) or error).lower()
            return ExecResult(facts.id, reason=f"it cannot be started: {reason}")
        reason = self._wait(process, began + self._seconds)
        seconds = time.monotonic() - began
        code = process.returncode
        if not reason and code:
            reason = f"it ended with exit code {code}" if code > 0 else f"signal {-code} ended it"
        return ExecResult(facts.id, seconds, code, reason)

    def _wait(self, process: subprocess.Popen[bytes], until: float) -> str:
        """Wait for the end of a process, or end it. Returns why, or ""."""
        while True:
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.05)
                return ""
            if self._stop.is_set():
                _end(process)
                return "it was ended, as the command was interrupted"
            if time.monotonic() >= until:
                _end(process)
                return f"it took longer than {self._seconds / 60:g} minutes, and was ended"


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and what it has started: first politely, then for certain."""
    with suppress(psutil.Error):
        family = [*psutil.Process(process.pid).children(recursive=True)]
        _signal(process, family, hard=False)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_SECONDS)
        _signal(process, family, hard=True)
    process.wait()


def _signal(process: subprocess.Popen[bytes], family: list[psutil.Process], *, hard: bool) -> None:
    if os.name != "nt":
        # The group, so that also those are ended whose parent has ended.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL if hard else signal.SIGTERM)
        return
    for one in family:
        with suppress(psutil.Error):
            one.kill() if hard else one.terminate()
    process.kill() if hard else process.terminate()
