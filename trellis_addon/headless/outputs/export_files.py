# SPDX-License-Identifier: GPL-3.0-or-later
"""Implements ``--export``: writes props as files for other programs, with Blender's exporters."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import bpy

from ...core.errors import InputError, TrellisError
from ...core.files.prop_files import BLEND
from ...importer.pipe.background_blender import command_for
from ...importer.pipe.export_client import (
    BlenderProgram,
    ExportBlender,
    ExportRequest,
    export_prop,
)
from ...importer.pipe.export_messages import ENDINGS
from ...library.prop_folder import PropFolder
from ..console.exit_codes import DONE, SOME_FAILED
from ..console.output import Output
from ..console.signals import Signals
from ..contract.output_events import ExportedEvent, ExportFailedEvent
from ..report.lines import Line
from .file_names import check_different, file_name


@dataclass(frozen=True)
class ExportOptions:
    """The formats, folder and names of exported files."""

    formats: tuple[str, ...]
    folder: Path
    names: str
    """A pattern with the fields of ``file_names.FIELDS``."""

    @classmethod
    def of(cls, options: argparse.Namespace, names: str = "{id}") -> ExportOptions | None:
        """Read the options; None without ``--export``. :raises InputError: they are not valid."""
        if not options.export:
            return None
        if not options.output:
            raise InputError("--export needs a folder to write into", "Give --output DIR")
        return cls(formats(options.export), options.output, names)


def formats(text: str) -> tuple[str, ...]:
    """Parse formats such as ``glb,usd``. :raises InputError: there is no such format."""
    names = tuple(dict.fromkeys(part.strip().lower() for part in text.split(",") if part.strip()))
    for name in names or (text,):
        if name not in ENDINGS:
            raise InputError(
                f"There is no export format {name}", f"Choose from {', '.join(ENDINGS)}"
            )
    return names


def check_output(options: argparse.Namespace, *, used: bool = False) -> None:
    """Refuse ``--output`` where nothing is written into it.

    :param used: whether a list names destinations. :raises InputError: it names the options.
    """
    asked = any(getattr(options, name, None) for name in ("export", "shot", "destinations"))
    if options.output and not asked and not used:
        raise InputError(
            "--output is for --export, --shot and --for", "Add one of them, or leave it out"
        )


def this_blender() -> BlenderProgram:
    """The Blender that exports: the one that runs the command."""
    command = command_for(bpy.app.binary_path, sys.executable)
    return BlenderProgram(command, tuple(bpy.app.version))


def export_all(
    lines: Iterable[Line], wanted: ExportOptions, library: Path, output: Output, signals: Signals
) -> int:
    """Write those files of each prop that are missing or older than the prop, until a signal comes.

    One background Blender writes all of them. After one signal, the prop that it is writing is
    finished.

    :returns: the exit code, which is 1 if a file could not be written.
    :raises InputError: several files would have the same name; nothing has been written.
    """
    lines = list(lines)
    check_different(wanted.names, lines)
    outdated = [(line, missing) for line in lines if (missing := _missing(line, wanted, library))]
    code = DONE
    blender = ExportBlender(this_blender())
    try:
        for number, (line, missing) in enumerate(outdated):
            if signals.count:
                break
            told = f"Exporting {number + 1:,} of {len(outdated):,}: {line.name or line.id}"
            output.progress(line.id, told, round(number / len(outdated), 4))
            output.say(told)
            code = _export(blender, line, missing, wanted, library, output) or code
    finally:
        blender.close()
    return code


def _missing(line: Line, wanted: ExportOptions, library: Path) -> tuple[str, ...]:
    """The formats in which a prop has to be written."""
    stem, blend = file_name(wanted.names, line), library / line.id / BLEND
    return tuple(
        name
        for name in wanted.formats
        if line.status == "done" or _is_old(wanted.folder / f"{stem}{ENDINGS[name]}", blend)
    )


def _export(
    blender: ExportBlender,
    line: Line,
    missing: tuple[str, ...],
    wanted: ExportOptions,
    library: Path,
    output: Output,
) -> int:
    request = ExportRequest(missing, wanted.folder, file_name(wanted.names, line))
    try:
        made = export_prop(blender, PropFolder(library / line.id), request)
    except TrellisError as error:
        facts = error.facts
        output.json(
            ExportFailedEvent(
                id=line.id,
                reason=facts.message,
                kind=facts.kind,
                next_step=facts.step.at_command_line,
            )
        )
        output.say(f"Error: {line.id}: {facts.command_sentence}")
        return SOME_FAILED
    for path in (*made.files, *made.beside):
        output.written("export", path, prop=line.id)
    output.json(ExportedEvent(id=line.id, files=tuple(map(str, made.files))))
    return DONE


def _is_old(file: Path, blend: Path) -> bool:
    """Whether an exported file is missing, or its prop has been made again since."""
    try:
        written = file.stat().st_mtime
    except OSError:
        return True
    try:
        return blend.stat().st_mtime > written
    except OSError:
        return False  # nothing to export from; what is there may stay
