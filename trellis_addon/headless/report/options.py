# SPDX-License-Identifier: GPL-3.0-or-later
"""Defines the options of ``report`` and ``farm``, whose own modules need more libraries."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from ..console.options import json_option, library_options

SCHEDULERS: Final = ("openjd", "flamenco", "slurm")


def add_report(command: argparse.ArgumentParser) -> None:
    """Add the options of ``report``."""
    command.add_argument(
        "paths", metavar="PATH", nargs="+", type=Path, help="what --report wrote, or their folder"
    )
    command.add_argument(
        "--html", type=Path, metavar="FILE", help="write one page with pictures, for any browser"
    )
    command.add_argument(
        "--merged", type=Path, metavar="FILE", help="write one line for each item, as JSONL"
    )
    command.add_argument("--title", default="", help="the page's heading")
    library_options(command)


def add_farm(command: argparse.ArgumentParser) -> None:
    """Add the options of ``farm``."""
    command.add_argument("scheduler", choices=SCHEDULERS, help="who reads the job")
    command.add_argument(
        "file", metavar="FILE", nargs="?", type=Path, help=".csv, .jsonl or .txt, as for batch"
    )
    command.add_argument("--shards", type=int, default=4, help="how many parts (default: 4)")
    command.add_argument(
        "--library", type=Path, metavar="DIR", help="the library on the shared drive"
    )
    command.add_argument(
        "--with",
        dest="command_line",
        metavar="COMMAND",
        default="",
        help="how the machines start trellis (default: blender --online-mode --command trellis)",
    )
    command.add_argument(
        "--grace",
        metavar="TIME",
        default="2m",
        help="how long before its end the scheduler asks a task to stop, so that what is under way "
        "is finished: 90s, 10m (2m)",
    )
    command.add_argument(
        "--batch-options",
        metavar="OPTIONS",
        default="",
        help='more options for each batch: --batch-options="--jobs 8 --max-failures 20"',
    )
    command.add_argument(
        "--job-type",
        action="store_true",
        help="flamenco: write the job type's script, which the Manager needs once",
    )
    command.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="write the job there; Blender says a word of its own on standard output",
    )
    json_option(command)
