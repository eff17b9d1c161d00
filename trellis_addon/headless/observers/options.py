# SPDX-License-Identifier: GPL-3.0-or-later
"""Defines ``--exec`` and ``--summary``, and which commands have them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from ..console.usage import number

_MAKE_PROPS: Final = ("generate", "batch", "import", "finish", "resume")
_HAVE_SUMMARY: Final = (*_MAKE_PROPS, "export")
DEFAULT_MINUTES: Final = 10.0


def add_observers(name: str, command: argparse.ArgumentParser) -> None:
    """Add the options to a command that has them.

    :param name: the command's name.
    """
    if name not in _HAVE_SUMMARY:
        return
    group = command.add_argument_group("for other programs")
    group.add_argument(
        "--summary",
        type=Path,
        metavar="FILE",
        help="write at the end what became of it, as one JSON document",
    )
    if name not in _MAKE_PROPS:
        return
    group.add_argument(
        "--exec",
        metavar="COMMAND",
        help="run this for each finished prop, with {folder}, {id}, {name}, {blend}, {glb}, "
        "{thumbnail}, {index} and {exports} replaced; without a shell",
    )
    group.add_argument(
        "--exec-timeout",
        type=number,
        metavar="MINUTES",
        default=DEFAULT_MINUTES,
        help=f"the longest for one run of it (default: {DEFAULT_MINUTES:g})",
    )
