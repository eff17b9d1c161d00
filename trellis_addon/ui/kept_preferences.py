# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user has set in the preferences outlives disabling the extension.

Blender forgets an add-on's preferences when it is disabled (``addon_utils.disable`` removes their
entry, ``addon_utils.enable`` does when registering fails), and with them a key that the gateway
shows only once. So a copy is put into the extension's own user folder
(``bpy.utils.extension_path_user``), which Blender deletes when the extension is uninstalled. The
copy is there only while Blender has none: it is written when the entry is gone, never when Blender
quits or updates the extension, and removed as soon as the extension is enabled again.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Final

import bpy

from ..core.identity import ADDON_ID, ROOT
from ..preferences import stored

log = logging.getLogger(__name__)

FILE: Final = "preferences.json"
SOON: Final = 0.1
"""Seconds until it is seen whether Blender has dropped the preferences."""

Values = dict[str, Any]


class Kept:
    """What was set when the extension was unregistered last; gone with Blender's process."""

    values: ClassVar[Values] = {}


def path() -> Path | None:
    """Where the copy is, whether there is one or not; None where this is no installed extension."""
    try:
        return Path(bpy.utils.extension_path_user(ADDON_ID)) / FILE
    except ValueError:
        return None


def values_of(own: Any) -> Values:
    """What differs from the defaults, by the fields' names."""
    names = [p.identifier for p in own.bl_rna.properties if not p.is_readonly]
    return {n: getattr(own, n) for n in names if n != "bl_idname" and own.is_property_set(n)}


def keep(values: Values) -> None:
    """Write the copy, readable by this user alone. Never raises.

    On Windows the folder's own rights do that: it is inside the user's profile.
    """
    target = path()
    if target is None or not values:
        return
    part = target.with_name(f".{FILE}.{secrets.token_hex(4)}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        opened = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(opened, "w", encoding="utf-8") as file:
            json.dump(values, file)
        part.replace(target)
    except OSError as error:
        log.warning("The preferences are not kept: %s", error.strerror)
    finally:
        part.unlink(missing_ok=True)


def forget() -> None:
    """Remove the copy. Never raises."""
    Kept.values = {}
    try:
        if (target := path()) is not None:
            target.unlink(missing_ok=True)
    except OSError as error:
        log.warning("The kept preferences cannot be removed: %s", error.strerror)


def keep_if_dropped(values: Values) -> None:
    """Write the copy, unless Blender still has the preferences or the extension itself is gone."""
    dropped = ADDON_ID not in bpy.context.preferences.addons
    if dropped and (ROOT / "blender_manifest.toml").is_file():
        keep(values)


def _read() -> Values:
    target = path()
    try:
        found = json.loads(target.read_bytes()) if target and target.is_file() else {}
    except (OSError, ValueError) as error:
        log.warning("The kept preferences cannot be read: %s", type(error).__name__)
        found = {}
    return found if isinstance(found, dict) else {}


def register() -> None:
    """Put back what was set, where Blender has forgotten all of it."""
    own: Any = stored()  # the stubs do not know that it is an AddonPreferences
    if own is None:
        return
    found = {} if values_of(own) else Kept.values or _read()
    forget()
    known = {p.identifier for p in own.bl_rna.properties if not p.is_readonly}
    for name, value in found.items():
        try:
            if name in known and name != "bl_idname":
                setattr(own, name, value)
        except (TypeError, ValueError):  # another version's value
            log.warning("The kept value of %s is not used", name)
    if found:
        bpy.context.preferences.is_dirty = True  # so Blender saves it, as what is typed there


def unregister() -> None:
    """Remember what is set. It is written a moment later, when Blender has dropped it: quitting
    and updating unregister, too.
    """
    own = stored()
    Kept.values = values_of(own) if own else {}
    if Kept.values and not bpy.app.background:
        bpy.app.timers.register(
            partial(keep_if_dropped, Kept.values), first_interval=SOON, persistent=True
        )
