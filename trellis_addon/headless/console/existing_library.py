# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the library for commands that do not make one, so that a mistyped path is an error."""

from __future__ import annotations

import argparse
import os

from ...core.errors import InputError
from ...library.library import Library
from ...preferences import read_settings


def existing_library(options: argparse.Namespace) -> Library:
    """The library from the options, the environment or the preferences.

    :raises InputError: it does not exist, or is not a folder.
    """
    # Without this check, a mistyped path would look like an empty library.
    path = read_settings(library=options.library).library
    if not os.path.exists(path):
        raise InputError(
            f"There is no library in {path}", "Check --library; the first prop makes it"
        )
    if not os.path.isdir(path):
        raise InputError(f"The library {path} is not a folder", "Change --library")
    return Library(path)
