# SPDX-License-Identifier: GPL-3.0-or-later
"""Registers ``blender --command trellis ...``, for an installed extension."""

from __future__ import annotations

from typing import Any, Final

import bpy

NAME: Final = "trellis"


class _Handle:
    """Keeps Blender's handle for unregistering: a leaked handle crashes bpy 4.2 and 4.5 at exit."""

    current: Any = None


def _execute(argv: list[str]) -> int:
    # Imported here, as Blender's start-up must not load what only the command line needs.
    from .cli import run_cli

    return run_cli(argv)


def register() -> None:
    """Register the command."""
    _Handle.current = bpy.utils.register_cli_command(NAME, _execute)


def unregister() -> None:
    """Unregister the command."""
    if _Handle.current is not None:
        bpy.utils.unregister_cli_command(_Handle.current)
        _Handle.current = None
