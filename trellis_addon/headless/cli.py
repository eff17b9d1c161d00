# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: argparse -> request -> the same job as the sidebar's -> exit code."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from ..core.errors import InternalError, TrellisError
from ..core.identity import MODEL, PRODUCT, version
from .exit_codes import BAD_INPUT, exit_code
from .output import Output

log = logging.getLogger(__name__)


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
    _scene_options(generate)
    resume = commands.add_parser("resume", help="go on with every unfinished prop of the library")
    _common_options(resume)
    _place_options(commands.add_parser("place", help="put props of the library into a .blend file"))
    listing = commands.add_parser("list", help="what is in the library, and in which state")
    _library_options(listing)
    show = commands.add_parser("show", help="everything that is known of one prop")
    show.add_argument("id", metavar="ID")
    _library_options(show)
    doctor = commands.add_parser("doctor", help="check key, gateway, model, balance, versions")
    doctor.add_argument("--model", default=MODEL, help="(default: %(default)s)")
    _common_options(doctor)
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
    group.add_argument("--image", metavar="FILE|URL", help="a reference image (jobs endpoint)")
    group.add_argument(
        "--param",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="a parameter of the model's host, such as texture_size=1024 (jobs endpoint)",
    )


def _library_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--library", type=Path, metavar="DIR", help="the library folder")
    command.add_argument(
        "--json", action="store_true", help="one JSON object a line on standard output"
    )


def _common_options(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("library, gateway, output")
    group.add_argument("--library", type=Path, metavar="DIR", help="the library folder")
    group.add_argument(
        "--endpoint", choices=("auto", "chat", "jobs"), help="force one of the gateway's two ways"
    )
    group.add_argument(
        "--timeout", type=float, metavar="MINUTES", help="the longest for one generation (15)"
    )
    group.add_argument(
        "--json", action="store_true", help="one JSON object a line on standard output"
    )
    group.add_argument(
        "--online-mode",
        action="store_true",
        help="allow network access for this run where Blender's preferences are not read",
    )


def _scene_options(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("where it is placed")
    group.add_argument(
        "--scene",
        type=Path,
        metavar="FILE.blend",
        help="place the prop there and save; made if missing",
    )
    _method_options(group)


def _place_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("ids", metavar="ID", nargs="+", help="the prop's id: its folder's name")
    group = command.add_argument_group("where it is placed")
    group.add_argument(
        "--scene", type=Path, metavar="FILE.blend", required=True, help="made if missing; saved"
    )
    group.add_argument(
        "--at",
        metavar="X,Y,Z",
        help="metres (default: the scene's 3D cursor); several props stand in a row along X",
    )
    _method_options(group)
    _common_options(command)


def _method_options(group: argparse._ArgumentGroup) -> None:
    how = group.add_mutually_exclusive_group()
    for option, method, words in (
        ("--link", "LINK", "(default)"),
        ("--append", "APPEND", "append, do not link"),
        ("--reuse", "APPEND_REUSE", "append, and share data with what was appended before"),
        ("--pack", "PACK", "link, and pack a copy into the file (Blender 5.0 or newer)"),
    ):
        how.add_argument(
            option,
            dest="method",
            action="store_const",
            const=method,
            default="LINK",
            help=words,
        )


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
        if options.command in ("list", "show"):
            from .listing import list_props, show

            return (show if options.command == "show" else list_props)(options, output)
        if options.command == "doctor":
            from .doctor import doctor

            return doctor(options, output)
        if options.command == "place":
            from .place import place

            return place(options, output)
        if options.command == "resume":
            from .resume import resume

            return resume(options, output)
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
    except Exception as error:  # the entrance's top: a machine must get its terminal event
        log.exception("%s died", options.command)
        fault = InternalError("Trellis Props failed", detail=f"{type(error).__name__}: {error}")
        output.error(fault.facts)
        return exit_code(fault.kind)
