# SPDX-License-Identifier: GPL-3.0-or-later
"""Defines the options that select rows and props, separately from what needs more libraries."""

from __future__ import annotations

import argparse
from typing import Final

from ...core.events import State
from ...core.generation.readiness import USES
from ..console.options import library_options
from ..console.usage import Parser, number

UNFINISHED: Final = "unfinished"
"""The word for all props that `resume` goes on with."""
STATES: Final = (*map(str, State), UNFINISHED)
COLUMNS: Final = (
    *("id", "name", "state", "prompt", "model", "seed", "created", "cost_cents", "triangles"),
    *("bytes", "tags", "exports", "folder"),
)
"""What ``list`` can print and sort by; those that ``--json`` has, too, have its names."""


def add_row_selection(command: argparse.ArgumentParser) -> None:
    """Add the options that leave out rows of a list."""
    group = command.add_argument_group(
        "which rows",
        "PATTERNS is a list, separated by commas, of line numbers (20), ranges of them (1-20, "
        "35-), ids of props, and names, in which * and ? stand for any letters.",
    )
    group.add_argument(
        "--only", metavar="PATTERNS", action="append", default=[], help="only these rows"
    )
    group.add_argument(
        "--skip", metavar="PATTERNS", action="append", default=[], help="all but these rows"
    )
    group.add_argument(
        "--limit",
        type=int,
        metavar="N",
        help="only the first N props of these, of all shards together",
    )


def add_list(command: argparse.ArgumentParser) -> None:
    """Add the options of ``list``."""
    command.description = "Lists the props of the library that all given options are true for."
    command.add_argument(
        "words",
        metavar="WORD",
        nargs="*",
        help="only props with all of these in prompt, name, id or tags",
    )
    _filters(command.add_argument_group("which props"))
    group = command.add_argument_group("how they are listed")
    group.add_argument(
        "--sort", choices=COLUMNS, default="id", metavar="COLUMN", help="the order (default: id)"
    )
    group.add_argument("--reverse", action="store_true", help="the other way round")
    group.add_argument("--limit", type=int, metavar="N", help="only the first N of them")
    group.add_argument(
        "--columns",
        metavar="COLUMNS",
        help=f"a list of what is printed, separated by tabs: {', '.join(COLUMNS)}",
    )
    if isinstance(command, Parser):
        settings = {"help", "sort", "reverse", "columns"}
        command.filters = frozenset(each.dest for each in command.options()) - settings
    library_options(command)


def _filters(group: argparse._ActionsContainer) -> None:
    group.add_argument(
        "--state",
        metavar="STATES",
        help=f"a list of states: {', '.join(STATES)}",
    )
    group.add_argument("--tag", action="append", default=[], help="more than once: all of them")
    group.add_argument(
        "--since", metavar="WHEN", help="begun then or later: 2026-11-30, or 12h, 7d, 2w ago"
    )
    group.add_argument("--until", metavar="WHEN", help="begun then or earlier, the day included")
    group.add_argument("--model", metavar="PATTERN", help="made by this model; * is any letters")
    group.add_argument("--min-cost", type=number, metavar="DOLLARS", help="cost this or more")
    group.add_argument("--max-cost", type=number, metavar="DOLLARS", help="cost this or less")
    group.add_argument(
        "--min-bytes", metavar="SIZE", help="take this much of the disk or more: 500K, 20M, 1G"
    )
    group.add_argument("--max-bytes", metavar="SIZE", help="take this much or less")
    group.add_argument(
        "--ready-for",
        choices=tuple(USES),
        action="append",
        default=[],
        help="ready for this; more than once: for all of them",
    )
    group.add_argument(
        "--for",
        dest="destinations",
        metavar="NAMES",
        help="exported for all these destinations, into their folders in the library",
    )
