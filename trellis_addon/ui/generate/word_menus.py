# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the menus below the prompt, with words for material, style and age that can be switched."""

from typing import Any, Final

import bpy

from ...blender_context import OperatorResult
from ...core.defaults import WORD_LISTS
from ...preferences import prompt_words
from ..common.class_registration import registering
from ..settings.properties import TrellisProperties, prompt_of, set_prompt, settings_in
from ..translation.translations import iface


def _draw_words(menu: bpy.types.Menu, context: bpy.types.Context) -> None:
    """Draw the words of the menu's list, checked if the prompt has them."""
    from ...core.prompt.prompt_words import has_words

    listed = next(each for each in WORD_LISTS if menu.bl_idname.endswith(each.name))
    prompt = prompt_of(settings_in(context.scene))
    layout: Any = menu.layout
    for words in prompt_words(listed):
        icon = "CHECKBOX_HLT" if has_words(prompt, words) else "CHECKBOX_DEHLT"
        button = layout.operator("trellis.prompt_words", text=words, icon=icon, translate=False)
        button.words = words
    layout.separator()
    layout.operator("trellis.preferences", text="Edit List...", icon="PREFERENCES")


class TRELLIS_MT_materials(bpy.types.Menu):
    """Add words for the material to the prompt, or remove them"""

    bl_idname = "TRELLIS_MT_materials"
    bl_label = "Material"
    draw = _draw_words


class TRELLIS_MT_styles(bpy.types.Menu):
    """Add words for the style to the prompt, or remove them"""

    bl_idname = "TRELLIS_MT_styles"
    bl_label = "Style"
    draw = _draw_words


class TRELLIS_MT_ages(bpy.types.Menu):
    """Add words for the age to the prompt, or remove them"""

    bl_idname = "TRELLIS_MT_ages"
    bl_label = "Age"
    draw = _draw_words


class TRELLIS_OT_prompt_words(bpy.types.Operator):
    """Add these words to the prompt, or remove them if it has them"""

    bl_idname = "trellis.prompt_words"
    bl_label = "Words in Prompt"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    words: bpy.props.StringProperty(
        name="Words", description="The words to add or to remove", options={"SKIP_SAVE"}
    )

    @classmethod
    def description(cls, context: bpy.types.Context, properties: Any) -> str:
        """Whether a click adds or removes them."""
        from ...core.prompt.prompt_words import has_words

        has = has_words(prompt_of(settings_in(context.scene)), properties.words)
        return iface("Remove from the prompt" if has else "Add to the prompt")

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Change the field, or the text if the prompt is one."""
        from ...core.prompt.prompt_words import has_words, with_words, without_words

        words = " ".join(self.words.split())
        if not words:
            return {"CANCELLED"}
        group = settings_in(context.scene)
        prompt = prompt_of(group)
        change = without_words if has_words(prompt, words) else with_words
        set_prompt(group, change(prompt, words))
        return {"FINISHED"}


def draw_word_menus(layout: Any, _group: TrellisProperties) -> None:
    """Draw the menus in one row."""
    row = layout.row(align=True)
    for listed in WORD_LISTS:
        row.menu(f"TRELLIS_MT_{listed.name}", text=listed.label)


CLASSES: Final = (
    TRELLIS_OT_prompt_words,
    TRELLIS_MT_materials,
    TRELLIS_MT_styles,
    TRELLIS_MT_ages,
)


register, unregister = registering(CLASSES)
