# SPDX-License-Identifier: GPL-3.0-or-later
"""Implements ``trellis farm openjd|flamenco|slurm FILE``: writes the job for a scheduler."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ...core.errors import InputError
from ...library.disk.atomic_files import write_atomic
from ..commands.parser import parser
from ..config.config_file import NAME as CONFIG_FILE
from ..config.layers import parse
from ..console.durations import seconds_of
from ..console.exit_codes import DONE
from ..console.output import Output
from ..console.usage import UsageError
from ..console.writable_places import STANDARD_INPUT
from ..contract.batch_events import JobEvent
from ..prompts.prompt_file import open_batch
from . import flamenco, openjd, slurm
from .farm_job import LEAST_STOP_SECONDS, MOST_SHARDS, FarmJob

_OF_THE_JOB: Final = ("library", "shard", "report")
_OF_ALL: Final = ("html", "contact_sheet", "scene", "summary")
"""Options for files that every shard would write, so that they would overwrite each other's."""
_OF_NO_USE: Final = ("check", "dry_run")


def farm(options: argparse.Namespace, output: Output) -> int:
    """Run the command. The job is written to ``--output``, or else to standard output
    (with ``--json``, as the text of an event).

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
            output.say("Start it by `bash job.sh`, which submits the shards and their report")
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
    stop_seconds = seconds_of("--grace", options.grace)
    if stop_seconds < LEAST_STOP_SECONDS:
        raise InputError(f"--grace must be {LEAST_STOP_SECONDS}s or more", "Correct it")
    more = _split(options.batch_options, "--batch-options")
    given = _checked(more)
    _check_config(options.file, more)
    # The machines look for the pictures, as they may see other folders than this one.
    batch = open_batch(options.file, output, given.format, picture=_any_picture)
    # A shard without items would only start Blender for nothing.
    shards = min(options.shards, len(batch.items))
    output.say(f"{len(batch.items):,} props in {shards} shards")
    return FarmJob.of(
        options.file,
        options.library,
        shards,
        _split(options.command_line, "--with"),
        more,
        int(stop_seconds),
    )


def _checked(words: Sequence[str]) -> argparse.Namespace:
    """Parse the options for each batch, so that a mistake is found now, and not by the machines.

    :raises InputError: the command line would refuse an option, or it is not for shards.
    """
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # for --help
            given = parser().parse(["batch", "FILE", *words])
    except UsageError as error:
        told = f"--batch-options cannot be used: {error.reason}"
        raise InputError(told, "Correct it") from error
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


def _check_config(file: Path, words: Sequence[str]) -> None:
    """Check the configuration beside the list, which the machines read as well.

    :raises InputError: it cannot be used, or has an option that is not for shards.
    """
    try:
        given = parse(parser, ["batch", str(file), *words], environment={})
    except UsageError as error:
        raise InputError(f"The configuration cannot be used: {error.reason}") from error
    for name in _OF_ALL:
        if getattr(given, name):
            option = name.replace("_", "-")
            raise InputError(
                f"{option} in {CONFIG_FILE} would be written by every shard", "Leave it out there"
            )


def _any_picture(_text: str) -> str:
    return "data:image/png;base64,"


_WINDOWS_PATH: Final = re.compile(r"(?:^|[\s\"'=])(?:[A-Za-z]:\\|\\\\\w)")


def _split(text: str, option: str) -> tuple[str, ...]:
    """Words as a shell has them; a backslash is one on Windows, and in a path of Windows's."""
    words = shlex.shlex(text, posix=True, punctuation_chars=False)
    words.whitespace_split, words.commenters = True, ""
    if os.name == "nt" or _WINDOWS_PATH.search(text):
        words.escape = ""
    try:
        return tuple(words)
    except ValueError as error:
        raise InputError(f"A quote is not closed in {option}: {text}") from error


def _write(text: str, options: argparse.Namespace, output: Output) -> None:
    if options.output:
        try:
            write_atomic(options.output, text.encode("utf-8"))
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise InputError(f"The job {options.output} cannot be written: {reason}") from error
        output.written("job", options.output)
        output.say(f"Written: {options.output}")
    elif options.json:
        output.json(JobEvent(scheduler=options.scheduler, text=text))
    else:
        _print(text)


def _print(text: str) -> None:
    """Onto standard output: into a pipe or a file just as ``--output`` writes it, as it is for a
    scheduler, which knows neither this machine's code page nor Windows's line ends.
    """
    if sys.stdout.isatty() or not isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.write(text)
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode("utf-8"))
    sys.stdout.flush()
