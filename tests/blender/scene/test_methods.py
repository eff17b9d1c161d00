# SPDX-License-Identifier: GPL-3.0-or-later
"""Link, Append, Append (Reuse Data) and Pack, in Blender's own sense."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import pytest
from support import bpy_context
from support.prop_files import write_prop
from support.rooms import Rooms

FIVE = bpy.app.version >= (5, 0, 0)
METHODS = ["LINK", "APPEND", "APPEND_REUSE", *(["PACK"] if FIVE else [])]
Place = Callable[..., Any]


@pytest.fixture
def place(rooms: Rooms) -> Place:
    """`place(blend, "LINK", location=(1, 2, 3))`."""
    module, methods = rooms("scene.place.placing"), rooms("scene.link.methods")

    def put(blend: Path, method: str, location: Any = (0.0, 0.0, 0.0)) -> Any:
        scene = bpy_context.scene().name
        return module.place(blend, module.Placement(scene, location, methods.Method(method)))

    return put


@pytest.fixture
def barrel_file(tmp_path: Path) -> Path:
    """A prop with a stand-in."""
    return write_prop(tmp_path / "library" / "barrel-12345678" / "prop.blend", proxy=True)


def names(kind: Any) -> list[str]:
    return sorted(data.name for data in kind if data.library is None)


def test_what_this_blender_offers(rooms: Rooms) -> None:
    items = rooms("ui.settings.setting_properties").method_items()
    assert [item[0] for item in items] == METHODS
    assert [item[1] for item in items][:3] == ["Link", "Append", "Append (Reuse Data)"]
    # A file keeps the number: it has to mean the same in every Blender.
    assert [item[4] for item in items] == list(range(len(METHODS)))
    methods, ops = rooms("scene.link.methods"), rooms("ui.place.prop_ops")
    assert [each.label for each in methods.Method if each.available] == [item[1] for item in items]
    assert [way[0] for way in ops.WAYS] == list(methods.EditMethod)
    assert [display[0] for display in ops.DISPLAYS] == list(methods.Display)
    pointer: Any = bpy.types.Scene.bl_rna.properties["trellis"]
    shown = pointer.fixed_type.properties["method"]
    assert [item.identifier for item in shown.enum_items] == ["PREFERENCES", *METHODS]
    meant = rooms("ui.setup.preferences_page").method_of
    assert meant(bpy_context.properties().method) is rooms("scene.link.methods").Method.LINK
    rooms("preferences").stored().method = "APPEND"
    assert meant("PREFERENCES") is rooms("scene.link.methods").Method.APPEND
    assert meant("LINK") is rooms("scene.link.methods").Method.LINK
    rooms("preferences").stored().property_unset("method")


@pytest.mark.parametrize("unknown", ["", "PACK" if not FIVE else "SOMETHING"])
def test_a_method_that_this_blender_does_not_know_is_link(rooms: Rooms, unknown: str) -> None:
    method = rooms("scene.link.methods").Method
    assert method.of(unknown) is method.LINK
    assert method.of("APPEND") is method.APPEND


def test_link_copies_share_one_library(barrel_file: Path, place: Place) -> None:
    first, second = place(barrel_file, "LINK"), place(barrel_file, "LINK", (3.0, 0.0, 0.0))
    assert first.instance_collection == second.instance_collection
    assert first.instance_collection.name == "Barrel"
    assert len(bpy.data.libraries) == 1
    assert names(bpy.data.meshes) == []


@pytest.mark.parametrize("method", METHODS)
def test_pictures_beside_the_file(tmp_path: Path, place: Place, method: str) -> None:
    folder = tmp_path / "barrel-12345678"
    blend = write_prop(folder / "prop.blend", proxy=True, beside=True)
    assert sorted(path.name for path in (folder / "textures").iterdir()) == [
        "Barrel base.png",
        "Barrel proxy base.png",
    ]
    for _ in range(2):
        place(blend, method)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    if method != "LINK":  # the file is to need nothing of the library
        shutil.rmtree(folder)
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))
    pictures = list(bpy.data.images)
    assert [(bool(p.packed_file), tuple(p.size)) for p in pictures] == [
        (method != "LINK", (4, 4))
    ] * len(pictures)
    wanted = {"LINK": 2, "PACK": 2, "APPEND": 2, "APPEND_REUSE": 1}
    assert len(pictures) == wanted[method]


def test_a_picture_that_is_gone_does_not_stop_it(tmp_path: Path, place: Place, caplog: Any) -> None:
    blend = write_prop(tmp_path / "barrel-12345678" / "prop.blend", beside=True)
    shutil.rmtree(blend.parent / "textures")
    for method in METHODS[1:]:
        assert place(blend, method) is not None
    assert len([r for r in caplog.records if "cannot be packed" in r.message]) == len(METHODS) - 2


def test_append_is_the_full_mesh_alone(barrel_file: Path, place: Place) -> None:
    lone = bpy.data.materials.new("The user's orphan")
    root = place(barrel_file, "APPEND", (1.0, 2.0, 3.0))
    collection = bpy.data.collections["Barrel"]
    assert root.name == "Barrel"
    assert tuple(root.location) == (1.0, 2.0, 3.0)
    assert list(collection.objects) == [root]
    assert not collection.children
    assert collection.asset_data is None
    assert not collection.use_fake_user
    assert root.visible_get()
    assert collection["trellis_id"] == "barrel-12345678"
    # Nothing of the stand-in is left, and nothing of the user's is gone.
    assert names(bpy.data.collections) == ["Barrel"]
    assert names(bpy.data.objects) == names(bpy.data.meshes) == ["Barrel"]
    assert names(bpy.data.materials) == ["Barrel", "The user's orphan"]
    assert names(bpy.data.images) == ["Barrel base"]
    assert lone.users == 0


def test_append_twice_gives_two_of_everything(barrel_file: Path, place: Place) -> None:
    first, second = (place(barrel_file, "APPEND") for _ in range(2))
    assert first.data != second.data
    assert first.data.materials[0] != second.data.materials[0]
    assert len(bpy.data.images) == 2


@pytest.mark.parametrize("before", ["APPEND", "APPEND_REUSE"])
def test_reuse_shares_the_data(barrel_file: Path, place: Place, before: str) -> None:
    first = place(barrel_file, before)
    second = place(barrel_file, "APPEND_REUSE", (3.0, 0.0, 0.0))
    assert first != second
    assert first.data == second.data
    assert first.location.x == 0.0
    assert second.location.x == 3.0
    assert names(bpy.data.meshes) == names(bpy.data.materials) == ["Barrel"]
    assert names(bpy.data.images) == ["Barrel base"]
    assert sorted(bpy.data.collections.keys()) == ["Barrel", "Barrel.001"]


def test_reuse_finds_its_data_in_a_saved_file(
    barrel_file: Path, place: Place, tmp_path: Path
) -> None:
    place(barrel_file, "APPEND_REUSE")
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))
    place(barrel_file, "APPEND_REUSE")
    assert names(bpy.data.meshes) == ["Barrel"]
    assert len(bpy_context.scene().objects) == 2


def test_reuse_gives_each_copy_its_own_rig(tmp_path: Path, place: Place) -> None:
    blend = write_prop(tmp_path / "robot-12345678" / "prop.blend", "Robot", rig=True)
    first, second = place(blend, "APPEND_REUSE"), place(blend, "APPEND_REUSE", (3.0, 0.0, 0.0))
    for rig in (first, second):
        (mesh,) = rig.children
        assert mesh.modifiers["Armature"].object == rig
        assert mesh.data.name == "Robot"
    assert first.data == second.data
    assert (first.location.x, second.location.x) == (0.5, 3.5)


def test_a_prop_that_was_finished_anew_is_not_shared(barrel_file: Path, place: Place) -> None:
    before = place(barrel_file, "APPEND_REUSE").data.name
    bpy.ops.wm.save_as_mainfile(filepath=str(barrel_file.parents[2] / "scene.blend"))
    write_prop(barrel_file, proxy=True, size=(3, 3, 3))
    bpy.ops.wm.open_mainfile(filepath=str(barrel_file.parents[2] / "scene.blend"))
    after = place(barrel_file, "APPEND_REUSE").data
    assert after != bpy.data.meshes[before]
    assert after.vertices[0].co.x == -1.5


@pytest.mark.skipif(os.name == "nt", reason="symbolic links need rights on Windows")
def test_by_another_path_it_is_the_same_library(
    barrel_file: Path, place: Place, tmp_path: Path
) -> None:
    (tmp_path / "mounted").symlink_to(barrel_file.parents[1], target_is_directory=True)
    first = place(barrel_file, "LINK")
    second = place(tmp_path / "mounted" / barrel_file.parent.name / "prop.blend", "LINK")
    assert first.instance_collection == second.instance_collection
    assert len(bpy.data.libraries) == 1


def test_two_props_of_one_name_share_nothing(tmp_path: Path, place: Place) -> None:
    one = write_prop(tmp_path / "barrel-00000001" / "prop.blend")
    other = write_prop(tmp_path / "barrel-00000002" / "prop.blend")
    first, second = place(one, "APPEND_REUSE"), place(other, "APPEND_REUSE")
    assert first.data != second.data
    assert len({place(blend, "LINK").instance_collection for blend in (one, other)}) == 2


@pytest.mark.skipif(not FIVE, reason="packed links came with 5.0")
def test_pack_needs_no_library(barrel_file: Path, place: Place, tmp_path: Path) -> None:
    first, second = place(barrel_file, "PACK"), place(barrel_file, "PACK", (3.0, 0.0, 0.0))
    assert first.instance_collection == second.instance_collection
    assert first.instance_collection.is_linked_packed
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    shutil.rmtree(barrel_file.parent)
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))
    (packed,) = {bpy_context.instanced(obj) for obj in bpy_context.scene().objects}
    assert not packed.is_missing
    assert {len(bpy_context.mesh(obj).polygons) for obj in packed.all_objects} == {6}


@pytest.mark.skipif(not FIVE, reason="packed links came with 5.0")
def test_pack_adds_packed_data_alone(tmp_path: Path, place: Place) -> None:
    blend = write_prop(tmp_path / "barrel-12345678" / "prop.blend", proxy=True, beside=True)
    lone = bpy.data.materials.new("The user's orphan")
    shown = place(blend, "PACK").instance_collection
    assert {Path(library.filepath) for library in bpy.data.libraries} == {blend}
    assert names(bpy.data.collections) == names(bpy.data.meshes) == names(bpy.data.images) == []
    assert names(bpy.data.materials) == [lone.name]
    assert names(bpy.data.objects) == ["Barrel"]
    assert {image.library for image in bpy.data.images} == {shown.library}
    assert shown.asset_data is not None


@pytest.mark.skipif(not FIVE, reason="packed links came with 5.0")
def test_pack_takes_a_prop_that_was_finished_again(tmp_path: Path, place: Place) -> None:
    blend = write_prop(tmp_path / "barrel-12345678" / "prop.blend")
    other = write_prop(tmp_path / "keg-12345678" / "prop.blend", "Keg")
    first = place(blend, "PACK").instance_collection
    other.replace(blend)
    second = place(blend, "PACK").instance_collection
    assert (first.name, second.name) == ("Barrel", "Keg")


@pytest.mark.skipif(not FIVE, reason="packed links came with 5.0")
def test_link_and_pack_beside_each_other(barrel_file: Path, place: Place) -> None:
    packed, linked = place(barrel_file, "PACK"), place(barrel_file, "LINK")
    assert packed.instance_collection.is_linked_packed
    assert not linked.instance_collection.is_linked_packed
    assert place(barrel_file, "LINK").instance_collection == linked.instance_collection
    assert place(barrel_file, "PACK").instance_collection == packed.instance_collection


@pytest.mark.skipif(not FIVE, reason="packed links came with 5.0")
def test_link_into_a_file_with_packed_ones(barrel_file: Path, place: Place, tmp_path: Path) -> None:
    place(barrel_file, "PACK")
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))
    if bpy.app.version >= (5, 1, 0):  # 5.0 itself takes the first library of a path
        next(library for library in bpy_context.libraries() if not library.is_archive).name = "zz"
        assert bpy_context.libraries()[0].is_archive
    linked = place(barrel_file, "LINK")
    assert not linked.instance_collection.is_linked_packed


@pytest.mark.skipif(FIVE, reason="for Blenders without packed links")
def test_pack_is_refused(barrel_file: Path, place: Place, rooms: Rooms) -> None:
    with pytest.raises(rooms("core.errors").PlacingError, match="Pack needs Blender"):
        place(barrel_file, "PACK")
    assert len(bpy.data.objects) == len(bpy.data.libraries) == 0


def test_the_marked_collection_is_the_prop(tmp_path: Path, place: Place) -> None:
    # By name it would be the last one.
    blend = write_prop(tmp_path / "z-12345678" / "prop.blend", "Zebra", proxy=True)
    assert place(blend, "LINK").instance_collection.name == "Zebra"
    unmarked = write_prop(tmp_path / "u-12345678" / "prop.blend", "Unmarked", marked=False)
    assert place(unmarked, "LINK").instance_collection.name == "Unmarked"


def test_the_second_link_finds_the_whole_prop(
    barrel_file: Path, place: Place, rooms: Rooms
) -> None:
    # Of the three collections that are linked by now, the one that is the prop.
    place(barrel_file, "LINK")
    found = rooms("scene.link.linking").bring(barrel_file, rooms("scene.link.methods").Method.LINK)
    assert found.name == "Barrel"
    assert "trellis_role" not in found


@pytest.mark.parametrize("method", METHODS)
def test_the_sidebars_method_reaches_the_scene(
    rooms: Rooms, barrel_file: Path, method: str
) -> None:
    bpy_context.properties().method = method
    group, scene = bpy_context.properties(), bpy_context.scene()
    module, methods = rooms("scene.place.placing"), rooms("scene.link.methods")
    placement = module.at_cursor(scene, method=methods.Method.of(group.method))
    placed = module.place(barrel_file, placement)
    assert (placed.instance_collection is not None) == (method in ("LINK", "PACK"))
