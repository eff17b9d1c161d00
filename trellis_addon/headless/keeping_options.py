# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of ``import``, ``export``, ``verify`` and ``clean``, apart from what they run."""

from __future__ import annotations

import argparse
from pathlib import Path

from .finishing import add_finishing
from .options import library_options, scene_options


def add_import(command: argparse.ArgumentParser) -> None:
    """The options of ``import``."""
    command.add_argument(
        "paths",
        metavar="PATH|URL",
        nargs="+",
        help="meshes, folders with meshes, http(s) addresses of meshes or ZIP files",
    )
    command.add_argument(
        "--online-mode",
        action="store_true",
        help="allow network access for this run where Blender's preferences are not read",
    )
    command.add_argument(
        "--processes", type=int, metavar="N", help="background Blenders at once (one a core)"
    )
    command.add_argument(
        "--force", action="store_true", help="import also what the library has already"
    )
    add_finishing(command)
    group = command.add_argument_group("what is written beside the library")
    group.add_argument(
        "--export", metavar="FORMATS", help="a list of glb, blend, fbx, obj, usd; into --output"
    )
    group.add_argument("--output", type=Path, metavar="DIR", help="the folder for --export")
    # What `batch` writes as well, and an import does not.
    command.set_defaults(file=None, names="{id}", report=None, html=None, contact_sheet=None)
    scene_options(command)
    library_options(command)


def add_export(command: argparse.ArgumentParser) -> None:
    """The options of ``export``."""
    command.add_argument("ids", metavar="ID", nargs="*", help="the prop's id: its folder's name")
    command.add_argument("--all", action="store_true", help="every prop that is ready")
    command.add_argument(
        "--formats", default="glb", help="a list of glb, blend, fbx, obj, usd (default: glb)"
    )
    command.add_argument("--output", type=Path, metavar="DIR", required=True, help="is made")
    command.add_argument(
        "--names",
        metavar="PATTERN",
        default="{id}",
        help="the files' names: {id}, {name}, {line}, {seed}, {key}, as for batch (default: {id})",
    )
    library_options(command)


def add_verify(command: argparse.ArgumentParser) -> None:
    """The options of ``verify``."""
    command.add_argument("ids", metavar="ID", nargs="*", help="the prop's id (default: all)")
    library_options(command)


def add_clean(command: argparse.ArgumentParser) -> None:
    """The options of ``clean``."""
    command.add_argument("--yes", action="store_true", help="delete it; otherwise only said")
    library_options(command)
