# SPDX-License-Identifier: GPL-3.0-or-later
"""What the panel knows of a set of pictures, and a thread that reads all sets of a library."""

from __future__ import annotations

import logging
import queue
import threading
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

    from ...library.picture_record import PictureRecord
    from ...library.pictures.picture_set import PictureSet

log = logging.getLogger(__name__)


class SetFacts(NamedTuple):
    """One set of pictures, as it was when its record was read."""

    id: str
    prompt: str
    suffix: str
    model: str
    total: int
    """How many pictures were asked for."""
    again: int = 0
    is_like: bool = False
    """Whether its pictures are like another one."""
    pictures: tuple[tuple[int, Path], ...] = ()
    """The pictures that are here, with their numbers."""
    lost: tuple[int, ...] = ()

    @property
    def missing(self) -> tuple[int, ...]:
        """The numbers of the pictures that are still to come."""
        here = {number for number, _ in self.pictures} | {*self.lost}
        return tuple(number for number in range(1, self.total + 1) if number not in here)

    def path(self, number: int) -> Path | None:
        """The file of a picture; None if it is not here."""
        return dict(self.pictures).get(number)

    def with_picture(self, number: int, path: Path) -> SetFacts:
        """The set with one picture more."""
        found = {**dict(self.pictures), number: path}
        return self._replace(pictures=tuple(sorted(found.items())))

    def asked_by(self, prompt: str, suffix: str, model: str, total: int) -> bool:
        """Whether these settings ask for this set. :param model: "" for any."""
        mine = (self.prompt, self.suffix, self.total, self.again, self.is_like)
        return mine == (prompt, suffix, total, 0, False) and model in ("", self.model)


def facts_of(found: PictureSet, record: PictureRecord) -> SetFacts:
    """The facts of a set. Reads no file."""
    asked = record.request
    pictures = tuple((n, found.path / name) for n, name in record.pictures.items())
    return SetFacts(
        found.id,
        str(asked.get("prompt") or ""),
        str(asked.get("suffix") or ""),
        str(asked.get("model") or ""),
        record.count,
        int(asked.get("again") or 0),
        bool(record.source),
        pictures,
        record.lost,
    )


def read_set(library: Path, set_id: str) -> SetFacts:
    """Read one set from the disk.

    :raises TrellisError: there is none, or its record cannot be read.
    """
    from ...library.pictures.picture_library import PictureLibrary

    found = PictureLibrary(library).find(set_id)
    return facts_of(found, found.read())


class SetScan:
    """A thread that reads the sets of a library, the newest first. It uses no bpy."""

    def __init__(self, library: Path) -> None:
        self.library = library
        self._answer: queue.SimpleQueue[tuple[SetFacts, ...]] = queue.SimpleQueue()
        # A daemon: a network drive that hangs must not keep Blender from quitting.
        self._thread = threading.Thread(target=self._run, name="trellis pictures", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        found: tuple[SetFacts, ...] = ()
        try:
            from ...library.pictures.picture_library import PictureLibrary

            sets = PictureLibrary(self.library).sets()
            found = tuple(facts_of(each, record) for each, record in sets)
        except Exception:  # the top of the thread: the sets are only missing in a menu
            log.exception("looking through the pictures failed")
        finally:
            self._answer.put(found)

    def poll(self) -> tuple[SetFacts, ...] | None:
        """The sets; None while they are being read."""
        try:
            return self._answer.get_nowait()
        except queue.Empty:
            return None

    def join(self, seconds: float) -> None:
        """Wait for the thread."""
        self._thread.join(seconds)
