# SPDX-License-Identifier: GPL-3.0-or-later
"""Shortcuts that the user may assign, and the menus that an operator can be reached by."""

from __future__ import annotations

from typing import Any

import bpy
import pytest
from support import bpy_context
from support.rooms import Rooms


def entries() -> list[tuple[str, str]]:
    """Our entries in the add-ons' key configuration: operator and key."""
    config: Any = bpy_context.window_manager().keyconfigs.addon
    keymap = config.keymaps.get("3D View") if config else None
    items = keymap.keymap_items if keymap else []
    return sorted(
        (item.idname, item.type)
        for item in items
        if item.idname == "trellis.add" or getattr(item.properties, "name", "") == "TRELLIS_MT_pie"
    )


EXPECTED = [("trellis.add", "NONE"), ("wm.call_menu_pie", "NONE")]


def test_entries_have_no_key(rooms: Rooms) -> None:
    if bpy_context.window_manager().keyconfigs.addon is None:
        pytest.skip("this Blender has no key configuration in background mode")
    assert entries() == EXPECTED


def test_entries_are_taken_back(rooms: Rooms) -> None:
    module = rooms("ui.setup.keymap")
    before = entries()
    module.unregister()
    assert entries() == []
    assert not hasattr(bpy.types, "TRELLIS_MT_pie")
    module.register()
    assert entries() == before


class Recorder:
    """Takes what a menu draws: the operators' names."""

    def __init__(self) -> None:
        self.layout = self
        self.drawn: list[str] = []
        self.props: dict[str, str] = {}
        self.operator_context = ""

    def separator(self, **_: Any) -> None:
        """Nothing to remember."""

    def menu_pie(self) -> Recorder:
        return self

    def operator(self, name: str, **_: Any) -> Any:
        self.drawn.append(name)
        recorder = self

        class Properties:
            def __setattr__(self, key: str, value: str) -> None:
                recorder.props[f"{name}.{key}"] = value

        return Properties()


def test_pie_draws_operators_that_are_there(rooms: Rooms) -> None:
    recorder = Recorder()
    rooms("ui.setup.keymap").TRELLIS_MT_pie.draw(recorder, bpy.context)
    assert "trellis.add" in recorder.drawn
    assert 4 <= len(recorder.drawn) <= 8, "a pie has eight places"
    for name in recorder.drawn:
        assert hasattr(bpy.types, "TRELLIS_OT_" + name.partition(".")[2]), name


WANTED = {
    "trellis.show_prompt",
    "trellis.reuse_settings",
    "trellis.generate_again",
    "trellis.finish_again",
    "trellis.export_prop",
    "trellis.open_prop_folder",
    "trellis.delete_prop",
}

IN_MENU = {"ui.gallery.reuse_ops", "ui.gallery.finish_ops", "ui.place.library_ops"}
"""The modules that add to the Asset Browser's context menu."""


def entries_of_asset(rooms: Rooms, monkeypatch: pytest.MonkeyPatch, prop_id: str) -> Recorder:
    recorder = Recorder()
    for part in IN_MENU:
        module = rooms(part)
        monkeypatch.setattr(module, "chosen_prop", lambda _context: prop_id)
        for name, draw in module.MENUS:
            if name == "ASSETBROWSER_MT_context_menu":
                draw(recorder, bpy.context)
    return recorder


def test_context_menu_of_a_prop_in_the_asset_browser(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = entries_of_asset(rooms, monkeypatch, "small-vase-00000000")
    assert set(recorder.drawn) >= WANTED
    assert set(recorder.props.values()) == {"small-vase-00000000"}, "each is meant for this prop"
    assert entries_of_asset(rooms, monkeypatch, "").drawn == [], "nothing for other assets"


def test_context_menu_is_blenders(rooms: Rooms) -> None:
    menu = getattr(bpy.types, "ASSETBROWSER_MT_context_menu", None)
    assert menu is not None
    names = {function.__module__ for function in menu.draw._draw_funcs}
    assert {name.partition(".trellis_addon.")[2] for name in names} >= IN_MENU
