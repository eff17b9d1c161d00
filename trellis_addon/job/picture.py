# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides what a job does about a prop's picture, and how the record tells of one taken later."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from ..core.files.prop_files import PICTURE_SAMPLES, THUMBNAIL
from ..core.generation.finishing import Finishing
from ..core.generation.picture import DUE, IN_RECORD, How, PictureOrder, Pictures, picture_key
from ..core.generation.quality import IN_RECORD as QUALITY
from ..library.blend_versions import Version, facts_of, noted, writer_of
from ..library.prop_folder import PropFolder
from ..library.record import PropRecord


def picture_order(folder: PropFolder, record: PropRecord, pictures: Pictures) -> PictureOrder:
    """What the background Blender does about the picture while it makes the prop of this record."""
    key = key_of(record)
    if record.prop.get(IN_RECORD) == key and folder.holds(record, THUMBNAIL):
        return PictureOrder(How.KEEP, key)
    if pictures is Pictures.WITH_PROP:
        return PictureOrder(How.TAKE, key)
    return PictureOrder(How.LEAVE, DUE if pictures is Pictures.LATER else "")


def key_of(record: PropRecord) -> str:
    """What the picture of a prop depends on."""
    model = record.files.get(record.model_file)
    samples = os.environ.get(PICTURE_SAMPLES, "")
    # A record need not name the settings that are as by default.
    settings = {**Finishing().to_dict(), **record.finishing}
    return picture_key(model.sha256 if model else "", settings, samples)


def is_due(record: PropRecord, blend: str, blender: Version) -> bool:
    """Whether the picture of this ``.blend`` is to be taken, and this Blender can do that.

    Another version must not write the file, as its own version could no longer read it.
    """
    if facts_of(record, blend).get(IN_RECORD) != DUE:
        return False
    writer = writer_of(record, blend)
    return writer is None or writer[:2] == blender[:2]


def pictured(
    folder: PropFolder,
    record: PropRecord,
    blend: str,
    facts: Mapping[str, Any],
    notes: Sequence[str],
) -> dict[str, Any]:
    """The changes to the record after the picture of a ready prop was taken, or could not be.

    :param facts: what the importer says; without the key of a picture, there is none.
    :raises OSError: a file of the prop does not exist.
    """
    before = facts_of(record, blend)
    names = (blend, THUMBNAIL) if folder.thumbnail.is_file() else (blend,)
    files = {name: folder.entry(name) for name in names}
    changes: dict[str, Any] = {IN_RECORD: facts.get(IN_RECORD, "")}
    changes["notes"] = [*before.get("notes", []), *notes]
    quality, old = before.get(QUALITY), record.files.get(blend)
    if isinstance(quality, Mapping) and old and isinstance(size := quality.get("file_bytes"), int):
        # The asset's preview makes the file larger.
        changes[QUALITY] = {**quality, "file_bytes": size + files[blend].bytes - old.bytes}
    return noted(record, blend, {**before, **changes}, files)
