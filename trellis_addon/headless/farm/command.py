# SPDX-License-Identifier: GPL-3.0-or-later
"""``trellis farm openjd|flamenco|slurm FILE``: write the job that a scheduler reads."""

from __future__ import annotations

import argparse
import contextlib
import io
import shlex
import sys
from collections.abc import Sequence
from typing import Final

from ...core.errors import InputError
from ...library.atomic import write_atomic
from ..batch_file import STANDARD_INPUT, open_batch
from ..cli import UsageError, parser
from ..exit_codes import DONE
from ..output import Output
from . import flamenco, openjd, slurm
from .job import MOST_SHARDS, FarmJob

_OF_THE_JOB: Final = ("library", "shard", "report")
_OF_ALL: Final = ("html", "contact_sheet", "scene")
"""Files that every shard would write, each over the others'."""
_OF_NO_USE: Final = ("check", "dry_run")


def farm(options: argparse.Namespace, output: Output) -> int:
    """Run the command: the job goes to ``--output``, else to standard output
    (with ``--json``, as an event's text).

    :raises InputError: the file or an option cannot be used.
    """
    _write(_text(options, output), options, output)
    return DONE


def _text(options: argparse.Namespace, output: Output) -> str:
    if options.job_type:
        if options.scheduler != "flamenco":
            raise InputError("Only Flamenco has a job type", "Leave out --job-type")
        output.say("Save it as scripts/trellis_batch.js beside flamenco-manager and restart that")
        return flamenco.SCRIPT
    job = _job(options, output)
    match options.scheduler:
        case "openjd":
            return openjd.write(job)
        case "flamenco":
            output.say("Send it to http://MANAGER:8080/api/v3/jobs as application/json")
            return flamenco.submission(job)
        case _:
            return slurm.write(job)


def _job(options: argparse.Namespace, output: Output) -> FarmJob:
    if options.file is None:
        raise InputError("No batch file is named", "Write trellis farm openjd FILE")
    if not 1 <= options.shards <= MOST_SHARDS:
        raise InputError(f"The shards must be 1 to {MOST_SHARDS:,}", "Change --shards")
    if str(options.file) == STANDARD_INPUT:
        raise InputError(
            "The machines of a farm cannot read this standard input",
            "Save the list on the shared drive, and name that file",
        )
    if options.library is None:
        raise InputError(
            "No shared library is named", "Add --library DIR, a folder that all machines have"
        )
    more = _split(options.batch_options, "--batch-options")
    given = _checked(more)
    # Pictures are looked for by the machines, which may see other folders.
    batch = open_batch(options.file, output, given.format, picture=_any_picture)
    shards = min(options.shards, len(batch.items))
    output.say(f"{len(batch.items):,} props in {shards} shards")
    return FarmJob.of(
        options.file,
        options.library,
        shards,
        _split(options.command_line, "--with"),
        more,
    )


def _checked(words: Sequence[str]) -> argparse.Namespace:
    """The options for each batch, as it will read them: a mistake is told before machines find it.

    :raises InputError: the command line would refuse one, or it is none for a shard.
    """
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # of --help
            given = parser().parse_args(["batch", "FILE", *words])
    except UsageError as error:
        reason = str(error).rpartition("\n")[2].partition(": ")[2]
        raise InputError(f"--batch-options cannot be used: {reason}", "Correct it") from error
    except SystemExit:
        raise InputError("--batch-options cannot be used: --help", "Correct it") from None
    for names, reason in (
        (_OF_THE_JOB, "is set by the job itself"),
        (_OF_ALL, "would be written by every shard; `report --html` makes one page of them"),
        (_OF_NO_USE, "is of no use on a farm"),
    ):
        for name in names:
            if getattr(given, name):
                option = f"--{name.replace('_', '-')}"
                raise InputError(f"{option} in --batch-options {reason}", "Leave it out")
    return given


def _any_picture(_text: str) -> str:
    return "data:image/png;base64,"


def _split(text: str, option: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise InputError(f"A quote is not closed in {option}: {text}") from error


def _write(text: str, options: argparse.Namespace, output: Output) -> None:
    if options.output:
        try:
            write_atomic(options.output, text.encode("utf-8"))
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise InputError(f"The job {options.output} cannot be written: {reason}") from error
        output.say(f"Written: {options.output}")
    elif options.json:
        output.json(event="job", scheduler=options.scheduler, text=text)
    else:
        sys.stdout.write(text)
        sys.stdout.flush()
