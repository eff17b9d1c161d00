# SPDX-License-Identifier: GPL-3.0-or-later
"""Props that are paid for, and whose ``.blend`` this Blender has to make before it can link them.

That costs nothing: the received model is on the disk.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from ..core.files import BLEND

if TYPE_CHECKING:
    from ..library.folder import PropFolder
    from ..library.record import PropRecord


@dataclass(frozen=True)
class Unmade:
    """A prop to make first.

    :param blend: the file that there will be. :param words: what the user is told.
    """

    folder: PropFolder
    record: PropRecord
    blend: Path
    words: str


def unmade(library: Path, prop_id: str) -> Unmade | None:
    """Whether a prop must be made by this Blender before it can be placed. Main thread only.

    :returns: None where it can be placed as it is, and where there is no whole model to make it
        of: placing says then what is wrong.
    :raises InputError: there is no such prop. :raises LibraryError: its record is unusable.
    """
    from ..library.library import Library
    from ..library.versions import blend_for, own_version_sentence

    folder = Library(library).find(prop_id)
    record = folder.read()
    version = tuple(bpy.app.version)
    choice = blend_for(record, version, lambda name: (folder.path / name).is_file())
    if not choice.make or not folder.holds(record, record.model_file):
        return None
    words = "The prop's file is missing; making it again in the background"
    if choice.name != BLEND:
        words = own_version_sentence(record, version)
    elif not record.prop:
        words = "Making the prop of its model in the background"
    return Unmade(folder, record, folder.path / choice.name, words)
