# SPDX-License-Identifier: GPL-3.0-or-later
"""``trellis clean``: what interruptions have left in the library and nothing needs any more.

Only files whose names are our own, in folders with a record that nobody is working on. What a prop
can go on with stays: a part file may hold an answer that is paid for.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import LibraryError, LockedError
from ..core.files import BLEND
from ..library.folder import PropFolder
from ..library.locks import FolderLock
from ..library.versions import is_blend_name
from .existing import existing_library
from .exit_codes import DONE, SOME_FAILED
from .output import Output


@dataclass(frozen=True)
class Left:
    """Something to delete, and what it is."""

    path: Path
    words: str

    @property
    def bytes(self) -> int:
        """Its size on the disk."""
        if self.path.is_dir() and not self.path.is_symlink():
            return sum(p.lstat().st_size for p in self.path.rglob("*") if p.is_file())
        return self.path.lstat().st_size


def clean(options: argparse.Namespace, output: Output) -> int:
    """Run the command: says what there is; deletes it with ``--yes`` alone.

    :raises InputError: there is no library.
    """
    library = existing_library(options)
    count = size = 0
    code = DONE
    for folder in library.folders():
        # Held meanwhile, so that no job begins to need what is deleted.
        with suppress(LockedError), FolderLock.acquire(folder.path):
            for left in left_in(folder):
                count, size = count + 1, size + left.bytes
                code = _deal(left, folder.id, options, output) or code
    for left in _half_deleted(library.path):
        count, size = count + 1, size + left.bytes
        code = _deal(left, "", options, output) or code
    output.json(event="summary", files=count, bytes=size, deleted=bool(options.yes))
    verb = "Deleted" if options.yes else "To delete, with --yes:"
    output.say(f"{verb} {count:,} left over, {size / 1e6:,.1f} MB, in {library.path}")
    return code


def left_in(folder: PropFolder) -> Iterator[Left]:
    """What nothing needs in the folder of one prop."""
    try:
        record = folder.read()
    except LibraryError:
        return  # what is damaged is kept whole, for `resume` to put right
    if record.is_newer:
        return
    if not (record.can_go_on or record.owed):
        for path in sorted(folder.parts()):
            yield Left(path, "an unfinished file")
    for path in sorted(folder.path.glob(f"{BLEND}[0-9]")):
        yield Left(path, "Blender's own backup")
    for path in sorted(folder.path.glob("prop-*.blend")):
        if is_blend_name(path.name) and path.name not in record.files:
            yield Left(path, "a version that is out of date")


def _half_deleted(library: Path) -> Iterator[Left]:
    """Folders whose deletion was interrupted; they are hidden since it began."""
    for path in sorted(library.glob(".deleted-*")) if library.is_dir() else ():
        yield Left(path, "a prop that was deleted")


def _deal(left: Left, prop: str, options: argparse.Namespace, output: Output) -> int:
    output.json(event="left_over", id=prop, path=str(left.path), what=left.words, bytes=left.bytes)
    output.say(f"{left.words.capitalize()}: {left.path}")
    if not options.yes:
        return DONE
    try:
        if left.path.is_dir() and not left.path.is_symlink():
            shutil.rmtree(left.path)
        else:
            left.path.unlink(missing_ok=True)
    except OSError as error:
        output.say(f"Error: it cannot be deleted: {error.strerror or error}")
        return SOME_FAILED
    return DONE
