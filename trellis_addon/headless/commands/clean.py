# SPDX-License-Identifier: GPL-3.0-or-later
"""Implements ``trellis clean``: deletes what interruptions have left in the library.

This only concerns files with our own names, in folders that have a record and no running job. Files
that a prop needs to be resumed are kept: a part file may have an answer that is paid for.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ...core.errors import LibraryError, LockedError
from ...core.files.prop_files import BLEND
from ...library.blend_versions import is_blend_name
from ...library.folder_lock import FolderLock
from ...library.prop_folder import PropFolder
from ..console.existing_library import existing_library
from ..console.exit_codes import DONE, SOME_FAILED
from ..console.output import Output
from ..contract.library_events import LeftOverEvent
from ..contract.summary_events import CleanSummaryEvent


@dataclass(frozen=True)
class Left:
    """A file or folder to delete, and its description."""

    path: Path
    words: str

    @property
    def bytes(self) -> int:
        """The size on disk."""
        if self.path.is_dir() and not self.path.is_symlink():
            return sum(p.lstat().st_size for p in self.path.rglob("*") if p.is_file())
        return self.path.lstat().st_size


def clean(options: argparse.Namespace, output: Output) -> int:
    """Run the command: list what can be deleted, and delete it only with ``--yes``.

    :raises InputError: there is no library.
    """
    library = existing_library(options)
    count = size = 0
    code = DONE
    for folder in library.folders():
        # Locked, so that no job starts to use what is being deleted.
        with suppress(LockedError), FolderLock.acquire(folder.path):
            for left in left_in(folder):
                count, size = count + 1, size + left.bytes
                code = _deal(left, folder.id, options, output) or code
    for left in _half_deleted(library.path):
        count, size = count + 1, size + left.bytes
        code = _deal(left, "", options, output) or code
    output.json(CleanSummaryEvent(files=count, bytes=size, deleted=bool(options.yes)))
    verb = "Deleted" if options.yes else "To delete, with --yes:"
    output.say(f"{verb} {count:,} left over, {size / 1e6:,.1f} MB, in {library.path}")
    return code


def left_in(folder: PropFolder) -> Iterator[Left]:
    """The unneeded files in the folder of one prop."""
    try:
        record = folder.read()
    except LibraryError:
        return  # a damaged prop is kept as it is, so that `resume` can repair it
    # A newer version of this product may need files that this one does not know.
    if record.is_newer:
        return
    # A resumed download goes on where its part file ends.
    if not (record.is_resumable or record.owed):
        for path in sorted(folder.parts()):
            yield Left(path, "an unfinished file")
    for path in sorted(folder.path.glob(f"{BLEND}[0-9]")):
        yield Left(path, "Blender's own backup")
    for path in sorted(folder.path.glob("prop-*.blend")):
        if is_blend_name(path.name) and path.name not in record.files:
            yield Left(path, "a version that is out of date")


def _half_deleted(library: Path) -> Iterator[Left]:
    """Folders whose deletion was interrupted. They were renamed to a hidden name at its start."""
    for path in sorted(library.glob(".deleted-*")) if library.is_dir() else ():
        yield Left(path, "a prop that was deleted")


def _deal(left: Left, prop: str, options: argparse.Namespace, output: Output) -> int:
    message = LeftOverEvent(id=prop, path=str(left.path), what=left.words, bytes=left.bytes)
    output.json(message)
    output.say(f"{left.words.capitalize()}: {left.path}")
    if not options.yes:
        return DONE
    try:
        # Of a symbolic link, only the link itself is removed.
        if left.path.is_dir() and not left.path.is_symlink():
            shutil.rmtree(left.path)
        else:
            left.path.unlink(missing_ok=True)
    except OSError as error:
        output.say(f"Error: it cannot be deleted: {error.strerror or error}")
        return SOME_FAILED
    return DONE
