# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides which ``.blend`` of a prop has to be built, and what that changes in the record.

A prop that was built once stays usable whatever happens. Its record changes from ``ready`` to
``importing`` and back, and always says with which settings the existing ``prop.blend`` was built
(``prop.finishing``) and with which it is to be built (``finishing``). If the two differ in a record
that is not ``ready``, a finishing was interrupted and is resumed.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..core.errors import BadFileError
from ..core.events import State
from ..core.files.prop_files import BLEND, THUMBNAIL
from ..core.generation.proxy_draft import PROXY_DUE
from ..library.blend_versions import (
    FILES,
    FINISHING,
    Version,
    blend_for,
    made_changes,
    own_version_sentence,
    stale_files,
    stale_folders,
)
from ..library.prop_folder import PropFolder
from ..library.record import PropRecord

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ToDo:
    """The file that a Blender will link, whether it must be built first, and the
    message for that.
    """

    name: str
    make: bool
    words: str


def to_do(
    folder: PropFolder, record: PropRecord, blender: Version, finishing: Mapping[str, Any] | None
) -> ToDo:
    """Determine what is left to do until this Blender can link the prop.

    Finishing rebuilds ``prop.blend``, whichever Blender does it: newer Blenders can read it, and
    older ones build their own version again.
    """
    if finishing is not None or _pending(record):
        again = "Finishing the prop again" if was_made(record) else "Preparing the prop"
        return ToDo(BLEND, make=True, words=f"{again} in the background")
    choice = blend_for(record, blender, lambda name: folder.holds(record, name))
    if choice.name == BLEND:
        # A draft of the proxy is replaced by preparing the prop once more.
        make = choice.make or record.prop.get(PROXY_DUE) is True
        return ToDo(BLEND, make, "Preparing the prop in the background")
    return ToDo(choice.name, choice.make, own_version_sentence(record, blender))


def was_made(record: PropRecord) -> bool:
    """Whether a complete ``prop.blend`` has existed."""
    return BLEND in record.files and bool(record.prop)


def is_usable(folder: PropFolder, record: PropRecord) -> bool:
    """Whether the prop can be placed although rebuilding it was not completed."""
    return was_made(record) and folder.blend.is_file()


def _pending(record: PropRecord) -> bool:
    made_by = record.prop.get(FINISHING)
    return record.state is not State.READY and was_made(record) and made_by != record.finishing


def begun(record: PropRecord, finishing: Mapping[str, Any] | None) -> dict[str, Any]:
    """The changes to the record with ``importing``. Unknown settings are kept."""
    changes: dict[str, Any] = {}
    # A record of an earlier version: it is ready, so its settings are those it was built with.
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
    """The changes to the record with ``ready``.

    :param name: the ``.blend`` that was built. :param made: what the importer says about it.
    :raises OSError: one of the files that it names does not exist. Only the picture may be missing.
    """
    listed = made.get(FILES)
    beside = listed if isinstance(listed, list) else []
    pictures = [THUMBNAIL] if folder.thumbnail.is_file() else []
    files = {file: folder.entry(file) for file in (name, *pictures, *beside)}
    facts = {**made, "notes": list(notes), FINISHING: record.finishing}
    return made_changes(record, name, facts, files)


def undone(record: PropRecord) -> dict[str, Any]:
    """The changes to the record if the earlier ``prop.blend`` stays: back to its own settings."""
    made_by = record.prop.get(FINISHING)
    return {"finishing": dict(made_by)} if isinstance(made_by, Mapping) else {}


def drop_stale(folder: PropFolder, before: PropRecord, after: PropRecord) -> None:
    """Delete the files of other Blenders that a new ``prop.blend`` has made outdated.

    This comes after writing the record, so that an interruption may leave a file too many, but
    never one too few.
    """
    for name in set(stale_files(before)) - set(after.files):
        try:
            (folder.path / name).unlink(missing_ok=True)
        except OSError as error:
            log.info("%s stays for now: %s", name, error)  # Windows, while a Blender has it open
    for name in stale_folders(before, after):
        shutil.rmtree(folder.path / name, ignore_errors=True)


def model_is_lost(record: PropRecord) -> BadFileError:
    """Make the error for a lost model. A prop that was paid for is never requested again
    automatically.
    """
    return BadFileError(
        f"The received model {record.model_file} is not whole any more",
        "Put it back from a backup; a prop that is there can still be placed",
    )
