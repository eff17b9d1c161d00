# SPDX-License-Identifier: GPL-3.0-or-later
"""``trellis resume``: go on with everything in the library that is unfinished."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from ..core.errors import LibraryError, LockedError
from ..core.events import Cancelled, Failed
from ..engine.workshop import Workshop
from ..library.folder import cannot_write
from ..library.ledger import Ledger
from ..library.library import Library
from .economy_parts import fetch_parts
from .existing import existing_library
from .exit_codes import ACCOUNT, AT_GATEWAY, DONE, INTERRUPTED, exit_code
from .generate import GOES_ON, settings_of, stopped_by_signals
from .output import Output


def resume(options: argparse.Namespace, output: Output) -> int:
    """Run the command. One prop after the other; the exit code is the first failure's.

    What the Batch API has answered meanwhile is fetched first.

    Props that somebody else is working on are skipped and named; that is no failure.

    :raises TrellisError: for everything that is wrong before the first job starts.
    """
    settings = settings_of(options)
    library = existing_library(options)
    mend(library, output)  # before anything else reads the records, so that it is told
    workshop = Workshop()
    try:
        code = fetch_parts(workshop, settings, output)
        if code in (ACCOUNT, INTERRUPTED):
            return code
        folders = list(library.unfinished(noted(output)))
        output.say(f"{len(folders)} unfinished in {settings.library}")
        for folder in folders:
            try:
                if not folder.read().can_go_on:
                    continue  # finished by another process since the list was made
                job = workshop.resume(folder, settings)
            except LockedError as error:
                output.json(event="skipped", id=folder.id, reason=error.facts.message)
                output.say(f"Skipped: {error.facts.message}")
                continue
            except LibraryError as error:
                output.error(error.facts)
                code = code or exit_code(error.kind)
                continue
            with stopped_by_signals(job):
                job.start()
                for event in job.wait():
                    output.event(event)
            if isinstance(job.outcome, Cancelled):
                output.say(GOES_ON)
                return INTERRUPTED
            if isinstance(job.outcome, Failed):
                # A failure tells more than that some are still waited for.
                kept = code if code != AT_GATEWAY else DONE
                code = kept or exit_code(job.outcome.error.kind)
    finally:
        workshop.close()
    return code


def noted(output: Output) -> Callable[[str], None]:
    """What tells a note: as an event, and as words."""

    def note(text: str) -> None:
        output.json(event="note", text=text)
        output.say(f"Note: {text}")

    return note


def mend(library: Library, output: Output) -> None:
    """Set aside damaged records, and adopt the models that have lost theirs. What all others say
    they have cost stands in the ledger afterwards.

    :raises LibraryError: the ledger cannot be written.
    """
    note = noted(output)
    try:
        Ledger(library.path).begin(record for _, record in library.records(note))
    except OSError as error:
        raise cannot_write(library.path, error) from error
    for folder in list(library.adoptable()):
        try:
            library.adopt(folder.path)
            here = folder.read().has_model
        except LibraryError as error:
            note(error.facts.sentence)
        else:
            way = "is made again from its model, for free" if here else "goes on where it stood"
            note(f"{folder.id} has a new record and {way}")
