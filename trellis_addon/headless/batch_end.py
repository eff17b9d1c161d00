# SPDX-License-Identifier: GPL-3.0-or-later
"""What a batch leaves beside the library: the page, the grid scene, the contact sheet, exports."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import bpy

from ..core.errors import InputError, TrellisError
from ..core.files import BLEND, THUMBNAIL
from ..core.settings import Settings
from ..core.text import shorten
from ..importer.export_task import ENDINGS
from ..importer.exporting import export_prop
from ..importer.process import command_for
from ..library.folder import PropFolder
from ..scene.methods import Method
from ..scene.stored import stored
from .away import away
from .batch_file import STANDARD_INPUT
from .contact_sheet import check_sheet, write_sheet
from .exit_codes import DONE, SOME_FAILED
from .file_names import check_different, check_names, file_name
from .output import Output
from .places import check_added, check_apart, check_file, check_folder
from .report import write_report
from .report_lines import Line, merge, read_reports
from .scene_file import check_method, check_scene
from .scene_grid import THERE, put_as_grid
from .stopping import Signals

MOST_NAMED: Final = 20
"""So many props are named in one sentence."""


@dataclass(frozen=True)
class Exports:
    """What is written for other programs."""

    formats: tuple[str, ...]
    folder: Path
    names: str
    """A pattern of ``file_names.FIELDS``."""

    @classmethod
    def of(cls, options: argparse.Namespace, names: str = "{id}") -> Exports | None:
        """As the options say; None without ``--export``. :raises InputError: it cannot be done."""
        if not options.export:
            if options.output:
                raise InputError("--output is for --export", "Add --export, or leave it out")
            return None
        if not options.output:
            raise InputError("--export needs a folder to write into", "Give --output DIR")
        return cls(formats(options.export), options.output, names)


@dataclass(frozen=True)
class Wishes:
    """What is to be written, as the options say; checked before anything is paid for."""

    report: Path | None
    html: Path | None
    scene: Path | None
    method: Method
    sheet: Path | None
    exports: Exports | None

    @classmethod
    def of(cls, options: argparse.Namespace) -> Wishes:
        """From a command line.

        :raises InputError: one of them cannot be done.
        """
        if options.scene:
            check_scene(options.scene)
        exports = Exports.of(options, options.names)
        check_names(options.names)
        if options.contact_sheet:
            check_sheet(options.contact_sheet)
        check_apart(
            (
                ("FILE", None if str(options.file) == STANDARD_INPUT else options.file),
                ("--report", options.report),
                ("--html", options.html),
                ("--scene", options.scene),
                ("--contact-sheet", options.contact_sheet),
            )
        )
        return cls(
            report=options.report,
            html=options.html,
            scene=options.scene,
            method=check_method(options.method),
            sheet=options.contact_sheet,
            exports=exports,
        )

    def check_places(self) -> None:
        """Make the folders, and the report, to which every item adds a line.

        :raises InputError: something could not be written at the end, when all is paid for.
        """
        if self.report:
            check_added(self.report, "--report")
        for option, path in (("--html", self.html), ("--contact-sheet", self.sheet)):
            if path:
                check_file(path, option)
        if self.exports:
            check_folder(self.exports.folder, "--output")


def formats(text: str) -> tuple[str, ...]:
    """``glb,usd`` as names of formats. :raises InputError: there is no such format."""
    names = tuple(dict.fromkeys(part.strip().lower() for part in text.split(",") if part.strip()))
    for name in names or (text,):
        if name not in ENDINGS:
            raise InputError(
                f"There is no export format {name}", f"Choose from {', '.join(ENDINGS)}"
            )
    return names


def leave_behind(
    wishes: Wishes, lines: Sequence[Line], settings: Settings, output: Output, signals: Signals
) -> int:
    """Write everything that was asked for. What fails is told; the props are in the library.

    After a signal, the page alone: it is quick, and tells what there is.

    :returns: the exit code: 1 when something could not be written.
    """
    merged = merge(lines)
    ready = [
        line for line in merged if line.id and line.status in ("done", "skipped") and not away(line)
    ]
    library = settings.library
    if wishes.scene or wishes.sheet or wishes.exports:
        _tell_left("Left out", [(line, away(line)) for line in merged if away(line)], output)

    def page() -> int:
        if wishes.html:
            told = merge([*read_reports([wishes.report])]) if wishes.report else merged
            write_report(wishes.html, told, "", library)
            output.say(f"Written: {wishes.html}")
        return DONE

    def scene() -> int:
        return _scene(ready, wishes.scene, wishes.method, library, output) if wishes.scene else DONE

    def sheet() -> int:
        return _sheet(ready, wishes.sheet, library, output) if wishes.sheet else DONE

    code = DONE
    for step in (page, scene, sheet):
        if step is page or not signals.count:
            code = _tried(step, output) or code
    if wanted := wishes.exports:
        code = _tried(lambda: export_all(ready, wanted, library, output, signals), output) or code
    return code


def _scene(
    lines: Sequence[Line], scene: Path, method: Method, library: Path, output: Output
) -> int:
    """Place what can be placed; what cannot is named, and does not stop the others."""
    props, kept, left = [], [], []
    for line in lines:
        try:
            props.append(stored(library, line.id))
            kept.append(line)
        except TrellisError as error:
            left.append((line, error.facts.message))
    placed = put_as_grid(props, [_label(line) for line in kept], scene, method) if props else []
    for line, result in zip(kept, placed, strict=True):
        if result.error:
            left.append((line, result.error.facts.message))
    count = sum(not result.error and result.note != THERE for result in placed)
    there = sum(result.note == THERE for result in placed)
    told = [f"Placed {count:,} into {scene}"] if count else []
    told += [f"{there:,} {'is' if there == 1 else 'are'} in {scene} already"] if there else []
    if told:
        output.say("; ".join(told))
    return _tell_left(f"Error: Not in {scene}", left, output)


def _sheet(lines: Sequence[Line], target: Path, library: Path, output: Output) -> int:
    """Write the pictures that there are."""
    pictures = {line.key: library / line.id / THUMBNAIL for line in lines}
    kept = [line for line in lines if pictures[line.key].is_file()]
    left = [(line, "it has no picture") for line in lines if not pictures[line.key].is_file()]
    if kept:
        write_sheet([pictures[line.key] for line in kept], list(map(_label, kept)), target)
        output.say(f"Written: {target}")
    return _tell_left(f"Error: Not on {target}", left, output)


def _tell_left(where: str, left: Sequence[tuple[Line, str]], output: Output) -> int:
    """Name what could not be used. :returns: the exit code: 1 when there is any."""
    for line, reason in left:
        output.json(event="left_out", id=line.id, key=line.key, line=line.line, reason=reason)
    names = [f"{shorten(_label(line), 60)} ({reason})" for line, reason in left[:MOST_NAMED]]
    if len(left) > MOST_NAMED:
        names.append(f"and {len(left) - MOST_NAMED:,} more")
    if names:
        output.say(f"{where}: {', '.join(names)}")
    return SOME_FAILED if left else DONE


def export_all(
    lines: Iterable[Line], wanted: Exports, library: Path, output: Output, signals: Signals
) -> int:
    """Write each prop's files that are not there yet, or are older than the prop, one after the
    other, until a signal comes.

    :returns: the exit code: 1 when one could not be written.
    :raises InputError: several would have one name; nothing is written then.
    """
    command = command_for(bpy.app.binary_path, sys.executable)
    code = DONE
    lines = list(lines)
    check_different(wanted.names, lines)
    for line in lines:
        if signals.count:
            break
        stem = file_name(wanted.names, line)
        missing = [
            name
            for name in wanted.formats
            if line.status == "done"
            or _is_old(wanted.folder / f"{stem}{ENDINGS[name]}", library / line.id / BLEND)
        ]
        if not missing:
            continue
        try:
            made = export_prop(
                command,
                PropFolder(library / line.id),
                missing,
                wanted.folder,
                version=tuple(bpy.app.version),
                stem=stem,
            )
        except TrellisError as error:
            code = SOME_FAILED
            output.json(event="export_failed", id=line.id, reason=error.facts.message)
            output.say(f"Error: {line.id}: {error.facts.sentence}")
        else:
            output.json(event="exported", id=line.id, files=[str(path) for path in made.files])
    return code


def _is_old(file: Path, blend: Path) -> bool:
    """Whether an exported file is missing, or the prop was made anew since."""
    try:
        written = file.stat().st_mtime
    except OSError:
        return True
    try:
        return blend.stat().st_mtime > written
    except OSError:
        return False  # nothing to export from; what is there may stay


def _label(line: Line) -> str:
    return line.name or line.prompt or line.id


def _tried(step: Callable[[], int], output: Output) -> int:
    try:
        return step()
    except TrellisError as error:
        output.json(event="note", text=error.facts.sentence)
        output.say(f"Error: {error.facts.sentence}")
        return SOME_FAILED
