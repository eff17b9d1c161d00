# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the outputs that ended commands have left, for ``resume``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from ...core.destinations.destination import Destination
from ...core.destinations.table import chosen, destinations
from ...core.errors import TrellisError
from ...core.events import State
from ...core.generation.finishing import Finishing
from ...core.settings import Settings
from ...engine.job_factory import JobFactory
from ...engine.own_finishing import current_finishing, remember
from ...importer.pipe.export_messages import ENDINGS
from ...library.library import Library
from ...library.prop_folder import PropFolder
from ..console.exit_codes import DONE, INTERRUPTED, exit_code
from ..console.output import Output
from ..console.run_job import first_failure
from ..console.signals import Signals
from ..report.lines import Line
from .destination_files import DestinationFiles, Wanted
from .due_outputs import DueOutputs, settle
from .export_files import ExportOptions, export_all

Due = Mapping[PropFolder, DueOutputs]


def write_due(library: Library, workshop: JobFactory, settings: Settings, output: Output) -> int:
    """Write what is due for every finished prop of a library. Returns the exit code.

    What fails stays due, for the next time.
    """
    due = dict(_found(library))
    failed: set[PropFolder] = set()
    code = DONE
    # By their folder, as one background Blender writes all of them.
    for place in dict.fromkeys(one.destination_folder for one in due.values() if one.destinations):
        same = {f: d for f, d in due.items() if d.destinations and d.destination_folder == place}
        with DestinationFiles(workshop, settings, output, Path(place) if place else None) as files:
            new = _made_for(same, files, failed)
        if new == INTERRUPTED:
            return INTERRUPTED
        code = first_failure(code, new)
    for form in dict.fromkeys((d.formats, d.export_folder) for d in due.values() if d.formats):
        same = {f: d for f, d in due.items() if (d.formats, d.export_folder) == form}
        new = _exported(same, settings, output)
        if new == INTERRUPTED:
            return INTERRUPTED
        code = first_failure(code, new)
    for folder, one in due.items():
        if folder not in failed and _is_exported(folder, one):
            settle(folder)
    return code


def _found(library: Library) -> Iterator[tuple[PropFolder, DueOutputs]]:
    for folder in library.folders():
        due = DueOutputs.read(folder)
        if due is None:
            continue
        try:
            if folder.read().state is State.READY:
                yield folder, due
        except TrellisError:
            continue  # `list` and `verify` tell what is wrong with it


def _made_for(due: Due, files: DestinationFiles, failed: set[PropFolder]) -> int:
    """Make the props for their destinations. Returns the exit code.

    :param failed: the props that fail are added to it.
    """
    code = DONE
    for folder, one in due.items():
        try:
            new = files.make(folder, _wanted(folder, one, files.settings.library))[0]
        except TrellisError as error:
            files.output.error(error.facts)
            new = exit_code(error.kind)
        if new == INTERRUPTED:
            return INTERRUPTED
        if new != DONE:
            failed.add(folder)
        code = first_failure(code, new)
    return code


def _wanted(folder: PropFolder, due: DueOutputs, library: Path) -> list[Wanted]:
    """:raises TrellisError: a destination does not exist any more, or the record is unusable."""
    named = chosen(",".join(due.destinations), destinations(library))
    goals = [each.with_settings(due.given) for each in named]
    own, made = Finishing.from_dict(due.own), current_finishing(folder.read())
    if made == goals[0].finished(own):
        # As it was made for the first destination at once, nothing else tells its own settings.
        remember(folder, made, own)

    def finished(destination: Destination, settings: Finishing) -> Finishing:
        return destination.finished(settings)

    return [Wanted(each, partial(finished, each)) for each in goals]


def _exported(due: Due, settings: Settings, output: Output) -> int:
    """Write the exports of props that have the formats and the folder in common."""
    first = next(iter(due.values()))
    wanted = ExportOptions(first.formats, Path(first.export_folder), "{name}")
    lines = [Line(f.id, "skipped", id=f.id, name=one.export_name) for f, one in due.items()]
    try:
        with Signals() as signals:
            code = export_all(lines, wanted, settings.library, output, signals)
            return INTERRUPTED if signals.count else code
    except TrellisError as error:
        output.error(error.facts)
        return exit_code(error.kind)


def _is_exported(folder: PropFolder, due: DueOutputs) -> bool:
    """Whether all exported files are there, and made of the prop as it is now."""
    try:
        made = folder.blend.stat().st_mtime
        names = [f"{due.export_name}{ENDINGS[name]}" for name in due.formats]
        return all((Path(due.export_folder) / n).stat().st_mtime >= made for n in names)
    except OSError:
        return False
