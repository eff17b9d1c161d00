# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: argparse -> request -> the same job as the sidebar's -> exit code."""

from __future__ import annotations

import argparse
import importlib
import logging
import math
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final, NoReturn

from ..core.errors import InputError, InternalError, TrellisError
from ..core.identity import MODEL, PRODUCT, version
from .batch_options import add_batch
from .exit_codes import BAD_INPUT, DONE, INTERRUPTED, SOME_FAILED, exit_code
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
from .stopping import Beginning

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


_ASIDE: Final = ("Note: ", "Written: ")
"""How lines begin that are neither a failure nor the sum; ``--quiet`` leaves them out."""


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
        epilog="trellis stands for any of: blender --command trellis (the extension installed); "
        "blender -b --python trellis_addon/headless/run.py --; python -m trellis_addon (where bpy "
        "is a Python package). "
        "Environment: AIGATEWAY_API_KEY, AIGATEWAY_BASE_URL, TRELLIS_LIBRARY, "
        "TRELLIS_PLAIN_HTTP=1, TRELLIS_PICTURE_SAMPLES. "
        "Exit codes: 0 all done, 1 some props failed, 2 bad usage or input, 3 the account refuses, "
        "4 the gateway cannot be reached, 5 some wait in the Batch API (--economy), "
        "130 interrupted.",
    )
    main.add_argument("--version", action="store_true", help="print the version and stop")
    main.add_argument(
        "--props-may-fail",
        action="store_true",
        help="before COMMAND: exit with 0 where all was gone through and single props failed, for "
        "schedulers that stop at any failure; the report tells which",
    )
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
        with Beginning() as signals:
            return _run_cli(argv, signals)
    except KeyboardInterrupt:
        print("Interrupted", file=sys.stderr)  # before there was a command, or after its end
        return INTERRUPTED


def _run_cli(argv: Sequence[str], signals: Beginning) -> int:
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
    output = _Told(options)
    with output:
        code = _run(options, output, signals)
        if options.props_may_fail and output.single_props:
            return DONE
        return code


def _joined(argv: Sequence[str]) -> list[str]:
    """``--at -1,0,0`` as one word, or argparse takes the point for an option."""
    words: list[str] = []
    for word in argv:
        if words and words[-1] == "--at":
            words[-1] = f"--at={word}"
        else:
            words.append(word)
    return words


class _Told(Output):
    """What the command tells, as the options for all commands want it."""

    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__(as_json=options.json)
        self._quiet: bool = getattr(options, "quiet", False)
        self._stopped = False
        self.single_props = False
        """Whether the command came to its end, and single props are all that failed."""

    def json(self, **fields: Any) -> None:
        """As ever; a batch that stops before the end of its list says so."""
        self._stopped = self._stopped or fields.get("event") == "stopped"
        super().json(**fields)

    def say(self, text: str) -> None:
        """As ever, or with ``--quiet`` what fails and the sum alone."""
        if not (self._quiet and text.startswith(_ASIDE)):
            super().say(text)

    def ended(self, code: int) -> int:
        """The exit code of a command that has come to its end."""
        self.single_props = code == SOME_FAILED and not self._stopped
        return code


def _run(options: argparse.Namespace, output: _Told, signals: Beginning) -> int:
    try:
        _check(options)
        return output.ended(_commanded(options, output, signals))
    except KeyboardInterrupt:
        output.json(event="cancelled")
        output.say("Interrupted")
        return INTERRUPTED
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


def _commanded(options: argparse.Namespace, output: Output, signals: Beginning) -> int:
    try:
        # Only now: what a command needs may be missing, and that is an error in words.
        room, name = _COMMANDS[options.command]
        command: Command = getattr(importlib.import_module(f".{room}", __package__), name)
        signals.listen()
        return command(options, output)
    except Exception as error:
        if signals.count:  # as which C code may pass an interruption on
            raise KeyboardInterrupt from error
        raise


def _check(options: argparse.Namespace) -> None:
    """What several commands share. :raises InputError: a value makes no sense."""
    minutes = getattr(options, "timeout", None)
    if minutes is not None and not 0 < minutes < math.inf:
        raise InputError("--timeout must be more than 0 minutes", "Correct it")
    library = getattr(options, "library", None)
    if library is not None and os.path.exists(library) and not os.path.isdir(library):
        raise InputError(f"The library {library} is not a folder", "Change --library")
