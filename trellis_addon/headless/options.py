# SPDX-License-Identifier: GPL-3.0-or-later
"""The groups of options that the commands share, apart from what they run."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..core.identity import MODEL
from .finishing import add_finishing


def request_options(command: argparse.ArgumentParser) -> None:
    """What the gateway is asked for, and how often; what is made of it for other programs."""
    group = command.add_argument_group("what is asked for")
    group.add_argument("--seed", type=int, help="0 to 2147483647 (default: the model chooses)")
    group.add_argument(
        "--count",
        type=int,
        default=1,
        metavar="N",
        help="so many variants, each with a seed of its own, and each paid for (default: 1)",
    )
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
    files = command.add_argument_group("files for other programs")
    files.add_argument(
        "--export", metavar="FORMATS", help="a list of glb, blend, fbx, obj, usd; into --output"
    )
    files.add_argument("--output", type=Path, metavar="DIR", help="the folder for --export")


def library_options(command: argparse.ArgumentParser) -> None:
    """For commands that open no connection."""
    command.add_argument("--library", type=Path, metavar="DIR", help="the library folder")
    command.add_argument(
        "--json", action="store_true", help="one JSON object a line on standard output"
    )


def common_options(command: argparse.ArgumentParser) -> None:
    """For commands that may ask the gateway."""
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
    group.add_argument(
        "--plain-http",
        action="store_true",
        help="allow a gateway with http:// in a private network: the key goes in clear text",
    )


def scene_options(command: argparse.ArgumentParser) -> None:
    """Where the prop is placed."""
    group = command.add_argument_group("where it is placed")
    group.add_argument(
        "--scene",
        type=Path,
        metavar="FILE.blend",
        help="place the prop there and save; made if missing",
    )
    _method_options(group)


def finish_options(command: argparse.ArgumentParser) -> None:
    """The options of ``finish``."""
    command.add_argument("ids", metavar="ID", nargs="*", help="the prop's id: its folder's name")
    command.add_argument("--all", action="store_true", help="every prop that has a model")
    add_finishing(command, default="the prop's own record")
    library_options(command)


def place_options(command: argparse.ArgumentParser) -> None:
    """The options of ``place``."""
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
    common_options(command)


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
