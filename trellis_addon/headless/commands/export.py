# SPDX-License-Identifier: GPL-3.0-or-later
"""Implements ``trellis export ID...``: exports props of the library for other programs."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from ...core.errors import InputError
from ...core.events import State
from ...engine.job_factory import JobFactory
from ...library.library import Library
from ...library.prop_folder import PropFolder
from ...library.prop_lookup import PropLookup
from ...preferences import read_settings
from ..console.existing_library import existing_library
from ..console.exit_codes import DONE, INTERRUPTED
from ..console.output import Output
from ..console.run_job import first_failure
from ..console.signals import Signals
from ..console.writable_places import check_folder
from ..outputs.destination_files import DestinationFiles, Wanted, chosen_by
from ..outputs.export_files import ExportOptions, export_all, formats
from ..outputs.file_names import ANY_NAME, check_names, file_name, with_dates
from ..pool.process_number import check_processes
from ..report.lines import Line, line_of_prop


def export(options: argparse.Namespace, output: Output) -> int:
    """Run the command. The exit code is 1 if a prop could not be exported.

    :raises InputError: there is no library, no such prop, or no such format.
    """
    if bool(options.ids) == options.all:
        raise InputError("Name the props to export, or all of them", "Give ids, or --all")
    check_names(options.names)
    check_processes(options)
    if options.destinations is not None:
        return _export_for(options, output)
    if options.output is None:
        raise InputError("export needs a folder to write into", "Give --output DIR")
    wanted = ExportOptions(
        formats(options.formats or "glb"), options.output, options.names, options.processes or 0
    )
    library = existing_library(options)
    lines = list(lines_of(library, options, output))
    output.say(f"{len(lines):,} to export into {options.output}")
    with Signals() as signals:
        code = export_all(lines, wanted, library.path, output, signals)
    return INTERRUPTED if signals.count else code


def _export_for(options: argparse.Namespace, output: Output) -> int:
    """Export the props for destinations, as they are finished now."""
    if options.formats:
        raise InputError("--for has formats of its own", "Leave out --formats, or --for")
    library = existing_library(options)
    destinations = chosen_by(options, library.path)
    for each in destinations:
        if not each.export.formats:
            raise InputError(f"{each.label} has no export", f"`finish --for {each.id}` finishes it")
    wanted = [Wanted(each, None) for each in destinations]
    if options.output:
        check_folder(options.output, "--output")
    lines = with_dates(options.names, lines_of(library, options, output), library.path)
    named = {line.id: file_name(options.names, line) for line in lines}
    props = [library.path / line.id for line in lines]
    settings, code = read_settings(library=options.library), DONE
    workshop = JobFactory()
    names = {} if options.names == ANY_NAME else named
    with DestinationFiles(workshop, settings, output, options.output, names) as files:
        for number, path in enumerate(props, 1):
            if files.interrupted:
                return INTERRUPTED
            output.say(f"Exporting {number:,} of {len(props):,}: {path.name}")
            new, _ = files.make(PropFolder(path), wanted)
            if new == INTERRUPTED:
                return INTERRUPTED
            code = first_failure(code, new)
    return code


def lines_of(library: Library, options: argparse.Namespace, output: Output) -> Iterator[Line]:
    """The props that ``ids`` or ``--all`` name, as lines of a report.

    :raises InputError: there is no such prop.
    """
    if not options.all:
        for number, folder in enumerate(PropLookup(library).find_all(options.ids), 1):
            yield line_of_prop(folder.read(), number)
        return
    number = 0
    for _, record in library.records(output.say):
        if record.state is State.READY:
            number += 1
            yield line_of_prop(record, number)
