# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts about each prop that the gallery shows, read from all records of a library on a thread.

Nothing is cached on disk: reading 2,000 records takes a quarter of a second (0.7 s on a thread that
keeps pausing), and checking them again takes 12 ms, since a folder whose time has not changed is
not opened (measured). That works because everything that changes a prop renames a file into its
folder, which changes the folder's time.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from ..core.errors import BrokenRecordError, LibraryError, NewerRecordError
from ..core.events import State
from ..core.files.prop_files import MODEL_STEM, RECORD, THUMBNAIL, is_model_name
from ..core.generation.quality import Quality
from ..core.generation.readiness import Verdict, of_prop
from ..core.text import fold, title
from .folder_lock import holder
from .prop_folder import PropFolder
from .record import PropRecord
from .record_repair import ASIDE

BROKEN: Final = "broken"
"""Used instead of a state if the record cannot be read."""

YOUNG_NS: Final = 3 * 10**9
"""A folder that changed less than this ago may change again within the same tick of the file
system's clock."""

STRIDE: Final = 10
"""The number of records read between two pauses."""

_MOST_METRES: Final = 1e6

Rest = Callable[[], None]


@dataclass(frozen=True)
class Stamp:
    """What must be the same for a prop to count as unchanged: times in ns, and the record's size. 0
    means that the file does not exist.
    """

    folder: int = 0
    record: int = 0
    size: int = 0
    picture: int = 0


@dataclass(frozen=True)
class GalleryEntry:
    """One prop as plain values. What the record does not say is empty or None."""

    id: str
    folder: Path
    state: str
    """A value of :class:`State`, or :data:`BROKEN`."""
    name: str
    """A short name for people."""
    prompt: str = ""
    created: float = 0.0
    """Seconds since 1970."""
    size: tuple[float, float, float] | None = None
    """Width, depth, height in metres."""
    triangles: int | None = None
    cost_cents: float | None = None
    seed: int | None = None
    tags: tuple[str, ...] = ()
    problem: str = ""
    """Why it failed, or why it cannot be read."""
    is_resumable: bool = False
    has_model: bool = False
    worked_on: bool = False
    """Whether a living process, including this one, holds its lock. Only checked if the prop could
    be resumed."""
    stamp: Stamp = Stamp()
    quality: Quality | None = None
    """None for props that an earlier version has finished."""
    verdicts: tuple[Verdict, ...] = ()
    words: str = field(default="", repr=False)
    """The text that is searched, normalized by :func:`fold`."""
    prompt_key: str = field(default="", repr=False)
    """Equal for variants: props with the same prompt, ignoring spaces and letter case."""

    @property
    def picture(self) -> Path | None:
        """The path of its picture, if there is one."""
        return self.folder / THUMBNAIL if self.stamp.picture else None

    @property
    def is_ready(self) -> bool:
        """Whether it can be placed and exported."""
        return self.state == State.READY


@dataclass(frozen=True)
class Snapshot:
    """A library at one moment."""

    library: Path
    entries: tuple[GalleryEntry, ...] = ()
    problem: str = ""
    """Why the folder cannot be read; empty if it can, or if it simply does not exist."""
    missing: bool = False
    """The folder does not exist."""
    seconds: float = 0.0

    def same_as(self, other: Snapshot) -> bool:
        """Whether nothing that is shown has changed."""
        return replace(self, seconds=0.0) == replace(other, seconds=0.0)


def scan(
    library: Path,
    before: Snapshot | None = None,
    rest: Rest = lambda: None,
    *,
    every: bool = False,
) -> Snapshot:
    """Read every prop of a library. Never raises because of a single prop.

    :param before: the last snapshot of the same library, from which unchanged entries are reused.
    :param rest: called regularly; it may sleep, or raise to stop.
    :param every: read every folder, even if its time has not changed.
    """
    start = time.monotonic()
    known = {e.id: e for e in before.entries} if before and before.library == library else {}
    entries: list[GalleryEntry] = []
    try:
        with os.scandir(library) as listing:
            for number, item in enumerate(listing):
                # Unchanged entries cost almost nothing, so pauses are rarer than for entries that
                # are read.
                if number % (STRIDE * 10) == 0:
                    rest()
                entry = _look(item, known.get(item.name), every=every)
                if entry is None:
                    continue
                entry = _with_worker(entry)
                if entry is not known.get(item.name) and len(entries) % STRIDE == 0:
                    rest()
                entries.append(entry)
    except (FileNotFoundError, NotADirectoryError):
        return Snapshot(library, missing=True)
    except OSError as error:
        reason = error.strerror or str(error)
        return Snapshot(library, problem=f"The library folder cannot be read: {reason}")
    # The order of a listing is arbitrary and may differ between two scans, which must compare
    # equal.
    entries.sort(key=lambda entry: entry.id)
    return Snapshot(library, tuple(entries), seconds=time.monotonic() - start)


def _look(item: os.DirEntry[str], old: GalleryEntry | None, *, every: bool) -> GalleryEntry | None:
    """The entry of one folder; None if it is not a prop, or no longer exists."""
    if item.name.startswith("."):
        return None
    try:
        if not item.is_dir():
            return None
        # Not item.stat(): on Windows it returns the values from the listing, which may be outdated.
        changed = os.stat(item.path).st_mtime_ns
        # FAT's clock has ticks of two seconds: within one tick, a second change leaves the same
        # time.
        settled = time.time_ns() - changed > YOUNG_NS
        if old and not every and settled and old.stamp.folder == changed:
            return old
        return _read(Path(item.path), changed, old)
    except OSError:
        return None


def _with_worker(entry: GalleryEntry) -> GalleryEntry:
    """Update whether a process is working on the prop. A process that dies changes nothing in the
    folder, so this is checked each time.
    """
    worked_on = entry.is_resumable and holder(entry.folder) is not None
    return entry if worked_on == entry.worked_on else replace(entry, worked_on=worked_on)


def _read(folder: Path, changed: int, old: GalleryEntry | None) -> GalleryEntry | None:
    picture = _time_and_size(folder / THUMBNAIL)[0]
    stamp = Stamp(changed, *_time_and_size(folder / RECORD), picture)
    if not stamp.record:
        return _without_record(folder, stamp)
    # The folder has changed but not the record, for example because the picture was added.
    if old and replace(old.stamp, folder=0, picture=0) == replace(stamp, folder=0, picture=0):
        return old if old.stamp == stamp else replace(old, stamp=stamp)
    try:
        record = PropFolder(folder).read()
    except (BrokenRecordError, NewerRecordError) as error:
        return _broken(folder, stamp, error.facts.message)
    except LibraryError as error:  # of the moment, so it is read again at the next look
        if old and old.state != BROKEN:
            return replace(old, stamp=Stamp())
        return replace(_broken(folder, stamp, error.facts.message), stamp=Stamp())
    return _entry(folder, record, stamp)


def _time_and_size(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    # At least 1, since 0 means that the file does not exist.
    return max(1, found.st_mtime_ns), found.st_size


def _without_record(folder: Path, stamp: Stamp) -> GalleryEntry | None:
    """The entry of a prop whose damaged record was set aside; None for any other folder, which is
    not ours.
    """
    if not any(name.startswith(ASIDE) for name in os.listdir(folder)):
        return None
    return _broken(folder, stamp, "The record was damaged and has been set aside")


def _broken(folder: Path, stamp: Stamp, why: str) -> GalleryEntry:
    name, _, end = folder.name.rpartition("-")
    words = (name if name and len(end) == 8 else folder.name).replace("-", " ")
    has_model = any(_models(folder))
    return GalleryEntry(
        id=folder.name,
        folder=folder,
        state=BROKEN,
        name=title(words),
        created=max(stamp.folder, stamp.record) / 1e9,
        problem=why,
        has_model=has_model,
        stamp=stamp,
        words=fold(f"{folder.name} {words} {BROKEN}"),
    )


def _models(folder: Path) -> Iterator[str]:
    names = os.listdir(folder)
    return (n for n in names if n.startswith(MODEL_STEM) and not n.endswith(".part"))


def _entry(folder: Path, record: PropRecord, stamp: Stamp) -> GalleryEntry:
    request = record.request
    prompt = _text(request.get("prompt"))
    name = title(_text(request.get("name")) or prompt or folder.name)
    tags = (record.model_extra or {}).get("tags")
    kept = tuple(t for t in tags if isinstance(t, str)) if isinstance(tags, list) else ()
    seed, triangles = request.get("seed"), record.prop.get("triangles")
    quality, verdicts = of_prop(record.prop)
    return GalleryEntry(
        id=folder.name,
        folder=folder,
        state=str(record.state),
        name=name,
        prompt=prompt,
        created=_seconds(record.created) or stamp.record / 1e9,
        size=_size(record.prop.get("size_metres")),
        triangles=_whole(triangles),
        cost_cents=record.cost_cents,
        seed=_whole(seed),
        tags=kept,
        problem=_problem(record),
        is_resumable=record.is_resumable and not record.is_newer,
        has_model=any(is_model_name(name) for name in record.files),
        stamp=stamp,
        quality=quality,
        verdicts=verdicts,
        words=fold(" ".join((prompt, name, folder.name, str(record.state), *kept))),
        prompt_key=fold(prompt),
    )


def _problem(record: PropRecord) -> str:
    if record.is_newer:
        return "A newer Trellis Props wrote it"
    if record.error is None or record.state == State.READY:
        return ""
    return ". ".join(filter(None, (record.error.message, record.error.next_step)))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _seconds(written: str) -> float:
    try:
        return datetime.fromisoformat(written).timestamp()
    except (ValueError, OverflowError, OSError):
        return 0.0


def _size(value: Any) -> tuple[float, float, float] | None:
    """Three numbers or None, as the record may come from an untrusted source."""
    if (
        isinstance(value, list)
        and len(value) == 3
        and all(isinstance(v, int | float) and 0 <= v <= _MOST_METRES for v in value)
    ):
        return float(value[0]), float(value[1]), float(value[2])
    return None


def _whole(value: Any) -> int | None:
    """An integer that fits into Blender's properties, which have 32 bits, or None."""
    usable = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31
    return int(value) if usable else None
