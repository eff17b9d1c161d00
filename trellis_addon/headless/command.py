# SPDX-License-Identifier: GPL-3.0-or-later
"""Door 1: ``blender --command trellis ...`` with the extension installed."""

from __future__ import annotations

from typing import Any, Final

import bpy

NAME: Final = "trellis"


class _Handle:
    """Keeps what Blender gave, to give it back: a leaked one crashes bpy 4.2 and 4.5 at exit."""

    current: Any = None


def _execute(argv: list[str]) -> int:
    from .cli import run_cli

    return run_cli(argv)


def register() -> None:
    """Add the command."""
    _Handle.current = bpy.utils.register_cli_command(NAME, _execute)


def unregister() -> None:
    """Take it back."""
    if _Handle.current is not None:
        bpy.utils.unregister_cli_command(_Handle.current)
        _Handle.current = None
