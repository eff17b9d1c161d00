# SPDX-License-Identifier: GPL-3.0-or-later
"""``trellis resume``: go on with everything in the library that is unfinished."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from ..core.errors import LibraryError, LockedError
from ..core.events import Cancelled, Failed
from ..engine.workshop import Workshop
from ..library.folder import PropFolder
from ..library.library import Library
from .exit_codes import DONE, INTERRUPTED, exit_code
from .generate import settings_of, stopped_by_signals
from .output import Output


def resume(options: argparse.Namespace, output: Output) -> int:
    """Run the command. One prop after the other; the exit code is the first failure's.

    Props that somebody else is working on are skipped and named; that is no failure.

    :raises TrellisError: for everything that is wrong before the first job starts.
    """
    settings = settings_of(options)
    folders = list(_to_do(Library(settings.library), output))
    output.say(f"{len(folders)} unfinished in {settings.library}")
    code = DONE
    workshop = Workshop()
    try:
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
                return INTERRUPTED
            if isinstance(job.outcome, Failed):
                code = code or exit_code(job.outcome.error.kind)
    finally:
        workshop.close()
    return code


def _to_do(library: Library, output: Output) -> Iterator[PropFolder]:
    """The unfinished, after those whose record was lost and whose model is there are adopted."""

    def note(text: str) -> None:
        output.json(event="note", text=text)
        output.say(f"Note: {text}")

    for _ in library.records(note):
        continue  # sets aside what is damaged
    for folder in list(library.adoptable()):
        try:
            library.adopt(folder.path)
        except LibraryError as error:
            note(error.facts.sentence)
        else:
            note(f"{folder.id} has a new record and is made again from its model, for free")
    yield from library.unfinished(note)
