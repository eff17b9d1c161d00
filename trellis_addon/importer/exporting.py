# SPDX-License-Identifier: GPL-3.0-or-later
"""A prop of the library as a file for other programs, by a background Blender. No bpy here.

A process of its own for each export: it takes a second to start, and a generation under way
does not wait for it, nor it for a generation.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from ..core.cancel import CancelToken
from ..core.errors import ImporterError, InputError, LibraryError, PlacingError
from ..library.folder import PropFolder
from ..library.versions import blend_for
from .child import Child, Limits, PropError
from .export_task import ENDINGS, ExportTask

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Exported:
    """What was written: the file of each format, then what stands beside them (pictures, .mtl)."""

    files: tuple[Path, ...]
    beside: tuple[Path, ...] = ()


def export_prop(
    command: Sequence[str],
    folder: PropFolder,
    formats: Sequence[str],
    target: Path,
    *,
    version: tuple[int, ...],
    stem: str = "",
    token: CancelToken | None = None,
    say: Callable[[str], None] = log.debug,
) -> Exported:
    """Write the full prop (never its stand-in) in other formats. Blocks; touches no bpy.

    Everything is written to a hidden folder first, so that a cancelled or failed export leaves
    nothing and an older file of the same name stays until the new one is whole.

    :param command: how to start the background Blender; see ``process.command_for``.
    :param formats: of :data:`ENDINGS`. :param target: the folder to write into; it is made.
    :param version: ``bpy.app.version``: which of the prop's .blend files can be read.
    :param stem: the files' name without ending; empty: the prop's id.
    :raises InputError: an unknown format. :raises PlacingError: the prop is not ready.
    :raises LibraryError: its record is unusable, or the target cannot be written.
    :raises ImporterError: Blender cannot do it. :raises CancelledError: on request.
    """
    if unknown := [name for name in formats if name not in ENDINGS]:
        known = ", ".join(ENDINGS)
        raise InputError(f"There is no export format {unknown[0]}", f"Choose from {known}")
    record = folder.read()
    choice = blend_for(record, version, lambda name: (folder.path / name).is_file())
    if choice.make:
        raise PlacingError(f"The prop {folder.id} is not ready", "Finish it again first")
    task = ExportTask(
        folder=str(folder.path.resolve()),
        name=stem or folder.id,
        prompt="",
        blend=choice.name,
        formats=tuple(formats),
    )
    token = token or CancelToken()
    try:
        target.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".trellis-export-", dir=target))
    except OSError as error:
        raise _cannot_write(target, error) from error
    child = Child(tuple(command))
    try:
        child.run(replace(task, target=str(scratch)), Limits(), token, say)
        return _put_in_place(scratch, target, task)
    except PropError as error:
        facts = error.facts
        raise ImporterError(facts.message, "Try another format", detail=facts.detail) from error
    except OSError as error:
        raise _cannot_write(target, error) from error
    finally:
        child.end()
        shutil.rmtree(scratch, ignore_errors=True)


def _put_in_place(scratch: Path, target: Path, task: ExportTask) -> Exported:
    """Rename what was written over what is there; pictures first, so that no file lacks its own."""
    main = [scratch / f"{task.name}{ENDINGS[name]}" for name in task.formats]
    written = sorted(path for path in scratch.rglob("*") if path.is_file())
    beside = []
    for path in [p for p in written if p not in main] + main:
        final = target / path.relative_to(scratch)
        final.parent.mkdir(parents=True, exist_ok=True)
        os.replace(path, final)
        if path not in main:
            beside.append(final)
    for folder in {path.parent for path in written} - {scratch}:
        with suppress(OSError):
            folder.rmdir()
    return Exported(tuple(target / path.name for path in main), tuple(beside))


def _cannot_write(target: Path, error: OSError) -> LibraryError:
    return LibraryError(
        f"The export cannot be written to {target}",
        "Choose another folder, or make room on the disk",
        detail=str(error),
    )
