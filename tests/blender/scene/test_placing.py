# SPDX-License-Identifier: GPL-3.0-or-later
"""A finished prop comes into the open scene."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import bpy
import pytest
from support import bpy_context
from support.rooms import Rooms

NAME = "Weathered oak barrel, iron hoops"


@pytest.fixture
def place(rooms: Rooms) -> Any:
    """Places a prop: `place(blend, location=(1, 2, 3), linked=True, scene="Scene")`."""
    module = rooms("scene.place.placing")

    def put(
        blend: Path,
        location: tuple[float, float, float] = (0.0, 0.0, 0.0),
        *,
        linked: bool = True,
        scene: str | None = None,
    ) -> Any:
        name = scene or bpy_context.scene().name
        method = rooms("scene.link.methods").Method("LINK" if linked else "APPEND")
        return module.place(blend, module.Placement(name, location, method))

    return put


def meshes() -> list[Any]:
    return [obj for obj in bpy.data.objects if obj.type == "MESH"]


def test_link(barrel: Any, place: Any) -> None:
    instance = place(barrel.blend, (1.0, 2.0, 3.0))
    assert instance.name in bpy_context.scene().objects
    assert instance.type == "EMPTY"
    assert instance.instance_type == "COLLECTION"
    assert tuple(instance.location) == (1.0, 2.0, 3.0)
    collection = instance.instance_collection
    assert collection.name == NAME
    assert collection.library is not None
    assert Path(bpy.path.abspath(collection.library.filepath)).samefile(barrel.blend)


def test_second_placement_shares_the_library(barrel: Any, place: Any) -> None:
    first, second = place(barrel.blend), place(barrel.blend, (2.0, 0.0, 0.0))
    assert first is not second
    assert first.instance_collection == second.instance_collection
    assert len(bpy.data.libraries) == 1
    assert len(meshes()) == 1


def test_append(barrel: Any, place: Any) -> None:
    root = place(barrel.blend, (1.0, 2.0, 3.0), linked=False)
    assert root.type == "MESH"
    assert root.library is None
    assert tuple(root.location) == (1.0, 2.0, 3.0)
    collection = bpy.data.collections[NAME]
    assert collection.library is None
    assert collection.asset_data is None
    assert not collection.use_fake_user
    assert collection.name in bpy_context.scene().collection.children
    images = [image for image in bpy.data.images if image.source == "FILE"]
    assert len(images) == 2
    for image in images:
        path = Path(bpy.path.abspath(image.filepath))
        assert image.packed_file or path.is_file(), f"{image.name}: {path}"


def test_append_twice_gives_two(barrel: Any, place: Any) -> None:
    first = place(barrel.blend, linked=False)
    second = place(barrel.blend, (3.0, 0.0, 0.0), linked=False)
    assert first.data != second.data
    assert tuple(first.location) == (0.0, 0.0, 0.0)


def test_link_after_append_and_append_after_link(barrel: Any, place: Any) -> None:
    place(barrel.blend, linked=False)
    linked = place(barrel.blend)
    assert linked.instance_collection.library is not None
    appended = place(barrel.blend, linked=False)
    assert appended.library is None
    assert appended.data.library is None


def test_the_cursor_decides(barrel: Any, place: Any, rooms: Rooms) -> None:
    module = rooms("scene.place.placing")
    bpy_context.scene().cursor.location = (4.0, 5.0, 6.0)
    placement = module.at_cursor(bpy_context.scene())
    bpy_context.scene().cursor.location = (0.0, 0.0, 0.0)
    assert tuple(module.place(barrel.blend, placement).location) == (4.0, 5.0, 6.0)
    assert module.current_scene() == bpy_context.scene()


@pytest.mark.parametrize("linked", [True, False])
def test_what_the_user_does_is_left_alone(barrel: Any, place: Any, linked: bool) -> None:
    bpy.ops.mesh.primitive_cube_add()
    bpy.ops.mesh.primitive_cube_add(location=(3, 0, 0))
    own = bpy.context.object
    bpy.ops.object.mode_set(mode="EDIT")
    selected = [obj.name for obj in bpy.context.selected_objects]
    active_layer = bpy_context.view_layer().active_layer_collection
    undone = place(barrel.blend, linked=linked)
    assert undone is not None
    assert bpy.context.object == own
    assert bpy.context.mode == "EDIT_MESH"
    assert [obj.name for obj in bpy.context.selected_objects] == selected
    assert bpy_context.view_layer().active_layer_collection == active_layer
    assert not undone.select_get()
    bpy.ops.object.mode_set(mode="OBJECT")


def test_into_the_active_collection(barrel: Any, place: Any) -> None:
    tavern = bpy.data.collections.new("Tavern")
    bpy_context.scene().collection.children.link(tavern)
    layer = bpy_context.view_layer().layer_collection.children["Tavern"]
    bpy_context.view_layer().active_layer_collection = layer
    assert place(barrel.blend).name in tavern.objects
    layer.exclude = True
    assert place(barrel.blend).name in bpy_context.scene().collection.objects


def test_into_another_scene(barrel: Any, place: Any) -> None:
    other = bpy.data.scenes.new("Other")
    here = bpy_context.scene()
    instance = place(barrel.blend, scene="Other")
    assert instance.name in other.objects
    assert instance.name not in here.objects
    assert bpy_context.scene() == here


def test_scene_that_is_gone(barrel: Any, place: Any, rooms: Rooms) -> None:
    bpy.data.scenes.new("Gone")
    bpy.data.scenes.remove(bpy.data.scenes["Gone"])
    with pytest.raises(rooms("core.errors").PlacingError) as caught:
        place(barrel.blend, scene="Gone")
    assert caught.value.facts.message == "The scene Gone is no longer open"
    assert caught.value.facts.next_step
    assert len(bpy.data.libraries) == 0


@pytest.mark.parametrize("linked", [True, False])
def test_file_that_is_missing(place: Any, rooms: Rooms, tmp_path: Path, linked: bool) -> None:
    with pytest.raises(rooms("core.errors").PlacingError, match="is missing"):
        place(tmp_path / "prop.blend", linked=linked)
    assert len(bpy.data.objects) == 0


def test_file_that_is_none_of_blenders(place: Any, rooms: Rooms, tmp_path: Path) -> None:
    blend = tmp_path / "prop.blend"
    blend.write_bytes(b"BLENDER of another kind")
    with pytest.raises(rooms("core.errors").PlacingError):
        place(blend)
    assert len(bpy.data.objects) == 0


def test_file_without_a_collection(place: Any, rooms: Rooms, tmp_path: Path) -> None:
    blend = tmp_path / "prop.blend"
    bpy.data.libraries.write(str(blend), {bpy.data.meshes.new("Lone")})
    with pytest.raises(rooms("core.errors").PlacingError, match="no collection"):
        place(blend)


def test_path_is_relative_to_a_saved_file(barrel: Any, place: Any, tmp_path: Path) -> None:
    folder = tmp_path / "library" / "barrel"
    shutil.copytree(barrel.path, folder)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    place(folder / "prop.blend")
    (library,) = bpy.data.libraries
    # Blender writes it with the separators of its system, and reads both.
    assert library.filepath.replace("\\", "/") == "//library/barrel/prop.blend"
    # Moved as a whole, both find each other again.
    bpy.ops.wm.save_mainfile()
    shutil.copytree(tmp_path, tmp_path.parent / f"{tmp_path.name} moved")
    moved = tmp_path.parent / f"{tmp_path.name} moved"
    shutil.rmtree(tmp_path / "library")
    bpy.ops.wm.open_mainfile(filepath=str(moved / "scene.blend"))
    assert not bpy.data.collections[NAME].is_missing
    assert len(meshes()) == 1


def test_path_is_absolute_in_an_unsaved_file(barrel: Any, place: Any) -> None:
    place(barrel.blend)
    assert Path(bpy.data.libraries[0].filepath).is_absolute()


def test_reopened_scene_finds_the_prop(barrel: Any, place: Any, tmp_path: Path) -> None:
    place(barrel.blend, (1.0, 0.0, 0.0))
    place(barrel.blend, (2.0, 0.0, 0.0))
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "Szene für alle.blend"))
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "Szene für alle.blend"))
    instances = [obj for obj in bpy_context.scene().objects if obj.instance_collection]
    assert sorted(obj.location.x for obj in instances) == [1.0, 2.0]
    collection = bpy_context.instanced(instances[0])
    assert not collection.is_missing
    assert len(collection.objects) == 1
    # And a third one still shares what is linked already.
    place(barrel.blend)
    assert len(bpy.data.libraries) == 1
