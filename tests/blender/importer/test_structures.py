# SPDX-License-Identifier: GPL-3.0-or-later
"""Any structure that a model may have, to a prop: what is kept, what is dropped and told."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from support import bpy_context
from support.glbs import Model, cube
from support.imp_making import NAME, JobFactory, box_of, picture_of, quick
from support.imp_models import (
    animated,
    dressed,
    egg,
    picture,
    rigged,
    shelf,
    sphere,
    two_scenes,
)
from support.odd_files import stage


@pytest.fixture
def shop(rooms: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobFactory:
    quick(rooms, monkeypatch)
    return JobFactory(rooms, tmp_path)


def test_nested_parts_keep_their_places(shop: JobFactory) -> None:
    made = shop.made(shop.write(shelf().pack()), size="received")
    roots = [obj for obj in made.collection.all_objects if obj.parent is None]
    assert [root.name for root in roots] == [NAME]
    assert len(made.meshes) == 3
    assert all(obj.name.startswith(NAME) for obj in made.collection.all_objects)
    assert len({obj.data for obj in made.meshes}) == 2  # the shared mesh is still shared
    # By hand: the board is 1 x 2 x 0.1 after the turn; the books reach from 0.7 to 2.3 in height.
    assert made.finished.size == pytest.approx((1.0, 2.0, 2.349), abs=2e-3)
    low, high = box_of(made.meshes)
    assert low[2] == pytest.approx(0, abs=1e-5)
    assert (low + high)[:2] == pytest.approx((0, 0), abs=1e-5)


def test_non_ascii_and_duplicate_names(shop: JobFactory) -> None:
    made = shop.made(shop.write(shelf().pack()), name="棚 für alles")
    names = [obj.name for obj in made.meshes]
    assert len(set(names)) == 3
    assert all(name.startswith("棚 für alles Ding 物") for name in names)
    assert all(len(name.encode()) < 64 for name in names)


def test_cameras_and_lights_are_dropped_and_told(shop: JobFactory) -> None:
    made = shop.made(shop.write(stage().pack()))
    assert {"1 camera of the model left out", "1 light of the model left out"} <= set(made.notes)
    assert len(bpy.data.cameras) == len(bpy.data.lights) == 0


def test_part_below_a_camera_stays(shop: JobFactory) -> None:
    model = stage()
    model.document["nodes"][1]["children"] = [model.node(mesh=0, translation=[0, 0, 1])]
    made = shop.made(shop.write(model.pack()), size="received")
    low, high = box_of(made.meshes)
    # glTF's z = 6 is Blender's y = -6: the whole is 7 m long.
    assert high - low == pytest.approx((1, 7, 1), abs=1e-4)


def test_animation_is_kept(shop: JobFactory) -> None:
    made = shop.made(shop.write(animated().pack()))
    (obj,) = made.meshes
    assert obj.animation_data
    assert [action.name for action in bpy.data.actions] == [f"{NAME} Rise"] or len(
        bpy.data.actions
    ) == 1
    assert all(action.name.startswith(NAME) for action in bpy.data.actions)
    scene, ends = bpy_context.scene(), []
    for frame in (0, scene.render.fps):
        scene.frame_set(frame)
        ends.append(box_of(made.meshes)[0][2])
    assert ends[1] - ends[0] == pytest.approx(2.0, abs=1e-3)


def test_armature_bends_the_mesh(shop: JobFactory) -> None:
    made = shop.made(shop.write(rigged().pack()))
    kinds = sorted(obj.type for obj in made.collection.all_objects)
    assert kinds.count("ARMATURE") == 1
    assert kinds.count("MESH") == 1
    (bones,) = bpy.data.armatures
    assert bones.name.startswith(NAME)
    scene, boxes = bpy_context.scene(), []
    for frame in (1, scene.render.fps):  # 1 is where a new scene stands
        scene.frame_set(frame)
        boxes.append(box_of(made.meshes))
    assert boxes[0][1][2] - boxes[0][0][2] == pytest.approx(1.0, abs=1e-3)
    assert np.abs(boxes[0][1] - boxes[1][1]).max() > 0.1
    assert boxes[0][0][2] == pytest.approx(0.0, abs=1e-3)


def test_decimation_leaves_the_pose_alone(shop: JobFactory) -> None:
    model = rigged()
    other = model.node(mesh=sphere(model, 12), translation=[2, 0, 0])
    model.document["scenes"][0]["nodes"].append(other)
    made = shop.made(shop.write(model.pack()), triangles=580)
    (bent,) = [obj for obj in made.meshes if obj.vertex_groups]
    upright = np.array([v.co for v in bent.data.vertices])
    assert np.ptp(upright, axis=0) == pytest.approx((1, 1, 2), abs=1e-5)
    assert [m.type for m in bent.modifiers] == ["ARMATURE"]


def test_no_material(shop: JobFactory) -> None:
    for model in (cube(), shelf()):
        made = shop.made(shop.write(model.pack()))
        assert made.notes == []
        assert made.finished.triangles >= 12


def test_vertex_colours_become_a_material(shop: JobFactory) -> None:
    made = shop.made(shop.write(egg(colours=True).pack()))
    (obj,) = made.meshes
    (material,) = [m for m in obj.data.materials if m]
    assert material.name == NAME
    kinds = {node.type for node in material.node_tree.nodes}
    assert kinds & {"VERTEX_COLOR", "ATTRIBUTE"}
    sheet = picture_of(made.collection, shop.folder / "x.png", shop.rooms)
    shown = sheet[sheet[..., 3] > 0.99][:, :3]
    assert shown.std(axis=0).min() > 0.03  # red, green and blue all vary


def test_no_uvs_and_several_uv_maps(shop: JobFactory) -> None:
    for count in (0, 1, 2, 3):
        made = shop.made(shop.write(egg(uvs=count).pack()))
        (obj,) = made.meshes
        assert len(obj.data.uv_layers) == count
        for index, layer in enumerate(obj.data.uv_layers):
            uv = np.empty(len(obj.data.loops) * 2, dtype=np.float32)
            layer.uv.foreach_get("vector", uv)
            # The second map is the first at half its size; V counts from the other end.
            width = np.ptp(uv.reshape(-1, 2), axis=0)
            assert width == pytest.approx((1 / (index + 1), 0.96 / (index + 1)), abs=1e-4)


def test_only_the_default_scene(shop: JobFactory) -> None:
    made = shop.made(shop.write(two_scenes().pack()), size="received")
    assert made.finished.size == pytest.approx((1, 1, 1))
    assert made.finished.triangles == 12
    assert made.notes == ["1 further scene of the model left out"]
    assert len(bpy.data.scenes) == 1


def test_a_file_without_a_scene_is_shown(shop: JobFactory) -> None:
    model = shelf()
    del model.document["scenes"], model.document["scene"]
    assert len(shop.made(shop.write(model.pack())).meshes) == 3


def test_one_triangle(shop: JobFactory) -> None:
    model = Model()
    corners = struct.pack("<9f", 0, 0, 0, 2, 0, 0, 0, 1, 0)
    place = model.accessor(corners, 5126, "VEC3", 3, min=[0, 0, 0], max=[2, 1, 0])
    model.document["meshes"] = [{"primitives": [{"attributes": {"POSITION": place}}]}]
    path = shop.write(model.show(model.node(mesh=0)).pack())
    facts, _ = shop.converted(path)
    assert facts["triangles"] == 1
    assert facts["size_metres"] == pytest.approx((1.0, 0.0, 0.5))
    assert (shop.folder / "prop.blend").is_file()
    assert (shop.folder / "thumbnail.png").is_file()


@pytest.mark.parametrize("rows", [224])
def test_many_triangles(shop: JobFactory, rows: int) -> None:
    # By hand with rows=708 as well: 2 million triangles.
    made = shop.made(shop.write(dressed(egg(rows), picture()).pack()), proxy=False)
    assert made.finished.triangles == 4 * rows * rows
    (obj,) = made.meshes
    assert len(obj.data.vertices) == 2 * rows * (rows + 1)  # welded at the seam
    assert not obj.data.has_custom_normals


def test_parts_that_two_materials_dress(shop: JobFactory) -> None:
    model = dressed(egg(), picture())
    model.document["materials"].append({"name": "Plain"})
    second = sphere(model, 8, offset=(2, 0, 0))
    primitive = model.document["meshes"].pop(second)["primitives"][0]
    model.document["meshes"][0]["primitives"].append(primitive | {"material": 1})
    made = shop.made(shop.write(model.pack()))
    (obj,) = made.meshes
    assert len(obj.data.materials) == 2
    worn = np.zeros(len(obj.data.polygons), dtype=np.int32)
    obj.data.polygons.foreach_get("material_index", worn)
    assert np.bincount(worn).tolist() == [4 * 144, 4 * 64]


@pytest.mark.parametrize("name", ["sparse", "quantized", "webp"])
def test_less_usual_data(shop: JobFactory, name: str) -> None:
    model = egg()
    if name == "webp":
        dressed(model, picture("WEBP"), "image/webp")
        model.document["textures"] = [{"extensions": {"EXT_texture_webp": {"source": 0}}}]
        model.document["extensionsUsed"] = ["EXT_texture_webp"]
    elif name == "sparse":
        moved = model.view(struct.pack("<3f", 0, 3, 0))
        places = model.view(struct.pack("<I", 0))
        model.document["accessors"][0]["sparse"] = {
            "count": 1,
            "indices": {"bufferView": places, "componentType": 5125},
            "values": {"bufferView": moved},
        }
    else:
        points = np.frombuffer(bytes(model.binary), "<f4", 25 * 13 * 3).reshape(-1, 3)
        padded = np.zeros((len(points), 4), "<i2")
        padded[:, :3] = np.round(points * 32767)
        view = model.view(padded.tobytes(), byteStride=8)
        model.document["accessors"][0] |= {
            "bufferView": view,
            "componentType": 5122,
            "normalized": True,
        }
        model.document["extensionsUsed"] = ["KHR_mesh_quantization"]
    model.document["extensionsRequired"] = model.document.get("extensionsUsed", [])
    made = shop.made(shop.write(model.pack()), size="received")
    height = {"sparse": 3.8}.get(name, 1.6)
    assert made.finished.size[2] == pytest.approx(height, abs=0.01)
    assert made.finished.triangles == 4 * 144
    if name == "webp":
        (image,) = [i for i in bpy.data.images if i.source == "FILE"]
        assert tuple(image.size) == (64, 64)
