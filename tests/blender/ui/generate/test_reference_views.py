# SPDX-License-Identifier: GPL-3.0-or-later
"""Reference images of several sides: the slots of the panel, what is sent of them, what is kept."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import bpy
import pytest
from gateway import StandInGateway
from mathutils import Vector
from support import bpy_context
from support.bpy_context import trellis_ops
from support.rooms import Rooms, props

SIDES = {"front": 0.1, "back": 0.3, "left": 0.5, "right": 0.7}
"""The sides, and how grey their pictures are."""
JOBS = "POST /v1/3d/generations"


def grey(name: str, value: float) -> Any:
    """A small picture of one colour."""
    image: Any = bpy.data.images.new(name, 8, 8)
    image.pixels.foreach_set([value, value, value, 1.0] * 64)
    return image


@pytest.fixture
def slots(rooms: Rooms) -> Any:
    return rooms("ui.settings.reference_slots")


def fill(slots: Any, group: Any, *sides: str) -> None:
    for side in sides:
        slots.put_image(group, side, grey(f"Sketch {side}", SIDES[side]))


def greys(urls: list[str], folder: Path) -> list[float]:
    """How grey the sent pictures are."""
    found = []
    for number, url in enumerate(urls):
        file = folder / f"sent-{number}.png"
        file.write_bytes(base64.b64decode(url.partition(",")[2]))
        image: Any = bpy.data.images.load(str(file))
        found.append(round(image.pixels[0], 2))
    return found


def test_four_sides_are_sent_in_order_and_kept_with_the_prop(
    rooms: Rooms, settings: Path, stand_in: StandInGateway, group: Any, slots: Any, tmp_path: Path
) -> None:
    fill(slots, group, "right", "back", "front", "left")
    assert trellis_ops.generate(prompt="small vase") == {"FINISHED"}
    (request,) = stand_in.requests_to("POST")
    assert greys(request.json["image_url"], tmp_path) == [0.1, 0.3, 0.5, 0.7]
    (folder,) = props(settings)
    kept = sorted(path.name for path in folder.glob("reference*"))
    assert kept == [
        "reference.png",
        "reference_back.png",
        "reference_left.png",
        "reference_right.png",
    ]
    back: Any = bpy.data.images.load(str(folder / "reference_back.png"))
    assert round(back.pixels[0], 2) == 0.3


def test_front_alone_is_sent_as_before(
    settings: Path, stand_in: StandInGateway, group: Any, slots: Any
) -> None:
    fill(slots, group, "front")
    assert trellis_ops.generate(prompt="small vase") == {"FINISHED"}
    (request,) = stand_in.requests_to("POST")
    assert request.json["image_url"].startswith("data:image/png;base64,")


def test_sides_without_a_front_are_refused(
    settings: Path, stand_in: StandInGateway, group: Any, slots: Any
) -> None:
    fill(slots, group, "back")
    with pytest.raises(RuntimeError, match="The picture of the front is missing"):
        trellis_ops.generate(prompt="small vase")
    assert stand_in.requests == ()
    assert props(settings) == []


def test_images_come_back_with_the_settings(
    rooms: Rooms, settings: Path, group: Any, slots: Any, gallery: Any,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    uri = rooms("ui.settings.reference_image").data_uri
    front, back = (uri(grey(side, SIDES[side])) for side in ("front", "back"))
    folder = rooms.new_folder(
        settings, prompt="small vase", image_url=front, views=(("back", back),)
    )
    fill(slots, group, "left")
    assert trellis_ops.reuse_settings(prop_id=folder.id) == {"FINISHED"}
    assert slots.views_in(group) == ("front", "back")
    assert uri(group.reference_back) == back
    assert "choose it again" not in capfd.readouterr().out


def test_other_sides_are_removed_alone(group: Any, slots: Any) -> None:
    fill(slots, group, *SIDES)
    group.view = "LEFT"
    assert trellis_ops.remove_reference(further=True) == {"FINISHED"}
    assert slots.views_in(group) == ("front",)
    assert group.view == "FRONT"
    assert trellis_ops.remove_reference() == {"FINISHED"}
    assert slots.views_in(group) == ()


def test_dropped_file_goes_into_the_chosen_slot(group: Any, slots: Any, tmp_path: Path) -> None:
    image = grey("made", 0.4)
    image.file_format = "PNG"
    image.save(filepath=str(tmp_path / "left.png"))
    group.view = "LEFT"
    path = str(tmp_path / "left.png")
    assert trellis_ops.reference_from_file(filepath=path) == {"FINISHED"}
    assert slots.views_in(group) == ("left",)
    assert group.reference_left.name == "left.png"


def test_pictures_of_the_viewport_keep_those_of_other_sides(rooms: Rooms) -> None:
    module = rooms("ui.settings.reference_image")
    first = module.keep_as(grey("a", 0.1), module._named(module.FROM_VIEW, "front"))
    second = module.keep_as(grey("b", 0.3), module._named(module.FROM_VIEW, "back"))
    assert first.name == "Trellis Reference (Viewport)"
    assert second.name == "Trellis Reference (Viewport, Back)"
    assert round(first.pixels[0], 1) == 0.1


def test_panel_knows_from_the_library_that_a_model_takes_one(
    rooms: Rooms, settings: Path, account: Any, group: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with StandInGateway(triangles=2000, texture=64, pictures="one", endpoint="jobs") as gateway:
        monkeypatch.setenv("AIGATEWAY_BASE_URL", gateway.base_url)
        group.reference, group.reference_back = grey("f", 0.1), grey("b", 0.3)
        with pytest.raises(RuntimeError, match="takes one picture"):
            trellis_ops.generate(prompt="small vase")
        assert gateway.requests_to("POST") == ()
        account.notice(rooms("preferences").read_settings())
        account.look_at_library(rooms("preferences").read_settings())
        account.wait()
    assert account.picture_forms == {group.model.model: "one"}
    group.prompt = "small vase"
    reason = rooms("ui.generate.prompt_panel").reason_against
    assert reason(group, "small vase").facts.message == "This model takes one picture"
    assert trellis_ops.remove_reference(further=True) == {"FINISHED"}
    assert reason(group, "small vase") is None
    monkeypatch.setenv("AIGATEWAY_BASE_URL", "https://another.example.org")
    account.notice(rooms("preferences").read_settings())
    assert account.picture_forms == {}


# --- four sides of a blockout


def cube(location: tuple[float, float, float], size: tuple[float, float, float]) -> Any:
    bpy.ops.mesh.primitive_cube_add(size=1.0, location=location)
    obj: Any = bpy.context.object
    obj.scale = size
    bpy_context.view_layer().update()
    return obj


def seen_from(rooms: Rooms, side: str, corners: list[Vector], point: Vector) -> Vector:
    """Where a point is in the picture of a side: from -1 to 1 to the right, up, and away."""
    view, projection = rooms("ui.settings.four_views").matrices_of(side, corners)
    found: Vector = projection @ view @ point
    return found


def test_each_side_is_seen_as_in_blenders_own_views(rooms: Rooms) -> None:
    obj = cube((1.0, 2.0, 3.0), (2.0, 1.0, 0.5))
    corners = rooms("ui.settings.four_views").corners_of(bpy.context, [obj])
    centre = Vector((1.0, 2.0, 3.0))
    for side in SIDES:
        for corner in corners:
            seen = seen_from(rooms, side, corners, corner)
            inside = max(abs(seen.x), abs(seen.y), abs(seen.z)) < 1.0
            assert inside, "all of it is in the picture"
        up = seen_from(rooms, side, corners, centre + Vector((0.0, 0.0, 0.1)))
        assert up.y > 0.0
    right = {"front": (1, 0, 0), "back": (-1, 0, 0), "left": (0, -1, 0), "right": (0, 1, 0)}
    nearer = {"front": (0, -1, 0), "back": (0, 1, 0), "left": (-1, 0, 0), "right": (1, 0, 0)}
    for side in SIDES:
        middle = seen_from(rooms, side, corners, centre)
        assert abs(middle.x) < 1e-5
        assert seen_from(rooms, side, corners, centre + Vector(right[side]) / 10).x > 0.0
        assert seen_from(rooms, side, corners, centre + Vector(nearer[side]) / 10).z < middle.z


def test_all_sides_have_the_same_scale(rooms: Rooms) -> None:
    obj = cube((0.0, 0.0, 0.0), (4.0, 1.0, 1.0))
    corners = rooms("ui.settings.four_views").corners_of(bpy.context, [obj])
    tall = {
        side: seen_from(rooms, side, corners, Vector((0.0, 0.0, 0.5))).y
        for side in ("front", "left")
    }
    assert tall["front"] == pytest.approx(tall["left"])


def test_blockout_includes_children_and_instances_and_nothing_else(rooms: Rooms) -> None:
    module = rooms("ui.settings.four_views")
    base, child = cube((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)), cube((5.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    child.parent = base
    cube((0.0, 50.0, 0.0), (1.0, 1.0, 1.0))
    collection: Any = bpy.data.collections.new("Part")
    inside: Any = bpy.data.objects.new("inside", child.data)
    collection.objects.link(inside)
    instance: Any = bpy.data.objects.new("instance", None)
    instance.instance_type, instance.instance_collection = "COLLECTION", collection
    instance.location = (-5.0, 0.0, 0.0)
    bpy_context.scene().collection.objects.link(instance)
    bpy_context.view_layer().update()
    corners = module.corners_of(bpy.context, module._with_children([base, instance]))
    assert (min(c.x for c in corners), max(c.x for c in corners)) == (-5.5, 5.5)
    assert max(c.y for c in corners) == 0.5


def test_four_sides_need_a_window_and_a_selection(group: Any, slots: Any) -> None:
    assert not trellis_ops.reference_from_four.poll()
    cube((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    assert trellis_ops.reference_from_four.poll()
    with pytest.raises(RuntimeError, match="There is no 3D view here"):
        trellis_ops.reference_from_four()
    assert slots.views_in(group) == ()
