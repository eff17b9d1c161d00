# SPDX-License-Identifier: GPL-3.0-or-later
"""The words that the menus below the prompt switch, in the field and in a text."""

from __future__ import annotations

from typing import Any

import bpy
import pytest
from support.bpy_context import trellis_ops
from support.rooms import Rooms


def test_click_adds_and_the_next_one_removes(group: Any) -> None:
    group.prompt = "small vase"
    assert trellis_ops.prompt_words(words="glazed ceramic") == {"FINISHED"}
    assert group.prompt == "small vase, glazed ceramic"
    assert trellis_ops.prompt_words(words="cracked") == {"FINISHED"}
    assert trellis_ops.prompt_words(words="glazed ceramic") == {"FINISHED"}
    assert group.prompt == "small vase, cracked"
    assert trellis_ops.prompt_words(words=" ") == {"CANCELLED"}
    assert group.prompt == "small vase, cracked"


def test_prompt_in_a_text_is_changed_there(group: Any) -> None:
    group.prompt = "the field"
    text: Any = bpy.data.texts.new("Trellis Prompt")
    text.write("small vase\nwith a lid")
    group.use_text, group.prompt_text = True, text
    assert trellis_ops.prompt_words(words="brass") == {"FINISHED"}
    assert text.as_string().strip() == "small vase with a lid, brass"
    assert group.prompt == "the field"


def test_lists_are_those_of_the_preferences(rooms: Rooms, own: Any) -> None:
    lists = rooms("core.defaults").WORD_LISTS
    words = rooms("preferences").prompt_words
    assert "wrought iron" in words(lists[0])
    own.prompt_styles = "house style,  grim, grim"
    assert words(lists[1]) == ("house style", "grim")
    own.prompt_styles = ""
    assert words(lists[1]) == ()


@pytest.mark.parametrize("name", ["materials", "styles", "ages"])
def test_each_list_has_its_menu(rooms: Rooms, name: str) -> None:
    lists = rooms("core.defaults").WORD_LISTS
    menu = getattr(bpy.types, f"TRELLIS_MT_{name}")
    assert menu.bl_label in [each.label for each in lists if each.name == name]
