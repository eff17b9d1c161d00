# SPDX-License-Identifier: GPL-3.0-or-later
"""Implements ``trellis finish``: makes props again from their models, with other settings.

This is free, as the received models are in the library.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from ...core.destinations.destination import Destination
from ...core.errors import InputError, InvalidRequestError, LibraryError
from ...core.generation.finishing import Finishing
from ...core.generation.picture import Pictures
from ...core.settings import Settings
from ...engine.job_factory import JobFactory
from ...library.library import Library, Tell
from ...library.prop_folder import PropFolder
from ...library.prop_lookup import PropLookup
from ...library.record import PropRecord
from ...preferences import read_settings
from ..console.existing_library import existing_library
from ..console.exit_codes import DONE, INTERRUPTED
from ..console.finishing_options import finishing_of, pictures_of
from ..console.output import Output
from ..console.run_job import first_failure, run_if_free
from ..console.writable_places import check_folder, check_library
from ..outputs.destination_files import DestinationFiles, Wanted, chosen_by
from ..outputs.export_files import check_output
from ..pool.process_number import check_processes, processes_of
from ..pool.run_jobs import run_all
from ..rows.finish_list import finish_list


@dataclass(frozen=True)
class _Wanted:
    folder: PropFolder
    finishing: Finishing


def finish(options: argparse.Namespace, output: Output) -> int:
    """Run the command, several props at a time. The exit code is that of the first failure.

    A prop that fails stays as it was. Props that another process is working on are skipped and
    named, with an exit code of their own.

    :raises TrellisError: an id or an option is wrong, which is found before the first prop is
        begun.
    """
    if sum((bool(options.ids), options.all, options.list is not None)) != 1:
        raise InputError(
            "Name the props to finish, or a list of them", "Give ids or names, --list, or --all"
        )
    check_processes(options)
    settings = read_settings(library=options.library)
    library = existing_library(options)
    check_library(library.path)
    if options.list:
        if options.output:
            check_folder(options.output, "--output")
        return finish_list(library, options, settings, output)
    check_output(options)
    destinations = chosen_by(options, library.path)
    wanted = list(_wanted(library, options, output))
    if options.output:
        check_folder(options.output, "--output")
    output.say(f"{len(wanted)} to finish in {settings.library}")
    if destinations:
        return _finish_for(destinations, [one.folder for one in wanted], options, settings, output)
    workshop = JobFactory(
        pictures=pictures_of(options), processes=processes_of(options, len(wanted))
    )
    begins = {
        one.folder.id: partial(workshop.finish, one.folder, one.finishing, settings)
        for one in wanted
    }
    try:
        if len(begins) == 1:
            # Of a single one, people see the progress.
            ((prop, begin),) = begins.items()
            return run_if_free(prop, begin, output)
        return run_all(begins, output)
    finally:
        workshop.close()


def _finish_for(
    destinations: Sequence[Destination],
    folders: Sequence[PropFolder],
    options: argparse.Namespace,
    settings: Settings,
    output: Output,
) -> int:
    """Finish and export each prop for each destination. Returns the exit code."""
    wanted = [Wanted.by_options(each, options) for each in destinations]
    code = DONE
    workshop = JobFactory(pictures=pictures_of(options, Pictures.WITH_PROP))
    try:
        with DestinationFiles(workshop, settings, output, options.output) as files:
            for folder in folders:
                new, _ = files.make(folder, wanted)
                if new == INTERRUPTED:
                    return INTERRUPTED
                code = first_failure(code, new)
    finally:
        workshop.close()
    return code


def _wanted(library: Library, options: argparse.Namespace, output: Output) -> Iterator[_Wanted]:
    """The props with their settings, which are those of the record, changed by the options.

    :raises InputError: there is no such prop, or it has no model yet.
    :raises LibraryError: a record cannot be read, or is newer than this version.
    :raises InvalidRequestError: a setting is invalid.
    """
    # Only for its checks: a bad option is an error even if there is no prop.
    finishing_of(options)

    if options.all:
        for folder, record in library.records(output.note):
            if folder.holds(record, record.model_file) and not record.is_newer:
                yield _Wanted(folder, finishing_of(options, _settings_of(record, output.note)))
        return
    for folder in PropLookup(library).find_all(options.ids):
        prop_id = folder.id
        record = folder.read()
        if record.model_file not in record.files:
            raise InputError(f"The prop {prop_id} has no model yet", "Resume it instead")
        if record.is_newer:
            raise LibraryError(
                f"{prop_id} was written by a newer Trellis Props", "Update Trellis Props"
            )
        yield _Wanted(folder, finishing_of(options, _settings_of(record, output.note)))


def _settings_of(record: PropRecord, note: Tell) -> Finishing:
    try:
        return Finishing.from_dict(record.finishing)
    except InvalidRequestError as error:
        note(f"{record.id}: {error.facts.message}; the defaults are taken")
        return Finishing()
