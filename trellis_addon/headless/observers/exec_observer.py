# SPDX-License-Identifier: GPL-3.0-or-later
"""Has ``--exec`` run for each prop that a command finishes, and tells how that ended."""

from __future__ import annotations

import argparse
import math
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from ...core.errors import InputError, LibraryError
from ...core.text import title
from ...library.prop_folder import PropFolder
from ..console.exit_codes import DONE, INTERRUPTED, SOME_FAILED
from ..console.output import Output
from ..console.signals import STEP_SECONDS, Signals
from ..contract.batch_events import ItemEvent
from ..contract.message import Message
from ..contract.output_events import ExecFailedEvent, ExecutedEvent, ExportedEvent
from ..contract.prop_events import FinishedEvent
from .exec_command import ExecCommand, PropFacts
from .exec_runner import ExecResult, ExecRunner

_LAST_SECONDS: Final = 10.0
"""The time for the current run after the command was interrupted."""


class ExecObserver:
    """Follows the events of a command. Main thread only.

    A prop whose exports come at the end has its run then, as the command may need them. All others
    have it while the next props are made.
    """

    def __init__(self, options: argparse.Namespace, output: Output) -> None:
        """:raises InputError: the command or its time limit cannot be used."""
        minutes: float = options.exec_timeout
        if not 0 < minutes < math.inf:
            raise InputError("--exec-timeout must be more than 0 minutes", "Correct it")
        self._output = output
        command = ExecCommand.of(options.exec)
        self._runner = ExecRunner(command, minutes * 60)
        # A list may have destinations of its own, which no option tells.
        given = any(getattr(options, name, None) for name in ("export", "destinations"))
        self._exports = given or command.takes_exports
        self._facts: dict[str, PropFacts] = {}
        """The props whose run is still to come, by their ids."""
        self._lines: dict[str, int] = {}
        self._count = 0
        self._failed: list[str] = []
        self._ended = False

    def __call__(self, message: Message) -> None:
        """Take note of an event, and tell which runs have ended."""
        match message:
            case ItemEvent(id=prop, line=line):
                self._lines[prop] = line
            case FinishedEvent():
                self._finished(message)
            case ExportedEvent(id=prop, files=files) if prop in self._facts:
                facts = self._facts[prop]
                self._facts[prop] = replace(facts, exports=(*facts.exports, *files))
            case ExecutedEvent() | ExecFailedEvent():
                return
        self._tell()

    def _finished(self, event: FinishedEvent) -> None:
        self._count += 1
        facts = PropFacts(
            id=event.id,
            name=_name(Path(event.folder)),
            folder=event.folder,
            blend=event.blend,
            glb=event.glb,
            thumbnail=event.thumbnail,
            index=self._lines.get(event.id, self._count),
        )
        if self._exports:
            self._facts[event.id] = facts
        else:
            self._runner.add(facts)

    def wait(self, code: int) -> int:
        """Run what is left, and wait for it. Returns the exit code of the whole. A second call does
        nothing.

        :param code: the exit code without the runs. After an interruption, no more are begun.
        """
        if self._ended:
            return code
        self._ended = True
        for facts in self._facts.values():
            self._runner.add(facts)
        until = math.inf
        if code == INTERRUPTED:
            self._runner.drop()
            until = time.monotonic() + _LAST_SECONDS
        with Signals() as signals:
            while self._runner.left and not signals.count and time.monotonic() < until:
                self._tell()
                time.sleep(STEP_SECONDS)
            self._runner.close()
            self._tell()
            if signals.count:
                code = INTERRUPTED
        if self._failed:
            self._say_failed()
        return SOME_FAILED if self._failed and code == DONE else code

    def _tell(self) -> None:
        for result in self._runner.results():
            self._output.json(_event(result))
            if result.reason:
                self._failed.append(f"{result.id}: {result.reason}")

    def _say_failed(self) -> None:
        # At the end, as a line in between would tear the bar of a batch.
        for text in self._failed:
            self._output.say(f"Error: --exec for {text}")
        count = len(self._failed)
        self._output.say(f"--exec has failed for {count:,} {'prop' if count == 1 else 'props'}")


def _event(result: ExecResult) -> Message:
    if result.reason:
        return ExecFailedEvent(id=result.id, reason=result.reason, exit_code=result.exit_code)
    return ExecutedEvent(id=result.id, seconds=round(result.seconds, 3))


def _name(folder: Path) -> str:
    """The prop's name, as in a scene."""
    with suppress(LibraryError):
        request = PropFolder(folder).read().request
        return title(str(request.get("name") or request.get("prompt") or folder.name))
    return folder.name
