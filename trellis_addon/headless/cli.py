# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: argparse -> request -> the same job as the sidebar's -> exit code."""

from __future__ import annotations

import argparse
import importlib
import logging
import sys
from collections.abc import Callable, Sequence
from typing import Final, NoReturn

from ..core.errors import InternalError, TrellisError
from ..core.identity import MODEL, PRODUCT, version
from .batch_options import add_batch
from .exit_codes import BAD_INPUT, exit_code
from .finishing import add_finishing
from .keeping_options import add_clean, add_export, add_import, add_verify
from .options import (
    common_options,
    finish_options,
    library_options,
    place_options,
    request_options,
    scene_options,
)
from .output import Output
from .report_options import add_farm, add_report

log = logging.getLogger(__name__)

Command = Callable[[argparse.Namespace, Output], int]

_COMMANDS: Final = {
    "generate": ("generate", "generate"),
    "batch": ("batch", "batch"),
    "resume": ("resume", "resume"),
    "import": ("bring", "bring"),
    "export": ("export", "export"),
    "verify": ("verify", "verify"),
    "clean": ("clean", "clean"),
    "finish": ("finish", "finish"),
    "place": ("place", "place"),
    "report": ("report", "report"),
    "farm": ("farm.command", "farm"),
    "list": ("listing", "list_props"),
    "show": ("listing", "show"),
    "doctor": ("doctor", "doctor"),
}
"""Where each command is: a module of this room, and its function."""


class UsageError(Exception):
    """Bad options. argparse would end the whole Blender instead."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{self.format_usage().rstrip()}\n{self.prog}: {message}")


def parser() -> argparse.ArgumentParser:
    """All commands and options."""
    main = _Parser(
        prog="trellis",
        description=f"{PRODUCT}: turn a prompt into a textured prop for Blender.",
        epilog="Environment: AIGATEWAY_API_KEY, AIGATEWAY_BASE_URL, TRELLIS_LIBRARY. "
        "Exit codes: 0 all done, 1 some props failed, 2 bad usage or input, 3 the account refuses, "
        "4 the gateway cannot be reached, 5 some wait in the Batch API (--economy), "
        "130 interrupted.",
    )
    main.add_argument("--version", action="store_true", help="print the version and stop")
    commands = main.add_subparsers(dest="command", parser_class=_Parser, metavar="COMMAND")
    generate = commands.add_parser("generate", help="one prop from a prompt")
    generate.add_argument("prompt", metavar="PROMPT")
    generate.add_argument("--name", help="the prop's name in Blender (default: from the prompt)")
    request_options(generate)
    add_finishing(generate)
    common_options(generate)
    scene_options(generate)
    add_batch(commands.add_parser("batch", help="many props from a file, one run or many"))
    resume = commands.add_parser("resume", help="go on with every unfinished prop of the library")
    common_options(resume)
    add_import(commands.add_parser("import", help="meshes from this disk or the web; free"))
    add_export(commands.add_parser("export", help="props as files for other programs"))
    add_verify(commands.add_parser("verify", help="every file of the library against its record"))
    add_clean(commands.add_parser("clean", help="what interruptions have left in the library"))
    finish_options(commands.add_parser("finish", help="make props anew by other settings; free"))
    place_options(commands.add_parser("place", help="put props of the library into a .blend file"))
    add_report(commands.add_parser("report", help="what became of batches, as one page"))
    add_farm(commands.add_parser("farm", help="write a batch as a job for a scheduler"))
    listing = commands.add_parser("list", help="what is in the library, and in which state")
    library_options(listing)
    show = commands.add_parser("show", help="everything that is known of one prop")
    show.add_argument("id", metavar="ID")
    library_options(show)
    doctor = commands.add_parser("doctor", help="check key, gateway, model, balance, versions")
    doctor.add_argument("--model", default=MODEL, help="(default: %(default)s)")
    common_options(doctor)
    return main


def run_cli(argv: Sequence[str]) -> int:
    """Run one command.

    :param argv: what follows ``trellis``.
    :returns: the exit code of the contract; never raises for what a user gives.
    """
    try:
        options = parser().parse_args(_joined(argv))
    except UsageError as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    except SystemExit as done:  # --help
        return int(done.code or 0)
    if options.version:
        print(f"{PRODUCT} {version()}")
        return 0
    if options.command is None:
        parser().print_help()
        return BAD_INPUT
    with Output(as_json=options.json) as output:
        return _run(options, output)


def _joined(argv: Sequence[str]) -> list[str]:
    """``--at -1,0,0`` as one word, or argparse takes the point for an option."""
    words: list[str] = []
    for word in argv:
        if words and words[-1] == "--at":
            words[-1] = f"--at={word}"
        else:
            words.append(word)
    return words


def _run(options: argparse.Namespace, output: Output) -> int:
    try:
        # Only now: what a command needs may be missing, and that is an error in words.
        room, name = _COMMANDS[options.command]
        command: Command = getattr(importlib.import_module(f".{room}", __package__), name)
        return command(options, output)
    except TrellisError as error:
        output.error(error.facts)
        return exit_code(error.kind)
    except ImportError as error:
        missing = InternalError(
            "A library that Trellis Props needs cannot be loaded",
            "Install the extension from its zip file, or the packages named in the README",
            detail=str(error),
        )
        output.error(missing.facts)
        output.say(str(error))
        return exit_code(missing.kind)
    except Exception as error:  # the entrance's top: a machine must get its terminal event
        log.exception("%s died", options.command)
        fault = InternalError("Trellis Props failed", detail=f"{type(error).__name__}: {error}")
        output.error(fault.facts)
        return exit_code(fault.kind)
