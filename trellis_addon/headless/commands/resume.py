# SPDX-License-Identifier: GPL-3.0-or-later
"""Implements ``trellis resume``: continues everything in the library that is unfinished, and writes
the exports that the interrupted commands were to write.
"""

from __future__ import annotations

import argparse

from ...core.errors import LibraryError
from ...engine.job_factory import JobFactory
from ...job.job import Job
from ...library.cost_ledger import Ledger
from ...library.library import Library
from ...library.prop_folder import PropFolder, cannot_write
from ..console.existing_library import existing_library
from ..console.exit_codes import ACCOUNT, INTERRUPTED
from ..console.options import settings_of
from ..console.output import Output
from ..console.run_job import GOES_ON, first_failure, run_if_free
from ..economy.parts import fetch_parts
from ..outputs.write_due import write_due


def resume(options: argparse.Namespace, output: Output) -> int:
    """Run the command, one prop after the other. The exit code is that of the first failure.

    Answers of the Batch API are fetched first. Props that another process is working on are skipped
    and named, which is no failure.

    :raises TrellisError: an option is wrong, or the library cannot be used.
    """
    settings = settings_of(options)
    library = existing_library(options)
    # First, as fetch_parts also moves damaged records aside, but prints no notes about them.
    repair_records(library, output)
    workshop = JobFactory()
    try:
        code = fetch_parts(workshop, settings, output)
        if code in (ACCOUNT, INTERRUPTED):
            return code
        folders = list(library.unfinished(output.note))
        output.say(f"{len(folders)} unfinished in {settings.library}")
        for folder in folders:

            def begin(folder: PropFolder = folder) -> Job | None:
                # Another process may have finished it since the list was made.
                return workshop.resume(folder, settings) if folder.read().is_resumable else None

            new = run_if_free(folder.id, begin, output)
            if new == INTERRUPTED:
                output.say(GOES_ON)
                return INTERRUPTED
            code = first_failure(code, new)
        new = write_due(library, workshop, settings, output)
        if new == INTERRUPTED:
            output.say(GOES_ON)
            return INTERRUPTED
        code = first_failure(code, new)
    finally:
        workshop.close()
    return code


def repair_records(library: Library, output: Output) -> None:
    """Move damaged records aside, and write new records for models that have lost theirs. After
    that, the ledger contains the costs from all other records.

    :raises LibraryError: the ledger cannot be written.
    """
    try:
        Ledger(library.path).begin(record for _, record in library.records(output.note))
    except OSError as error:
        raise cannot_write(library.path, error) from error
    for folder in list(library.adoptable()):
        try:
            library.adopt(folder.path)
            here = folder.read().has_model
        except LibraryError as error:
            output.note(error.facts.command_sentence)
        else:
            way = "is made again from its model, for free" if here else "goes on where it stood"
            output.note(f"{folder.id} has a new record and {way}")
