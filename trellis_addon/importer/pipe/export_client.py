# SPDX-License-Identifier: GPL-3.0-or-later
"""Exports a prop of the library for other programs, by a background Blender. No bpy here.

Exports have a process of their own. It takes a second to start, but running generations do not
wait for it, and it does not wait for them. Several exports in a row can share one process.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from ...core.cancel import CancelToken
from ...core.destinations.destination import Export
from ...core.destinations.names import Names
from ...core.errors import ImporterError, InputError, LibraryError, PlacingError
from ...core.events import State
from ...core.files import held_files
from ...core.files.safe_names import safe_name
from ...library.blend_versions import blend_for
from ...library.prop_folder import PropFolder
from .blender_process import BlenderProcess, ProcessLimits, PropError
from .export_messages import ENDINGS, ExportTask

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Exported:
    """What was written: the file of each format, and further files such as images and .mtl."""

    files: tuple[Path, ...]
    beside: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()
    """Such as what was given up for a limit of size."""


@dataclass(frozen=True)
class ExportRequest:
    """What is to be written, and where."""

    formats: tuple[str, ...]
    """Of :data:`ENDINGS`."""
    target: Path
    """The folder to write into; it is made."""
    stem: str = ""
    """The prop's part of the files' name without ending; empty: the prop's id."""
    export: Export = field(default_factory=Export)
    """How they are written for a destination; the default is the plain export of each format."""


@dataclass(frozen=True)
class BlenderProgram:
    """The Blender that is started in the background."""

    command: tuple[str, ...]
    """How to start it; see ``background_blender.command_for``."""
    version: tuple[int, ...]
    """``bpy.app.version``: which of a prop's .blend files it can read."""


class ExportBlender:
    """A background Blender for several exports, one after the other. It starts with the first."""

    def __init__(self, program: BlenderProgram) -> None:
        self.program = program
        self._child: BlenderProcess | None = None

    def run(
        self, task: ExportTask, token: CancelToken, report_status: Callable[[str], None]
    ) -> tuple[str, ...]:
        """Run one task. Returns the notes. Raises what ``BlenderProcess.run`` does."""
        limits = ProcessLimits()
        if self._child and (not self._child.alive or self._child.should_replace(limits)):
            self.close()
        if self._child is None:
            self._child = BlenderProcess(self.program.command)
        return self._child.run(task, limits, token, report_status).notes

    def close(self) -> None:
        """End the process, if there is one. The next export starts another."""
        child, self._child = self._child, None
        if child:
            child.end()


def export_prop(
    blender: BlenderProgram | ExportBlender,
    folder: PropFolder,
    request: ExportRequest,
    *,
    token: CancelToken | None = None,
    report_status: Callable[[str], None] = log.debug,
) -> Exported:
    """Write the full prop (never its proxy) in other formats. Blocks; uses no bpy.

    Everything is written to a hidden folder first, so that a cancelled or failed export leaves
    nothing behind, and an older file of the same name stays until the new one is complete.

    :param blender: a program, which is started for this export alone, or a running one.
    :raises InputError: an unknown format. :raises PlacingError: the prop is not ready.
    :raises LibraryError: its record is unusable, or the target cannot be written.
    :raises ImporterError: Blender cannot do it. :raises CancelledError: on request.
    """
    if unknown := [name for name in request.formats if name not in ENDINGS]:
        known = ", ".join(ENDINGS)
        raise InputError(f"There is no export format {unknown[0]}", f"Choose from {known}")
    record = folder.read()
    shared = isinstance(blender, ExportBlender)
    runner = blender if isinstance(blender, ExportBlender) else ExportBlender(blender)
    version = runner.program.version
    choice = blend_for(record, version, lambda name: (folder.path / name).is_file())
    if choice.make:
        raise PlacingError(f"The prop {folder.id} is not ready", "Finish it again first")
    task = ExportTask(
        folder=str(folder.path.resolve()),
        name=safe_name(request.stem) if request.stem else folder.id,
        prompt="",
        blend=choice.name,
        formats=request.formats,
        export=request.export.to_dict(),
        version=str(sum(step.state is State.READY for step in record.history)),
    )
    token, target = token or CancelToken(), request.target
    try:
        target.mkdir(parents=True, exist_ok=True)
        # In the target's folder, as a file can only be renamed within one file system.
        scratch = Path(tempfile.mkdtemp(prefix=".trellis-export-", dir=target))
    except OSError as error:
        raise _cannot_write(target, error) from error
    try:
        notes = runner.run(replace(task, target=str(scratch)), token, report_status)
        name = Names(request.export, task.name).file
        files = [f"{name}{ENDINGS[each]}" for each in task.formats]
        return replace(_put_in_place(scratch, target, files), notes=notes)
    except PropError as error:
        facts = error.facts
        raise ImporterError(facts.message, "Try another format", detail=facts.detail) from error
    except OSError as error:
        raise _cannot_write(target, error) from error
    finally:
        if not shared:
            runner.close()
        shutil.rmtree(scratch, ignore_errors=True)


def _put_in_place(scratch: Path, target: Path, files: list[str]) -> Exported:
    """Rename what was written over what is there. Images come first, so that the main files never
    lack them.
    """
    main = [scratch / name for name in files]
    written = sorted(path for path in scratch.rglob("*") if path.is_file())
    beside = []
    for path in [p for p in written if p not in main] + main:
        final = target / path.relative_to(scratch)
        final.parent.mkdir(parents=True, exist_ok=True)
        held_files.replace(path, final)
        if path not in main:
            beside.append(final)
    for folder in {path.parent for path in written} - {scratch}:
        # Not empty if it has a subfolder; the caller removes the rest.
        with suppress(OSError):
            folder.rmdir()
    return Exported(tuple(target / path.name for path in main), tuple(beside))


def _cannot_write(target: Path, error: OSError) -> LibraryError:
    reason = (error.strerror or str(error)).lower()
    return LibraryError(
        f"The export cannot be written to {target}: {reason}",
        "Choose another folder, or make room on the disk",
        detail=str(error),
    )
