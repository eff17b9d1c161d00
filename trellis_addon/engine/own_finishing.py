# SPDX-License-Identifier: GPL-3.0-or-later
"""Remembers the user's own settings of a prop while it is finished for a destination.

Otherwise, what one destination sets would also be in the export for the next one: a prop would stay
rebuilt for a game in its USD for a film. They are in ``exports/finishing.json``, by the settings
that the prop was given instead. If the user has changed these since, they are the user's own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from ..core.errors import InvalidRequestError
from ..core.files.held_files import SOON_SECONDS, read_bytes
from ..core.generation.finishing import Finishing
from ..library.disk.atomic_files import write_atomic
from ..library.prop_folder import PropFolder, cannot_write
from .export_manifest import EXPORTS

if TYPE_CHECKING:
    from ..library.record import PropRecord

FILE: Final = "finishing.json"
MOST: Final = 8
"""The number of pairs that are kept, as a finishing may fail and leave the settings before it."""

Pair = tuple[Finishing, Finishing]


def current_finishing(record: PropRecord) -> Finishing:
    """The settings of a prop; the defaults if its record has none that are usable."""
    try:
        return Finishing.from_dict(record.finishing)
    except InvalidRequestError:
        return Finishing()


def own_finishing(folder: PropFolder) -> Finishing:
    """The settings of a prop without those of a destination.

    :raises LibraryError: its record is unusable.
    """
    now = current_finishing(folder.read())
    return next((own for finished, own in _pairs(folder) if finished == now), now)


def by_hand(folder: PropFolder) -> Finishing | None:
    """The settings of a prop that was finished for a destination, and then otherwise by the user;
    None for all others.

    :raises LibraryError: its record is unusable.
    """
    now = current_finishing(folder.read())
    known = [finished for finished, _ in _pairs(folder)]
    return now if known and now not in known else None


def remember(folder: PropFolder, finished: Finishing, own: Finishing) -> None:
    """Note the user's own settings, before a prop is finished with others.

    :raises LibraryError: the prop's folder cannot be written.
    """
    others = [pair for pair in _pairs(folder) if pair[0] != finished]
    kept = [(finished, own), *others][:MOST]
    content = [{"finished": each.to_dict(), "own": before.to_dict()} for each, before in kept]
    path = folder.path / EXPORTS / FILE
    try:
        path.parent.mkdir(exist_ok=True)
        write_atomic(path, json.dumps(content).encode())
    except OSError as error:
        raise cannot_write(folder.path, error) from error


def _pairs(folder: PropFolder) -> Iterator[Pair]:
    """Settings for a destination with the user's own; none from a file that cannot be used."""
    try:
        raw: Any = json.loads(read_bytes(folder.path / EXPORTS / FILE, SOON_SECONDS))
        for each in raw:
            yield Finishing.from_dict(each["finished"]), Finishing.from_dict(each["own"])
    except (OSError, ValueError, TypeError, KeyError, RecursionError, InvalidRequestError):
        return
