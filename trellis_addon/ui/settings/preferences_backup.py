# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps the user's preferences while the extension is disabled.

Blender forgets an add-on's preferences when it is disabled (``addon_utils.disable`` removes their
entry, ``addon_utils.enable`` does when registering fails), and with them a key that the gateway
shows only once. So a copy is put into the extension's own user folder
(``bpy.utils.extension_path_user``), which Blender deletes when the extension is uninstalled. The
copy is there only while Blender has none: it is written when the entry is gone, never when Blender
quits or updates the extension, and removed as soon as the extension is enabled again.
"""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Final

import bpy

from ...blender_context import preferences_of
from ...core.identity import ADDON_ID, root
from ...preferences import stored

FILE: Final = "preferences.json"
SOON: Final = 0.1
"""The seconds after which it is checked whether Blender has dropped the preferences."""

Values = dict[str, Any]


class Kept:
    """The values at the last time when the extension was unregistered in this process."""

    values: ClassVar[Values] = {}


def path() -> Path | None:
    """The path of the copy, even if it does not exist; None if this is no installed extension."""
    try:
        return Path(bpy.utils.extension_path_user(ADDON_ID)) / FILE
    except ValueError:
        return None


def values_of(own: Any) -> Values:
    """The values that have been set, by their properties' names."""
    names = [p.identifier for p in own.bl_rna.properties if not p.is_readonly]
    return {n: getattr(own, n) for n in names if n != "bl_idname" and own.is_property_set(n)}


def keep(values: Values) -> None:
    """Write the copy, which only this user can read. Never raises.

    On Windows, the folder's permissions ensure that, as it is inside the user's profile.
    """
    import secrets

    from ...core.files import held_files

    target = path()
    if target is None or not values:
        return
    part = target.with_name(f".{FILE}.{secrets.token_hex(4)}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # The mode is set when the file is created, so that there is no moment when others can read
        # the key.
        opened = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(opened, "w", encoding="utf-8") as file:
            json.dump(values, file)
        held_files.replace(part, target, held_files.SOON_SECONDS)
    except OSError as error:
        from ..common.log_handlers import logger

        logger(__name__).warning("The preferences are not kept: %s", error.strerror)
    finally:
        held_files.discard(part)


def forget() -> None:
    """Remove the copy. Never raises."""
    Kept.values = {}
    try:
        if (target := path()) is not None and target.exists():
            from ...core.files import held_files

            held_files.remove(target, held_files.SOON_SECONDS)
    except OSError as error:
        from ..common.log_handlers import logger

        logger(__name__).warning("The kept preferences cannot be removed: %s", error.strerror)


def keep_if_dropped(values: Values) -> None:
    """Write the copy, unless Blender still has the preferences or the extension itself is gone."""
    dropped = ADDON_ID not in preferences_of(bpy.context).addons
    if dropped and (root() / "blender_manifest.toml").is_file():
        keep(values)


def _read() -> Values:
    target = path()
    try:
        found = json.loads(target.read_bytes()) if target and target.is_file() else {}
    except (OSError, ValueError) as error:
        from ..common.log_handlers import logger

        logger(__name__).warning("The kept preferences cannot be read: %s", type(error).__name__)
        found = {}
    return found if isinstance(found, dict) else {}


def register() -> None:
    """Restore the preferences, if Blender has forgotten all of them."""
    own: Any = stored()  # the stubs do not know that it is an AddonPreferences
    if own is None:
        return
    # Whatever Blender still has is newer than a copy.
    found = {} if values_of(own) else Kept.values or _read()
    forget()
    known = {p.identifier for p in own.bl_rna.properties if not p.is_readonly}
    for name, value in found.items():
        try:
            if name in known and name != "bl_idname":
                setattr(own, name, value)
        except (TypeError, ValueError):  # a value from another version
            from ..common.log_handlers import logger

            logger(__name__).warning("The kept value of %s is not used", name)
    if found:
        preferences_of(bpy.context).is_dirty = True  # so Blender saves it, as what is typed there


def unregister() -> None:
    """Remember the values. They are only written a moment later, once Blender has dropped them, as
    quitting and updating unregister the extension, too.
    """
    own = stored()
    Kept.values = values_of(own) if own else {}
    if Kept.values and not bpy.app.background:
        bpy.app.timers.register(
            partial(keep_if_dropped, Kept.values), first_interval=SOON, persistent=True
        )
