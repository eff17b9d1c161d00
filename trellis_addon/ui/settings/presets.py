# SPDX-License-Identifier: GPL-3.0-or-later
"""Provides presets of all settings except the prompt, with Blender's own preset system.

They are stored where Blender stores its own: in ``presets/trellis`` in the user's scripts folder.
"""

from pathlib import Path
from typing import Any, Final

import bpy
from bl_operators.presets import AddPresetBase
from bl_ui.utils import PresetPanel

from ..common.class_registration import registering
from .finishing_properties import NAMES as FINISHING
from .model_properties import NAMES as MODEL
from .picture_properties import NAMES as PICTURES

FOLDER: Final = "trellis"
OWN: Final = ("count", "method", "where")


class TRELLIS_PT_presets(PresetPanel, bpy.types.Panel):
    """Keep settings under a name, and take them up again"""

    bl_idname = "TRELLIS_PT_presets"
    bl_label = "Trellis Presets"
    bl_space_type = "VIEW_3D"
    bl_region_type = "HEADER"
    preset_subdir = FOLDER
    preset_operator = "script.execute_preset"
    preset_add_operator = "trellis.add_preset"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw Blender's list, then the operators for the defaults of new files."""
        layout: Any = self.layout
        if has_presets():
            super().draw(context)
        else:
            draw_first(layout)
        layout.separator()
        layout.operator("trellis.save_defaults", icon="FILE_TICK")
        layout.operator("trellis.restore_factory", icon="LOOP_BACK")


def has_presets() -> bool:
    """Whether there are any presets. Without any, Blender's own list shows "Missing Paths"."""
    return any(any(Path(path).glob("*.py")) for path in bpy.utils.preset_paths(FOLDER))


def draw_first(layout: Any) -> None:
    """Draw the field for the first preset, as Blender draws it below its list."""
    layout.label(text="No presets yet")
    row = layout.row()
    row.operator_context = "EXEC_DEFAULT"
    manager: Any = bpy.context.window_manager
    row.prop(manager, "preset_name", text="")
    row.operator("trellis.add_preset", text="", icon="ADD").name = manager.preset_name


class TRELLIS_OT_add_preset(AddPresetBase, bpy.types.Operator):  # type: ignore[misc]
    """Keep the settings of model, prop and placing under a name, or remove such a preset"""

    bl_idname = "trellis.add_preset"
    bl_label = "Add Trellis Preset"
    bl_options = {"REGISTER", "INTERNAL"}
    # The same as in the base class, with the descriptions that it lacks.
    remove_name: bpy.props.BoolProperty(
        name="Remove by Name",
        description="Remove the preset of this name instead of adding one",
        options={"HIDDEN", "SKIP_SAVE"},
    )
    remove_active: bpy.props.BoolProperty(
        name="Remove Active",
        description="Remove the preset that was chosen last instead of adding one",
        options={"HIDDEN", "SKIP_SAVE"},
    )

    preset_menu = "TRELLIS_PT_presets"
    preset_subdir = FOLDER
    preset_defines: Final = ("trellis = bpy.context.scene.trellis",)
    preset_values: Final = (
        *(f"trellis.{name}" for name in OWN),
        *(f"trellis.model.{name}" for name in MODEL),
        *(f"trellis.finishing.{name}" for name in FINISHING),
        *(f"trellis.pictures.{name}" for name in PICTURES),
    )


def draw_presets(layout: Any) -> None:
    """Draw the button in a panel's header."""
    TRELLIS_PT_presets.draw_panel_header(layout)


CLASSES: Final = (TRELLIS_PT_presets, TRELLIS_OT_add_preset)


register, unregister = registering(CLASSES)
