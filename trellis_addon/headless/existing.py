# SPDX-License-Identifier: GPL-3.0-or-later
"""The library of a command that makes none: a mistyped folder is told, not taken for empty."""

from __future__ import annotations

import argparse
import os

from ..core.errors import InputError
from ..library.library import Library
from ..preferences import read_settings


def existing_library(options: argparse.Namespace) -> Library:
    """The library that the options, the environment or the preferences name.

    :raises InputError: there is none, or it is no folder.
    """
    path = read_settings(library=options.library).library
    if not os.path.exists(path):
        raise InputError(
            f"There is no library in {path}", "Check --library; the first prop makes it"
        )
    if not os.path.isdir(path):
        raise InputError(f"The library {path} is not a folder", "Change --library")
    return Library(path)
