# SPDX-License-Identifier: GPL-3.0-or-later
"""Implements ``trellis report PATH...``: merges the reports of several shards or runs."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from ...core.errors import InputError
from ...library.disk.atomic_files import write_atomic
from ...preferences import read_settings
from ..console.existing_library import existing_library
from ..console.exit_codes import DONE
from ..console.output import Output
from .lines import Line, merge, read_reports
from .page import write_page
from .pictures import FolderLinks, Pictures
from .summary import tell_sum


def report(options: argparse.Namespace, output: Output) -> int:
    """Run the command. Failed props in a report are not a failure of this command.

    :raises InputError: a report is unreadable or invalid, the library does not exist, or the page
        cannot be written.
    """
    lines = merge(read_reports(options.paths))
    if options.merged:
        content = "".join(f"{line.to_json()}\n" for line in lines).encode("utf-8")
        try:
            options.merged.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(options.merged, content)
        except OSError as error:
            raise _cannot_write(options.merged, error) from error
        output.written("report", options.merged)
    if options.html:
        # Pictures are optional: only a library that was named explicitly must exist.
        named = options.library is not None
        library = existing_library(options).path if named else read_settings().library
        write_report(options.html, lines, options.title, library)
        output.written("html", options.html)
        output.say(f"Written: {options.html}")
    tell_sum(lines, output)
    return DONE


def write_report(target: Path, lines: Sequence[Line], heading: str, library: Path) -> None:
    """Write the HTML page for merged lines.

    :param heading: empty: the library's name.
    :raises InputError: it cannot be written.
    """
    try:
        with Pictures(library, len(lines)) as pictures:
            links = FolderLinks(library, target)
            write_page(target, lines, heading or library.name, pictures, links)
    except OSError as error:
        raise _cannot_write(target, error) from error


def _cannot_write(path: Path, error: OSError) -> InputError:
    reason = (error.strerror or str(error)).lower()
    return InputError(f"The report {path} cannot be written: {reason}", "Choose another place")
