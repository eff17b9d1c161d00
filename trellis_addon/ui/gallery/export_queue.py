# SPDX-License-Identifier: GPL-3.0-or-later
"""Owns the waiting and running exports and product shots, in one object with a timer that is off
when there are none.

At most two run at the same time, as each has a background Blender of its own. Exports of the same
prop run one after the other, since a destination may have it finished again.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

import bpy

from ...core.cancel import CancelToken
from ...core.errors import CancelledError, TrellisError
from ..common.background_owner import BackgroundOwner
from ..common.redraw import redraw_sidebars
from ..jobs.job_state import WAITS, Level, Report
from ..jobs.jobs_here import jobs_here
from ..jobs.reports import tell
from ..jobs.session import Session

if TYPE_CHECKING:
    from .export_wishes import Wish

log = logging.getLogger(__name__)

TICK_SECONDS: Final = 0.25
SOON_SECONDS: Final = 0.01
AT_ONCE: Final = min(2, os.cpu_count() or 1)
"""The number of exports that run at the same time."""
MOST_SHOWN: Final = 4
"""The number of results that the sidebar keeps."""
FINISHING: Final = "Finishing the prop: see Jobs"
STOPPED: Final = "The export was cancelled"


class Outcome(NamedTuple):
    """The result of an export: a file or a folder, or the reason why there is none."""

    prop_id: str
    path: Path | None
    text: str
    good: bool

    @property
    def folder(self) -> Path | None:
        """The folder to open."""
        return self.path if self.path is None or self.path.is_dir() else self.path.parent


class Stage(Enum):
    """What an export is doing."""

    WAITING = auto()
    FINISHING = auto()
    WRITING = auto()


@dataclass
class Exporting:
    """An export that has not ended."""

    wish: Wish
    token: CancelToken = field(default_factory=CancelToken)
    text: str = WAITS
    stage: Stage = Stage.WAITING
    is_finished: bool = False
    """Whether its prop has been finished for it."""
    says: queue.SimpleQueue[str | Outcome] = field(default_factory=queue.SimpleQueue)
    thread: threading.Thread | None = None
    outcome: Outcome | None = None


class ExportQueue(BackgroundOwner):
    """All exports of this Blender. Main thread only, except :func:`work`."""

    current: ClassVar[ExportQueue | None] = None

    def __init__(self) -> None:
        super().__init__()
        self.running: list[Exporting] = []
        self.ended: list[Outcome] = []
        """The last results, the newest first, until the user dismisses them."""

    def start(self, wish: Wish) -> Exporting:
        """Add an export, or return the one that writes the same files."""
        # Such as after a double click: two processes must not write the same file.
        same = (each for each in self.running if each.wish.key == wish.key)
        if found := next(same, None):
            return found
        if not self.running:
            self.ended.clear()
        one = Exporting(wish)
        self.running.append(one)
        self.start_timer(SOON_SECONDS)
        redraw_sidebars()
        return one

    def wait(self, one: Exporting) -> Outcome:
        """Block until an export has ended. For scripts and background mode, which has no timers."""
        while one in self.running:
            self._advance()
            for each in list(self.running):
                if each.stage is Stage.FINISHING:
                    Session.get().wait(each.wish.prop_id)
                elif each.stage is Stage.WRITING:
                    self._hear(each, 0.1)
        assert one.outcome
        return one.outcome

    def cancel(self, key: str = "") -> None:
        """Cancel one export, or all. No unfinished files are left."""
        for one in list(self.running):
            if key not in ("", one.wish.key):
                continue
            one.text = "Cancelling"
            one.token.cancel()
            if one.stage is Stage.FINISHING:
                Session.get().cancel(one.wish.prop_id)
            elif one.stage is Stage.WAITING:
                self._end(one, Outcome(one.wish.prop_id, None, STOPPED, good=False))

    def forget(self, number: int) -> None:
        """Hide a result."""
        del self.ended[number : number + 1]

    def _advance(self) -> None:
        """Start waiting exports, in their order, as many as may run at the same time."""
        for one in list(self.running):
            if one.stage is Stage.WAITING and self._may_go_on(one):
                try:
                    self._go_on(one)
                except TrellisError as error:
                    text = error.facts.sentence
                    self._end(one, Outcome(one.wish.prop_id, None, text, good=False))

    def _may_go_on(self, one: Exporting) -> bool:
        before = self.running[: self.running.index(one)]
        if one.wish.prop_id in {*jobs_here(), *(each.wish.prop_id for each in before)}:
            return False
        return sum(each.stage is not Stage.WAITING for each in self.running) < AT_ONCE

    def _go_on(self, one: Exporting) -> None:
        if not one.is_finished and one.wish.finish(partial(self._finished, one)):
            one.stage, one.text = Stage.FINISHING, FINISHING
            return
        one.stage, one.text = Stage.WRITING, "Starting"
        arguments = (one.wish, one.token, one.says)
        one.thread = threading.Thread(
            target=work, args=arguments, name="trellis export", daemon=True
        )
        one.thread.start()

    def _finished(self, one: Exporting, good: bool) -> None:
        """Go on with an export whose prop has been finished, or drop it: the session tells why."""
        if one not in self.running:
            return
        if good and not one.token.cancelled:
            one.stage, one.text, one.is_finished = Stage.WAITING, WAITS, True
            return
        text = STOPPED if one.token.cancelled else "Not exported, as it could not be finished"
        self._end(one, Outcome(one.wish.prop_id, None, text, good=False))

    def _tick(self) -> float | None:
        self._advance()
        for one in list(self.running):
            self._hear(one)
        if self.running:
            redraw_sidebars()  # the text may have changed
        return TICK_SECONDS if self.running else None

    def _hear(self, one: Exporting, seconds: float = 0.0) -> None:
        """Take what the thread of an export says. :param seconds: how long to wait for it."""
        while True:
            try:
                said = one.says.get(timeout=seconds) if seconds else one.says.get_nowait()
            except queue.Empty:
                return
            if isinstance(said, Outcome):
                self._end(one, said)
                return
            one.text = said if not one.token.cancelled else one.text

    def _end(self, one: Exporting, outcome: Outcome) -> None:
        self.running.remove(one)
        outcome = outcome._replace(text=_named(one, outcome))
        self.ended = [outcome, *self.ended][:MOST_SHOWN]
        one.outcome = outcome
        if not bpy.app.background:
            _tell(one.wish, outcome)
        redraw_sidebars()

    def close(self) -> None:
        """Cancel all exports, and wait for their threads."""
        self.stop_timer()
        for one in self.running:
            one.token.cancel()
        for one in self.running:
            if one.thread:
                one.thread.join(5.0)
        self.running.clear()


def _named(one: Exporting, outcome: Outcome) -> str:
    """The sentence with the prop's name, which one about a failure does not have."""
    return outcome.text if outcome.good else f"{one.wish.label}: {outcome.text}"


def _tell(wish: Wish, said: Outcome) -> None:
    """Report the outcome in the Info log."""
    level: Level = "INFO" if said.good else "WARNING"
    Session.get().reports[f"export {wish.key}"] = Report(level, said.text)
    tell()


def work(wish: Wish, token: CancelToken, says: queue.SimpleQueue[str | Outcome]) -> None:
    """Run an export on its thread. It waits for a background Blender, and uses no bpy."""
    # The text for an error that is not expected, so that the outcome always has one.
    path, good, text = None, False, "The export stopped because of a fault in Trellis Props"
    try:
        path, text = wish.run(token, says.put)
        good = True
    except CancelledError:
        text = STOPPED
    except TrellisError as error:
        log.warning("export of %s: %s %s", wish.prop_id, error.facts.message, error.facts.detail)
        text = error.facts.sentence
    except Exception:  # the top of the thread: wait() needs an outcome in any case
        log.exception("the export of %s died", wish.prop_id)
    finally:
        says.put(Outcome(wish.prop_id, path, text, good))
