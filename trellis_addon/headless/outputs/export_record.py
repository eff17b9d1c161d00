# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes beside the files of a plain export what they are: ``<name>.export.json`` and
``<name>.sha256``.

Each prop has its own two, so that several machines can export into one folder. They also tell whose
the files are, so that no prop replaces those of another one that has the same name.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from ...core.errors import InputError
from ...core.identity import version
from ...engine.export_manifest import Manifest, read_manifest, written
from ...engine.export_place import cannot_export
from ...engine.own_finishing import current_finishing
from ...library.prop_folder import PropFolder

RECORD_ENDING: Final = ".export.json"
SUMS_ENDING: Final = ".sha256"


def check_owner(folder: Path, stem: str, prop: str) -> None:
    """Refuse to write over the files of another prop.

    :raises InputError: it names the prop whose files these are.
    """
    there = read_manifest(folder, f"{stem}{RECORD_ENDING}")
    if there is not None and there.prop != prop:
        raise InputError(
            f"{folder / stem} has the files of {there.prop}",
            "Choose another folder, or put {id} into --names",
        )


def write_export_record(
    folder: Path, stem: str, prop: PropFolder, files: Iterable[Path], blender: tuple[int, ...]
) -> tuple[Path, Path]:
    """Write the two files; what another format has left there before stays in them.

    :param files: what was exported just now.
    :param blender: the version of the Blender that has written it.
    :returns: the paths of the two.
    :raises LibraryError: they cannot be written, or the prop's record cannot be read.
    """
    record = prop.read()
    name, sums = f"{stem}{RECORD_ENDING}", f"{stem}{SUMS_ENDING}"
    old = read_manifest(folder, name)
    model = record.files.get(record.model_file)
    try:
        kept = {
            file: entry
            for file, entry in (old.files if old else {}).items()
            if (folder / file).is_file()
        }
        new = {
            path.relative_to(folder).as_posix(): written(folder, path.relative_to(folder))
            for path in files
        }
        manifest = Manifest(
            prop=prop.id,
            destination="",
            model=model.sha256 if model else "",
            finishing=current_finishing(record).to_dict(),
            files=dict(sorted((kept | new).items())),
            blender=".".join(map(str, blender)),
            product=version(),
        )
        manifest.write(folder, name)
        manifest.write_sums(folder, sums)
    except OSError as error:
        raise cannot_export(folder, error) from error
    return folder / name, folder / sums
