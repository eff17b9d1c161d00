# SPDX-License-Identifier: GPL-3.0-or-later
"""What a batch leaves beside the library: the page, the grid scene, the contact sheet, exports."""

from __future__ import annotations

import argparse
import re
import string
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import bpy

from ..core.errors import InputError, TrellisError
from ..core.files import THUMBNAIL
from ..core.settings import Settings
from ..importer.export_task import ENDINGS
from ..importer.exporting import export_prop
from ..importer.process import command_for
from ..library.folder import PropFolder
from ..scene.methods import Method
from ..scene.stored import stored
from .contact_sheet import write_sheet
from .exit_codes import DONE, SOME_FAILED
from .output import Output
from .report import write_report
from .report_lines import Line, merge, read_reports
from .scene_file import check_method, check_scene
from .scene_grid import put_as_grid
from .stopping import Signals

FIELDS = ("id", "name", "line", "seed", "key")
"""What ``--names`` may be made of."""


@dataclass(frozen=True)
class Exports:
    """What is written for other programs."""

    formats: tuple[str, ...]
    folder: Path
    names: str
    """A pattern of :data:`FIELDS`."""


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
        found = formats(options.export) if options.export else ()
        if found and not options.output:
            raise InputError("--export needs a folder to write into", "Give --output DIR")
        check_names(options.names)
        return cls(
            report=options.report,
            html=options.html,
            scene=options.scene,
            method=check_method(options.method),
            sheet=options.contact_sheet,
            exports=Exports(found, options.output, options.names) if found else None,
        )


def formats(text: str) -> tuple[str, ...]:
    """``glb,usd`` as names of formats. :raises InputError: there is no such format."""
    names = tuple(dict.fromkeys(part.strip().lower() for part in text.split(",") if part.strip()))
    for name in names or (text,):
        if name not in ENDINGS:
            raise InputError(
                f"There is no export format {name}", f"Choose from {', '.join(ENDINGS)}"
            )
    return names


def check_names(pattern: str) -> None:
    """Refuse a pattern with unknown fields, or without any that tells props apart."""
    try:
        used = {name for _, name, _, _ in string.Formatter().parse(pattern) if name is not None}
    except ValueError as error:
        raise InputError(f"Not a pattern of names: {pattern}", "Change --names") from error
    if unknown := used - set(FIELDS):
        raise InputError(f"There is no {{{min(unknown)}}} in --names", f"Choose from {FIELDS}")
    if not used & {"id", "key", "line"}:
        raise InputError("--names gives several props one name", "Put {id} or {line} into it")


def file_name(pattern: str, line: Line) -> str:
    """A file's name without its ending; no part of it leads out of the folder."""
    values = {name: getattr(line, name) for name in FIELDS}
    values["seed"] = "" if line.seed is None else line.seed
    text = pattern.format(**values)
    return re.sub(r'[\x00-\x1f<>:"/\\|?*]+', "-", text).strip(" .")[:120] or line.id


def leave_behind(
    wishes: Wishes, lines: Sequence[Line], settings: Settings, output: Output, signals: Signals
) -> int:
    """Write everything that was asked for. What fails is told; the props are in the library.

    After a signal, the page alone: it is quick, and tells what there is.

    :returns: the exit code: 1 when something could not be written.
    """
    ready = [line for line in merge(lines) if line.id and line.status in ("done", "skipped")]
    library = settings.library
    code = DONE

    def page() -> None:
        if wishes.html:
            told = merge([*read_reports([wishes.report])]) if wishes.report else merge(lines)
            write_report(wishes.html, told, "", library)
            output.say(f"Written: {wishes.html}")

    def scene() -> None:
        if wishes.scene and ready:
            props = [stored(library, line.id) for line in ready]
            placed = put_as_grid(
                props, [_label(line) for line in ready], wishes.scene, wishes.method
            )
            for result in placed:
                if result.error:
                    raise result.error
            output.say(f"Placed {len(placed):,} into {wishes.scene}")

    def sheet() -> None:
        if wishes.sheet and ready:
            pictures = [library / line.id / THUMBNAIL for line in ready]
            write_sheet(pictures, [_label(line) for line in ready], wishes.sheet)
            output.say(f"Written: {wishes.sheet}")

    for step in (page, scene, sheet):
        if step is page or not signals.count:
            code = _tried(step, output) or code
    if wishes.exports:
        code = export_all(ready, wishes.exports, library, output, signals) or code
    return code


def export_all(
    lines: Iterable[Line], wanted: Exports, library: Path, output: Output, signals: Signals
) -> int:
    """Write each prop's files that are not there yet, one after the other, until a signal comes.

    :returns: the exit code: 1 when one could not be written.
    """
    command = command_for(bpy.app.binary_path, sys.executable)
    code = DONE
    for line in lines:
        if signals.count:
            break
        stem = file_name(wanted.names, line)
        missing = [
            name
            for name in wanted.formats
            if not (wanted.folder / f"{stem}{ENDINGS[name]}").exists() or line.status == "done"
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


def _label(line: Line) -> str:
    return line.name or line.prompt or line.id


def _tried(step: Callable[[], None], output: Output) -> int:
    try:
        step()
    except TrellisError as error:
        output.json(event="note", text=error.facts.sentence)
        output.say(f"Error: {error.facts.sentence}")
        return SOME_FAILED
    return DONE
