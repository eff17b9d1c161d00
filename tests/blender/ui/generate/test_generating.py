# SPDX-License-Identifier: GPL-3.0-or-later
"""From the sidebar's settings to requests and places, against the stand-in."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import bpy
import pytest
from gateway import StandInGateway
from support import bpy_context
from support.bpy_context import trellis_ops
from support.rooms import Rooms, props

SUBMIT = "POST /v1/3d/generations"


@pytest.fixture
def own(own: Any, session: Any) -> Any:
    """The preferences, and a session that forgets what ended."""
    return own


@pytest.fixture
def picture() -> Any:
    """A wide red image with a transparent left half."""
    image: Any = bpy.data.images.new("Sketch", 2048, 512, alpha=True)
    image.pixels.foreach_set(([1.0, 0.0, 0.0, 0.0] * 1024 + [1.0, 0.0, 0.0, 1.0] * 1024) * 512)
    return image


def instances() -> list[Any]:
    return [obj for obj in bpy_context.scene().objects if obj.instance_collection]


def refused(words: str, **values: Any) -> None:
    with pytest.raises(RuntimeError, match=words):
        trellis_ops.generate(prompt="small vase", **values)
    assert instances() == []


def test_variants_have_their_seeds_and_places(
    settings: Path, stand_in: StandInGateway, group: Any
) -> None:
    group.count, group.finishing.metres = 3, 2.0
    group.model.use_seed, group.model.seed = True, 2**31 - 2
    bpy_context.scene().cursor.location = (1.0, 2.0, 3.0)
    assert trellis_ops.generate(prompt="small vase") == {"FINISHED"}
    sent = sorted(request.json["seed"] for request in stand_in.requests_to("POST"))
    assert sent == [0, 2**31 - 2, 2**31 - 1], "the seed goes round at its end"
    places = sorted(tuple(round(x, 4) for x in obj.location) for obj in instances())
    assert places == [(1.0, 2.0, 3.0), (3.5, 2.0, 3.0), (6.0, 2.0, 3.0)]
    assert len(props(settings)) == 3
    assert len({obj.instance_collection.library for obj in instances()}) == 3


@pytest.mark.parametrize(
    ("values", "where", "at"),
    [
        ({"where": "ORIGIN"}, {}, (0.0, 0.0, 0.0)),
        ({"where": "CURSOR"}, {}, (1.0, 2.0, 3.0)),
        ({"where": "ORIGIN"}, {"at": (4.0, 5.0, 6.0)}, (4.0, 5.0, 6.0)),
        ({"where": "CURSOR"}, {"at": (0.0, 0.0, 0.0)}, (0.0, 0.0, 0.0)),
    ],
)
def test_first_place(
    rooms: Rooms, group: Any, values: Any, where: Any, at: tuple[float, ...]
) -> None:
    bpy_context.scene().cursor.location = (1.0, 2.0, 3.0)
    group.where = values["where"]
    place = rooms("ui.jobs.start_jobs").first_place(group, where.get("at"))
    assert place.location == at
    assert place.scene == bpy_context.scene().name
    assert place.collection == ""


def test_collection(settings: Path, group: Any) -> None:
    shelf = bpy.data.collections.new("Shelf")
    bpy_context.scene().collection.children.link(shelf)
    group.collection = shelf
    assert trellis_ops.generate(prompt="small vase") == {"FINISHED"}
    assert [obj.instance_collection is not None for obj in shelf.objects] == [True]
    assert list(bpy_context.scene().collection.objects) == []


def test_collection_of_another_scene_is_not_taken(rooms: Rooms) -> None:
    module = rooms("scene.place.placing")
    other = bpy.data.scenes.new("Other")
    shelf = bpy.data.collections.new("Shelf")
    other.collection.children.link(shelf)
    assert module.target(other, "Shelf") == shelf
    assert module.target(bpy_context.scene(), "Shelf") != shelf
    assert module.target(other, "Nowhere") == module.target(other)


def test_prompt_from_a_text(settings: Path, stand_in: StandInGateway, group: Any) -> None:
    group.prompt = "small vase"
    assert trellis_ops.edit_prompt() == {"FINISHED"}
    assert group.use_text
    assert group.prompt_text.as_string() == "small vase"
    group.prompt_text.write("\n  with a  chipped rim\n")
    assert trellis_ops.generate() == {"FINISHED"}
    (request,) = stand_in.requests_to("POST")
    assert request.json["messages"][-1]["content"] == "small vase with a chipped rim"
    group.prompt_text = None
    with pytest.raises(RuntimeError, match="The prompt is empty"):
        trellis_ops.generate()


def test_recent_prompt_comes_back_into_the_field(group: Any) -> None:
    group.use_text = True
    assert trellis_ops.use_prompt(prompt="stone lantern") == {"FINISHED"}
    assert (group.prompt, group.use_text) == ("stone lantern", False)


def test_recent_prompts_are_the_newest_each_once(settings: Path, rooms: Rooms) -> None:
    gallery = rooms("ui.gallery_data.gallery").Gallery.get()
    for prompt in ("small vase", "stone lantern", "small vase"):
        rooms.new_folder(settings, prompt=prompt)
    gallery.look(settings)
    gallery.wait()
    found = list(rooms("ui.generate.prompt_panel").recent_prompts())
    assert sorted(found) == ["small vase", "stone lantern"]
    assert found[0] == "small vase"


def test_reference_image_goes_by_the_jobs_endpoint(
    settings: Path, stand_in: StandInGateway, group: Any, picture: Any, tmp_path: Path
) -> None:
    group.reference = picture
    assert trellis_ops.generate(prompt="small vase") == {"FINISHED"}
    (request,) = stand_in.requests_to("POST")
    assert request.path == "/v1/3d/generations"
    head, _, content = request.json["image_url"].partition(",")
    assert head == "data:image/png;base64"
    (tmp_path / "sent.png").write_bytes(base64.b64decode(content))
    sent: Any = bpy.data.images.load(str(tmp_path / "sent.png"))
    assert tuple(sent.size) == (1024, 256), "as much as the model looks at"
    pixels = list(sent.pixels)
    row = pixels[: 1024 * 4]
    assert row[3] == 0.0, "its alpha goes along, so that the ground is known"
    assert row[-4:] == [1.0, 0.0, 0.0, 1.0]
    assert tuple(picture.size) == (2048, 512), "the image itself stays as it is"
    assert {image.name for image in bpy.data.images} >= {"Sketch"}
    assert not [image for image in bpy.data.images if image.name.startswith("Sketch.")]


def test_reference_image_is_refused_with_the_chat_endpoint(
    settings: Path, stand_in: StandInGateway, group: Any, picture: Any, own: Any
) -> None:
    group.reference, own.endpoint = picture, "chat"
    refused("The chat endpoint takes no reference image. Remove the image, or set the endpoint")
    assert props(settings) == []
    assert stand_in.requests == ()


def test_reference_image_without_a_picture(
    settings: Path, stand_in: StandInGateway, group: Any, tmp_path: Path
) -> None:
    (tmp_path / "sketch.png").write_text("not a picture")
    group.reference = bpy.data.images.load(str(tmp_path / "sketch.png"))
    refused("The reference image sketch.png has no picture. Choose another, or remove it")
    assert stand_in.requests == ()


def test_render_result_that_is_not_there(rooms: Rooms) -> None:
    with pytest.raises(rooms("core.errors").InputError) as caught:
        rooms("ui.settings.reference_image").of_render()
    assert "F12" in caught.value.facts.sentence


def test_render_result_becomes_a_packed_image_of_its_own(rooms: Rooms) -> None:
    scene: Any = bpy_context.scene()
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    scene.collection.objects.link(camera)
    scene.camera = camera
    scene.render.engine, scene.cycles.samples = "CYCLES", 1
    scene.render.resolution_x, scene.render.resolution_y = 32, 16
    scene.render.image_settings.file_format = "OPEN_EXR"
    bpy.ops.render.render()
    image = rooms("ui.settings.reference_image").of_render()
    assert (image.name != "Render Result", tuple(image.size)) == (True, (32, 16))
    assert image.packed_file
    assert scene.render.image_settings.file_format == "OPEN_EXR"


def spend(rooms: Rooms, settings: Path, cents: float) -> None:
    """A prop of today that has cost so much, in the ledger."""
    module = rooms("library.record")
    folder = rooms.new_folder(settings)
    call = module.Call(endpoint="chat", time=module.now(), cost_cents=cents)
    origin = folder.read().origin.model_copy(update={"calls": (call,)})
    rooms("library.cost_ledger").Ledger(settings).note(folder.update(origin=origin))


def test_what_a_prop_costs_is_in_the_ledger_when_it_is_there(
    settings: Path, rooms: Rooms, stand_in: StandInGateway
) -> None:
    ledger = rooms("library.cost_ledger").Ledger(settings)
    assert trellis_ops.generate(prompt="small vase") == {"FINISHED"}
    assert ledger.spent() == pytest.approx(2.1)
    assert ledger.costs().last == {"microsoft/trellis": pytest.approx(2.1)}


def test_cost_limit_of_the_day(
    settings: Path, rooms: Rooms, stand_in: StandInGateway, own: Any
) -> None:
    spend(rooms, settings, 10.0)
    own.daily_limit = 0.1
    refused("Your cost limit of this day is reached")
    assert stand_in.requests == ()
    assert len(props(settings)) == 1, "nothing was begun"
    own.daily_limit = 1.0
    assert trellis_ops.generate(prompt="small vase") == {"FINISHED"}


def test_cost_limit_counts_all_variants_before_the_first_is_sent(
    settings: Path, rooms: Rooms, stand_in: StandInGateway, own: Any, group: Any
) -> None:
    spend(rooms, settings, 10.0)
    own.daily_limit, group.count = 0.35, 3
    refused("Your cost limit of this day is reached: 10 ¢ of 35 ¢ are spent")
    assert stand_in.requests == ()
    assert len(props(settings)) == 1
    assert rooms("ui.jobs.session").Session.get().running == []


def test_cost_limit_holds_on_the_command_line(
    settings: Path,
    rooms: Rooms,
    stand_in: StandInGateway,
    own: Any,
    capfd: pytest.CaptureFixture[str],
) -> None:
    spend(rooms, settings, 10.0)
    own.daily_limit = 0.1
    code = rooms("headless.blender_command")._execute(["generate", "small vase"])
    assert code == rooms("headless.console.exit_codes").exit_code("cost_limit")
    assert code != 0
    assert "Your cost limit of this day is reached" in capfd.readouterr().err
    assert stand_in.requests == ()
    assert len(props(settings)) == 1


def test_limit_makes_no_difference_to_what_costs_nothing(
    settings: Path, rooms: Rooms, own: Any, barrel: Any
) -> None:
    spend(rooms, settings, 10.0)
    own.daily_limit = 0.01
    assert trellis_ops.import_files(directory=str(barrel.path), files=[{"name": "model.glb"}]) == {
        "FINISHED"
    }
