# SPDX-License-Identifier: GPL-3.0-or-later
"""Defines the options that select rows of a list, separately from what needs more libraries."""

from __future__ import annotations

import argparse


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
