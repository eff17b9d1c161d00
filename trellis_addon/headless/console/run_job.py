# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one job of a command to its end: prints its events, and returns its exit code."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from ...core.errors import LibraryError, LockedError
from ...core.events import Cancelled, Failed
from ...job.job import Job
from ..contract.batch_events import SkippedEvent
from .exit_codes import DONE, INTERRUPTED, NOT_YET, OTHERS_AT_WORK, exit_code
from .output import Output
from .signals import Signals

GOES_ON: Final = "Interrupted. The command resume goes on with it"


def run_job(job: Job, output: Output) -> int:
    """Run a job to its end, and print its events. Returns the exit code.

    Ctrl-C and SIGTERM stop the job cleanly. What the gateway has accepted by then is paid for, and
    ``resume`` fetches it.
    """
    with Signals(partial(job.cancel, interrupted=True)):
        job.start()
        for event in job.wait():
            output.event(event)
    # The thread ends right after the last event. A live one at exit crashes the bpy module of 4.2,
    # and makes 4.5 hang.
    job.join(10)
    match job.outcome:
        case Failed(error=facts):
            return exit_code(facts.kind)
        case Cancelled():
            return INTERRUPTED
        case _:
            return DONE


def run_if_free(prop_id: str, begin: Callable[[], Job | None], output: Output) -> int:
    """Begin a job for a prop, and run it. Returns the exit code.

    A prop that another process is working on is skipped and named, with an exit code of its own.

    :param begin: returns None if nothing is left to do.
    """
    try:
        job = begin()
    except LockedError as error:
        output.json(SkippedEvent(id=prop_id, reason=error.facts.message))
        output.say(f"Skipped: {error.facts.message}")
        return OTHERS_AT_WORK
    except LibraryError as error:
        output.error(error.facts)
        return exit_code(error.kind)
    return run_job(job, output) if job else DONE


def first_failure(code: int, new: int) -> int:
    """Combine the exit codes of several jobs: that of the first failure, which matters more than
    props that are still to come.
    """
    return code if code not in (DONE, *NOT_YET) else new or code
