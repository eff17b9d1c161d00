# SPDX-License-Identifier: GPL-3.0-or-later
"""Implements ``trellis shot ID...``: takes product shots of props of the library."""

from __future__ import annotations

import argparse
from dataclasses import replace

from ...core.errors import InputError
from ..console.existing_library import existing_library
from ..console.exit_codes import INTERRUPTED
from ..console.output import Output
from ..console.shot_options import shot_of
from ..console.signals import Signals
from ..outputs.file_names import check_names
from ..outputs.shot_files import ShotOptions, shoot_all
from .export import lines_of


def shot(options: argparse.Namespace, output: Output) -> int:
    """Run the command. The exit code is 1 if a shot could not be taken.

    :raises InputError: there is no library, or no such prop.
    :raises InvalidRequestError: a setting of the shot is invalid.
    """
    if bool(options.ids) == options.all:
        raise InputError("Name the props to photograph, or all of them", "Give ids, or --all")
    check_names(options.names)
    wanted = ShotOptions(shot_of(options), options.output, options.names, options.again)
    library = existing_library(options)
    # Not as made by this command, so that what is there already stays.
    lines = [replace(line, status="skipped") for line in lines_of(library, options, output)]
    output.say(f"{len(lines):,} to photograph into {options.output}")
    with Signals() as signals:
        code = shoot_all(lines, wanted, library.path, output, signals)
    return INTERRUPTED if signals.count else code
