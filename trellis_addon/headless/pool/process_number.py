# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads ``--processes``: the number of background Blenders at once."""

from __future__ import annotations

import argparse

from ...core.errors import InputError
from ...importer.pipe.process_count import processes_here


def processes_of(options: argparse.Namespace, tasks: int) -> int:
    """The number of background Blenders for this number of props; at least one.

    :raises InputError: the number that was given is less than one.
    """
    check_processes(options)
    return max(1, min(options.processes or processes_here(), tasks))


def check_processes(options: argparse.Namespace) -> None:
    """Check the option before anything is done. :raises InputError: it is less than one."""
    if options.processes is not None and options.processes < 1:
        raise InputError("--processes must be 1 or more", "Correct it")
