# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls the background Blender from the artist's side. No bpy: this runs on a job's thread.

One process serves all jobs, one prop at a time. It is started with the first generation, so that
its start-up is hidden by the waiting time, and is kept running for a while. It is replaced after a
crash and after many props. It ends when its standard input is closed, which the operating system
does in any case when the Blender that owns it ends.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from ...core.cancel import CancelToken
from ...core.errors import ImporterError
from ...core.files.prop_files import BLEND
from ...core.text import title
from ...job.generation import Made, Tell
from ...library.blend_versions import FORMER_NAMES, folders_in_use
from ...library.prop_folder import PropFolder
from ...library.record import PropRecord
from .blender_process import BlenderProcess, ProcessLimits
from .fair_lock import FairLock
from .messages import Task

WORKER: Final = Path(__file__).resolve().parents[1] / "worker.py"


def command_for(blender: str, python: str) -> tuple[str, ...]:
    """The command that starts the background Blender: without the user's settings, add-ons and
    scripts, without running scripts in files, and without network access.

    :param blender: ``bpy.app.binary_path``; empty if bpy is a Python module.
    :param python: ``sys.executable``, which is used then. The module always starts with factory
        settings, in which scripts in files and online access are disabled.
    """
    if not blender:
        return (python, str(WORKER))
    # With ``--offline-mode``, online access cannot be switched on again, unlike by the preference.
    flags = ("--background", "--factory-startup", "--offline-mode", "--disable-autoexec")
    return (blender, *flags, "--python-exit-code", "1", "--python", str(WORKER))


class BackgroundBlender:
    """Starts, feeds, replaces and ends the background Blender. Thread-safe."""

    def __init__(self, command: Sequence[str], limits: ProcessLimits | None = None) -> None:
        self._command = tuple(command)
        self._limits = limits or ProcessLimits()
        self._turn = FairLock()
        self._state = threading.Lock()
        """The lock for the attributes below. Code that needs both locks acquires ``_turn`` first,
        which rules out a deadlock."""
        self._child: BlenderProcess | None = None
        self._idle: threading.Timer | None = None
        self._closed = False

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
        report_status: Callable[[str], None],
        blend: str = BLEND,
        usable: Tell | None = None,
    ) -> Made:
        """Make the ``.blend`` of this name and ``thumbnail.png`` from the folder's model.

        :param usable: called once when the prop can be placed, before its thumbnail is rendered. A
            later error does not remove it.
        :raises BadFileError: the model is unusable. :raises ImporterError: any other failure.
        :raises CancelledError: on request; the process is ended then.
        """
        self._turn.take(token.check)
        try:
            # A cancelled job must not start a process that it will not use.
            token.check()
            child = self._living()
            try:
                task = _task(folder, record, blend, early=usable is not None)
                return child.run(task, self._limits, token, report_status, usable)
            finally:
                self._replace_if_worn(child)
        finally:
            with self._state:
                self._wait_for_idle()
            self._turn.give()

    def _replace_if_worn(self, child: BlenderProcess) -> None:
        """Replace a process that has been used enough, so that the next prop finds the new one
        ready. The turn is held.
        """
        if child.alive and child.should_replace(self._limits):
            self._drop(child)
            with suppress(ImporterError):  # this prop is finished; the next one will report it
                self.warm_up()

    def _living(self) -> BlenderProcess:
        """The process, started if there is none."""
        with self._state:
            if self._closed:
                raise ImporterError("Blender is closing")
            if self._child is None or not self._child.alive:
                if self._child:
                    self._child.end()
                self._child = BlenderProcess(self._command)
            self._wait_for_idle()
            return self._child

    def _wait_for_idle(self) -> None:
        """Restart the timer for the idle time. The lock ``_state`` is held."""
        if self._idle:
            self._idle.cancel()
        if self._closed or self._child is None:
            return
        timer = threading.Timer(self._limits.idle_seconds, self._end_idle)
        timer.name, timer.daemon = "trellis background idle", True
        timer.start()
        self._idle = timer

    def _end_idle(self) -> None:
        """End an idle process; runs on the timer's thread. If a prop is being made, this does
        nothing, as a new timer starts when the prop is done.
        """
        if not self._turn.take_if_free():
            return
        try:
            with self._state:
                # Another use may have replaced the timer just before this one had the turn.
                child = self._child if self._idle is threading.current_thread() else None
            if child:
                self._drop(child)
        finally:
            self._turn.give()

    def _drop(self, child: BlenderProcess) -> None:
        """End a process that is not in use; the next use starts a new one."""
        # Ending may take seconds, so it happens outside of the lock.
        with self._state:
            if self._child is child:
                self._child = None
        child.end()

    def close(self) -> None:
        """End the process. A prop that is being made keeps its state and can be resumed later."""
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
    name = title(str(request.get("name") or prompt))
    return Task(
        folder=str(folder.path.resolve()),
        name=name,
        prompt=prompt,
        model=record.model_file,
        blend=blend,
        finishing=dict(record.finishing),
        provenance=provenance,
        keep=sorted(folders_in_use(record, blend)),
        former_names=_former_names(record, name),
        early=early,
    )


def _former_names(record: PropRecord, name: str) -> list[str]:
    """The names that the prop's collection has had, without the present one."""
    known = record.prop.get(FORMER_NAMES)
    names = [*(known if isinstance(known, list) else ()), record.prop.get("collection")]
    return list(
        dict.fromkeys(one for one in names if isinstance(one, str) and one not in ("", name))
    )
