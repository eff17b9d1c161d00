# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of ``batch``, apart from what it runs: that needs more libraries."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from .finishing import add_finishing
from .options import common_options, request_options, scene_options

COLUMNS: Final = (
    "prompt, name, seed, count (or variants), model, system, temperature, top_p, max_tokens, image "
    "(or image_url), param.NAME, parameters (or params); longest, height, keep_size (or size and "
    "metres), origin, up, merge (or merge_distance), shading, angle (or angle_degrees), triangles, "
    "lods, keep_alpha (or opaque), textures, texture_size (or texture_pixels), proxy, "
    "proxy_above_triangles, proxy_above_pixels"
)
"""Of a .csv, and fields of a .jsonl, as `core.batch_input` takes them."""


def add_batch(command: argparse.ArgumentParser) -> None:
    """The options of ``batch``."""
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
        help=".txt (a prompt a line), .csv (with a header), .jsonl; - is standard input",
    )
    command.add_argument(
        "--format", choices=("txt", "csv", "jsonl"), help="(default: by the file's ending)"
    )
    command.add_argument("--check", action="store_true", help="only say what is wrong with FILE")
    command.add_argument(
        "--dry-run", action="store_true", help="say what would be sent, and what it may cost"
    )
    command.add_argument(
        "--force",
        action="store_true",
        help="make again, and pay again for, what is done or may have been charged",
    )
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
        "--jobs", type=int, metavar="N", help="gateway calls at once (the preferences' number, 2)"
    )
    group.add_argument(
        "--shard",
        metavar="I/N",
        help="only this part of the file: N machines with one shared library make it together",
    )
    group.add_argument(
        "--rate",
        type=float,
        metavar="N",
        help="requests a minute, of all shards together (as the gateway says)",
    )
    group.add_argument(
        "--max-cost",
        type=float,
        metavar="DOLLARS",
        help="begin nothing that would take this run beyond it; exit code 3 then. For the whole "
        "list: with --shard I/N each shard keeps to its Nth part",
    )
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
        "--poll", type=float, metavar="SECONDS", help="between two questions after a part (60)"
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
        help="names of the exported files: {id}, {name}, {line}, {seed}, {key} (default: {id}); "
        "a {name} that is too long is cut",
    )
    group.add_argument("--quiet", action="store_true", help="say only what fails, and the sum")
