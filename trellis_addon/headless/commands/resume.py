# SPDX-License-Identifier: GPL-3.0-or-later
"""Implements ``trellis resume``: continues everything in the library that is unfinished, and writes
the exports that the interrupted commands were to write.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ...core.errors import LibraryError
from ...core.settings import Settings
from ...engine.job_factory import JobFactory
from ...job.job import Job
from ...library.cost_ledger import Ledger
from ...library.folder_lock import holder
from ...library.library import Library
from ...library.prop_folder import PropFolder, cannot_write
from ..console.durations import wait_seconds
from ..console.existing_library import existing_library
from ..console.exit_codes import ACCOUNT, INTERRUPTED, OTHERS_AT_WORK
from ..console.options import settings_of
from ..console.output import Output
from ..console.run_job import GOES_ON, first_failure, run_if_free
from ..console.writable_places import check_library
from ..contract.batch_events import OthersEvent
from ..economy.parts import fetch_parts
from ..outputs.write_due import write_due
from ..report.waiting_elsewhere import OTHERS

_LOOK_SECONDS: Final = 2.0
"""The time between two looks at props that other processes are working on."""


def resume(options: argparse.Namespace, output: Output) -> int:
    """Run the command, one prop after the other. The exit code is that of the first failure.

    Answers of the Batch API are fetched first. Props that another process is working on are skipped
    and named, with an exit code of their own, or waited for with ``--wait``.

    :raises TrellisError: an option is wrong, or the library cannot be used.
    """
    settings, wait = settings_of(options), wait_seconds(options.wait)
    library = existing_library(options)
    check_library(library.path)
    # First, as fetch_parts also moves damaged records aside, but prints no notes about them.
    repair_records(library, output)
    workshop = JobFactory()
    try:
        code = fetch_parts(workshop, settings, output)
        if code in (ACCOUNT, INTERRUPTED):
            return code
        folders = list(library.unfinished(output.note))
        output.say(f"{len(folders)} unfinished in {settings.library}")
        code = _Resuming(workshop, settings, output).run(folders, code, wait)
        if code == INTERRUPTED:
            return INTERRUPTED
        new = write_due(library, workshop, settings, output)
        if new == INTERRUPTED:
            output.say(GOES_ON)
            return INTERRUPTED
        return first_failure(code, new)
    finally:
        workshop.close()


@dataclass(frozen=True)
class _Resuming:
    """Continues props, one after the other."""

    workshop: JobFactory
    settings: Settings
    output: Output

    def run(self, folders: Sequence[PropFolder], code: int, wait: float) -> int:
        """Continue the props. Returns the exit code.

        :param code: that of what came before.
        :param wait: the seconds for which props are waited for that other processes work on.
        """
        until, waiting, told = time.monotonic() + wait, list(folders), 0
        while waiting:
            over = time.monotonic() >= until
            for folder in [one for one in waiting if over or holder(one.path) is None]:
                new = self._resume(folder)
                if new == INTERRUPTED:
                    self.output.say(GOES_ON)
                    return INTERRUPTED
                if over or new != OTHERS_AT_WORK:
                    waiting.remove(folder)
                    code = first_failure(code, new)
            if waiting:
                if len(waiting) != told:
                    told = len(waiting)
                    self._tell_waiting(told)
                # A signal ends this as KeyboardInterrupt.
                time.sleep(_LOOK_SECONDS)
        return code

    def _tell_waiting(self, count: int) -> None:
        words = OTHERS.format(f"{count:,} prop{'s' if count > 1 else ''}")
        self.output.json(OthersEvent(reason=words, props=count))
        self.output.say(f"{words}; waiting")

    def _resume(self, folder: PropFolder) -> int:
        def begin() -> Job | None:
            # Another process may have finished it since the list was made.
            record = folder.read()
            left = record.is_resumable or record.is_incomplete
            return self.workshop.resume(folder, self.settings) if left else None

        return run_if_free(folder.id, begin, self.output)


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
