# SPDX-License-Identifier: GPL-3.0-or-later
"""``trellis farm openjd|flamenco|slurm FILE``: write the job that a scheduler reads."""

from __future__ import annotations

import argparse
import shlex
import sys

from ...core.errors import InputError
from ...library.atomic import write_atomic
from ...preferences import read_settings
from ..batch_file import open_batch
from ..exit_codes import DONE
from ..output import Output
from . import flamenco, openjd, slurm
from .job import MOST_SHARDS, FarmJob


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
    # Pictures are looked for by the machines, which may see other folders.
    batch = open_batch(options.file, output, picture=_any_picture)
    shards = min(options.shards, len(batch.items))
    output.say(f"{len(batch.items):,} props in {shards} shards")
    return FarmJob.of(
        options.file,
        read_settings(library=options.library).library,
        shards,
        _split(options.command_line, "--with"),
        _split(options.batch_options, "--batch-options"),
    )


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
