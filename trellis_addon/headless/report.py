# SPDX-License-Identifier: GPL-3.0-or-later
"""``trellis report PATH...``: the reports of several shards or runs as one summary and one page."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from ..core.errors import InputError
from ..library.atomic import write_atomic
from ..preferences import read_settings
from .batch_sum import tell_sum
from .existing import existing_library
from .exit_codes import DONE
from .output import Output
from .report_lines import Line, merge, read_reports
from .report_page import write_page
from .report_pictures import Pictures


def report(options: argparse.Namespace, output: Output) -> int:
    """Run the command. That props have failed is what a report tells, and no failure of its own.

    :raises InputError: a report cannot be read or is none, there is no library of that name, or
        the page cannot be written.
    """
    lines = merge(read_reports(options.paths))
    if options.merged:
        content = "".join(f"{line.to_json()}\n" for line in lines).encode("utf-8")
        try:
            options.merged.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(options.merged, content)
        except OSError as error:
            raise _cannot_write(options.merged, error) from error
    if options.html:
        # Pictures are wished for: without a library that anybody has named there are none.
        named = options.library is not None
        library = existing_library(options).path if named else read_settings().library
        write_report(options.html, lines, options.title, library)
        output.say(f"Written: {options.html}")
    tell_sum(lines, output)
    return DONE


def write_report(target: Path, lines: Sequence[Line], heading: str, library: Path) -> None:
    """Write the page of merged lines.

    :param heading: empty: the library's name.
    :raises InputError: it cannot be written.
    """
    try:
        write_page(target, lines, heading or library.name, Pictures(library, len(lines)))
    except OSError as error:
        raise _cannot_write(target, error) from error


def _cannot_write(path: Path, error: OSError) -> InputError:
    reason = (error.strerror or str(error)).lower()
    return InputError(f"The report {path} cannot be written: {reason}", "Choose another place")
