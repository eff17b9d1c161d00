# SPDX-License-Identifier: GPL-3.0-or-later
"""The artist's side of the background Blender. No bpy here: this runs on a job's thread.

One process serves all jobs, one prop at a time; it is started with the first generation (its
start-up hides in the waiting time), kept, restarted after a crash, and ends when its standard
input closes, which happens in any case when the Blender that owns it is gone.
"""

from __future__ import annotations

import os
import queue
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any, BinaryIO, Final, cast

from ..core.cancel import CancelToken
from ..core.errors import BadFileError, ImporterError
from ..core.text import title
from ..job.generate import Made
from ..library.folder import PropFolder
from ..library.record import PropRecord
from .messages import BrokenPipeOfFramesError, Task, receive, send_task

WORKER: Final = Path(__file__).with_name("worker.py")

START_SECONDS: Final = 120.0
PROP_SECONDS: Final = 900.0
"""The longest that one prop may take before the process is ended."""

_SECRETS: Final = ("KEY", "TOKEN", "SECRET", "PASSWORD", "AIGATEWAY", "PROXY")


def command_for(blender: str, python: str) -> tuple[str, ...]:
    """How to start the background Blender.

    :param blender: ``bpy.app.binary_path``; empty where bpy is a Python module.
    :param python: ``sys.executable``, used then.
    """
    if not blender:
        return (python, str(WORKER))
    flags = ("--background", "--factory-startup", "--disable-autoexec", "--python-exit-code", "1")
    return (blender, *flags, "--python", str(WORKER))


class BackgroundBlender:
    """Starts, feeds, watches and ends the background Blender. Safe to use from several threads."""

    def __init__(self, command: Sequence[str], prop_seconds: float = PROP_SECONDS) -> None:
        self._command = tuple(command)
        self._prop_seconds = prop_seconds
        self._turn = threading.Lock()
        self._starting = threading.Lock()
        self._running: _Running | None = None
        self._closed = False

    def warm_up(self) -> None:
        """Start the process now, so that it is ready when the first model arrives."""
        with self._starting:
            if self._closed:
                raise ImporterError("Blender is closing")
            if self._running is None or not self._running.alive:
                self._running = _Running(self._command)

    def convert(
        self, folder: PropFolder, record: PropRecord, token: CancelToken, say: Callable[[str], None]
    ) -> Made:
        """Make ``prop.blend`` and ``thumbnail.png`` of the folder's ``model.glb``.

        :raises BadFileError: the model is unusable. :raises ImporterError: anything else.
        :raises CancelledError: on request; the process is ended then.
        """
        while not self._turn.acquire(timeout=0.1):
            token.check()
        try:
            token.check()
            self.warm_up()
            running = cast(_Running, self._running)
            return running.run(_task(folder, record), self._prop_seconds, token, say)
        finally:
            self._turn.release()

    def close(self) -> None:
        """End the process. A prop in the making stays in its state and can go on later."""
        with self._starting:
            self._closed = True
            if self._running:
                self._running.end()
                self._running = None


def _task(folder: PropFolder, record: PropRecord) -> Task:
    request = record.request
    prompt = str(request.get("prompt", ""))
    provenance: dict[str, str | int | float] = {
        "id": record.id,
        "prompt": prompt,
        "model": str(request.get("model", "")),
        "gateway": record.origin.base_url,
        "date": record.created,
    }
    if request.get("seed") is not None:
        provenance["seed"] = int(request["seed"])
    if record.cost_cents is not None:
        provenance["cost_cents"] = record.cost_cents
    if record.request_id:
        provenance["request_id"] = record.request_id
    return Task(
        folder=str(folder.path.resolve()),
        name=title(str(request.get("name") or prompt)),
        prompt=prompt,
        model=record.model_file,
        finishing=dict(record.finishing),
        provenance=provenance,
    )


class _Running:
    """One living process."""

    def __init__(self, command: tuple[str, ...]) -> None:
        self._log: IO[bytes] = tempfile.TemporaryFile(prefix="trellis-background-")  # noqa: SIM115
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                env=_environment(),
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
                # Ctrl-C in a terminal is for the command line, which then decides.
                start_new_session=os.name != "nt",
            )
        except OSError as error:
            self._log.close()
            raise ImporterError(
                "The background Blender could not be started", detail=f"{command[0]}: {error}"
            ) from error
        self._frames: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._reader = threading.Thread(
            target=self._read, name="trellis background reader", daemon=True
        )
        self._reader.start()
        self._ready = False

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def _read(self) -> None:
        stream = cast(BinaryIO, self._process.stdout)
        noise = True
        try:
            while True:
                self._frames.put(receive(stream, skip_noise=noise))
                noise = False
        except (BrokenPipeOfFramesError, OSError, ValueError):
            self._frames.put(None)

    def run(
        self, task: Task, seconds: float, token: CancelToken, say: Callable[[str], None]
    ) -> Made:
        """One task, to its result."""
        try:
            if not self._ready:
                say("Starting the background Blender")
                self._next(time.monotonic() + START_SECONDS, token)
                self._ready = True
            try:
                send_task(cast(BinaryIO, self._process.stdin), task)
            except OSError as error:
                raise self._crashed() from error
            deadline = time.monotonic() + seconds
            while True:
                message = self._next(deadline, token)
                if "progress" in message:
                    say(str(message["progress"]))
                else:
                    return _made(message)
        except BadFileError:
            raise
        except ImporterError as error:
            if not isinstance(error, _PropError):
                self.end()
            raise
        except BaseException:
            self.end()
            raise

    def _next(self, deadline: float, token: CancelToken) -> dict[str, Any]:
        while True:
            token.check()
            if time.monotonic() > deadline:
                raise ImporterError(
                    "Preparing the prop took too long and was stopped", detail=self.tail()
                )
            try:
                message = self._frames.get(timeout=0.1)
            except queue.Empty:
                continue
            if message is None:
                token.check()  # ended on purpose
                raise self._crashed()
            return message

    def _crashed(self) -> ImporterError:
        code = self._process.wait(timeout=10)
        return ImporterError(
            "The background Blender stopped while it prepared the prop",
            detail=f"exit code {code}\n{self.tail()}",
        )

    def tail(self) -> str:
        """The end of what the process printed."""
        if self._log.closed:
            return ""
        self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, self._log.tell() - 3000))
        return self._log.read().decode("utf-8", "replace")

    def end(self) -> None:
        """Close its input, which ends it; kill it if that is not enough."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(timeout=30)
        self._reader.join(timeout=5)
        for stream in (self._process.stdin, self._process.stdout):
            if stream:
                try:
                    stream.close()
                except OSError:
                    continue  # a pipe whose other end is gone; it is closed all the same
        self._log.close()


class _PropError(ImporterError):
    """The fault is this prop's; the process is well."""


def _made(message: dict[str, Any]) -> Made:
    if "made" in message:
        return Made(prop=message["made"], notes=tuple(message.get("notes", ())))
    fault = message.get("failed", {})
    words, detail = str(fault.get("message", "No answer")), str(fault.get("detail", ""))
    if fault.get("kind") == BadFileError.kind:
        raise BadFileError(words, detail=detail)
    raise _PropError(words, detail=detail)


def _environment() -> dict[str, str]:
    """The environment without anything that looks like a secret: the process needs none."""
    return {
        name: value
        for name, value in os.environ.items()
        if not any(word in name.upper() for word in _SECRETS)
    }
