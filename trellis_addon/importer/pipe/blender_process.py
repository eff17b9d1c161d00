# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one background Blender process: its pipes, its limits and its end. No bpy here.

The process is not trusted, as it has read files from the network. Its messages are bounded in
length and number, only the last lines of what it prints are kept, and it gets neither secrets nor
access to the artist's settings. There are no POSIX-only calls.
"""

from __future__ import annotations

import logging
import os
import queue
import shutil
import subprocess
import threading
import time
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final, cast

from ...core.cancel import CancelToken
from ...core.errors import BadFileError, ImporterError
from ...core.next_step import NextStep
from ...core.text import shorten
from ...job.generation import Made, Say, Tell
from .child_environment import child_environment, make_scratch, started_directly
from .memory_limit import GIB, prop_limit, resident_bytes
from .messages import (
    BrokenPipeOfFramesError,
    Task,
    parse,
    receive_frame,
    send_task,
)
from .windows_job import tied

log = logging.getLogger(__name__)

START_SECONDS: Final = 120.0
SELF_END_SECONDS: Final = 60.0
"""How much later than the owner's limit the process ends itself. This is needed if its owner was
killed while Blender hangs in its own code. On Windows the job object does that: there, Blender's
libraries take part in the end of the process and may wait for Python's lock (seen under Wine)."""

BEYOND_BYTES: Final = GIB
"""How far above the limit of a prop Windows itself refuses memory. Normally the owner ends the
process before that, with a message that says why. A refusal mostly crashes Blender, and is only for
what is requested between two looks."""

_LOOK_SECONDS: Final = 0.1
_WAITING_FRAMES: Final = 16
_PRINTED_BYTES: Final = 16_384
_TAIL: Final = 3000
_LONGEST_TEXT: Final = 500
_MOST_NOTES: Final = 100


@dataclass(frozen=True)
class ProcessLimits:
    """The time and memory that one background Blender may use before it is ended."""

    prop_seconds: float = 900.0
    """The longest time that one prop may take."""
    prop_bytes: int = field(default_factory=prop_limit)
    """The most memory while a prop is made."""
    props: int = 100
    """After this number of props, a new process is started, so that small leaks in Blender cannot
    add up."""
    idle_seconds: float = 600.0
    """After this time without use, the process is ended. Most generations are shorter, so that a
    model rarely has to wait for a start, which takes about a second."""
    idle_bytes: int = GIB
    """The most memory between two props; above it, a new process is started. A process holds
    0.3 GiB, even after a prop of 2 M triangles (measured)."""


class PropError(ImporterError):
    """The prop failed, but the process can still be used."""


class BlenderProcess:
    """One running background Blender.

    :raises ImporterError: it cannot be started.
    """

    def __init__(self, command: tuple[str, ...]) -> None:
        self._scratch = make_scratch()
        try:
            program, variables = started_directly(command, child_environment(self._scratch))
            self._process = subprocess.Popen(
                program,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=variables,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
                # Ctrl-C in a terminal must only reach the command line, which then ends this
                # process, or lets it finish.
                start_new_session=os.name != "nt",
            )
        except OSError as error:
            shutil.rmtree(self._scratch, ignore_errors=True)
            raise ImporterError(
                "The background Blender could not be started", detail=f"{command[0]}: {error}"
            ) from error
        self._job = tied(self.pid)
        # Bounded: a process that sends more than is read has to wait, and cannot fill the memory.
        self._frames: queue.Queue[bytes | None] = queue.Queue(_WAITING_FRAMES)
        self._printed = b""
        self._reason = ""
        """Why there are no more frames."""
        self._ending = threading.Event()
        self._end_lock = threading.Lock()
        self._threads = [
            threading.Thread(target=target, name=f"trellis background {name}", daemon=True)
            for name, target in (("reader", self._read), ("listener", self._listen))
        ]
        for thread in self._threads:
            thread.start()
        self._ready = False
        self._props = 0

    @property
    def alive(self) -> bool:
        """Whether the process is running."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process ID."""
        return self._process.pid

    def should_replace(self, limits: ProcessLimits) -> bool:
        """Whether the process has made enough props, or holds too much memory, and should be
        replaced.
        """
        held = resident_bytes(self.pid) or 0
        return self._props >= limits.props or held > limits.idle_bytes

    def run(
        self,
        task: Task,
        limits: ProcessLimits,
        token: CancelToken,
        report_status: Say,
        usable: Tell | None = None,
    ) -> Made:
        """Run one task to its end. Any error other than the prop's own also ends the process.

        :param usable: called once, when the prop of a task with ``early`` can be placed.
        :raises BadFileError: the model is unusable. :raises PropError: the prop failed for another
            reason. :raises ImporterError: the process died, or was stopped at a limit.
        :raises CancelledError: on request.
        """
        try:
            if not self._ready:
                # The process sends one frame by itself when Blender has started, as a slow start
                # must not count against the prop's time.
                report_status("Starting the background Blender")
                late = "The background Blender did not start in time"
                self._next(time.monotonic() + START_SECONDS, late, limits, token)
                self._ready = True
            return self._make(task, limits, token, report_status, usable or self._nobody_waits)
        except (BadFileError, PropError):
            raise
        except BaseException:
            self.end()
            raise

    def _make(
        self,
        task: Task,
        limits: ProcessLimits,
        token: CancelToken,
        report_status: Say,
        usable: Tell,
    ) -> Made:
        self._props += 1
        if self._job:
            self._job.limit_memory(limits.prop_bytes + BEYOND_BYTES)
        # On a thread: a process that does not read its pipe would block this one, and with it
        # cancelling and all limits.
        handing = (task, self._props, limits)
        threading.Thread(target=self._hand_over, args=handing, daemon=True).start()
        deadline = time.monotonic() + limits.prop_seconds
        late = "Preparing the prop took too long and was stopped"
        while True:
            message = self._next(deadline, late, limits, token)
            if message.get("number") != self._props:
                raise self._confused("an answer to another task")
            if "progress" in message:
                report_status(shorten(str(message["progress"]), _LONGEST_TEXT))
            elif "usable" in message:
                usable(self._early(message["usable"]))
                usable = self._nobody_waits
            else:
                return self._made(message)

    def _hand_over(self, task: Task, number: int, limits: ProcessLimits) -> None:
        seconds = limits.prop_seconds + SELF_END_SECONDS
        try:
            send_task(cast(BinaryIO, self._process.stdin), task, number, seconds)
        except (OSError, ValueError) as error:
            if not self._ending.is_set():
                # Without its task, the process would wait for ever, and the prop until its limit.
                log.warning("the background Blender does not take a task: %s", error)
                self._process.kill()

    def _next(
        self, deadline: float, late: str, limits: ProcessLimits, token: CancelToken
    ) -> dict[str, Any]:
        look = 0.0
        while True:
            token.check()
            now = time.monotonic()
            if now > deadline:
                raise ImporterError(late, detail=self.tail())
            # Not at every frame: a process that sends many would otherwise be measured as often.
            if now >= look:
                self._check_memory(limits)
                look = now + _LOOK_SECONDS
            try:
                frame = self._frames.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                continue
            if frame is None:
                token.check()  # ended on purpose
                raise self._crashed()
            try:
                return parse(frame)
            except BrokenPipeOfFramesError as error:
                raise self._confused(str(error)) from error

    def _check_memory(self, limits: ProcessLimits) -> None:
        held = resident_bytes(self.pid)
        if held is not None and held > limits.prop_bytes:
            raise ImporterError(
                f"This model needs more memory than {limits.prop_bytes / GIB:.3g} GB to prepare"
                " and was stopped",
                "The downloaded model is kept in the library; generate the prop again with fewer"
                " triangles or smaller textures",
                detail=f"{held} bytes at the last look\n{self.tail()}",
                retry=False,
            )

    def _early(self, message: object) -> Made:
        return self._made(message if isinstance(message, dict) else {})

    def _nobody_waits(self, _made: Made) -> None:
        raise self._confused("a prop that nobody waits for")

    def _made(self, message: dict[str, Any]) -> Made:
        made, notes, fault = (message.get(name) for name in ("made", "notes", "failed"))
        if isinstance(made, dict) and isinstance(notes, list):
            texts = (shorten(str(note), _LONGEST_TEXT) for note in notes[:_MOST_NOTES])
            return Made(prop=made, notes=tuple(texts))
        if not isinstance(fault, dict):
            raise self._confused("neither a prop nor a fault")
        words = shorten(str(fault.get("message", "")), _LONGEST_TEXT)
        detail = str(fault.get("detail", ""))[-_PRINTED_BYTES:]
        if fault.get("kind") == BadFileError.kind:
            steps = (str(fault.get(name, "")) for name in ("next_step", "command_step"))
            step = NextStep(*(shorten(text, _LONGEST_TEXT) for text in steps))
            raise BadFileError(words, step if step.window else "", detail=detail)
        raise PropError(words, detail=detail)

    def _confused(self, reason: str) -> ImporterError:
        return ImporterError(
            "The background Blender gave an answer that makes no sense and was stopped",
            detail=f"{reason}\n{self.tail()}",
        )

    def _crashed(self) -> ImporterError:
        try:
            code = self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            return self._confused(self._reason)  # it is running, but what it sent is no frame
        # What it printed last is often the reason, and the listener may not have read it yet.
        self._threads[1].join(timeout=2)
        return ImporterError(
            "The background Blender stopped while it prepared the prop",
            detail=f"exit code {code}\n{self.tail()}",
        )

    def tail(self) -> str:
        """The last part of what the process printed."""
        return self._printed[-_TAIL:].decode("utf-8", "replace")

    # --- threads

    def _read(self) -> None:
        """Put frames on the queue, unparsed."""
        stream = cast(BinaryIO, self._process.stdout)
        noise = True
        try:
            # Blender prints some lines before our script can redirect standard output, so only the
            # first frame may have other bytes in front of it.
            while self._offer(receive_frame(stream, skip_noise=noise)):
                noise = False
        except (BrokenPipeOfFramesError, OSError, ValueError) as error:
            self._reason = str(error)
            self._offer(None)

    def _offer(self, frame: bytes | None) -> bool:
        while not self._ending.is_set():
            try:
                self._frames.put(frame, timeout=_LOOK_SECONDS)
            except queue.Full:
                continue
            return True
        return False

    def _listen(self) -> None:
        """Keep the last part of what is printed. A log file would grow without limit if an importer
        prints a lot.
        """
        stream = cast(Any, self._process.stderr)
        try:
            while piece := stream.read1(_PRINTED_BYTES):
                self._printed = (self._printed + piece)[-_PRINTED_BYTES:]
        except (OSError, ValueError) as error:
            log.debug("the background Blender prints no more: %s", error)

    # --- end

    def end(self) -> None:
        """Kill the process and remove its files. May be called twice, from two threads."""
        self._ending.set()
        with self._end_lock:
            if self._process.poll() is None:
                self._process.kill()
            if self._job:
                self._job.close()
            try:
                self._process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                log.warning("the background Blender (process %d) cannot be ended", self.pid)
                return
            for thread in self._threads:
                # A thread stays blocked only if a third process has inherited the pipe.
                thread.join(timeout=1)
            if not any(thread.is_alive() for thread in self._threads):
                self._close_pipes()
            shutil.rmtree(self._scratch, ignore_errors=True)

    def _close_pipes(self) -> None:
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            try:
                if stream:
                    stream.close()
            except OSError:
                continue  # the other end is gone, but the pipe is closed now
