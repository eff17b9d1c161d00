# SPDX-License-Identifier: GPL-3.0-or-later
"""Defines the commands, each with its help, its options and its function, and their parser."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from ...core.identity import PRODUCT
from ..batch.options import add_batch
from ..console.options import (
    doctor_options,
    every_command_options,
    finish_options,
    library_options,
    place_options,
    resume_options,
    show_options,
)
from ..console.picture_options import add_generate, add_picks, add_pictures
from ..console.usage import Parser
from ..observers.options import add_observers
from ..report.options import add_farm, add_report
from ..selection.options import add_list
from ..terminal.examples import EXAMPLES
from .options import add_clean, add_completion, add_export, add_import, add_shot, add_verify


@dataclass(frozen=True)
class Subcommand:
    """One command of the command line."""

    help: str
    add_options: Callable[[argparse.ArgumentParser], None]
    module: str
    """The module's name within ``headless``. It is imported only to run the command, as libraries
    that it needs may be missing, which must not prevent the others."""
    function: str


def add_list_options(command: argparse.ArgumentParser) -> None:
    """Add the options of ``batch``."""
    add_batch(command)
    add_picks(command)


COMMANDS: Final[Mapping[str, Subcommand]] = {
    "generate": Subcommand("one prop from a prompt", add_generate, "commands.generate", "generate"),
    "pictures": Subcommand(
        "pictures of a prompt, to choose a look from", add_pictures, "pictures.command", "pictures"
    ),
    "batch": Subcommand(
        "many props from a file, one run or many", add_list_options, "commands.batch", "batch"
    ),
    "resume": Subcommand(
        "go on with every unfinished prop of the library",
        resume_options,
        "commands.resume",
        "resume",
    ),
    "import": Subcommand(
        "meshes from this disk or the web; free", add_import, "commands.import_models", "bring"
    ),
    "export": Subcommand(
        "props as files for other programs", add_export, "commands.export", "export"
    ),
    "shot": Subcommand(
        "product shots of props: stills and turntables", add_shot, "commands.shot", "shot"
    ),
    "destinations": Subcommand(
        "where props can go: the names for --for",
        library_options,
        "commands.listing",
        "list_destinations",
    ),
    "verify": Subcommand(
        "every file of the library against its record", add_verify, "commands.verify", "verify"
    ),
    "clean": Subcommand(
        "what interruptions have left in the library", add_clean, "commands.clean", "clean"
    ),
    "finish": Subcommand(
        "make props again with other settings; free", finish_options, "commands.finish", "finish"
    ),
    "place": Subcommand(
        "put props of the library into a .blend file", place_options, "commands.place", "place"
    ),
    "report": Subcommand(
        "what became of batches, as one page", add_report, "report.command", "report"
    ),
    "farm": Subcommand("write a batch as a job for a scheduler", add_farm, "farm.command", "farm"),
    "list": Subcommand(
        "what is in the library, and in which state",
        add_list,
        "commands.listing",
        "list_props",
    ),
    "show": Subcommand(
        "everything that is known of one prop", show_options, "commands.listing", "show"
    ),
    "doctor": Subcommand(
        "check key, gateway, model, balance, versions", doctor_options, "commands.doctor", "doctor"
    ),
    "completion": Subcommand(
        "a script with which a shell completes these commands",
        add_completion,
        "shell.completion",
        "completion",
    ),
}


def parser() -> Parser:
    """Build the parser with all commands and options."""
    main = Parser(
        prog="trellis",
        description=f"{PRODUCT}: turn a prompt into a textured prop for Blender.",
        epilog="trellis stands for any of: blender --command trellis (the extension installed); "
        "blender -b --python trellis_addon/headless/run.py --; python -m trellis_addon (where bpy "
        "is a Python package). "
        "Environment: AIGATEWAY_API_KEY, AIGATEWAY_BASE_URL, TRELLIS_PICTURE_SAMPLES, and a "
        "variable for each option, such as TRELLIS_JOBS; options can also be in trellis.toml. "
        "Exit codes: 0 all done, 1 some props failed, 2 bad usage or input, 3 the account refuses, "
        "4 the gateway cannot be reached, 5 some wait in the Batch API (--economy), "
        "6 other processes are making some (--wait waits for them), 130 interrupted.",
    )
    main.add_argument("-V", "--version", action="store_true", help="print the version and stop")
    main.add_argument(
        "--props-may-fail",
        action="store_true",
        help="before COMMAND: exit with 0 where all was gone through and single props failed, for "
        "schedulers that stop at any failure; the report tells which",
    )
    commands = main.add_subparsers(dest="command", parser_class=Parser, metavar="COMMAND")
    for name, command in COMMANDS.items():
        added = commands.add_parser(name, help=command.help)
        added.examples = EXAMPLES.get(name, ())
        command.add_options(added)
        add_observers(name, added)
        every_command_options(added)
    main.commands = commands.choices
    return main
