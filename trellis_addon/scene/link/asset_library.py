# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows the library folder in Blender's Asset Browser. Main thread; used after placing a prop.

Preferences belong to the user, so nothing is changed in ``register()``, and nothing is saved here.
Blender itself saves changes if Auto-Save Preferences is on, and asks otherwise.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any, Final

import bpy

from ...blender_context import preferences_of, window_manager_of

log = logging.getLogger(__name__)

NAME: Final = "Trellis"
IMPORT_METHOD: Final = "LINK"
"""This is set explicitly, as new libraries default to Pack since 5.0, which would copy each prop
into every file."""


def show_in_asset_browser(folder: Path) -> None:
    """Register the library and refresh open Asset Browsers. Never raises.

    A prop that was paid for and placed must not fail because of a list.
    """
    try:
        register_folder(folder)
        refresh_browsers()
    except (RuntimeError, OSError, ValueError, ReferenceError) as error:
        log.warning("the Asset Browser was not brought up to date: %s", error)


def register_folder(folder: Path) -> bool:
    """Add a folder to Blender's asset libraries, unless it is one already.

    A library with this path is left as it is, whatever its name. A library with our name whose
    folder no longer exists (as it was moved) gets the new path. Otherwise, a new one is made.

    :returns: whether the preferences were changed.
    """
    libraries: Any = preferences_of(bpy.context).filepaths.asset_libraries
    # Since 5.2, an entry may be a remote library instead of a folder.
    local = [entry for entry in libraries if not getattr(entry, "use_remote_url", False)]
    # The user may have renamed it, or have chosen another import method.
    if any(same_folder(entry.path, folder) for entry in local):
        return False
    moved = next((e for e in local if _is_our_name(e.name) and not _path(e.path).is_dir()), None)
    if moved is not None:
        moved.path = str(folder)
    else:
        entry = libraries.new(name=NAME, directory=str(folder))
        entry.import_method = IMPORT_METHOD
    # So that Blender saves the change, or asks about it, like a change by hand.
    preferences_of(bpy.context).is_dirty = True
    return True


def same_folder(written: str, folder: Path) -> bool:
    """Whether a path in the preferences is this folder, despite symbolic links and letter case."""
    if not written:
        return False
    paths = (_path(written), folder)
    one, other = (os.path.normcase(path.resolve()) for path in paths)
    return one == other


def _path(written: str) -> Path:
    return Path(bpy.path.abspath(written))


def _is_our_name(name: str) -> bool:
    """Whether a name is ``Trellis``, or ``Trellis.001``, as Blender names a second one."""
    stem, _, number = name.rpartition(".")
    return NAME in (name, stem if number.isdigit() else name)


def refresh_browsers() -> int:
    """Make every Asset Browser on the screen read its library again.

    :returns: the number of Asset Browsers.
    """
    count = 0
    for window in window_manager_of(bpy.context).windows:
        for area in window.screen.areas:
            space: Any = area.spaces.active
            if area.type != "FILE_BROWSER" or space.browse_mode != "ASSETS":
                continue
            # A browser that was never drawn has nothing to refresh, and 4.2 crashes on it.
            if space.params is None:
                continue
            with bpy.context.temp_override(window=window, area=area):
                bpy.ops.asset.library_refresh()
            count += 1
    return count
