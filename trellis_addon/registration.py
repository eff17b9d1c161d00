# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that is made known to Blender, in one ordered tuple; taken back in reverse."""

from __future__ import annotations

from typing import Final

from . import preferences
from .headless import command
from .ui import (
    library_ops,
    menus,
    operators,
    overlay,
    panels,
    place_menus,
    place_ops,
    prop_ops,
    properties,
    session,
    surface_op,
)

PARTS: Final = (
    preferences,
    properties,
    session,
    operators,
    overlay,
    surface_op,
    place_ops,
    prop_ops,
    library_ops,
    panels,
    menus,
    place_menus,
    command,
)


def register() -> None:
    """Called by Blender when the extension is enabled. Imports no library, opens no socket."""
    for part in PARTS:
        part.register()


def unregister() -> None:
    """Called when it is disabled, and when Blender quits."""
    for part in reversed(PARTS):
        part.unregister()
