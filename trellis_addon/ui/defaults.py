# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings that new files begin with: the sidebar's own, kept in the user's preferences.

What is kept is what a preset holds (:mod:`.presets`): no prompt, no image, nothing of a file. A
file in which anything is set keeps what it has.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any, Final

import bpy
from bpy.app.handlers import persistent

from ..preferences import stored
from .finishing import NAMES as FINISHING
from .generating import settings_in
from .model_settings import NAMES as MODEL
from .presets import OWN
from .registering import registering

log = logging.getLogger(__name__)

PARTS: Final = {"": OWN, "model": MODEL, "finishing": FINISHING}
"""Group by group, as in the JSON: the names of what is kept."""


def _groups(settings: Any) -> Iterator[tuple[str, Any, tuple[str, ...]]]:
    for part, names in PARTS.items():
        yield part, getattr(settings, part) if part else settings, names


def is_untouched(settings: Any) -> bool:
    """Whether nothing at all is set in a file's group."""
    if settings.reference or settings.prompt_text or settings.collection:
        return False
    words = any(settings.is_property_set(name) for name in ("prompt", "name", "use_text"))
    return not words and not any(
        group.is_property_set(name) for _, group, names in _groups(settings) for name in names
    )


def to_text(settings: Any) -> str:
    """What is other than the factory settings, as JSON; "" where nothing is."""
    found = {
        part: {
            name: getattr(group, name)
            for name in names
            if getattr(group, name) != group.bl_rna.properties[name].default
        }
        for part, group, names in _groups(settings)
    }
    changed = {part: values for part, values in found.items() if values}
    return json.dumps(changed, sort_keys=True) if changed else ""


def from_text(settings: Any, text: str) -> None:
    """Set what was kept. What this version does not know, or not like that, is left out."""
    try:
        kept = json.loads(text) if text else {}
    except ValueError as error:
        log.warning("The default settings in the preferences cannot be read: %s", error)
        return
    for part, group, names in _groups(settings):
        values = kept.get(part) if isinstance(kept, dict) else None
        for name, value in values.items() if isinstance(values, dict) else ():
            if name not in names:
                continue
            try:
                setattr(group, name, value)
            except (TypeError, ValueError, OverflowError) as error:
                log.warning("The default of %s cannot be used: %s", name, error)


def factory(settings: Any) -> None:
    """Everything that is kept, back to what the extension comes with."""
    for _, group, names in _groups(settings):
        for name in names:
            group.property_unset(name)


def _keep(context: bpy.types.Context, text: str) -> bool:
    """Write the preference, to be saved as Blender saves its preferences."""
    own = stored()
    if own is None:
        return False
    own.default_settings = text
    context.preferences.is_dirty = True
    return True


class _OnSettings:
    """What both operators need."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Needs a scene, and preferences to keep them in."""
        return context.scene is not None and stored() is not None


class TRELLIS_OT_save_defaults(_OnSettings, bpy.types.Operator):
    """Let new files begin with the settings of model, prop and placing as they are now"""

    bl_idname = "trellis.save_defaults"
    bl_label = "Save as Defaults"
    bl_options = {"REGISTER", "INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Into the preferences."""
        _keep(context, to_text(settings_in(context.scene)))
        self.report({"INFO"}, "New files begin with these settings")
        return {"FINISHED"}


class TRELLIS_OT_restore_factory(_OnSettings, bpy.types.Operator):
    """Forget the saved defaults, and set model, prop and placing back to what Trellis Props comes
    with. The prompt stays
    """

    bl_idname = "trellis.restore_factory"
    bl_label = "Restore Factory Settings"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """In the preferences and in this scene."""
        _keep(context, "")
        factory(settings_in(context.scene))
        return {"FINISHED"}


@persistent  # type: ignore[untyped-decorator]
def begin_file(*_of_the_file: Any) -> None:
    """A file was loaded, or Blender has started: scenes with nothing set get the defaults."""
    own = stored()
    if own is None or not own.default_settings:
        return
    for scene in bpy.data.scenes:
        if scene.library is None and is_untouched(settings_in(scene)):
            from_text(settings_in(scene), own.default_settings)


_register, _unregister = registering([TRELLIS_OT_save_defaults, TRELLIS_OT_restore_factory])


def register() -> None:
    """Register the operators, and watch for files."""
    _register()
    bpy.app.handlers.load_post.append(begin_file)


def unregister() -> None:
    """Take them back."""
    if begin_file in bpy.app.handlers.load_post:
        bpy.app.handlers.load_post.remove(begin_file)
    _unregister()
