# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the outputs of a batch: HTML page, grid scene, contact sheet, exports and shots."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ...core.errors import TrellisError
from ...core.files.prop_files import THUMBNAIL
from ...core.settings import Settings
from ...core.text import shorten
from ...scene.link.methods import Method
from ...scene.place.placeable import stored
from ..console.exit_codes import DONE, SOME_FAILED
from ..console.output import Output
from ..console.signals import Signals
from ..console.writable_places import (
    STANDARD_INPUT,
    check_added,
    check_apart,
    check_file,
    check_folder,
)
from ..contract.command_events import NoteEvent
from ..contract.output_events import LeftOutEvent
from ..report.command import write_report
from ..report.lines import Line, merge, read_reports
from ..report.waiting_elsewhere import away
from .contact_sheet import check_sheet, write_sheet
from .export_files import ExportOptions, check_output, export_all
from .file_names import check_names
from .scene_file import check_method, check_scene
from .scene_grid import THERE, put_as_grid
from .shot_files import ShotOptions, shoot_all

MOST_NAMED: Final = 20
"""The most props that one message names."""


@dataclass(frozen=True)
class OutputOptions:
    """The outputs that the options ask for, which are checked before anything is paid for."""

    report: Path | None
    html: Path | None
    scene: Path | None
    method: Method
    sheet: Path | None
    exports: ExportOptions | None
    shots: ShotOptions | None
    folder: Path | None
    """The folder of ``--output``."""

    @classmethod
    def of(cls, options: argparse.Namespace) -> OutputOptions:
        """Read the outputs from a command line.

        :raises InputError: one of them cannot be written, or two name the same file.
        """
        if options.scene:
            check_scene(options.scene)
        exports = ExportOptions.of(options, options.names)
        # A list may name destinations, which is known when it has been read.
        if options.file is None:
            check_output(options)
            # A list has columns, which may be in the names.
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
                ("--summary", options.summary),
            )
        )
        return cls(
            report=options.report,
            html=options.html,
            scene=options.scene,
            method=check_method(options.method),
            sheet=options.contact_sheet,
            exports=exports,
            shots=ShotOptions.of(options, options.names),
            folder=options.output,
        )

    @property
    def places(self) -> tuple[tuple[str, Path], ...]:
        """What is written, by the options that name it."""
        every = (
            ("--report", self.report),
            ("--html", self.html),
            ("--contact-sheet", self.sheet),
            ("--scene", self.scene),
            ("--output", self.folder),
        )
        return tuple((option, path) for option, path in every if path)

    def check_places(self) -> None:
        """Check that everything can be written, and create the folders and the report's file.

        :raises InputError: a place cannot be written, which would otherwise only be found at the
            end, when everything has been paid for.
        """
        if self.report:
            check_added(self.report, "--report")
        for option, path in (("--html", self.html), ("--contact-sheet", self.sheet)):
            if path:
                check_file(path, option)
        if self.folder:
            check_folder(self.folder, "--output")


def leave_behind(
    wishes: OutputOptions,
    lines: Sequence[Line],
    settings: Settings,
    output: Output,
    signals: Signals,
) -> int:
    """Write everything that was requested. Failures are reported, as the props are in the library.

    After a signal, only the page is written, which is fast and shows what there is.

    :returns: the exit code, which is 1 if something could not be written.
    """
    merged = merge(lines)
    ready = [
        line for line in merged if line.id and line.status in ("done", "skipped") and not away(line)
    ]
    library = settings.library
    if wishes.scene or wishes.sheet or wishes.exports or wishes.shots:
        _tell_left("Left out", [(line, away(line)) for line in merged if away(line)], output)

    if wishes.report:
        output.written("report", wishes.report)

    def page() -> int:
        if wishes.html:
            # The report may also have the lines of earlier runs.
            told = merge([*read_reports([wishes.report])]) if wishes.report else merged
            write_report(wishes.html, told, "", library)
            output.written("html", wishes.html)
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
    if shots := wishes.shots:

        def shoot() -> int:
            return shoot_all(ready, shots, library, output, signals, tells_progress=False)

        code = _tried(shoot, output) or code
    return code


def _scene(
    lines: Sequence[Line], scene: Path, method: Method, library: Path, output: Output
) -> int:
    """Place the props in the scene file. Those that cannot be placed are named."""
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
    if count:
        output.written("scene", scene)
    there = sum(result.note == THERE for result in placed)
    told = [f"Placed {count:,} into {scene}"] if count else []
    told += [f"{there:,} {'is' if there == 1 else 'are'} in {scene} already"] if there else []
    if told:
        output.say("; ".join(told))
    return _tell_left(f"Error: Not in {scene}", left, output)


def _sheet(lines: Sequence[Line], target: Path, library: Path, output: Output) -> int:
    """Write the contact sheet. Props without a picture are named."""
    pictures = {line.key: library / line.id / THUMBNAIL for line in lines}
    kept = [line for line in lines if pictures[line.key].is_file()]
    left = [(line, "it has no picture") for line in lines if not pictures[line.key].is_file()]
    if kept:
        write_sheet([pictures[line.key] for line in kept], list(map(_label, kept)), target)
        output.written("contact_sheet", target)
        output.say(f"Written: {target}")
    return _tell_left(f"Error: Not on {target}", left, output)


def _tell_left(where: str, left: Sequence[tuple[Line, str]], output: Output) -> int:
    """Name the props that were left out. Returns the exit code, which is 1 if there are any."""
    for line, reason in left:
        output.json(LeftOutEvent(id=line.id, key=line.key, line=line.line, reason=reason))
    names = [f"{shorten(_label(line), 60)} ({reason})" for line, reason in left[:MOST_NAMED]]
    if len(left) > MOST_NAMED:
        names.append(f"and {len(left) - MOST_NAMED:,} more")
    if names:
        output.say(f"{where}: {', '.join(names)}")
    return SOME_FAILED if left else DONE


def _label(line: Line) -> str:
    return line.name or line.prompt or line.id


def _tried(step: Callable[[], int], output: Output) -> int:
    try:
        return step()
    except TrellisError as error:
        output.json(NoteEvent(text=error.facts.command_sentence))
        output.say(f"Error: {error.facts.command_sentence}")
        return SOME_FAILED
