# SPDX-License-Identifier: GPL-3.0-or-later
"""Defines the options of ``batch``, separately from the command, which needs more libraries."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from ...core.defaults import DEFAULT_JOBS
from ...core.generation.finishing_settings import FINISHING_SETTINGS
from ...core.generation.request_settings import REQUEST_SETTINGS
from ..console.finishing_options import add_finishing
from ..console.options import (
    common_options,
    processes_option,
    request_options,
    scene_options,
    wait_option,
)
from ..console.usage import number
from ..selection.options import add_row_selection
from .tries import RETRIES


def _columns() -> str:
    """The columns of a .csv and fields of a .jsonl that ``prompts.prompt_list`` accepts."""
    request = [setting.column for setting in REQUEST_SETTINGS]
    finishing = [
        setting.name if setting.column == setting.name else f"{setting.column} (or {setting.name})"
        for name, setting in FINISHING_SETTINGS.items()
        if name not in ("size", "metres")
    ]
    asked = [
        "prompt",
        "name",
        "count (or variants)",
        "for",
        *request,
        "image (or image_front, image_url)",
    ]
    asked += ["image_back, image_left, image_right (or views)"]
    asked += ["param.NAME", "parameters (or params)"]
    sizes = ["longest", "height", "keep_size (or size and metres)"]
    return f"{', '.join(asked)}; {', '.join(sizes + finishing)}"


COLUMNS: Final = _columns()


def add_batch(command: argparse.ArgumentParser) -> None:
    """Add the options of ``batch``."""
    command.description = (
        "Makes every prop of a file that the library does not have yet. The same command goes on "
        "where it was, whatever has ended it. Ctrl-C once finishes what is at the gateway, twice "
        "ends at once; nothing that is paid for is lost."
    )
    command.epilog = (
        f"Columns of a .csv, and fields of a .jsonl: {COLUMNS}. An option of the command holds "
        "where a cell is empty. Columns whose name begins with # are for you alone, rows that "
        "begin with # are comments."
    )
    command.add_argument(
        "file",
        metavar="FILE",
        type=Path,
        help=".txt (a prompt a line), .csv or .tsv (with a header), .jsonl, .json (a list); - is "
        "standard input",
    )
    command.add_argument(
        "--format", choices=("txt", "csv", "jsonl"), help="(default: by the file's ending)"
    )
    command.add_argument(
        "--check",
        action="store_true",
        help="only check FILE, options, destinations, places, and whether there is a key: no "
        "connection, no cost, nothing written; exit code 0 or 2",
    )
    command.add_argument(
        "--dry-run", action="store_true", help="say what would be sent, and what it may cost"
    )
    command.add_argument(
        "--force",
        action="store_true",
        help="make again, and pay again for, what is done or may have been charged",
    )
    command.add_argument(
        "--again",
        action="store_true",
        help="make, and pay for, another prop where a changed row asks for another model; the old "
        "one is kept. What is free is applied without it",
    )
    add_row_selection(command)
    _running(command)
    _economy(command)
    _output(command)
    request_options(command)
    add_finishing(command)
    common_options(command)
    scene_options(command)


def _running(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("how it runs")
    group.add_argument(
        "--jobs",
        type=int,
        metavar="N",
        help=f"gateway calls at once ({DEFAULT_JOBS}, or what is set in Blender)",
    )
    processes_option(group)
    group.add_argument(
        "--shard",
        metavar="I/N",
        help="only this part of the file: N machines with one shared library make it together",
    )
    group.add_argument(
        "--rate",
        type=number,
        metavar="N",
        help="requests a minute, of all shards together (as the gateway says)",
    )
    group.add_argument(
        "--max-cost",
        type=number,
        metavar="DOLLARS",
        help="begin nothing that would take this run beyond it; exit code 3 then. For the whole "
        "list: with --shard I/N each shard keeps to its Nth part",
    )
    group.add_argument(
        "--give-up-after",
        metavar="TIME",
        default="1h",
        help="how long to wait for a gateway that cannot be reached: 90s, 30m, 2h (1h)",
    )
    group.add_argument(
        "--retry",
        type=int,
        metavar="N",
        default=RETRIES,
        help=f"how often a failed prop is tried again that costs nothing more for it ({RETRIES})",
    )
    group.add_argument(
        "--grace",
        metavar="TIME",
        help="after Ctrl-C or SIGTERM, finish what is under way for so long, and stop it then, to "
        "go on later: 90s, 30m, 2h (as long as it takes)",
    )
    wait_option(group, "once nothing else is left, wait for props that other processes are making")
    group.add_argument(
        "--max-failures",
        type=int,
        metavar="N",
        help="begin nothing more after N failed props; each shard counts its own",
    )
    group.add_argument(
        "--stop-on-error",
        action="store_true",
        help="begin nothing more after the first failure, of this shard",
    )


def _economy(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group(
        "half the price, within a day",
        "The list goes to the gateway's Batch API in parts. The command waits for the answers; it "
        "may be ended at any time, and the same command, or `resume`, fetches them later. What a "
        "part brings no answer for is asked for by itself, at the full price.",
    )
    group.add_argument(
        "--economy", action="store_true", help="send the list through the gateway's Batch API"
    )
    group.add_argument(
        "--no-wait",
        action="store_true",
        help="with --economy: fetch what is there, send the rest and end; exit code 5 while "
        "answers are missing",
    )
    group.add_argument("--part-size", type=int, metavar="N", help="props in a part, 1 to 100 (100)")
    group.add_argument(
        "--poll", type=number, metavar="SECONDS", help="between two questions after a part (60)"
    )


def _output(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("what is written beside the library")
    group.add_argument(
        "--report", type=Path, metavar="FILE", help="add a JSON line for each item that ends"
    )
    group.add_argument(
        "--html", type=Path, metavar="FILE", help="one page with pictures, for any browser"
    )
    group.add_argument(
        "--contact-sheet", type=Path, metavar="FILE", help="all pictures on one .png or .jpg sheet"
    )
    group.add_argument(
        "--names",
        metavar="PATTERN",
        default="{id}",
        help="names of the exported files, of {id}, {slug}, {name}, {prompt}, {index}, {row}, "
        "{seed}, {model}, {date}, {key} and any column of the list, with formats such as "
        "{index:03} (default: {id}); a {name} or {prompt} that is too long is cut",
    )
    group.add_argument(
        "--prop-names",
        metavar="PATTERN",
        help="names of the props and their collections in Blender, of the same fields but {id} and "
        "{date} (default: from the list)",
    )
