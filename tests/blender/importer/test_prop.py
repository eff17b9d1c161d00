# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in a finished prop.blend: made by the background Blender, linked and looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from gateway.meshes import make_glb
from mathutils import Vector
from PIL import Image
from support import bpy_context
from support.glbs import Model, cube
from support.odd_files import stage
from support.rooms import KEY, PROMPT, Rooms, files_holding

NAME = "Weathered oak barrel, iron hoops"
Make = Callable[..., Any]


@dataclass(frozen=True)
class Box:
    """The world-space box around a collection's meshes, in metres."""

    low: Vector
    high: Vector

    @classmethod
    def of(cls, collection: Any) -> Box:
        bpy_context.scene().collection.children.link(collection)
        bpy_context.view_layer().update()
        points = []
        for obj in collection.all_objects:
            if obj.type == "MESH":
                points += [obj.matrix_world @ vertex.co for vertex in obj.data.vertices]
        low = [min(point[axis] for point in points) for axis in range(3)]
        high = [max(point[axis] for point in points) for axis in range(3)]
        return cls(Vector(low), Vector(high))


def load(blend: Path) -> Any:
    """Everything of a prop's file, appended into the open one; gives its only collection."""
    with bpy_context.libraries().load(str(blend), link=False) as (source, target):
        for kind in ("cameras", "lights", "speakers", "texts"):
            assert list(getattr(source, kind)) == [], kind
        # 5.0 and 5.1 keep the preview only in a file that was saved as a whole.
        if bpy.app.version[:2] not in ((5, 0), (5, 1)):
            assert list(source.scenes) == []
        target.collections = source.collections
    (collection,) = target.collections
    return collection


def assert_stands(collection: Any) -> Box:
    """On the ground, in the middle, longest side one metre."""
    box = Box.of(collection)
    size = box.high - box.low
    assert max(bpy_context.numbers(size)) == pytest.approx(1.0, abs=1e-3)
    assert box.low.z == pytest.approx(0.0, abs=1e-3)
    assert (box.low.x + box.high.x) / 2 == pytest.approx(0.0, abs=1e-3)
    assert (box.low.y + box.high.y) / 2 == pytest.approx(0.0, abs=1e-3)
    return box


def test_one_collection_named_after_the_prompt(barrel: Any) -> None:
    collection = load(barrel.blend)
    assert collection.name == NAME
    assert len(collection.children) == 0
    (obj,) = collection.objects
    assert (obj.name, obj.data.name, obj.type) == (NAME, NAME, "MESH")
    assert [slot.material.name for slot in obj.material_slots] == [NAME]


def test_real_size_on_the_ground(barrel: Any) -> None:
    collection = load(barrel.blend)
    assert_stands(collection)
    (obj,) = collection.objects
    assert tuple(obj.scale) == pytest.approx((1, 1, 1))
    assert tuple(obj.location) == pytest.approx((0, 0, 0))
    assert tuple(obj.rotation_euler) == pytest.approx((0, 0, 0))
    assert obj.rotation_mode == "XYZ"


def test_it_stands_upright(make: Make, tmp_path: Path) -> None:
    # glTF has Y up and Blender Z: a column along Y has to stand.
    folder, _ = make(tmp_path, cube((0.1, 4.0, 0.1)).pack())
    box = assert_stands(load(folder.blend))
    assert box.high.z == pytest.approx(1.0, abs=1e-3)


def test_marked_as_an_asset_with_its_provenance(barrel: Any, rooms: Rooms) -> None:
    collection = load(barrel.blend)
    data = collection.asset_data
    assert data is not None
    assert data.description == PROMPT
    assert data.author == rooms("core.identity").PRODUCT
    assert "Trellis" in [tag.name for tag in data.tags]
    if bpy.app.version >= (5, 2, 0):
        assert (data.use_preferred_import_method, data.preferred_import_method) == (True, "LINK")
    for holder in (data, collection):
        assert holder["trellis_id"] == barrel.id
        assert holder["trellis_prompt"] == PROMPT
        assert holder["trellis_model"] == "microsoft/trellis"
        assert holder["trellis_seed"] == 7
        assert holder["trellis_gateway"].startswith("http://127.0.0.1")
        assert holder["trellis_date"].endswith("Z")


def test_the_preview_is_the_picture(barrel: Any) -> None:
    preview = load(barrel.blend).preview
    assert preview is not None
    assert tuple(preview.image_size) == (256, 256)
    pixels: Any = np.empty(256 * 256 * 4, dtype=np.float32)
    preview.image_pixels_float.foreach_get(pixels)
    assert pixels.max() > 0.1


def test_pictures_are_inside(barrel: Any) -> None:
    load(barrel.blend)
    images = [image for image in bpy.data.images if image.source == "FILE"]
    assert len(images) == 2
    for image in images:
        assert image.name.startswith(NAME)
        found = Path(bpy.path.abspath(image.filepath, library=image.library))
        assert image.packed_file is not None or barrel.path in found.parents
        assert image.has_data or image.size[0] > 0
    assert sorted(tuple(image.size) for image in images) == [(32, 32), (64, 64)]


def test_thumbnail(barrel: Any) -> None:
    with Image.open(barrel.thumbnail) as picture:
        assert (picture.format, picture.mode, picture.size) == ("PNG", "RGBA", (256, 256))
        alpha = np.asarray(picture)[:, :, 3]
        colour = np.asarray(picture)[:, :, :3][alpha == 255]
    assert alpha.min() == 0
    assert alpha.max() == 255
    assert 0.1 < (alpha > 0).mean() < 0.9
    assert colour.std() > 5


def test_no_key_in_any_file(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIGATEWAY_API_KEY", KEY)
    make(tmp_path, make_glb(PROMPT, 0, 2000, 64))
    assert files_holding(tmp_path) == []
    assert files_holding(tmp_path, "sk-aig") == []


def test_cameras_and_lamps_are_left_out(make: Make, tmp_path: Path) -> None:
    folder, made = make(tmp_path, stage().pack())
    assert sorted(made.notes) == [
        "1 camera of the model left out",
        "1 light of the model left out",
    ]
    collection = load(folder.blend)
    assert {obj.type for obj in collection.all_objects} == {"MESH"}
    assert_stands(collection)


def test_several_parts_hang_from_one_object(make: Make, tmp_path: Path) -> None:
    model = Model()
    seat, leg = model.cube(), model.cube((0.1, 2.0, 0.1))
    model.show(
        model.node(mesh=seat, name="Seat", translation=[5, 1, 0]),
        model.node(mesh=leg, name="Leg", translation=[5, 0, 0]),
    )
    folder, made = make(tmp_path, model.pack(), prompt="stool")
    collection = load(folder.blend)
    assert_stands(collection)
    roots = [obj for obj in collection.all_objects if obj.parent is None]
    assert [root.name for root in roots] == ["Stool"]
    assert {obj.name for obj in collection.all_objects} == {"Stool", "Stool Seat", "Stool Leg"}
    assert made.prop["triangles"] == 24


def test_mirrored_part_faces_outward(make: Make, tmp_path: Path) -> None:
    model = cube()
    model.document["nodes"][0]["scale"] = [-1, 1, 1]
    folder, _ = make(tmp_path, model.pack())
    (obj,) = load(folder.blend).objects
    middle = Vector((0, 0, 0.5))
    outward = [(p.center - middle).dot(p.normal) > 0 for p in obj.data.polygons]
    assert all(outward)


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("椅子", "椅子"),
        ("große Stühle für alle", "Große Stühle für alle"),
        ("🪑 chair", "🪑 chair"),
        ("椅子" * 60, "椅子" * 9),
    ],
)
def test_name_in_any_language(make: Make, tmp_path: Path, prompt: str, name: str) -> None:
    folder, made = make(tmp_path / "bücher 椅子", cube().pack(), prompt=prompt)
    collection = load(folder.blend)
    assert collection.name == name
    assert collection.name == made.prop["collection"]
    assert collection.asset_data.description == prompt


def test_a_name_of_its_own(make: Make, tmp_path: Path) -> None:
    folder, _ = make(tmp_path, cube().pack(), name="Tavern stool")
    collection = load(folder.blend)
    assert collection.name == "Tavern stool"
    assert collection.asset_data.description == PROMPT


def test_same_prop_twice_in_one_process(make: Make, tmp_path: Path) -> None:
    # Nothing of the first is left in the process that makes the second.
    for _ in range(2):
        folder, made = make(tmp_path, make_glb(PROMPT, 0, 2000, 64))
        assert made.prop["collection"] == NAME
        assert (made.prop["materials"], made.prop["images"]) == (1, 2)
        assert load(folder.blend).objects[0].data.materials[0].name.startswith(NAME)


def test_what_the_record_gets(make: Make, tmp_path: Path) -> None:
    _, made = make(tmp_path, cube((2.0, 1.0, 0.5)).pack())
    assert made.prop["size_metres"] == pytest.approx([1.0, 0.25, 0.5], abs=1e-3)
    assert made.prop["triangles"] == 12
    assert made.prop["blender"] == ".".join(map(str, bpy.app.version))
    assert made.notes == ()
