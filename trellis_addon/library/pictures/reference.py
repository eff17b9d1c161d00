# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps the picture that a prop was made from in the prop's own folder."""

from __future__ import annotations

from pathlib import Path

from ...core.errors import BadFileError
from ...core.generation.views import FRONT
from ...core.pictures.chosen_picture import ChosenPicture
from ...core.pictures.picture_request import ENDINGS, picture_kind
from ..disk.atomic_files import write_atomic
from ..prop_folder import PropFolder, cannot_write
from ..record import PropRecord
from ..reference_files import name_of
from .picture_library import PictureLibrary


def keep_reference(folder: PropFolder, chosen: ChosenPicture, library: Path) -> PropRecord:
    """Copy a chosen picture into a prop's folder, and note in its record where it came from. So the
    set can be deleted, and the prop still has its look.

    :param library: the folder of the library that has the set.
    :raises InputError: there is no such picture.
    :raises LibraryError: the folder cannot be written.
    """
    picture = PictureLibrary(library).find(chosen.set_id).picture(chosen.number)
    try:
        content = picture.read_bytes()
        kind = picture_kind(content[:12])
        if not kind:
            raise BadFileError(f"{picture} is not a picture")
        name = f"{name_of(FRONT)}{ENDINGS[kind]}"
        # The request's images were written with its folder, and this is mostly one of them.
        if not _holds(folder.path / name, content):
            write_atomic(folder.path / name, content)
        files = {**folder.read().files, name: folder.entry(name)}
    except OSError as error:
        raise cannot_write(folder.path, error) from error
    note = {"file": name, "set": chosen.set_id, "number": chosen.number}
    return folder.update(files=files, reference=note)


def _holds(path: Path, content: bytes) -> bool:
    return path.is_file() and path.read_bytes() == content
