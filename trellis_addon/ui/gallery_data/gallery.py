# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds the gallery's model: the props in the library, the visible ones, and the chosen one.

One object owns it. ``draw`` only reads it and never waits: the library is read on a thread, and a
timer, which is off when there is nothing to do, receives what the thread has found.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

from ...core.text import fold, title
from ..common.background_owner import BackgroundOwner
from ..common.redraw import redraw_sidebars

if TYPE_CHECKING:
    from ...library.library_index import GalleryEntry, Snapshot

log = logging.getLogger(__name__)

TICK_SECONDS: Final = 0.05
BUDGET_SECONDS: Final = 0.004
AGAIN_SECONDS: Final = 2.0
"""The least time between two scans of the library, which only happen when the panel is drawn."""

SHARE: Final = 10
"""After a slow scan (such as of a network drive), this many times its duration passes before the
next one."""

REST_SECONDS: Final = 0.002
"""The pauses of the scanning thread, as a busy Python thread makes redraws four times slower."""

UNDER_WAY: Final = ("requested", "sending", "waiting", "downloading", "downloaded", "importing")
ENDED_BADLY: Final = ("failed", "cancelled", "broken")
UNFINISHED: Final = (*UNDER_WAY, *ENDED_BADLY)

SORTS: Final[dict[str, Callable[[GalleryEntry], Any]]] = {
    "NEWEST": lambda entry: (-entry.created, entry.id),
    "OLDEST": lambda entry: (entry.created, entry.id),
    "NAME": lambda entry: (entry.name.casefold(), -entry.created),
    "TRIANGLES": lambda entry: (-(entry.triangles or 0), -entry.created),
    "COST": lambda entry: (-(entry.cost_cents or 0.0), -entry.created),
}


class GalleryView(NamedTuple):
    """The part of the library that the user has chosen to see."""

    search: str = ""
    sort: str = "NEWEST"
    show: str = "PROPS"
    prompt_key: str = ""
    """Limits the view to the variants of this prompt; empty for all."""


class Page(NamedTuple):
    """A page of the props in a view."""

    entries: tuple[GalleryEntry, ...] = ()
    number: int = 0
    pages: int = 1
    total: int = 0


class Shown(NamedTuple):
    """A view with its props, which are computed once for each snapshot."""

    view: GalleryView
    entries: tuple[GalleryEntry, ...] = ()


class _Found:
    """The last snapshot of a library, with lookup tables."""

    def __init__(self, snapshot: Snapshot | None = None) -> None:
        self.snapshot = snapshot
        self.by_id: dict[str, GalleryEntry] = {}
        self.variants: Counter[str] = Counter()
        self.numbers: dict[str, int] = {}
        """The number of each prop among those with its prompt, from 1 for the oldest, by id."""
        self.interrupted: tuple[GalleryEntry, ...] = ()
        """The props that can be resumed and that no process is working on, the oldest first."""


class Gallery(BackgroundOwner):
    """The gallery's model. Main thread only, except :func:`_work`."""

    current: ClassVar[Gallery | None] = None

    def __init__(self) -> None:
        super().__init__()
        from .previews import Previews

        self.library: Path | None = None
        self.previews = Previews()
        self.chosen = ""
        self.page = 0
        self._followed = ""
        self._turn_to = ""
        """The id of a prop whose page is to be shown next."""
        self.variants_of = ""
        """The id of a prop whose prompt's variants are shown; empty for all props."""
        self.was_there = False
        """Whether this library has been seen with props in this session."""
        self._found = _Found()
        self._shown: Shown | None = None
        self._jobs: Hashable = ()
        self._wanted = self._thorough = False
        self._looked = 0.0
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._answers: queue.SimpleQueue[tuple[Path, Snapshot | None]] = queue.SimpleQueue()

    # --- for draw

    @property
    def snapshot(self) -> Snapshot | None:
        """The last snapshot of the library; None before the first one."""
        return self._found.snapshot

    def look(self, library: Path, jobs: Hashable = ()) -> None:
        """Note that the panel is drawn with this library, and request a scan if one is due. Fast.

        :param jobs: the running jobs; when they change, so does the library.
        """
        if library != self.library:
            self._change_library(library)
        if jobs != self._jobs:
            self._jobs, self._wanted = jobs, True
        # Draw is called for every redraw, so a scan is only requested from time to time.
        took = self._found.snapshot.seconds if self._found.snapshot else 0.0
        if time.monotonic() - self._looked > max(AGAIN_SECONDS, SHARE * took):
            self._wanted = True
        self.wake()

    def entry(self, prop_id: str) -> GalleryEntry | None:
        """The facts about a prop; None if the library does not have it."""
        return self._found.by_id.get(prop_id)

    @property
    def interrupted(self) -> tuple[GalleryEntry, ...]:
        """Props that can be resumed, and that no process was working on in the last snapshot."""
        return self._found.interrupted

    def chosen_entry(self) -> GalleryEntry | None:
        """The chosen prop; None if there is none, or it no longer exists."""
        return self._found.by_id.get(self.chosen)

    def name_of(self, prop_id: str) -> str:
        """The name of a prop for dialogs and reports, which never show ids."""
        entry = self.entry(prop_id)
        return entry.name if entry else title(prop_id.rpartition("-")[0].replace("-", " "))

    def show(self, prop_id: str) -> None:
        """Choose a prop and turn to its page."""
        self.chosen = self._turn_to = prop_id

    def follow(self, prop_id: str) -> None:
        """Choose the active object's prop, once, when another object becomes active.

        What the user chooses in the gallery after that stays chosen.
        """
        if prop_id != self._followed:
            self._followed = prop_id
            if prop_id in self._found.by_id:
                self.show(prop_id)

    def variants(self, entry: GalleryEntry) -> int:
        """The number of props with this one's prompt, including itself."""
        return self._found.variants[entry.prompt_key] if entry.prompt else 1

    def caption(self, entry: GalleryEntry) -> str:
        """A short name. Variants begin with a number, as the end is cut off below a picture."""
        if self.variants(entry) < 2:
            return entry.name
        return f"{self._found.numbers[entry.id]}: {entry.name}"

    def shown(self, view: GalleryView) -> tuple[GalleryEntry, ...]:
        """The props in a view, in its order."""
        # Kept between draws, which take 0.5 ms for 2,000 props in this way (measured).
        if self._shown is None or self._shown.view != view:
            if self._shown is not None:
                self.page = 0
            self._shown = Shown(view, _picked(self._found.snapshot, view))
        return self._shown.entries

    def paged(self, view: GalleryView, size: int) -> Page:
        """The current page, for pages of this size."""
        entries = self.shown(view)
        count = max(1, -(-len(entries) // size))
        if self._turn_to:
            places = [n for n, entry in enumerate(entries) if entry.id == self._turn_to]
            self.page, self._turn_to = places[0] // size if places else self.page, ""
        number = self.page = max(0, min(self.page, count - 1))
        return Page(entries[number * size : (number + 1) * size], number, count, len(entries))

    # --- for operators

    def refresh(self, *, thorough: bool = False) -> None:
        """Scan the library as soon as possible.

        :param thorough: whether folders that seem unchanged are read as well.
        """
        self._wanted, self._thorough = True, thorough or self._thorough
        self.wake()

    def wait(self) -> None:
        """Scan the library now, and block until that is done. For scripts and tests."""
        self._wanted = self.library is not None
        while self._wanted or self._thread or self.previews.waiting:
            if self._tick() is not None:
                time.sleep(0.001)

    # --- the timer

    def wake(self) -> None:
        """Start the timer if there is something to do. Never in background mode."""
        if self._wanted or self._thread or self.previews.waiting:
            self.start_timer(0.0)

    def _tick(self) -> float | None:
        changed = self._take_snapshot()
        if self._wanted and self._thread is None and self.library is not None:
            self._start(self.library)
        changed = self.previews.load(BUDGET_SECONDS) or changed
        if changed:
            redraw_sidebars()
        return TICK_SECONDS if self._wanted or self._thread or self.previews.waiting else None

    def _start(self, library: Path) -> None:
        self._wanted = False
        arguments = (library, self.snapshot, self._thorough, self._stop, self._answers)
        self._thorough = False
        # A daemon: a network drive that hangs must not keep Blender from quitting.
        self._thread = threading.Thread(
            target=_work, args=arguments, name="trellis library", daemon=True
        )
        self._thread.start()

    def _take_snapshot(self) -> bool:
        """Receive the thread's result. Returns whether there is something new."""
        try:
            library, snapshot = self._answers.get_nowait()
        except queue.Empty:
            return False
        self._thread, self._looked = None, time.monotonic()
        # The library may have been changed while the thread was reading the previous one.
        if library != self.library or snapshot is None:
            return False
        self.was_there = self.was_there or bool(snapshot.entries)
        old = self._found.snapshot
        same = old is not None and snapshot.same_as(old)
        if not same:
            self._found = _tables(snapshot)
            if self._shown is not None:
                self._shown = Shown(self._shown.view, _picked(snapshot, self._shown.view))
        return self.previews.forget() or not same

    def _change_library(self, library: Path) -> None:
        self.library = library
        self._found, self._shown = _Found(), None
        self.chosen, self.variants_of, self.page = "", "", 0
        self.was_there, self._wanted = False, True
        self.previews.close()

    def close(self) -> None:
        """Stop scanning, and free the pictures."""
        self._stop.set()
        self.stop_timer()
        if self._thread is not None:
            self._thread.join(2.0)
            self._thread = None
        self.previews.close()


def _work(
    library: Path,
    before: Snapshot | None,
    thorough: bool,
    stop: threading.Event,
    answers: queue.SimpleQueue[tuple[Path, Snapshot | None]],
) -> None:
    """Read the library on a thread, with disk access but without bpy."""

    def rest() -> None:
        if stop.wait(REST_SECONDS):
            raise _StoppedError

    found = None
    try:
        # Imported here, as it imports pydantic, which takes 50 to 70 ms.
        from ...library.library_index import Snapshot, scan

        found = Snapshot(library, problem="The library could not be looked through")
        found = scan(library, before, rest, every=thorough)
    except _StoppedError:
        log.debug("looking through the library was stopped")
    except Exception:  # the top of the thread: the panel shows it, and the next scan tries again
        log.exception("looking through the library failed")
    finally:
        answers.put((library, found))


class _StoppedError(Exception):
    """Ends a scan when the gallery is closed."""


def _tables(snapshot: Snapshot) -> _Found:
    entries = snapshot.entries
    prompts = Counter(entry.prompt_key for entry in entries if entry.prompt)
    found = _Found(snapshot)
    found.by_id, found.variants = {entry.id: entry for entry in entries}, prompts
    seen: Counter[str] = Counter()
    oldest = sorted(entries, key=SORTS["OLDEST"])
    found.interrupted = tuple(
        e for e in oldest if e.state in UNDER_WAY and e.is_resumable and not e.worked_on
    )
    for entry in oldest:
        seen[entry.prompt_key] += 1
        found.numbers[entry.id] = seen[entry.prompt_key]
    return found


def _picked(snapshot: Snapshot | None, view: GalleryView) -> tuple[GalleryEntry, ...]:
    """The props in a view, in its order. All words of the search must match."""
    if snapshot is None:
        return ()
    entries = list(snapshot.entries)
    if view.prompt_key:
        entries = [e for e in entries if e.prompt_key == view.prompt_key]
    words = fold(view.search).split()
    if view.show == "PROPS":
        # A search for "failed" includes them.
        entries = [e for e in entries if e.state not in ENDED_BADLY or e.state in words]
    elif view.show == "READY":
        entries = [e for e in entries if e.is_ready]
    elif view.show == "UNFINISHED":
        entries = [e for e in entries if e.state in UNFINISHED]
    if words:
        entries = [e for e in entries if all(word in e.words for word in words)]
    return tuple(sorted(entries, key=SORTS[view.sort]))
