# SPDX-License-Identifier: GPL-3.0-or-later
"""The exports under way: one object owns them; a timer, off without any, asks after them."""

from __future__ import annotations

import logging
import queue
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

import bpy

from ..core.cancel import CancelToken
from ..core.errors import CancelledError, TrellisError
from .redraw import redraw_sidebars

if TYPE_CHECKING:
    from ..library.folder import PropFolder
    from .jobs import Level

log = logging.getLogger(__name__)

TICK_SECONDS: Final = 0.25


class Wish(NamedTuple):
    """One export, in plain values for its thread."""

    prop_id: str
    folder: PropFolder
    file_format: str
    target: Path
    stem: str
    command: tuple[str, ...]
    version: tuple[int, ...]

    @property
    def path(self) -> Path:
        """The file to write."""
        from ..importer.export_task import ENDINGS

        return self.target / f"{self.stem}{ENDINGS[self.file_format]}"


class Outcome(NamedTuple):
    """How an export ended: with a file, or with a reason."""

    prop_id: str
    path: Path | None
    text: str
    good: bool


@dataclass
class Exporting:
    """One that runs."""

    wish: Wish
    token: CancelToken = field(default_factory=CancelToken)
    text: str = "Starting"
    started: float = field(default_factory=time.monotonic)
    says: queue.SimpleQueue[str | Outcome] = field(default_factory=queue.SimpleQueue)
    thread: threading.Thread | None = None


class Exports:
    """All exports of this Blender. Main thread only, but for :func:`work`."""

    current: ClassVar[Exports | None] = None

    def __init__(self) -> None:
        self.running: list[Exporting] = []
        self.last: Outcome | None = None
        # One reference: `is_registered` is False for a fresh bound method.
        self._timer = self._tick

    @classmethod
    def get(cls) -> Exports:
        """Those of the enabled extension."""
        if cls.current is None:
            raise RuntimeError("Trellis Props is not enabled")
        return cls.current

    def start(self, wish: Wish) -> Exporting:
        """Begin one. The same file twice at once is one export."""
        same = (each for each in self.running if each.wish.path == wish.path)
        if found := next(same, None):
            return found
        one = Exporting(wish)
        one.thread = threading.Thread(
            target=work, args=(wish, one.token, one.says), name="trellis export", daemon=True
        )
        self.running.append(one)
        self.last = None
        one.thread.start()
        if not bpy.app.background and not bpy.app.timers.is_registered(self._timer):
            bpy.app.timers.register(self._timer, first_interval=TICK_SECONDS, persistent=True)
        redraw_sidebars()
        return one

    def wait(self, one: Exporting) -> Outcome:
        """Block until it is over: for scripts and background mode, where timers never run."""
        while True:
            try:
                said = one.says.get(timeout=0.1)
            except queue.Empty:
                continue
            if isinstance(said, Outcome):
                self._end(one, said)
                return said

    def cancel(self) -> None:
        """Stop all of them; nothing is left where they were to be written."""
        for one in self.running:
            one.text = "Cancelling"
            one.token.cancel()

    def _tick(self) -> float | None:
        for one in list(self.running):
            self._hear(one)
        if self.running:
            redraw_sidebars()  # the elapsed time is shown
        return TICK_SECONDS if self.running else None

    def _hear(self, one: Exporting) -> None:
        while True:
            try:
                said = one.says.get_nowait()
            except queue.Empty:
                return
            if isinstance(said, Outcome):
                self._end(one, said)
                _tell(one.wish, said)
                return
            one.text = said

    def _end(self, one: Exporting, outcome: Outcome) -> None:
        self.running.remove(one)
        self.last = outcome
        redraw_sidebars()

    def close(self) -> None:
        """Stop everything and wait for it."""
        if bpy.app.timers.is_registered(self._timer):
            bpy.app.timers.unregister(self._timer)
        self.cancel()
        for one in self.running:
            if one.thread:
                one.thread.join(5.0)
        self.running.clear()


def _tell(wish: Wish, said: Outcome) -> None:
    """Into the Info log."""
    from .jobs import Report
    from .session import Session
    from .telling import tell

    level: Level = "INFO" if said.good else "WARNING"
    Session.get().reports[f"export to {wish.path}"] = Report(level, said.text)
    tell()


def work(wish: Wish, token: CancelToken, says: queue.SimpleQueue[str | Outcome]) -> None:
    """On the thread: waits for a background Blender, touches no bpy."""
    from ..importer.exporting import export_prop

    path, good, text = None, False, "The export stopped because of a fault in Trellis Props"
    try:
        done = export_prop(
            wish.command,
            wish.folder,
            (wish.file_format,),
            wish.target,
            version=wish.version,
            stem=wish.stem,
            token=token,
            say=says.put,
        )
        path, good, text = done.files[0], True, f"Exported {done.files[0].name}"
    except CancelledError:
        text = "The export was cancelled"
    except TrellisError as error:
        log.warning("export of %s: %s %s", wish.prop_id, error.facts.message, error.facts.detail)
        text = error.facts.sentence
    except Exception:  # the thread's top
        log.exception("the export of %s died", wish.prop_id)
    finally:
        says.put(Outcome(wish.prop_id, path, text, good))


def command() -> tuple[str, ...]:
    """How to start a background Blender. Main thread only."""
    from ..importer.process import command_for

    return command_for(bpy.app.binary_path, sys.executable)


def register() -> None:
    """Make the owner."""
    Exports.current = Exports()


def unregister() -> None:
    """Close it."""
    if Exports.current is not None:
        Exports.current.close()
        Exports.current = None
