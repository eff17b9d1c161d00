# SPDX-License-Identifier: GPL-3.0-or-later
"""The gallery's model: what is in the library, what of it is shown, and which prop is chosen.

One object owns it. ``draw`` asks and never waits: the library is looked through on a thread, and
a timer, off when there is nothing to do, takes over what the thread has found.
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

import bpy

from ..core.searching import fold
from ..core.text import title
from .redraw import redraw_sidebars

if TYPE_CHECKING:
    from ..library.index import Entry, Snapshot

log = logging.getLogger(__name__)

TICK_SECONDS: Final = 0.05
BUDGET_SECONDS: Final = 0.004
AGAIN_SECONDS: Final = 2.0
"""The library is looked through again at most so often, and only when the panel is drawn."""

SHARE: Final = 10
"""Where looking takes long (a network drive), as many times that long passes before the next."""

REST_SECONDS: Final = 0.002
"""The thread steps aside so long, now and then: a busy thread would slow every redraw."""

UNDER_WAY: Final = ("requested", "sending", "waiting", "downloading", "downloaded", "importing")
ENDED_BADLY: Final = ("failed", "cancelled", "broken")
UNFINISHED: Final = (*UNDER_WAY, *ENDED_BADLY)

SORTS: Final[dict[str, Callable[[Entry], Any]]] = {
    "NEWEST": lambda entry: (-entry.created, entry.id),
    "OLDEST": lambda entry: (entry.created, entry.id),
    "NAME": lambda entry: (entry.name.casefold(), -entry.created),
    "TRIANGLES": lambda entry: (-(entry.triangles or 0), -entry.created),
    "COST": lambda entry: (-(entry.cost_cents or 0.0), -entry.created),
}


class View(NamedTuple):
    """What the user wants to see of the library."""

    search: str = ""
    sort: str = "NEWEST"
    show: str = "PROPS"
    prompt_key: str = ""
    """Only the variants of this prompt; empty: of all."""


class Page(NamedTuple):
    """A part of the props that a view shows."""

    entries: tuple[Entry, ...] = ()
    number: int = 0
    pages: int = 1
    total: int = 0


class Shown(NamedTuple):
    """A view's props, worked out once for each snapshot."""

    view: View
    entries: tuple[Entry, ...] = ()


class _Found:
    """What is known of a library, with look-up tables."""

    def __init__(self, snapshot: Snapshot | None = None) -> None:
        self.snapshot = snapshot
        self.by_id: dict[str, Entry] = {}
        self.variants: Counter[str] = Counter()
        self.numbers: dict[str, int] = {}
        """By id: which of its prompt's props it is, from 1, the oldest first."""
        self.interrupted: tuple[Entry, ...] = ()
        """What could go on and has nobody working on it, the oldest first."""


class Gallery:
    """What the panel shows. Main thread only, but for :func:`_work`."""

    current: ClassVar[Gallery | None] = None

    def __init__(self) -> None:
        from .previews import Previews

        self.library: Path | None = None
        self.previews = Previews()
        self.chosen = ""
        self.page = 0
        self._followed = ""
        self._turn_to = ""
        """The id of a prop whose page is to be shown next."""
        self.variants_of = ""
        """The id of a prop: only its prompt's variants are shown; empty: everything."""
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
        # One reference: `is_registered` is False for a fresh bound method.
        self._timer = self._tick

    @classmethod
    def get(cls) -> Gallery:
        """The gallery of the enabled extension."""
        if cls.current is None:
            raise RuntimeError("Trellis Props is not enabled")
        return cls.current

    # --- asked by draw

    @property
    def snapshot(self) -> Snapshot | None:
        """The library as it was last seen; None before the first time."""
        return self._found.snapshot

    @property
    def looking(self) -> bool:
        """Whether the library is being looked through."""
        return self._thread is not None

    def look(self, library: Path, jobs: Hashable = ()) -> None:
        """The panel is drawn with this library: see to it that what it shows is true. Quick.

        :param jobs: what runs here; when it changes, so does the library.
        """
        if library != self.library:
            self._change_library(library)
        if jobs != self._jobs:
            self._jobs, self._wanted = jobs, True
        took = self._found.snapshot.seconds if self._found.snapshot else 0.0
        if time.monotonic() - self._looked > max(AGAIN_SECONDS, SHARE * took):
            self._wanted = True
        self.wake()

    def entry(self, prop_id: str) -> Entry | None:
        """What is known of a prop."""
        return self._found.by_id.get(prop_id)

    @property
    def interrupted(self) -> tuple[Entry, ...]:
        """Props that could go on and that nobody was working on when they were last seen."""
        return self._found.interrupted

    def chosen_entry(self) -> Entry | None:
        """The chosen prop; None when there is none, or when it has gone."""
        return self._found.by_id.get(self.chosen)

    def name_of(self, prop_id: str) -> str:
        """What a prop is called in a dialog or a report: never by its id."""
        entry = self.entry(prop_id)
        return entry.name if entry else title(prop_id.rpartition("-")[0].replace("-", " "))

    def show(self, prop_id: str) -> None:
        """Choose a prop and turn to its page."""
        self.chosen = self._turn_to = prop_id

    def follow(self, prop_id: str) -> None:
        """The prop of the object that is active now: choose it when that becomes another one.

        What the user chooses in the gallery after that stays chosen.
        """
        if prop_id != self._followed:
            self._followed = prop_id
            if prop_id in self._found.by_id:
                self.show(prop_id)

    def variants(self, entry: Entry) -> int:
        """How many props have this one's prompt, itself included."""
        return self._found.variants[entry.prompt_key] if entry.prompt else 1

    def caption(self, entry: Entry) -> str:
        """A short name. Variants have a number, in front: the end is cut off below a picture."""
        if self.variants(entry) < 2:
            return entry.name
        return f"{self._found.numbers[entry.id]}: {entry.name}"

    def shown(self, view: View) -> tuple[Entry, ...]:
        """The props that a view shows, in its order."""
        if self._shown is None or self._shown.view != view:
            if self._shown is not None:
                self.page = 0
            self._shown = Shown(view, _picked(self._found.snapshot, view))
        return self._shown.entries

    def paged(self, view: View, size: int) -> Page:
        """The page that is shown, for pages of this size."""
        entries = self.shown(view)
        count = max(1, -(-len(entries) // size))
        if self._turn_to:
            places = [n for n, entry in enumerate(entries) if entry.id == self._turn_to]
            self.page, self._turn_to = places[0] // size if places else self.page, ""
        number = self.page = max(0, min(self.page, count - 1))
        return Page(entries[number * size : (number + 1) * size], number, count, len(entries))

    # --- told by operators

    def refresh(self, *, thorough: bool = False) -> None:
        """Look through the library as soon as may be.

        :param thorough: also into folders that seem unchanged.
        """
        self._wanted, self._thorough = True, thorough or self._thorough
        self.wake()

    def wait(self) -> None:
        """Look through the library now and block until it is done: for scripts and tests."""
        self._wanted = self.library is not None
        while self._wanted or self._thread or self.previews.waiting:
            if self._tick() is not None:
                time.sleep(0.001)

    # --- the timer

    def wake(self) -> None:
        """Start the timer when there is something to do. Never in background mode."""
        if bpy.app.background or not (self._wanted or self._thread or self.previews.waiting):
            return
        if not bpy.app.timers.is_registered(self._timer):
            bpy.app.timers.register(self._timer, first_interval=0.0, persistent=True)

    def _tick(self) -> float | None:
        changed = self._take()
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

    def _take(self) -> bool:
        """Take over what the thread has found; whether there is something new."""
        try:
            library, snapshot = self._answers.get_nowait()
        except queue.Empty:
            return False
        self._thread, self._looked = None, time.monotonic()
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
        """Stop looking; free the pictures."""
        self._stop.set()
        if bpy.app.timers.is_registered(self._timer):
            bpy.app.timers.unregister(self._timer)
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
    """On the thread: touches the disk and no bpy."""

    def rest() -> None:
        if stop.wait(REST_SECONDS):
            raise _StoppedError

    found = None
    try:
        # Here, as it imports pydantic, which nobody needs before there is a library to look at.
        from ..library.index import Snapshot, scan

        found = Snapshot(library, problem="The library could not be looked through")
        found = scan(library, before, rest, every=thorough)
    except _StoppedError:
        log.debug("looking through the library was stopped")
    except Exception:  # the thread's top: the panel says so, and the next look tries again
        log.exception("looking through the library failed")
    finally:
        answers.put((library, found))


class _StoppedError(Exception):
    """The gallery is closed."""


def _tables(snapshot: Snapshot) -> _Found:
    entries = snapshot.entries
    prompts = Counter(entry.prompt_key for entry in entries if entry.prompt)
    found = _Found(snapshot)
    found.by_id, found.variants = {entry.id: entry for entry in entries}, prompts
    seen: Counter[str] = Counter()
    oldest = sorted(entries, key=SORTS["OLDEST"])
    found.interrupted = tuple(
        e for e in oldest if e.state in UNDER_WAY and e.can_go_on and not e.worked_on
    )
    for entry in oldest:
        seen[entry.prompt_key] += 1
        found.numbers[entry.id] = seen[entry.prompt_key]
    return found


def _picked(snapshot: Snapshot | None, view: View) -> tuple[Entry, ...]:
    """What a view shows: every word of the search must be found."""
    if snapshot is None:
        return ()
    entries = list(snapshot.entries)
    if view.prompt_key:
        entries = [e for e in entries if e.prompt_key == view.prompt_key]
    words = fold(view.search).split()
    if view.show == "PROPS":
        # Whoever searches for "failed" asks for them.
        entries = [e for e in entries if e.state not in ENDED_BADLY or e.state in words]
    elif view.show == "READY":
        entries = [e for e in entries if e.is_ready]
    elif view.show == "UNFINISHED":
        entries = [e for e in entries if e.state in UNFINISHED]
    if words:
        entries = [e for e in entries if all(word in e.words for word in words)]
    return tuple(sorted(entries, key=SORTS[view.sort]))


def register() -> None:
    """Make the gallery. It looks at nothing before it is drawn."""
    Gallery.current = Gallery()


def unregister() -> None:
    """Close it."""
    if Gallery.current is not None:
        Gallery.current.close()
        Gallery.current = None
