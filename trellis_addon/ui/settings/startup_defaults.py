# SPDX-License-Identifier: GPL-3.0-or-later
"""Stores the sidebar's settings for new files in the user's preferences.

These are the settings of a preset (:mod:`.presets`): no prompt, no image, nothing from the file. A
file in which anything is set keeps its settings.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import bpy
from bpy.app.handlers import persistent

from ...blender_context import OperatorResult, is_local, preferences_of
from ...preferences import stored
from ..common.class_registration import registering
from .finishing_properties import NAMES as FINISHING
from .model_properties import NAMES as MODEL
from .picture_properties import NAMES as PICTURES
from .presets import OWN
from .properties import settings_in

PARTS: Final = {"": OWN, "model": MODEL, "finishing": FINISHING, "pictures": PICTURES}
"""The names of the stored properties, by group, as in the JSON."""


def _groups(settings: Any) -> Iterator[tuple[str, Any, tuple[str, ...]]]:
    for part, names in PARTS.items():
        yield part, getattr(settings, part) if part else settings, names


def is_untouched(settings: Any) -> bool:
    """Whether nothing is set in a scene's group."""
    from .reference_slots import views_in

    if views_in(settings) or settings.prompt_text or settings.collection:
        return False
    words = any(settings.is_property_set(name) for name in ("prompt", "name", "use_text"))
    return not words and not any(
        group.is_property_set(name) for _, group, names in _groups(settings) for name in names
    )


def to_text(settings: Any) -> str:
    """The values that differ from the factory settings, as JSON; "" if there are none."""
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
    """Set stored values. Those that this version does not know or accept are skipped."""
    try:
        kept = json.loads(text) if text else {}
    except ValueError as error:
        from ..common.log_handlers import logger

        logger(__name__).warning(
            "The default settings in the preferences cannot be read: %s", error
        )
        return
    # The text may be from another version of the extension, so nothing about it is certain.
    for part, group, names in _groups(settings):
        values = kept.get(part) if isinstance(kept, dict) else None
        for name, value in values.items() if isinstance(values, dict) else ():
            if name not in names:
                continue
            try:
                setattr(group, name, value)
            except (TypeError, ValueError, OverflowError) as error:
                from ..common.log_handlers import logger

                logger(__name__).warning("The default of %s cannot be used: %s", name, error)


def factory(settings: Any) -> None:
    """Reset all stored properties to the extension's own defaults."""
    for _, group, names in _groups(settings):
        for name in names:
            group.property_unset(name)


def _keep(context: bpy.types.Context, text: str) -> bool:
    """Store the text in the preferences, which Blender saves as usual."""
    own = stored()
    if own is None:
        return False
    own.default_settings = text
    preferences_of(context).is_dirty = True
    return True


class _OnSettings:
    """The condition that both operators share."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Require a scene, and preferences in which the settings are stored."""
        return context.scene is not None and stored() is not None


class TRELLIS_OT_save_defaults(_OnSettings, bpy.types.Operator):
    """Let new files begin with the settings of model, prop and placing as they are now"""

    bl_idname = "trellis.save_defaults"
    bl_label = "Save as Defaults"
    bl_options = {"REGISTER", "INTERNAL"}

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Store the settings in the preferences."""
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

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """In the preferences and in this scene."""
        _keep(context, "")
        factory(settings_in(context.scene))
        return {"FINISHED"}


@persistent  # type: ignore[untyped-decorator]
def begin_file(*_of_the_file: Any) -> None:
    """Apply the defaults to scenes in which nothing is set, after Blender has loaded a file or its
    startup file.
    """
    own = stored()
    if own is None or not own.default_settings:
        return
    for scene in bpy.data.scenes:
        if is_local(scene) and is_untouched(settings_in(scene)):
            from_text(settings_in(scene), own.default_settings)


_register, _unregister = registering([TRELLIS_OT_save_defaults, TRELLIS_OT_restore_factory])


def register() -> None:
    """Register the operators, and apply the defaults whenever a file is loaded."""
    _register()
    bpy.app.handlers.load_post.append(begin_file)


def unregister() -> None:
    """Remove the handler, and unregister the operators."""
    if begin_file in bpy.app.handlers.load_post:
        bpy.app.handlers.load_post.remove(begin_file)
    _unregister()
