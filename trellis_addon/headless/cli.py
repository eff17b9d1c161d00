# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: argparse -> request -> the same job as the sidebar's -> exit code."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from ..core.errors import InternalError, TrellisError
from ..core.identity import MODEL, PRODUCT, version
from .exit_codes import BAD_INPUT, exit_code
from .output import Output


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
        "4 the gateway cannot be reached, 130 interrupted.",
    )
    main.add_argument("--version", action="store_true", help="print the version and stop")
    commands = main.add_subparsers(dest="command", parser_class=_Parser, metavar="COMMAND")
    generate = commands.add_parser("generate", help="one prop from a prompt")
    generate.add_argument("prompt", metavar="PROMPT")
    _request_options(generate)
    _common_options(generate)
    return main


def _request_options(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("what is asked for")
    group.add_argument("--name", help="the prop's name in Blender (default: from the prompt)")
    group.add_argument("--seed", type=int, help="0 to 2147483647 (default: the model chooses)")
    group.add_argument(
        "--model", default=MODEL, help="the gateway's model id (default: %(default)s)"
    )
    group.add_argument("--system", help="a system message in front of the prompt")
    group.add_argument(
        "--temperature", type=float, default=0.7, help="0 to 2 (default: %(default)s)"
    )
    group.add_argument("--top-p", type=float, default=0.95, help="0 to 1 (default: %(default)s)")
    group.add_argument("--max-tokens", type=int, default=1024, help="(default: %(default)s)")


def _common_options(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("where it goes")
    group.add_argument("--library", type=Path, metavar="DIR", help="the library folder")
    group.add_argument(
        "--scene",
        type=Path,
        metavar="FILE.blend",
        help="place the prop there and save; made if missing",
    )
    how = group.add_mutually_exclusive_group()
    how.add_argument("--link", dest="linked", action="store_true", default=True, help="(default)")
    how.add_argument("--append", dest="linked", action="store_false", help="append, do not link")
    group.add_argument(
        "--json", action="store_true", help="one JSON object a line on standard output"
    )
    group.add_argument(
        "--online-mode",
        action="store_true",
        help="allow network access for this run where Blender's preferences are not read",
    )


def run_cli(argv: Sequence[str]) -> int:
    """Run one command.

    :param argv: what follows ``trellis``.
    :returns: the exit code of the contract; never raises for what a user gives.
    """
    try:
        options = parser().parse_args(list(argv))
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


def _run(options: argparse.Namespace, output: Output) -> int:
    try:
        from .generate import generate

        return generate(options, output)
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
