# SPDX-License-Identifier: GPL-3.0-or-later
"""Implements ``trellis completion SHELL``: writes a script that completes commands and options.

The script is static, as a shell cannot wait for Blender to start at each press of Tab. The library
shtab makes it (by the authors of tqdm; one file, no further packages). It is not bundled: a studio
makes the script once, wherever shtab is installed, and all its machines use it.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path
from typing import Any

from ...core.errors import InputError
from ...library.disk.atomic_files import write_atomic
from ..commands.parser import parser
from ..console.exit_codes import DONE
from ..console.output import Output
from ..console.usage import Parser
from ..contract.library_events import ScriptEvent


def completion(options: argparse.Namespace, output: Output) -> int:
    """Run the command. The script is written to ``--output``, or else to standard output.

    :raises InputError: shtab is not installed, or the file cannot be written.
    """
    text = script(options.shell)
    if options.output is None:
        if output.as_json:
            output.json(ScriptEvent(text=text))
        else:
            sys.stdout.write(text)
        return DONE
    try:
        write_atomic(options.output, text.encode("utf-8"))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"The script {options.output} cannot be written: {reason}") from error
    output.written("script", options.output)
    output.say(f"Written: {options.output}")
    return DONE


def script(shell: str) -> str:
    """The script for a shell. :raises InputError: shtab is not installed."""
    try:
        shtab: Any = importlib.import_module("shtab")
    except ImportError as error:
        raise InputError(
            "The library shtab, which makes the script, is not installed here",
            "Install shtab for this Python, or make the script on a machine that has it",
        ) from error
    main = parser()
    for each in (main, *main.commands.values()):
        _mark_places(each, shtab)
    return str(shtab.complete(main, shell)).rstrip("\n") + "\n"


def _mark_places(command: Parser, shtab: Any) -> None:
    """Have the names of files and folders completed where an option or an argument takes them."""
    for action in (*command.options(), *command.arguments()):
        if action.type is Path or action.metavar in ("PATH", "PATH|URL", "FILE|URL"):
            place = shtab.DIRECTORY if action.metavar == "DIR" else shtab.FILE
            # The name under which shtab looks for it; argparse itself does not know it.
            setattr(action, "complete", place)  # noqa: B010  (unknown to the type checker)
