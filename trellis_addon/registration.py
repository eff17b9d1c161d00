# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that is made known to Blender, in one ordered tuple; taken back in reverse."""

from __future__ import annotations

from typing import Final

from . import preferences
from .headless import command
from .ui import menus, operators, panels, properties, session

PARTS: Final = (preferences, properties, session, operators, panels, menus, command)


def register() -> None:
    """Called by Blender when the extension is enabled. Imports no library, opens no socket."""
    for part in PARTS:
        part.register()


def unregister() -> None:
    """Called when it is disabled, and when Blender quits."""
    for part in reversed(PARTS):
        part.unregister()
