# SPDX-License-Identifier: GPL-3.0-or-later
"""What the panel draws of pictures: costs, reasons, two or four beside each other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import pytest
from gateway import StandInGateway
from gateway import actions as do
from support import bpy_context
from support.blenders import newest_only
from support.bpy_context import trellis_ops
from support.layouts import Layout
from support.picture_sets import FILES, GENERATIONS
from support.rooms import Rooms

pytestmark = newest_only

PROMPT = "brass lantern"


@pytest.fixture(autouse=True)
def desk(rooms: Rooms, settings: Path, account: Any) -> Iterator[Any]:
    """A fresh desk that knows the list of models, and a prompt in the sidebar."""
    owner = rooms("ui.pictures.picture_desk").PictureDesk
    owner.end()
    bpy_context.properties().prompt = PROMPT
    trellis_ops.refresh_picture_models()
    yield owner.get()
    owner.end()


def sidebar(width: int = 320) -> Any:
    """The context of a sidebar of this width."""
    preferences = bpy_context.preferences()
    return SimpleNamespace(
        region=SimpleNamespace(width=width, height=900),
        preferences=SimpleNamespace(
            system=SimpleNamespace(ui_scale=1.0), ui_styles=preferences.ui_styles
        ),
        scene=bpy_context.scene(),
    )


def drawn(rooms: Rooms, width: int = 320, prompt: str = PROMPT) -> Layout:
    """The row in a sidebar of this width."""
    layout = Layout([])
    draw: Any = rooms("ui.pictures.picture_row").draw_pictures
    draw(layout, sidebar(width), bpy_context.properties(), prompt)
    return layout


def button(layout: Layout, operator: str) -> dict[str, Any]:
    (found,) = layout.named(f"trellis.{operator}")
    return found


def test_cost_is_on_each_button(rooms: Rooms, desk: Any) -> None:
    assert button(drawn(rooms, 400), "pictures")["text"] == "Pictures (about 1.2 ¢)"
    assert button(drawn(rooms, 270), "pictures")["text"] == "Pictures (1.2 ¢)"
    trellis_ops.pictures()
    layout = drawn(rooms, 400)
    assert button(layout, "more_like_this")["text"] == "More Like This (about 1.2 ¢)"
    assert button(layout, "pictures_again")["text"] == "Again (about 1.2 ¢)"
    assert button(drawn(rooms, 230), "more_like_this")["text"] == "More Like This (1.2 ¢)"


def test_what_is_there_is_shown_for_nothing(rooms: Rooms, desk: Any) -> None:
    trellis_ops.pictures()
    while desk._tick() is not None:
        pass
    assert button(drawn(rooms), "pictures")["text"] == "Show Pictures"
    bpy_context.properties().pictures.count = 5
    assert "1.5 ¢" in button(drawn(rooms), "pictures")["text"]


def test_without_a_prompt_the_button_is_disabled(rooms: Rooms, desk: Any) -> None:
    assert button(drawn(rooms, prompt=""), "pictures")["layout"]["enabled"] is False
    assert button(drawn(rooms), "pictures")["layout"]["enabled"] is True


@pytest.mark.parametrize(("width", "columns"), [(200, 2), (260, 2), (320, 2), (460, 4)])
def test_pictures_are_readable(rooms: Rooms, desk: Any, width: int, columns: int) -> None:
    trellis_ops.pictures()
    layout = drawn(rooms, width)
    (grid,) = [row for row in layout.rows if row["call"] == "grid_flow"]
    assert grid["columns"] == columns
    found = layout.named("trellis.choose_picture")
    assert [row["set"]["number"] for row in found] == [1, 2, 3, 4]
    assert all(row["layout"]["scale_y"] >= 3.4 for row in found), "in units of 20 pixels"


def test_chosen_picture_is_marked(rooms: Rooms, desk: Any) -> None:
    trellis_ops.pictures()
    trellis_ops.choose_picture(number=3)
    found = drawn(rooms).named("trellis.choose_picture")
    assert [row["depress"] for row in found] == [False, False, True, False]
    assert not any(row["depress"] for row in drawn(rooms, prompt="a well").named("trellis.choose"))
    assert drawn(rooms, prompt="a well").says(f"Of: {PROMPT}")
    assert not drawn(rooms).says(f"Of: {PROMPT}")


def test_generate_says_from_which_picture(rooms: Rooms, desk: Any, group: Any) -> None:
    said = rooms("ui.generate.prompt_panel")._generate_words

    def words(group: Any) -> Any:
        return said(bpy.context, group)

    assert words(group) == "Generate"
    trellis_ops.pictures(count=2)
    trellis_ops.choose_picture(number=2)
    assert words(group) == "Generate from Picture 2"
    group.count = 3
    assert words(group) == "Generate 3 from Picture 2"
    group.count = 1
    trellis_ops.pictures_again()
    assert words(group) == "Generate from Picture", "which is not in sight"
    assert drawn(rooms).says("Earlier picture 2")
    group.prompt = "a well"
    assert words(group) == "Generate"


def test_failure_has_its_next_step_in_place(
    rooms: Rooms, stand_in: StandInGateway, desk: Any
) -> None:
    stand_in.script.on(GENERATIONS, do.status(402), times=None)
    with pytest.raises(RuntimeError):
        trellis_ops.pictures()
    layout = drawn(rooms)
    assert layout.says(desk.trouble.message)
    assert layout.says(desk.trouble.next_step)
    trellis_ops.dismiss_pictures()
    assert not drawn(rooms).named("trellis.dismiss_pictures")


def test_missing_pictures_have_a_button(
    rooms: Rooms, stand_in: StandInGateway, desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms("job.pictures.make_pictures"), "WAITS", (0.0,))
    stand_in.script.on(FILES, do.status(404), times=None, after=2)
    with pytest.raises(RuntimeError):
        trellis_ops.pictures()
    layout = drawn(rooms)
    assert button(layout, "continue_pictures")["text"] == "Get 2 Missing"
    assert len(layout.named("trellis.choose_picture")) == 2


def test_menu_of_earlier_pictures_is_the_newest_first(rooms: Rooms, desk: Any) -> None:
    menu = rooms("ui.pictures.picture_panel").TRELLIS_MT_earlier_pictures
    layout = Layout([])
    menu.draw(SimpleNamespace(layout=layout), None)
    assert layout.says("Looking through the library")
    for prompt in ("stone well", PROMPT):
        trellis_ops.pictures(prompt=prompt, count=1)
    while desk._tick() is not None:
        pass
    layout = Layout([])
    menu.draw(SimpleNamespace(layout=layout), None)
    found = layout.named("trellis.earlier_pictures")
    assert [row["text"] for row in found] == [PROMPT, "stone well"]


def test_pictures_stay_where_they_are_while_the_prompt_is_written(
    rooms: Rooms, desk: Any, group: Any
) -> None:
    def above(prompt: str) -> int:
        group.prompt = prompt
        layout = Layout([])
        rooms("ui.generate.prompt_panel").draw_prompt(layout, sidebar(), group)
        calls = [row for row in layout.rows if row["call"] in ("label", "operator", "menu")]
        names = [row["given"][:1] for row in calls]
        return names.index(("trellis.pictures",))

    assert above("") == above("a well")
