# SPDX-License-Identifier: GPL-3.0-or-later
"""Implements ``--export``: writes props as files for other programs, with Blender's exporters."""

from __future__ import annotations

import argparse
import sys
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import bpy

from ...core.errors import InputError, TrellisError
from ...core.files.prop_files import BLEND
from ...engine.export_manifest import read_manifest
from ...importer.pipe.background_blender import command_for
from ...importer.pipe.export_client import BlenderProgram, Exported, ExportRequest
from ...importer.pipe.export_messages import ENDINGS
from ...importer.pipe.exporters import Exporters
from ...importer.pipe.process_count import processes_here
from ...library.prop_folder import PropFolder
from ..console.exit_codes import DONE, SOME_FAILED
from ..console.output import Output
from ..console.signals import STEP_SECONDS, Signals
from ..contract.output_events import ExportedEvent, ExportFailedEvent
from ..report.lines import Line
from .export_record import RECORD_ENDING, check_owner, write_export_record
from .file_names import check_different, file_name, with_dates


@dataclass(frozen=True)
class ExportOptions:
    """The formats, folder and names of exported files."""

    formats: tuple[str, ...]
    folder: Path
    names: str
    """A pattern with the fields of ``file_names.FIELDS``."""
    processes: int = 0
    """The background Blenders at once; 0: by the cores and the memory."""

    @classmethod
    def of(cls, options: argparse.Namespace, names: str = "{id}") -> ExportOptions | None:
        """Read the options; None without ``--export``. :raises InputError: they are not valid."""
        if not options.export:
            return None
        if not options.output:
            raise InputError("--export needs a folder to write into", "Give --output DIR")
        # Not every command with exports has the option.
        processes = getattr(options, "processes", None) or 0
        return cls(formats(options.export), options.output, names, processes)


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

    A few background Blenders write all of them. After one signal, the props that they are writing
    are finished.

    :returns: the exit code, which is 1 if a file could not be written.
    :raises InputError: several files would have the same name; nothing has been written.
    """
    lines = with_dates(wanted.names, lines, library)
    check_different(wanted.names, lines)
    outdated = [(line, missing) for line in lines if (missing := _missing(line, wanted, library))]
    count = max(1, min(wanted.processes or processes_here(), len(outdated)))
    code, waiting = DONE, deque(outdated)
    stems = dict[str, str]()
    with Exporters(this_blender(), count) as exporters:
        while exporters.busy or (waiting and not signals.count):
            while waiting and exporters.has_room and not signals.count:
                line, missing = waiting.popleft()
                _tell_begin(line, len(outdated) - len(waiting), len(outdated), output)
                stems[line.id] = stem = file_name(wanted.names, line)
                try:
                    check_owner(wanted.folder, stem, line.id)
                except InputError as error:
                    code = _tell_end(line.id, error, output) or code
                    continue
                request = ExportRequest(missing, wanted.folder, stem)
                exporters.begin(PropFolder(library / line.id), request)
            for prop, result in exporters.ended(STEP_SECONDS):
                made = _recorded(prop, result, wanted, stems[prop], library)
                code = _tell_end(prop, made, output) or code
    return code


def _tell_begin(line: Line, number: int, count: int, output: Output) -> None:
    told = f"Exporting {number:,} of {count:,}: {line.name or line.id}"
    output.progress(line.id, told, round((number - 1) / count, 4))
    output.say(told)


def _tell_end(prop: str, result: Exported | TrellisError, output: Output) -> int:
    if isinstance(result, TrellisError):
        facts = result.facts
        output.json(
            ExportFailedEvent(
                id=prop,
                reason=facts.message,
                kind=facts.kind,
                next_step=facts.step.at_command_line,
            )
        )
        output.say(f"Error: {prop}: {facts.command_sentence}")
        return SOME_FAILED
    for path in (*result.files, *result.beside):
        output.written("export", path, prop=prop)
    output.json(ExportedEvent(id=prop, files=tuple(map(str, result.files))))
    return DONE


def _missing(line: Line, wanted: ExportOptions, library: Path) -> tuple[str, ...]:
    """The formats in which a prop has to be written."""
    stem, blend = file_name(wanted.names, line), library / line.id / BLEND
    there = read_manifest(wanted.folder, f"{stem}{RECORD_ENDING}")
    # Another prop's files are not up to date for this one; the export will refuse.
    is_other = there is not None and there.prop != line.id
    return tuple(
        name
        for name in wanted.formats
        if line.status == "done"
        or is_other
        or _is_old(wanted.folder / f"{stem}{ENDINGS[name]}", blend)
    )


def _recorded(
    prop: str, result: Exported | TrellisError, wanted: ExportOptions, stem: str, library: Path
) -> Exported | TrellisError:
    """The result with the manifest and the checksums that are written beside the files."""
    if isinstance(result, TrellisError):
        return result
    files, version = (*result.files, *result.beside), tuple(bpy.app.version)
    try:
        added = write_export_record(wanted.folder, stem, PropFolder(library / prop), files, version)
    except TrellisError as error:
        return error
    return replace(result, beside=(*result.beside, *added))


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
