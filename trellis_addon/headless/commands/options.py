# SPDX-License-Identifier: GPL-3.0-or-later
"""Defines the options of ``import``, ``export``, ``shot``, ``verify`` and ``clean``.

They are separate from the commands, whose modules need more libraries.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from ..console.finishing_options import add_finishing
from ..console.options import (
    export_options,
    for_option,
    json_option,
    library_options,
    online_option,
    processes_option,
    scene_options,
)
from ..console.shot_options import add_shot_settings

SHELLS: Final = ("bash", "zsh", "fish", "powershell")
"""The shells for which there are completions."""

_NAMES: Final = (
    "the files' names, of {id}, {slug}, {name}, {prompt}, {index}, {seed}, {model}, {date} and "
    "{key}, as for batch (default: {id})"
)


def add_import(command: argparse.ArgumentParser) -> None:
    """Add the options of ``import``."""
    command.add_argument(
        "paths",
        metavar="PATH|URL",
        nargs="+",
        help="meshes, folders with meshes, http(s) addresses of meshes or ZIP files",
    )
    online_option(command)
    processes_option(command)
    command.add_argument(
        "--force", action="store_true", help="import also what the library has already"
    )
    add_finishing(command)
    export_options(command, "what is written beside the library")
    # What `batch` writes as well, and an import does not.
    command.set_defaults(file=None, names="{id}", report=None, html=None, contact_sheet=None)
    scene_options(command)
    library_options(command)


def add_export(command: argparse.ArgumentParser) -> None:
    """Add the options of ``export``."""
    command.add_argument(
        "ids", metavar="ID", nargs="*", help="the prop's id, its beginning, or its name"
    )
    command.add_argument("--all", action="store_true", help="every prop that is ready")
    command.add_argument(
        "--formats", help="a list of glb, blend, fbx, obj, usd, usdz (default: glb)"
    )
    for_option(command, "take each prop as it is")
    command.add_argument(
        "--output", type=Path, metavar="DIR", help="is made; needed except with --for"
    )
    command.add_argument(
        "--names",
        metavar="PATTERN",
        default="{id}",
        help=_NAMES,
    )
    processes_option(command)
    library_options(command)


def add_shot(command: argparse.ArgumentParser) -> None:
    """Add the options of ``shot``."""
    command.description = (
        "Renders each prop in a studio, as one picture or as a turntable. What is there already "
        "and newer than its prop stays."
    )
    command.add_argument(
        "ids", metavar="ID", nargs="*", help="the prop's id, its beginning, or its name"
    )
    command.add_argument("--all", action="store_true", help="every prop that is ready")
    command.add_argument("--output", type=Path, metavar="DIR", required=True, help="is made")
    command.add_argument(
        "--again", action="store_true", help="also those that are newer than their prop"
    )
    command.add_argument(
        "--names",
        metavar="PATTERN",
        default="{id}",
        help=_NAMES,
    )
    add_shot_settings(command.add_argument_group("the shot"))
    library_options(command)


def add_completion(command: argparse.ArgumentParser) -> None:
    """Add the options of ``completion``."""
    command.add_argument("shell", choices=SHELLS, help="who reads the script")
    command.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="write the script there; Blender says a word of its own on standard output",
    )
    json_option(command)


def add_verify(command: argparse.ArgumentParser) -> None:
    """Add the options of ``verify``."""
    command.add_argument(
        "ids",
        metavar="ID",
        nargs="*",
        help="the prop's id, its beginning, or its name (default: all)",
    )
    library_options(command)


def add_clean(command: argparse.ArgumentParser) -> None:
    """Add the options of ``clean``."""
    command.add_argument("--yes", action="store_true", help="delete it; otherwise only said")
    library_options(command)
