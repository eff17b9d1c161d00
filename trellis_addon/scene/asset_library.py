# SPDX-License-Identifier: GPL-3.0-or-later
"""The library folder in Blender's Asset Browser. Main thread; only when a prop has been placed.

Preferences belong to the user: nothing is changed in ``register()``, and nothing is saved here.
Blender itself saves what has changed when Auto-Save Preferences is on, and asks otherwise.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any, Final

import bpy

log = logging.getLogger(__name__)

NAME: Final = "Trellis"
IMPORT_METHOD: Final = "LINK"
"""Said explicitly: since 5.0 a new library packs, which would copy every prop into every file."""


def show_in_asset_browser(folder: Path) -> None:
    """Make the library known and have open Asset Browsers read it again. Never raises.

    A prop that was paid for and placed is not to fail for the sake of a list.
    """
    try:
        register_folder(folder)
        refresh_browsers()
    except (RuntimeError, OSError, ValueError, ReferenceError) as error:
        log.warning("the Asset Browser was not brought up to date: %s", error)


def register_folder(folder: Path) -> bool:
    """Have a folder among Blender's asset libraries, once.

    One with this path is left as the user has it, whatever its name. One of our name whose
    folder is gone (the library was moved) gets the new path. Else a new one is made.

    :returns: whether the preferences were changed.
    """
    libraries: Any = bpy.context.preferences.filepaths.asset_libraries
    local = [entry for entry in libraries if not getattr(entry, "use_remote_url", False)]
    if any(same_folder(entry.path, folder) for entry in local):
        return False
    moved = next((e for e in local if _is_our_name(e.name) and not _path(e.path).is_dir()), None)
    if moved is not None:
        moved.path = str(folder)
    else:
        entry = libraries.new(name=NAME, directory=str(folder))
        entry.import_method = IMPORT_METHOD
    bpy.context.preferences.is_dirty = True
    return True


def same_folder(written: str, folder: Path) -> bool:
    """Whether a path of the preferences is this folder, through links and letter case."""
    if not written:
        return False
    paths = (_path(written), folder)
    one, other = (os.path.normcase(path.resolve()) for path in paths)
    return one == other


def _path(written: str) -> Path:
    return Path(bpy.path.abspath(written))


def _is_our_name(name: str) -> bool:
    """``Trellis``, or the ``Trellis.001`` that Blender makes of a second one."""
    stem, _, number = name.rpartition(".")
    return NAME in (name, stem if number.isdigit() else name)


def refresh_browsers() -> int:
    """Have every Asset Browser on the screen read its library again.

    :returns: how many there were.
    """
    count = 0
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            space: Any = area.spaces.active
            if area.type != "FILE_BROWSER" or space.browse_mode != "ASSETS":
                continue
            # One that was never drawn has nothing to refresh, and 4.2 crashes on it.
            if space.params is None:
                continue
            with bpy.context.temp_override(window=window, area=area):
                bpy.ops.asset.library_refresh()
            count += 1
    return count
