# SPDX-License-Identifier: GPL-3.0-or-later
"""Make Editable: a library override or appended data, in the place of the instance."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import pytest
from support import bpy_context
from support.bpy_context import trellis_ops
from support.prop_files import write_prop
from support.rooms import Rooms

WAYS = ["OVERRIDE", "APPEND", "APPEND_REUSE"]
LINKED = ["LINK", *(["PACK"] if bpy.app.version >= (5, 0, 0) else [])]
Place = Callable[..., Any]


@pytest.fixture
def edit(rooms: Rooms) -> Callable[[Any, str], Any]:
    module = rooms("scene.link.editable")

    def make(empty: Any, way: str) -> Any:
        scene, layer = bpy_context.scene(), bpy_context.view_layer()
        return module.make_editable(empty, module.EditMethod(way), scene, layer)

    return make


@pytest.fixture
def barrel_file(tmp_path: Path) -> Path:
    return write_prop(tmp_path / "library" / "barrel-12345678" / "prop.blend", proxy=True)


def corners(name: str) -> list[tuple[float, float, float]]:
    """World-space points of the meshes that the viewport shows under a name, rounded."""
    bpy_context.view_layer().update()
    found: list[Any] = []
    for one in bpy.context.evaluated_depsgraph_get().object_instances:
        shown = bpy_context.existing(one.object)
        if shown.type == "MESH" and shown.name.startswith(name):
            points: list[Any] = [
                one.matrix_world @ vertex.co for vertex in bpy_context.mesh(shown).vertices
            ]
            found.extend(tuple(round(value, 4) for value in point) for point in points)
    assert found
    return sorted(found)


def pose(empty: Any) -> None:
    """Somewhere, turned, and larger in one direction."""
    empty.location, empty.rotation_euler = (1.0, 2.0, 3.0), (0.4, 0.5, 0.6)
    empty.scale = (1.0, 2.0, 0.5)


def reopen(folder: Path) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "scene.blend"))
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.ops.wm.open_mainfile(filepath=str(folder / "scene.blend"))


@pytest.mark.parametrize("rig", [False, True])
@pytest.mark.parametrize("method", LINKED)
@pytest.mark.parametrize("way", WAYS)
def test_in_place_with_its_transform(
    tmp_path: Path, place: Place, edit: Any, rooms: Rooms, way: str, method: str, rig: bool
) -> None:
    blend = write_prop(tmp_path / "barrel-12345678" / "prop.blend", proxy=True, rig=rig)
    empty = place(blend, method)
    pose(empty)
    rooms("scene.link.proxies").show([empty], rooms("scene.link.proxies").Display.FULL)
    before = corners("Barrel")
    name = empty.name
    made = edit(empty, way)
    assert corners("Barrel") == before
    assert made.library is None
    assert made.name in bpy_context.scene().collection.children
    assert (made.override_library is not None) == (way == "OVERRIDE")
    assert all(obj.is_editable for obj in made.all_objects)
    assert not [obj for obj in bpy.data.objects if obj.instance_collection]
    assert not [c for c in bpy.data.collections if c.get("trellis_role") == "full view"]
    assert (left := bpy_context.find_local_object(name)) is None or not left.is_instancer
    reopen(tmp_path)
    assert corners("Barrel") == before


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("display", ["PROXY", "FULL", "BOUNDS"])
def test_what_is_edited_is_what_is_seen(
    barrel_file: Path, place: Place, edit: Any, rooms: Rooms, way: str, display: str, tmp_path: Path
) -> None:
    empty = place(barrel_file)
    rooms("scene.link.proxies").show([empty], rooms("scene.link.proxies").Display(display))
    made = edit(empty, way)
    for _ in range(2):
        bpy_context.view_layer().update()
        seen = [obj for obj in bpy_context.scene().objects if obj.visible_get()]
        assert [len(bpy_context.mesh(obj).vertices) for obj in seen] == [
            12
        ]  # the full mesh, not the stand-in
        assert [obj.display_type for obj in seen] == ["TEXTURED"]
        reopen(tmp_path)
    del made


@pytest.mark.parametrize("way", WAYS)
def test_other_copies_stay_linked(
    barrel_file: Path, place: Place, edit: Any, way: str, tmp_path: Path
) -> None:
    first, second = place(barrel_file), place(barrel_file, location=(5, 0, 0))
    name = second.name
    edit(first, way)
    assert second.instance_collection.library is not None
    assert second.location.x == 5.0
    reopen(tmp_path)
    (other,) = [obj for obj in bpy_context.scene().objects if obj.instance_collection]
    assert other.name == name
    assert bpy_context.instanced(other).library is not None
    assert not bpy_context.instanced(other).is_missing


@pytest.mark.parametrize("way", WAYS)
def test_below_a_parent_and_in_its_collection(
    barrel_file: Path, place: Place, edit: Any, way: str, tmp_path: Path
) -> None:
    cellar = bpy.data.collections.new("Cellar")
    bpy_context.scene().collection.children.link(cellar)
    cart = bpy.data.objects.new("Cart", None)
    cellar.objects.link(cart)
    cart.location, cart.rotation_euler = (7.0, 0.0, 0.0), (0.0, 0.0, 1.0)
    empty = place(barrel_file)
    pose(empty)
    for collection in empty.users_collection:
        collection.objects.unlink(empty)
    cellar.objects.link(empty)
    bpy_context.view_layer().update()
    empty.parent, empty.matrix_parent_inverse = cart, cart.matrix_world.inverted()
    bpy_context.view_layer().update()
    wanted = empty.matrix_world.copy()
    made = edit(empty, way)
    assert made.name in cellar.children
    assert made not in list(bpy_context.scene().collection.children)
    for _ in range(2):
        bpy_context.view_layer().update()
        (root,) = [obj for obj in bpy_context.local_object("Cart").children if obj.visible_get()]
        difference = root.matrix_world - wanted
        assert max(abs(value) for row in difference for value in row) < 1e-5
        reopen(tmp_path)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("need", ["animation", "constraint", "child"])
def test_an_empty_that_is_needed_stays_and_carries(
    barrel_file: Path, place: Place, edit: Any, rooms: Rooms, way: str, need: str
) -> None:
    empty = place(barrel_file)
    pose(empty)
    if need == "animation":
        empty.keyframe_insert("location", frame=1)
        empty.location.x = 9.0
        empty.keyframe_insert("location", frame=20)
        bpy_context.scene().frame_set(20)
    elif need == "constraint":
        empty.constraints.new("LIMIT_LOCATION")
    else:
        lamp = bpy.data.objects.new("Lamp", None)
        bpy_context.scene().collection.objects.link(lamp)
        lamp.parent = empty
    bpy_context.view_layer().update()
    wanted = empty.matrix_world.copy()
    rooms("scene.link.proxies").show([empty], rooms("scene.link.proxies").Display.BOUNDS)
    made = edit(empty, way)
    bpy_context.view_layer().update()
    assert (empty.display_type, empty.show_instancer_for_viewport) == ("TEXTURED", True)
    assert empty.instance_collection is None
    assert empty.instance_type == "NONE"
    roots = [obj for obj in made.all_objects if obj.parent == empty]
    assert {obj.name for obj in roots} == {obj.name for obj in made.all_objects}
    roots = [obj for obj in roots if obj.visible_get()]
    assert roots
    for root in roots:
        difference = root.matrix_world - wanted
        assert max(abs(value) for row in difference for value in row) < 1e-5


def test_reuse_shares_with_an_earlier_append(barrel_file: Path, place: Place, edit: Any) -> None:
    appended = place(barrel_file, "APPEND")
    made = edit(place(barrel_file), "APPEND_REUSE")
    assert made.objects[0].data == appended.data


def test_file_that_is_gone(barrel_file: Path, place: Place, edit: Any, rooms: Rooms) -> None:
    empty = place(barrel_file)
    barrel_file.unlink()
    with pytest.raises(rooms("core.errors").PlacingError, match="is missing"):
        edit(empty, "APPEND")
    assert empty.instance_collection is not None
    # What is in memory already is enough for an override.
    assert edit(empty, "OVERRIDE").override_library is not None


def test_an_object_that_shows_no_prop(edit: Any, rooms: Rooms) -> None:
    empty = bpy.data.objects.new("Empty", None)
    with pytest.raises(rooms("core.errors").PlacingError, match="shows no prop"):
        edit(empty, "OVERRIDE")


# --- the operator


@pytest.mark.parametrize("way", WAYS)
def test_operator(barrel_file: Path, place: Place, way: str) -> None:
    first, second = place(barrel_file), place(barrel_file, location=(5, 0, 0))
    other = place(barrel_file, location=(9, 0, 0))
    for obj in (first, second):
        obj.select_set(True)
    bpy_context.view_layer().objects.active = second
    assert trellis_ops.make_editable(method=way) == {"FINISHED"}
    selected = bpy.context.selected_objects
    assert sorted(obj.location.x for obj in selected) == [0.0, 5.0]
    assert all(obj.type == "MESH" and obj.is_editable for obj in selected)
    assert bpy_context.active_object().location.x == 5.0
    assert other.instance_collection is not None
    with pytest.raises(RuntimeError, match="The selection is editable already"):
        trellis_ops.make_editable(method=way)


def test_operator_says_why_it_is_off(barrel_file: Path, place: Place) -> None:
    def why() -> str:
        with pytest.raises(RuntimeError) as caught:
            trellis_ops.make_editable()
        return str(caught.value)

    assert "Select a placed prop" in why()
    empty = place(barrel_file)
    assert "Select a placed prop" in why()
    bpy.ops.mesh.primitive_cube_add()
    assert "no placed prop is in it" in why()
    bpy.ops.object.mode_set(mode="EDIT")
    assert "Leave the current mode first" in why()
    bpy.ops.object.mode_set(mode="OBJECT")
    bpy_context.active_object().select_set(False)
    empty.select_set(True)
    assert trellis_ops.make_editable.poll()


def test_operator_says_when_it_fails(barrel_file: Path, place: Place) -> None:
    place(barrel_file).select_set(True)
    barrel_file.unlink()
    with pytest.raises(RuntimeError, match="The prop's file is missing"):
        trellis_ops.make_editable(method="APPEND")
