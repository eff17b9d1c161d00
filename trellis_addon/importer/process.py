# SPDX-License-Identifier: GPL-3.0-or-later
"""The artist's side of the background Blender. No bpy here: this runs on a job's thread.

One process serves all jobs, one prop at a time; it is started with the first generation (its
start-up hides in the waiting time), kept warm for a while, replaced after a crash and after many
props, and ends when its standard input closes, which happens in any case when the Blender that
owns it is gone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from ..core.cancel import CancelToken
from ..core.errors import ImporterError
from ..core.files import BLEND
from ..core.text import title
from ..job.generate import Made, Tell
from ..library.folder import PropFolder
from ..library.record import PropRecord
from ..library.versions import folders_in_use
from .child import Child, Limits
from .messages import Task
from .turns import Turns

WORKER: Final = Path(__file__).resolve().with_name("worker.py")


def command_for(blender: str, python: str) -> tuple[str, ...]:
    """How to start the background Blender: without the user's settings, add-ons and scripts,
    without running scripts of files, without network.

    :param blender: ``bpy.app.binary_path``; empty where bpy is a Python module.
    :param python: ``sys.executable``, used then. The module starts with factory settings by
        itself, in which scripts of files and online access are off.
    """
    if not blender:
        return (python, str(WORKER))
    flags = ("--background", "--factory-startup", "--offline-mode", "--disable-autoexec")
    return (blender, *flags, "--python-exit-code", "1", "--python", str(WORKER))


class BackgroundBlender:
    """Starts, feeds, replaces and ends the background Blender. Safe to use from several threads."""

    def __init__(self, command: Sequence[str], limits: Limits | None = None) -> None:
        self._command = tuple(command)
        self._limits = limits or Limits()
        self._turn = Turns()
        self._state = threading.Lock()
        """Of what follows. Whoever needs both locks takes the turn first."""
        self._child: Child | None = None
        self._idle: threading.Timer | None = None
        self._closed = False

    @property
    def process_id(self) -> int | None:
        """The number of the process; None while there is none."""
        with self._state:
            return self._child.pid if self._child and self._child.alive else None

    def warm_up(self) -> None:
        """Start the process now, so that it is ready when the first model arrives.

        :raises ImporterError: it cannot be started, or Blender is closing.
        """
        self._living()

    def convert(
        self,
        folder: PropFolder,
        record: PropRecord,
        token: CancelToken,
        say: Callable[[str], None],
        blend: str = BLEND,
        usable: Tell | None = None,
    ) -> Made:
        """Make the ``.blend`` of this name and ``thumbnail.png`` of the folder's model.

        :param usable: told once when the prop can be placed, before its picture is taken. An
            error that comes later leaves it as it is.
        :raises BadFileError: the model is unusable. :raises ImporterError: anything else.
        :raises CancelledError: on request; the process is ended then.
        """
        self._turn.take(token.check)
        try:
            token.check()
            child = self._living()
            try:
                task = _task(folder, record, blend, early=usable is not None)
                return child.run(task, self._limits, token, say, usable)
            finally:
                self._replace_if_worn(child)
        finally:
            with self._state:
                self._wait_for_idle()
            self._turn.give()

    def _replace_if_worn(self, child: Child) -> None:
        """The turn is ours. The next prop finds the new process ready."""
        if child.alive and child.worn(self._limits):
            self._drop(child)
            with suppress(ImporterError):  # not this prop's fault; the next one tells of it
                self.warm_up()

    def _living(self) -> Child:
        """The process, started if there is none."""
        with self._state:
            if self._closed:
                raise ImporterError("Blender is closing")
            if self._child is None or not self._child.alive:
                if self._child:
                    self._child.end()
                self._child = Child(self._command)
            self._wait_for_idle()
            return self._child

    def _wait_for_idle(self) -> None:
        """Count the idle time anew. The state's lock is held."""
        if self._idle:
            self._idle.cancel()
        if self._closed or self._child is None:
            return
        timer = threading.Timer(self._limits.idle_seconds, self._end_idle)
        timer.name, timer.daemon = "trellis background idle", True
        timer.start()
        self._idle = timer

    def _end_idle(self) -> None:
        """On the timer's thread. A prop in the making sets a new timer when it is done."""
        if not self._turn.take_if_free():
            return
        try:
            with self._state:
                child = self._child if self._idle is threading.current_thread() else None
            if child:
                self._drop(child)
        finally:
            self._turn.give()

    def _drop(self, child: Child) -> None:
        """End a process that nobody uses; the next use starts a new one."""
        with self._state:
            if self._child is child:
                self._child = None
        child.end()

    def close(self) -> None:
        """End the process. A prop in the making stays in its state and can go on later."""
        with self._state:
            self._closed = True
            child, self._child = self._child, None
            if self._idle:
                self._idle.cancel()
        if child:
            child.end()


def _task(folder: PropFolder, record: PropRecord, blend: str, *, early: bool) -> Task:
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
        blend=blend,
        finishing=dict(record.finishing),
        provenance=provenance,
        keep=sorted(folders_in_use(record, blend)),
        early=early,
    )
