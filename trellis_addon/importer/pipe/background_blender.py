# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls the background Blender from the artist's side. No bpy: this runs on a job's thread.

One process, or as many as the command line asks for, serve all jobs, each one prop at a time. They
are started with the first generations, so that their start-up is hidden by the waiting time, and
are kept running for a while. They are replaced after a crash and after many props. They end when
their standard input is closed, which the operating system does in any case when the Blender that
owns them ends.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from ...core.cancel import CancelToken
from ...core.errors import ImporterError
from ...core.files.prop_files import BLEND
from ...core.generation.picture import PictureOrder
from ...core.text import collection_name
from ...job.generation import Made, Tell
from ...library.blend_versions import FORMER_NAMES, facts_of, folders_in_use
from ...library.prop_folder import PropFolder
from ...library.record import PropRecord
from .blender_process import BlenderProcess, ProcessLimits
from .fair_lock import FairLock
from .memory_limit import prop_limit
from .messages import PictureTask, Task
from .process_count import cores

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
    """Starts, feeds, replaces and ends the background Blenders. Thread-safe.

    :param processes: how many there may be at once; each makes one prop at a time.
    """

    def __init__(
        self, command: Sequence[str], limits: ProcessLimits | None = None, processes: int = 1
    ) -> None:
        self._command = tuple(command)
        self._limits = limits or ProcessLimits(prop_bytes=prop_limit(processes))
        self._processes = processes
        # Each process renders with its share of the cores: as many threads as cores in each of
        # them only get in each other's way.
        self._threads = max(1, cores() // processes) if processes > 1 else 0
        self._turn = FairLock(processes)
        self._state = threading.Lock()
        """The lock for the attributes below. Code that needs both locks acquires ``_turn`` first,
        which rules out a deadlock."""
        self._idle: list[BlenderProcess] = []
        """Those that wait for a task, the last one used at the end."""
        self._busy: list[BlenderProcess] = []
        self._timer: threading.Timer | None = None
        self._closed = False

    @property
    def pids(self) -> tuple[int, ...]:
        """The process IDs of those that are running."""
        with self._state:
            return tuple(child.pid for child in (*self._idle, *self._busy) if child.alive)

    def warm_up(self) -> None:
        """Start one process now, so that it is ready when the next model arrives; none if there are
        enough.

        :raises ImporterError: it cannot be started, or Blender is closing.
        """
        with self._state:
            dead = self._take_dead()
            if self._closed:
                raise _closing()
            if len(self._idle) + len(self._busy) < self._processes:
                self._idle.append(BlenderProcess(self._command))
            self._wait_for_idle()
        _end(dead)

    def convert(
        self,
        folder: PropFolder,
        record: PropRecord,
        token: CancelToken,
        report_status: Callable[[str], None],
        blend: str = BLEND,
        usable: Tell | None = None,
        picture: PictureOrder | None = None,
    ) -> Made:
        """Make the ``.blend`` of this name and ``thumbnail.png`` from the folder's model.

        :param usable: called once when the prop can be placed, before its thumbnail is rendered. A
            later error does not remove it.
        :param picture: what to do about the thumbnail; None: render it.
        :raises BadFileError: the model is unusable. :raises ImporterError: any other failure.
        :raises CancelledError: on request; the process is ended then.
        """
        order = picture or PictureOrder()
        task = replace(
            _task(folder, record, blend, early=usable is not None),
            picture=str(order.how),
            picture_key=order.key,
            threads=self._threads,
        )
        return self._run(task, token, report_status, usable)

    def take_picture(
        self,
        folder: PropFolder,
        record: PropRecord,
        token: CancelToken,
        report_status: Callable[[str], None],
        blend: str,
        key: str,
    ) -> Made:
        """Render ``thumbnail.png`` of a prop that was made without. Props to make go first.

        :param key: what the record says of the picture then.
        :raises ImporterError: any failure. :raises CancelledError: on request; the process is ended
            then.
        """
        task = PictureTask(
            folder=str(folder.path.resolve()),
            name=folder.id,
            prompt="",
            blend=blend,
            picture_key=key,
            threads=self._threads,
            collection=str(facts_of(record, blend).get("collection", "")),
        )
        return self._run(task, token, report_status, later=True)

    def _run(
        self,
        task: Task,
        token: CancelToken,
        report_status: Callable[[str], None],
        usable: Tell | None = None,
        *,
        later: bool = False,
    ) -> Made:
        self._turn.take(token.check, later=later)
        try:
            # A cancelled job must not start a process that it will not use.
            token.check()
            child = self._taken()
            try:
                return child.run(task, self._limits, token, report_status, usable)
            finally:
                self._put_back(child)
        finally:
            with self._state:
                self._wait_for_idle()
            self._turn.give()

    def _taken(self) -> BlenderProcess:
        """A process to use, started if none is idle."""
        with self._state:
            dead = self._take_dead()
            if self._closed:
                raise _closing()
            child = self._idle.pop() if self._idle else BlenderProcess(self._command)
            self._busy.append(child)
        _end(dead)
        return child

    def _put_back(self, child: BlenderProcess) -> None:
        """Let others use a process. One that has been used enough is replaced, so that the next
        prop finds the new one ready. The turn is held.
        """
        is_worn = not child.alive or child.should_replace(self._limits)
        with self._state:
            # Closing has ended it already.
            if child not in self._busy:
                return
            self._busy.remove(child)
            if not is_worn:
                self._idle.append(child)
                return
        was_alive = child.alive
        child.end()
        if was_alive:
            with suppress(ImporterError):  # this prop is finished; the next one will report it
                self.warm_up()

    def _take_dead(self) -> list[BlenderProcess]:
        """Take those that have ended by themselves off the list. The lock ``_state`` is held."""
        dead = [child for child in self._idle if not child.alive]
        self._idle = [child for child in self._idle if child not in dead]
        return dead

    def _wait_for_idle(self) -> None:
        """Restart the timer for the idle time. The lock ``_state`` is held."""
        if self._timer:
            self._timer.cancel()
        if self._closed or not (self._idle or self._busy):
            return
        timer = threading.Timer(self._limits.idle_seconds, self._end_idle)
        timer.name, timer.daemon = "trellis background idle", True
        timer.start()
        self._timer = timer

    def _end_idle(self) -> None:
        """End idle processes; runs on the timer's thread. If a prop is being made, this does
        nothing, as a new timer starts when the prop is done.
        """
        if not self._turn.take_if_unused():
            return
        try:
            with self._state:
                # Another use may have replaced the timer just before this one had the turn.
                if self._timer is not threading.current_thread():
                    return
                ended, self._idle = self._idle, []
            # Ending may take seconds, so it happens outside of the lock.
            _end(ended)
        finally:
            self._turn.give_all()

    def close(self) -> None:
        """End the processes. A prop that is being made keeps its state and can be resumed later."""
        with self._state:
            self._closed = True
            ended, self._idle, self._busy = [*self._idle, *self._busy], [], []
            if self._timer:
                self._timer.cancel()
        _end(ended)


def _end(processes: Iterable[BlenderProcess]) -> None:
    for child in processes:
        child.end()


def _closing() -> ImporterError:
    return ImporterError("Blender is closing")


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
    name = collection_name(str(request.get("name") or ""), prompt)
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
