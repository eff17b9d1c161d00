# SPDX-License-Identifier: GPL-3.0-or-later
"""Our words in Blender's translation system. The bpy module has no languages, so there only the
tables are looked at; `tests/desktop` has a Blender that speaks.
"""

from __future__ import annotations

from typing import Any

import bpy
import pytest
from support import bpy_context
from support.rooms import Rooms


def tables(rooms: Rooms) -> dict[str, dict[tuple[str, str], str]]:
    found: dict[str, dict[tuple[str, str], str]] = rooms("ui.translation.translations").tables()
    return found


def has_tables(rooms: Rooms) -> bool:
    """Whether Blender has been given the tables."""
    return bool(rooms("ui.translation.translations")._Tables.given)


def test_all_languages_have_the_same_words(rooms: Rooms) -> None:
    found = tables(rooms)
    assert {"de_DE", "ja_JP", "zh_HANS"} <= set(found)
    keys = [set(table) for table in found.values()]
    assert all(each == keys[0] for each in keys)
    assert {context for context, _ in keys[0]} == {"*", "Operator"}


def test_labels_of_all_panels_are_translated(rooms: Rooms) -> None:
    own = {word for _, word in tables(rooms)["de_DE"]}
    blenders = {"Library", "Trellis", "Trellis Prop", "Prop Display", "View"}
    panels = [
        cls.bl_label
        for cls in bpy.types.Panel.__subclasses__()
        if cls.__module__.startswith(rooms.package) and cls.is_registered
    ]
    assert len(panels) > 5
    assert [label for label in panels if label and label not in own | blenders] == []


def test_registered_and_taken_back(rooms: Rooms) -> None:
    module = rooms("ui.translation.translations")
    for _ in range(2):
        module.unregister()
        module.register()


@pytest.mark.parametrize(
    ("locale", "needed"), [("", False), ("en_US", False), ("en_GB", False), ("de_DE", True)]
)
def test_languages_that_need_the_table(rooms: Rooms, locale: str, needed: bool) -> None:
    assert rooms("ui.translation.translations").needs_tables(locale) is needed


def test_english_does_not_read_the_table(rooms: Rooms) -> None:
    module = rooms("ui.translation.translations")
    module.unregister()
    module.rows.cache_clear()
    module.register()
    assert module.iface("Jobs")
    assert not has_tables(rooms)
    assert module.rows.cache_info().misses == 0


@pytest.mark.parametrize("ask", ["iface", "rpt", "register"])
def test_another_language_gets_the_table(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch, ask: str
) -> None:
    module = rooms("ui.translation.translations")
    assert not has_tables(rooms)
    with monkeypatch.context() as change:
        change.setattr(module, "needs_tables", lambda locale: True)
        if ask == "register":
            module.unregister()
            module.register()
        else:
            getattr(module, ask)("Jobs")
        assert has_tables(rooms)
        module.unregister()
        assert not has_tables(rooms)
    module.register()
    assert not has_tables(rooms)


def test_a_file_that_is_loaded_leaves_the_change_of_the_language_noticed(rooms: Rooms) -> None:
    module = rooms("ui.translation.translations")
    assert bpy.app.handlers.load_post[:].count(module._subscribe) == 1
    bpy.ops.wm.read_homefile(use_empty=True)
    assert bpy.app.handlers.load_post[:].count(module._subscribe) == 1
    module.unregister()
    assert module._subscribe not in bpy.app.handlers.load_post[:]
    module.iface("Jobs")
    assert not has_tables(rooms)
    module.register()


def test_german(rooms: Rooms) -> None:
    view: Any = bpy_context.preferences().view
    if not bpy.app.build_options.international:
        assert rooms("ui.translation.translations").iface("Generate {}") == "Generate {}"
        return
    before = view.language
    try:
        view.language = "de_DE"
        assert rooms("ui.translation.translations").iface("Generate {}") == "{} erzeugen"
        assert bpy.app.translations.pgettext_iface("Try Again", "Operator") == "Erneut versuchen"
    finally:
        view.language = before


def test_lines_without_spaces_are_broken(rooms: Rooms) -> None:
    wrapped = rooms("ui.common.texts").wrapped
    assert wrapped("ゲートウェイに送信", 40.0, lambda text: 10.0 * len(text)) == [
        "ゲートウ",
        "ェイに送",
        "信",
    ]
    assert wrapped("Key 網関", 40.0, lambda text: 10.0 * len(text)) == ["Key", "網関"]
    assert wrapped("over-long-word it", 40.0, lambda t: 10.0 * len(t)) == ["over-long-word", "it"]
