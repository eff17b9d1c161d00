# SPDX-License-Identifier: GPL-3.0-or-later
"""One living background Blender, seen from outside: its pipes, its limits, its end. No bpy here.

It is not trusted, as it has read files from the network: what it says is bounded in length and
number, what it prints is kept only in its last lines, and it gets neither secrets nor a way to
the artist's settings. No POSIX-only calls.
"""

from __future__ import annotations

import logging
import os
import queue
import re
import shutil
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final, cast

from ..core.cancel import CancelToken
from ..core.errors import BadFileError, ImporterError
from ..core.text import shorten
from ..job.generate import Made, Say, Tell
from .memory_limit import GIB, prop_limit, resident_bytes
from .messages import (
    SCRATCH,
    BrokenPipeOfFramesError,
    Task,
    parse,
    receive_frame,
    send_task,
)

log = logging.getLogger(__name__)

START_SECONDS: Final = 120.0
SELF_END_SECONDS: Final = 60.0
"""How much later than its owner's limit the process ends itself. Needed where its owner was
killed while Blender hangs inside its own code."""

_LOOK_SECONDS: Final = 0.1
_WAITING_FRAMES: Final = 16
_PRINTED_BYTES: Final = 16_384
_TAIL: Final = 3000
_LONGEST_TEXT: Final = 500
_MOST_NOTES: Final = 100

_SECRETS: Final = tuple(
    "KEY TOKEN SECRET PASSWORD PASSWD PASSPHRASE CREDENTIAL COOKIE AUTH AIGATEWAY PROXY".split()
)
_SECRET_VALUE: Final = re.compile(r"://[^/@\s]*:[^/@\s]*@")
"""An address with a password in it."""


@dataclass(frozen=True)
class Limits:
    """What one background Blender may take before it is ended."""

    prop_seconds: float = 900.0
    """The longest that one prop may take."""
    prop_bytes: int = field(default_factory=prop_limit)
    """Memory while a prop is made."""
    props: int = 100
    """Then a fresh process follows, so that no small leak of Blender's can add up."""
    idle_seconds: float = 600.0
    """Without any use. Most generations take less than that, so a model rarely waits for a
    start; one that comes later pays a second for it."""
    idle_bytes: int = GIB
    """Memory between two props; above it a fresh process follows. One holds 0.3 GiB, also after a
    prop of 2 M triangles (measured)."""


class PropError(ImporterError):
    """The fault is this prop's; the process is well."""


class Child:
    """One living process.

    :raises ImporterError: it cannot be started.
    """

    def __init__(self, command: tuple[str, ...]) -> None:
        self._scratch = tempfile.mkdtemp(prefix=SCRATCH)
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=_environment(self._scratch),
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
                # Ctrl-C in a terminal is for the command line, which then decides.
                start_new_session=os.name != "nt",
            )
        except OSError as error:
            shutil.rmtree(self._scratch, ignore_errors=True)
            raise ImporterError(
                "The background Blender could not be started", detail=f"{command[0]}: {error}"
            ) from error
        self._frames: queue.Queue[bytes | None] = queue.Queue(_WAITING_FRAMES)
        self._printed = b""
        self._reason = ""
        """Why no more frames come."""
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
        """Whether the process runs."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def worn(self, limits: Limits) -> bool:
        """Whether it has done enough, or keeps too much memory, and should be replaced."""
        held = resident_bytes(self.pid) or 0
        return self._props >= limits.props or held > limits.idle_bytes

    def run(
        self, task: Task, limits: Limits, token: CancelToken, say: Say, usable: Tell | None = None
    ) -> Made:
        """One task, to its result. The process is ended by all errors that are not the prop's.

        :param usable: told, once, when the prop of a task that is ``early`` can be placed.
        :raises BadFileError: the model is unusable. :raises PropError: another fault of the prop.
        :raises ImporterError: the process died, or was stopped at a limit.
        :raises CancelledError: on request.
        """
        try:
            if not self._ready:
                say("Starting the background Blender")
                late = "The background Blender did not start in time"
                self._next(time.monotonic() + START_SECONDS, late, limits, token)
                self._ready = True
            return self._make(task, limits, token, say, usable or self._nobody_waits)
        except (BadFileError, PropError):
            raise
        except BaseException:
            self.end()
            raise

    def _make(self, task: Task, limits: Limits, token: CancelToken, say: Say, usable: Tell) -> Made:
        self._props += 1
        # On a thread: a process that does not read would hold up cancelling and all limits.
        handing = (task, self._props, limits)
        threading.Thread(target=self._hand_over, args=handing, daemon=True).start()
        deadline = time.monotonic() + limits.prop_seconds
        late = "Preparing the prop took too long and was stopped"
        while True:
            message = self._next(deadline, late, limits, token)
            if message.get("number") != self._props:
                raise self._confused("an answer to another task")
            if "progress" in message:
                say(shorten(str(message["progress"]), _LONGEST_TEXT))
            elif "usable" in message:
                usable(self._early(message["usable"]))
                usable = self._nobody_waits
            else:
                return self._made(message)

    def _hand_over(self, task: Task, number: int, limits: Limits) -> None:
        seconds = limits.prop_seconds + SELF_END_SECONDS
        try:
            send_task(cast(BinaryIO, self._process.stdin), task, number, seconds)
        except (OSError, ValueError) as error:
            if not self._ending.is_set():
                # Without its task the process would wait for ever, and so would the prop.
                log.warning("the background Blender does not take a task: %s", error)
                self._process.kill()

    def _next(
        self, deadline: float, late: str, limits: Limits, token: CancelToken
    ) -> dict[str, Any]:
        look = 0.0
        while True:
            token.check()
            now = time.monotonic()
            if now > deadline:
                raise ImporterError(late, detail=self.tail())
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

    def _check_memory(self, limits: Limits) -> None:
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
            next_step = shorten(str(fault.get("next_step", "")), _LONGEST_TEXT)
            raise BadFileError(words, next_step, detail=detail)
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
            return self._confused(self._reason)  # it runs, and what it says is no frame
        self._threads[1].join(timeout=2)  # its last words
        return ImporterError(
            "The background Blender stopped while it prepared the prop",
            detail=f"exit code {code}\n{self.tail()}",
        )

    def tail(self) -> str:
        """The end of what the process printed."""
        return self._printed[-_TAIL:].decode("utf-8", "replace")

    # --- threads

    def _read(self) -> None:
        """Frames onto the queue, unread; a process that sends more than is asked for waits."""
        stream = cast(BinaryIO, self._process.stdout)
        noise = True
        try:
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
        """Keep the last of what is printed: a file would grow with a talkative importer."""
        stream = cast(Any, self._process.stderr)
        try:
            while piece := stream.read1(_PRINTED_BYTES):
                self._printed = (self._printed + piece)[-_PRINTED_BYTES:]
        except (OSError, ValueError) as error:
            log.debug("the background Blender prints no more: %s", error)

    # --- end

    def end(self) -> None:
        """Kill the process and remove what it left. May be called twice, from two threads."""
        self._ending.set()
        with self._end_lock:
            if self._process.poll() is None:
                self._process.kill()
            try:
                self._process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                log.warning("the background Blender (process %d) cannot be ended", self.pid)
                return
            for thread in self._threads:
                thread.join(timeout=1)  # longer only where somebody else holds a pipe
            if not any(thread.is_alive() for thread in self._threads):
                self._close_pipes()
            shutil.rmtree(self._scratch, ignore_errors=True)

    def _close_pipes(self) -> None:
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            try:
                if stream:
                    stream.close()
            except OSError:
                continue  # a pipe whose other end is gone; it is closed all the same


def _environment(scratch: str) -> dict[str, str]:
    """The environment without anything that looks like a secret: the process needs none.

    Temporary files go to a folder of its own. Blender makes one for each process and removes it
    only at a tidy end, which this process never has.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not any(word in name.upper() for word in _SECRETS) and not _SECRET_VALUE.search(value)
    }
    return kept | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), scratch)
