# SPDX-License-Identifier: GPL-3.0-or-later
"""Which ``.blend`` of a prop has to be made, and what its making changes in the record.

A prop that was made once stays usable whatever happens: the record goes from ``ready`` to
``importing`` and back, and says at every moment by which settings the existing ``prop.blend`` was
made (``prop.finishing``) and by which it is to be made (``finishing``). Where the two differ in a
record that is not ``ready``, a finishing was interrupted and is gone on with.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..core.errors import BadFileError
from ..core.events import State
from ..core.files import BLEND, THUMBNAIL
from ..library.folder import PropFolder
from ..library.record import PropRecord
from ..library.versions import (
    FILES,
    FINISHING,
    Version,
    blend_for,
    made_changes,
    own_version_sentence,
    stale_files,
    stale_folders,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ToDo:
    """The file that a Blender is to link, whether it must be made, and what is said then."""

    name: str
    make: bool
    words: str


def to_do(
    folder: PropFolder, record: PropRecord, blender: Version, finishing: Mapping[str, Any] | None
) -> ToDo:
    """What is left to do until this Blender can link the prop.

    A finishing makes ``prop.blend`` anew, whichever Blender does it: newer ones read it, and older
    ones make their own of it again.
    """
    if finishing is not None or _pending(record):
        again = "Finishing the prop again" if was_made(record) else "Preparing the prop"
        return ToDo(BLEND, make=True, words=f"{again} in the background")
    choice = blend_for(record, blender, lambda name: folder.holds(record, name))
    if choice.name == BLEND:
        return ToDo(BLEND, choice.make, "Preparing the prop in the background")
    return ToDo(choice.name, choice.make, own_version_sentence(record, blender))


def was_made(record: PropRecord) -> bool:
    """Whether there has been a whole ``prop.blend`` once."""
    return BLEND in record.files and bool(record.prop)


def is_usable(folder: PropFolder, record: PropRecord) -> bool:
    """Whether the prop can be placed although its making anew was not completed."""
    return was_made(record) and folder.blend.is_file()


def _pending(record: PropRecord) -> bool:
    made_by = record.prop.get(FINISHING)
    return record.state is not State.READY and was_made(record) and made_by != record.finishing


def begun(record: PropRecord, finishing: Mapping[str, Any] | None) -> dict[str, Any]:
    """What is written down with ``importing``; settings that are not known here stay."""
    changes: dict[str, Any] = {}
    if record.state is State.READY and FINISHING not in record.prop:
        changes["prop"] = {**record.prop, FINISHING: record.finishing}
    if finishing is not None:
        changes["finishing"] = {**record.finishing, **finishing}
    return changes


def ended(
    folder: PropFolder,
    record: PropRecord,
    name: str,
    made: Mapping[str, Any],
    notes: Sequence[str],
) -> dict[str, Any]:
    """What is written down with ``ready``.

    :param name: the ``.blend`` that was made. :param made: what the importer says of it.
    :raises OSError: one of the files that it names is not there. A picture may be missing.
    """
    listed = made.get(FILES)
    beside = listed if isinstance(listed, list) else []
    pictures = [THUMBNAIL] if folder.thumbnail.is_file() else []
    files = {file: folder.entry(file) for file in (name, *pictures, *beside)}
    facts = {**made, "notes": list(notes), FINISHING: record.finishing}
    return made_changes(record, name, facts, files)


def undone(record: PropRecord) -> dict[str, Any]:
    """What is written down when the earlier ``prop.blend`` stays: the settings that it has."""
    made_by = record.prop.get(FINISHING)
    return {"finishing": dict(made_by)} if isinstance(made_by, Mapping) else {}


def drop_stale(folder: PropFolder, before: PropRecord, after: PropRecord) -> None:
    """Delete the files of other Blenders that a new ``prop.blend`` has made out of date.

    After the record, so that an interruption leaves a file too many and never one too few.
    """
    for name in set(stale_files(before)) - set(after.files):
        try:
            (folder.path / name).unlink(missing_ok=True)
        except OSError as error:
            log.info("%s stays for now: %s", name, error)  # Windows, while a Blender has it open
    for name in stale_folders(before, after):
        shutil.rmtree(folder.path / name, ignore_errors=True)


def model_is_lost(record: PropRecord) -> BadFileError:
    """A prop that was paid for is never asked for again by itself."""
    return BadFileError(
        f"The received model {record.model_file} is not whole any more",
        "Put it back from a backup; a prop that is there can still be placed",
    )
