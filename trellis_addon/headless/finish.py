# SPDX-License-Identifier: GPL-3.0-or-later
"""``trellis finish ID...``: make props anew of their received models, by other settings. Free."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

from ..core.errors import InputError, InvalidRequestError, LibraryError, LockedError
from ..core.events import Cancelled, Failed
from ..core.finishing import Finishing
from ..engine.workshop import Workshop
from ..job.job import Job
from ..library.folder import PropFolder
from ..library.library import Library, Tell
from ..library.record import PropRecord
from ..preferences import read_settings
from .existing import existing_library
from .exit_codes import DONE, INTERRUPTED, exit_code
from .finishing import finishing_of
from .generate import stopped_by_signals
from .output import Output


@dataclass(frozen=True)
class _Wanted:
    folder: PropFolder
    finishing: Finishing


def finish(options: argparse.Namespace, output: Output) -> int:
    """Run the command. One prop after the other; the exit code is the first failure's.

    A prop that fails stays as it was. Props that somebody else is working on are skipped and
    named; that is no failure.

    :raises TrellisError: for everything that is wrong before the first prop is begun.
    """
    if bool(options.ids) == options.all:
        raise InputError("Name the props to finish, or all of them", "Give ids, or --all")
    settings = read_settings(library=options.library)
    wanted = list(_wanted(existing_library(options), options, output))
    output.say(f"{len(wanted)} to finish in {settings.library}")
    code = DONE
    workshop = Workshop()
    try:
        for one in wanted:
            try:
                job = workshop.finish(one.folder, one.finishing, settings)
            except LockedError as error:
                output.json(event="skipped", id=one.folder.id, reason=error.facts.message)
                output.say(f"Skipped: {error.facts.message}")
                continue
            except LibraryError as error:
                output.error(error.facts)
                code = code or exit_code(error.kind)
                continue
            run_job(job, output)
            if isinstance(job.outcome, Cancelled):
                return INTERRUPTED
            if isinstance(job.outcome, Failed):
                code = code or exit_code(job.outcome.error.kind)
    finally:
        workshop.close()
    return code


def run_job(job: Job, output: Output) -> None:
    """Run a job to its end, and tell what happens."""
    with stopped_by_signals(job):
        job.start()
        for event in job.wait():
            output.event(event)
    job.join(10)


def _wanted(library: Library, options: argparse.Namespace, output: Output) -> Iterator[_Wanted]:
    """Which props, and by which settings: those of the record, changed by the options.

    :raises InputError: there is no such prop, or it has no model yet.
    :raises InvalidRequestError: a setting makes no sense.
    """
    finishing_of(options)  # a bad option is refused also where there is no prop

    def note(text: str) -> None:
        output.json(event="note", text=text)
        output.say(f"Note: {text}")

    if options.all:
        for folder, record in library.records(note):
            if folder.holds(record, record.model_file) and not record.is_newer:
                yield _Wanted(folder, finishing_of(options, _settings_of(record, note)))
        return
    for prop_id in dict.fromkeys(options.ids):
        folder = library.find(prop_id)
        record = folder.read()
        if record.model_file not in record.files:
            raise InputError(f"The prop {prop_id} has no model yet", "Resume it instead")
        if record.is_newer:
            raise LibraryError(
                f"{prop_id} was written by a newer Trellis Props", "Update Trellis Props"
            )
        yield _Wanted(folder, finishing_of(options, _settings_of(record, note)))


def _settings_of(record: PropRecord, note: Tell) -> Finishing:
    try:
        return Finishing.from_dict(record.finishing)
    except InvalidRequestError as error:
        note(f"{record.id}: {error.facts.message}; the defaults are taken")
        return Finishing()
