# SPDX-License-Identifier: GPL-3.0-or-later
"""``trellis export ID...``: props of the library as files for other programs."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from ..core.errors import InputError
from ..core.events import State
from ..core.text import title
from ..library.library import Library
from ..library.record import PropRecord
from .batch_end import Exports, export_all, formats
from .existing import existing_library
from .exit_codes import INTERRUPTED
from .file_names import check_names
from .output import Output
from .report_lines import Line, Status
from .stopping import Signals


def export(options: argparse.Namespace, output: Output) -> int:
    """Run the command. Exit code 1 when one of the props could not be written.

    :raises InputError: there is no library, no such prop, or no such format.
    """
    if bool(options.ids) == options.all:
        raise InputError("Name the props to export, or all of them", "Give ids, or --all")
    check_names(options.names)
    wanted = Exports(formats(options.formats), options.output, options.names)
    library = existing_library(options)
    lines = list(_lines(library, options, output))
    output.say(f"{len(lines):,} to export into {options.output}")
    with Signals() as signals:
        code = export_all(lines, wanted, library.path, output, signals)
    return INTERRUPTED if signals.count else code


def _lines(library: Library, options: argparse.Namespace, output: Output) -> Iterator[Line]:
    if not options.all:
        for number, prop_id in enumerate(dict.fromkeys(options.ids), 1):
            yield line_of_prop(library.find(prop_id).read(), number)
        return
    number = 0
    for _, record in library.records(output.say):
        if record.state is State.READY:
            number += 1
            yield line_of_prop(record, number)


def line_of_prop(record: PropRecord, number: int, status: Status = "done") -> Line:
    """A prop that stands in no batch, as a line of one."""
    request = record.request
    seed = request.get("seed")
    return Line(
        key=record.id,
        status=status,
        line=number,
        id=record.id,
        name=title(str(request.get("name") or request.get("prompt") or record.id)),
        seed=seed if isinstance(seed, int) else None,
    )
