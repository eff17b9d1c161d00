# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds props that are paid for, but whose ``.blend`` this Blender has to make before linking.

Making it costs nothing, as the received model is on disk.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from ..core.files.prop_files import BLEND

if TYPE_CHECKING:
    from ..library.prop_folder import PropFolder
    from ..library.record import PropRecord


@dataclass(frozen=True)
class PropToBuild:
    """A prop to make first.

    :param blend: the file that will be made. :param words: a message for the user.
    """

    folder: PropFolder
    record: PropRecord
    blend: Path
    words: str


def unmade(library: Path, prop_id: str) -> PropToBuild | None:
    """Decide whether this Blender must make a prop before it can be placed. Main thread only.

    :returns: None if it can be placed as it is, or if there is no complete model to make it from;
        placing it will then give the error.
    :raises InputError: there is no such prop. :raises LibraryError: its record is unusable.
    """
    from ..library.blend_versions import blend_for, own_version_sentence
    from ..library.library import Library

    folder = Library(library).find(prop_id)
    record = folder.read()
    version = tuple(bpy.app.version)
    choice = blend_for(record, version, lambda name: (folder.path / name).is_file())
    # ``holds`` compares the model's size, so a truncated model is not imported.
    if not choice.make or not folder.holds(record, record.model_file):
        return None
    words = "The prop's file is missing; making it again in the background"
    if choice.name != BLEND:
        words = own_version_sentence(record, version)
    elif not record.prop:
        words = "Making the prop of its model in the background"
    return PropToBuild(folder, record, folder.path / choice.name, words)
