# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for ``trellis`` on a farm's machine: no Blender, no gateway, the real rest.

``batch FILE --shard I/N --library DIR --report FILE`` reads the file, takes claims, makes a folder
for each item and writes the report; each "sent" item adds a line to ``sent.txt`` beside it.
``report`` merges and writes the page without pictures.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from trellis_addon.core.batch_input import in_shard, read_batch, shard
from trellis_addon.core.events import State
from trellis_addon.headless.report_lines import Line, ReportFile, merge, read_reports
from trellis_addon.headless.report_page import write_page
from trellis_addon.library.claims import Claims
from trellis_addon.library.library import Library
from trellis_addon.library.record import now


def batch(options: argparse.Namespace) -> None:
    """One shard."""
    with options.file.open("rb") as source:
        items = read_batch(source, options.file.name).items
    index, count = shard(options.shard)
    library, told = Library(options.library), ReportFile(options.report)
    with Claims(options.library) as claims:
        for item in items:
            if not in_shard(item.key, index, count):
                continue
            line = Line(item.key, "skipped", item.line, item.request.prompt, shard=options.shard)
            claim = claims.take(item.key)
            if claim is None:
                told.add(line)
                continue
            with claim:
                folder = library.create(item.request, "http://127.0.0.1:9", "auto")
                claim.begin(folder.id)
                with options.library.with_name("sent.txt").open("ab", buffering=0) as sent:
                    sent.write(f"{item.key}\n".encode())
                folder.advance(State.READY)
                claim.done()
            told.add(replace(line, status="done", id=folder.id, time=now()))


def report(options: argparse.Namespace) -> None:
    """The page."""
    write_page(options.html, merge(read_reports([options.file])), "Farm", lambda _line: None)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=("batch", "report"))
    parser.add_argument("file", type=Path)
    for name in ("--shard", "--jobs"):
        parser.add_argument(name)
    for name in ("--library", "--report", "--html"):
        parser.add_argument(name, type=Path)
    options = parser.parse_args()
    (batch if options.command == "batch" else report)(options)


if __name__ == "__main__":
    main()
