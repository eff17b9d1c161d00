# SPDX-License-Identifier: GPL-3.0-or-later
"""From the prompt to pictures, and from the chosen one to a prop, against the stand-in, which
counts what is paid for.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest
from gateway import Gate, StandInGateway
from gateway import actions as do
from support import bpy_context
from support.blenders import newest_only
from support.bpy_context import trellis_ops
from support.picture_sets import EDITS, FILES, GENERATIONS, ONE_A_CALL
from support.rooms import KEY, Rooms, props

pytestmark = newest_only

SUBMIT = "POST /v1/3d/generations"
PROMPT = "brass lantern"


@pytest.fixture(autouse=True)
def desk(
    rooms: Rooms, settings: Path, account: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """A fresh desk, and a prompt in the sidebar."""
    monkeypatch.setattr(rooms("job.pictures.make_pictures"), "WAITS", (0.0,))
    owner = rooms("ui.pictures.picture_desk").PictureDesk
    owner.end()
    bpy_context.properties().prompt = PROMPT
    yield owner.get()
    owner.end()


def paid(stand_in: StandInGateway) -> int:
    return len(stand_in.payments)


def settle(desk: Any) -> None:
    """Let the timer tick until it turns itself off."""
    while desk._tick() is not None:
        pass


def part(rooms: Rooms, name: str) -> Any:
    return rooms(f"ui.pictures.{name}")


def pictures_of(library: Path) -> list[str]:
    return sorted(path.parent.name for path in library.glob("pictures/*/pictures.json"))


# --- prompt, pictures, prop


def test_prompt_four_pictures_one_chosen_and_the_prop_of_it(
    settings: Path, stand_in: StandInGateway, desk: Any, group: Any
) -> None:
    assert trellis_ops.pictures() == {"FINISHED"}
    assert [number for number, _ in desk.shown.pictures] == [1, 2, 3, 4]
    assert paid(stand_in) == 1
    assert trellis_ops.choose_picture(number=2) == {"FINISHED"}
    assert trellis_ops.generate() == {"FINISHED"}
    assert paid(stand_in) == 2
    (sent,) = stand_in.requests_to(SUBMIT)
    picture = desk.shown.path(2).read_bytes()
    assert sent.json["image_url"].endswith(base64.b64encode(picture).decode())
    (folder,) = props(settings)
    record = json.loads((folder / "prop.json").read_text("utf-8"))
    assert record["reference"] == {"file": "reference.png", "set": desk.shown.id, "number": 2}
    assert (folder / "reference.png").read_bytes() == picture
    placed = [obj for obj in bpy_context.scene().objects if obj.instance_collection]
    assert [obj.name for obj in placed] == ["Brass lantern"]


def test_script_says_prompt_and_number(stand_in: StandInGateway, desk: Any, group: Any) -> None:
    assert trellis_ops.pictures(prompt="stone well", count=2) == {"FINISHED"}
    assert [number for number, _ in desk.shown.pictures] == [1, 2]
    (asked,) = stand_in.requests_to(GENERATIONS)
    assert asked.json["n"] == 2
    assert asked.json["prompt"] == f"stone well, {group.pictures.suffix}"
    assert group.prompt == PROMPT, "the sidebar's own stays"
    trellis_ops.choose_picture(number=1)
    assert group.prompt == "stone well", "but the picture is made into a prop with its own"


def test_settings_are_sent(stand_in: StandInGateway, group: Any) -> None:
    own = group.pictures
    own.suffix, own.model, own.count = "as a clay model", ONE_A_CALL, 2
    assert trellis_ops.pictures() == {"FINISHED"}
    asked = stand_in.requests_to(GENERATIONS)[-1].json
    assert (asked["prompt"], asked["model"]) == ("brass lantern, as a clay model", ONE_A_CALL)


def test_picture_is_for_its_own_prompt_alone(
    settings: Path, stand_in: StandInGateway, group: Any
) -> None:
    trellis_ops.pictures(count=1)
    trellis_ops.choose_picture(number=1)
    trellis_ops.generate(prompt="small vase")
    group.prompt = "stone well"
    trellis_ops.generate()
    assert stand_in.requests_to(SUBMIT) == (), "neither had a picture"
    group.prompt = PROMPT
    trellis_ops.generate()
    assert len(stand_in.requests_to(SUBMIT)) == 1


def test_chosen_picture_that_is_gone_is_told_before_anything_is_sent(
    settings: Path, stand_in: StandInGateway, desk: Any
) -> None:
    trellis_ops.pictures(count=1)
    trellis_ops.choose_picture(number=1)
    desk.shown.path(1).unlink()
    with pytest.raises(RuntimeError, match="There is no picture 1"):
        trellis_ops.generate()
    assert paid(stand_in) == 1
    assert props(settings) == []


# --- paid for once


def test_second_click_shows_what_is_there(stand_in: StandInGateway, desk: Any) -> None:
    trellis_ops.pictures()
    first = desk.shown
    trellis_ops.clear_pictures()
    assert desk.shown is None
    assert trellis_ops.pictures() == {"FINISHED"}
    assert desk.shown == first
    assert paid(stand_in) == 1


def test_click_while_pictures_are_made_begins_nothing(
    rooms: Rooms, stand_in: StandInGateway, desk: Any, group: Any
) -> None:
    gate = Gate()
    stand_in.script.on(GENERATIONS, do.hold(gate))
    trellis_ops.refresh_picture_models()
    begin(rooms, desk)
    assert gate.reached.wait(60)
    with pytest.raises(RuntimeError, match="Pictures are being made"):
        trellis_ops.pictures()
    for name in ("more_like_this", "pictures_again", "continue_pictures", "clear_pictures"):
        with pytest.raises(RuntimeError, match="poll"):
            getattr(trellis_ops, name)()
    gate.release()
    settle(desk)
    assert desk.report.good
    assert len(desk.shown.pictures) == 4
    assert paid(stand_in) == 1


def begin(rooms: Rooms, desk: Any, **more: Any) -> None:
    """Begin as the click in a window does, which does not wait."""
    wish = part(rooms, "picture_wish").wish_of(bpy_context.properties())._replace(**more)
    desk.ask(wish, rooms("preferences").read_settings())


def test_again_and_more_like_this_are_new_sets(
    settings: Path, stand_in: StandInGateway, desk: Any
) -> None:
    trellis_ops.pictures(count=2)
    first = desk.shown
    trellis_ops.pictures_again()
    second = desk.shown
    trellis_ops.earlier_pictures(set_id=first.id)
    trellis_ops.pictures_again()
    third = desk.shown
    assert len({first.id, second.id, third.id}) == 3, "never one that was there before"
    contents = {path.read_bytes() for each in (first, second, third) for _, path in each.pictures}
    assert len(contents) == 6
    assert paid(stand_in) == 3
    trellis_ops.choose_picture(number=2)
    assert trellis_ops.more_like_this() == {"FINISHED"}
    (edit,) = stand_in.requests_to(EDITS)
    assert third.path(2).read_bytes() in edit.body
    assert desk.shown.is_like
    assert paid(stand_in) == 4
    assert len(pictures_of(settings)) == 4


@pytest.mark.parametrize("fault", [do.cut_at(0), do.cut_at(40, reset=True)])
def test_lost_answer_is_not_paid_for_again(stand_in: StandInGateway, desk: Any, fault: Any) -> None:
    stand_in.script.on(GENERATIONS, fault)
    with pytest.raises(RuntimeError, match="They may have been made and charged"):
        trellis_ops.pictures()
    assert desk.shown.missing == (1, 2, 3, 4)
    assert trellis_ops.pictures() == {"FINISHED"}
    assert len(desk.shown.pictures) == 4
    assert desk.trouble is None
    assert paid(stand_in) == 1


def test_failure_leaves_the_pictures_that_were_there(stand_in: StandInGateway, desk: Any) -> None:
    trellis_ops.pictures(count=1)
    first = desk.shown
    stand_in.script.on(GENERATIONS, do.cut_at(0))
    with pytest.raises(RuntimeError, match="They may have been made and charged"):
        trellis_ops.pictures_again()
    assert desk.shown == first
    assert trellis_ops.pictures_again() == {"FINISHED"}
    assert desk.shown.again == 1, "the one that was paid for"
    assert paid(stand_in) == 2


def test_missing_pictures_are_fetched_without_paying(stand_in: StandInGateway, desk: Any) -> None:
    stand_in.script.on(FILES, do.status(404), times=None, after=2)
    with pytest.raises(RuntimeError, match="The download link no longer works"):
        trellis_ops.pictures()
    assert desk.trouble is not None
    assert desk.shown.missing == (3, 4)
    stand_in.script.clear()
    assert trellis_ops.continue_pictures() == {"FINISHED"}
    assert desk.shown.missing == ()
    assert desk.trouble is None
    assert paid(stand_in) == 1
    with pytest.raises(RuntimeError, match="All pictures are here"):
        trellis_ops.continue_pictures()


def test_next_start_takes_earlier_pictures_up(
    rooms: Rooms, settings: Path, stand_in: StandInGateway, desk: Any, group: Any
) -> None:
    """A Blender that ends while pictures are made, and one that begins afterwards."""
    trellis_ops.pictures(prompt="stone well", count=1)
    gate = Gate()
    stand_in.script.on(FILES, do.hold(gate), times=None, after=1)
    begin(rooms, desk)
    assert gate.reached.wait(60)
    gate.release()
    rooms("ui.pictures.picture_desk").PictureDesk.end()
    again: Any = rooms("ui.pictures.picture_desk").PictureDesk.get()
    assert not again.shown
    again.notice(rooms("preferences").read_settings())
    settle(again)
    assert [each.prompt for each in again.sets] == [PROMPT, "stone well"], "the newest first"
    assert trellis_ops.earlier_pictures(set_id=again.sets[0].id) == {"FINISHED"}
    if again.shown.missing:
        assert trellis_ops.continue_pictures() == {"FINISHED"}
    assert len(again.shown.pictures) == 4
    assert paid(stand_in) == 2


# --- without blocking


def test_list_of_models_is_asked_for_in_the_background(
    rooms: Rooms, stand_in: StandInGateway, desk: Any, account: Any
) -> None:
    begin(rooms, desk)
    assert desk.busy
    assert stand_in.requests_to("POST") == (), "the model is not known yet"
    account.wait()
    settle(desk)
    assert desk.report.good
    assert paid(stand_in) == 1
    cents = part(rooms, "picture_reasons").cents_of(desk.shown.model)
    assert cents == pytest.approx(0.3), "the cheapest that tells its price"


def test_no_list_of_models_is_told(
    rooms: Rooms, stand_in: StandInGateway, desk: Any, account: Any
) -> None:
    stand_in.script.on("GET /v1/models", do.status(401), times=None)
    begin(rooms, desk)
    account.wait()
    settle(desk)
    assert not desk.report.good
    assert desk.trouble.status == 401
    assert not desk.busy
    assert paid(stand_in) == 0


def test_cancelled_job_stops_and_says_whether_it_may_be_billed(
    rooms: Rooms, stand_in: StandInGateway, desk: Any, group: Any
) -> None:
    gate = Gate()
    stand_in.script.on(GENERATIONS, do.hold(gate))
    group.pictures.model = ONE_A_CALL
    begin(rooms, desk)
    assert gate.reached.wait(60)
    assert trellis_ops.cancel_pictures() == {"FINISHED"}
    assert desk.cancelling
    gate.release()
    settle(desk)
    assert not desk.busy
    assert desk.note == "Perhaps charged: see your account"
    with pytest.raises(RuntimeError, match="No pictures are being made"):
        trellis_ops.cancel_pictures()


# --- reasons and limits


def test_reasons_are_told(
    rooms: Rooms,
    settings: Path,
    own: Any,
    desk: Any,
    group: Any,
    account: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def reason(prompt: str = PROMPT) -> str:
        found = part(rooms, "picture_reasons").reason_against(group, prompt)
        return str(found.facts.message) if found else ""

    assert reason() == ""
    assert reason("") == "Describe the prop first"
    group.prompt = ""
    kind: Any = bpy.types
    tells = kind.TRELLIS_OT_pictures.description
    nothing = type("Properties", (), {"prompt": ""})
    assert tells(bpy.context, nothing) == "Describe the prop first"
    assert "cost nothing" in tells(bpy.context, type("Properties", (), {"prompt": "a well"}))
    for name in ("pictures_again", "continue_pictures"):
        with pytest.raises(RuntimeError, match="There are no pictures in the panel"):
            getattr(trellis_ops, name)()
    with pytest.raises(RuntimeError, match="Choose a picture first"):
        trellis_ops.more_like_this()
    with pytest.raises(RuntimeError, match="No picture is chosen"):
        trellis_ops.unchoose_picture()
    monkeypatch.delenv("AIGATEWAY_API_KEY")
    assert reason() == "There is no API key for the gateway"
    monkeypatch.setenv("AIGATEWAY_API_KEY", KEY)
    monkeypatch.setenv("AIGATEWAY_BASE_URL", "https://gateway.example/v1")
    assert reason() == "Blender is not allowed to go online"


def test_limit_of_the_day_holds(
    rooms: Rooms, stand_in: StandInGateway, own: Any, desk: Any, group: Any, account: Any
) -> None:
    own.daily_limit = 0.01
    trellis_ops.refresh_picture_models()
    found = part(rooms, "picture_reasons").reason_against(group, PROMPT)
    assert "Your cost limit of this day is reached" in found.facts.message
    with pytest.raises(RuntimeError, match="Your cost limit of this day is reached"):
        trellis_ops.pictures()
    assert paid(stand_in) == 0
    assert desk.trouble.kind == "cost_limit"
    group.pictures.count = 3
    assert trellis_ops.pictures() == {"FINISHED"}, "0.9 of 1 cent"
    assert paid(stand_in) == 1


# --- settings


def test_settings_go_back_to_their_defaults(group: Any) -> None:
    with pytest.raises(RuntimeError, match="Everything is at its default"):
        trellis_ops.reset_pictures()
    default = group.pictures.suffix
    group.pictures.suffix, group.pictures.count = "in clay", 7
    assert trellis_ops.reset_pictures() == {"FINISHED"}
    assert (group.pictures.suffix, group.pictures.count) == (default, 4)


def test_choice_is_kept_with_the_file_and_taken_back(
    rooms: Rooms, desk: Any, tmp_path: Path
) -> None:
    trellis_ops.pictures(count=1)
    trellis_ops.choose_picture(number=1)
    chosen = bpy_context.properties().pictures.chosen
    assert chosen == f"{desk.shown.id}:1"
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    bpy.ops.wm.read_homefile(use_empty=True)
    assert desk.shown is None, "another file begins without pictures"
    assert not bpy_context.properties().pictures.chosen
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))
    assert bpy_context.properties().pictures.chosen == chosen
    desk.notice(rooms("preferences").read_settings())
    settle(desk)
    shown = part(rooms, "picture_ops").shown_set(bpy.context)
    assert shown.id == chosen.partition(":")[0]
    assert trellis_ops.unchoose_picture() == {"FINISHED"}
    assert desk.shown == shown, "the pictures stay"
