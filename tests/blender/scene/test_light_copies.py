# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies of a linked light prop, made by Blender's own commands, last in a saved file."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import pytest
from support import bpy_context
from support.light_scenes import ID, in_plain_blender, is_light, make, save, without_handlers
from support.rooms import Rooms

pytestmark = pytest.mark.skipif(
    bpy.app.version < (4, 5, 0), reason="a bake loses custom normals there: no light files"
)

Place = Callable[..., Any]
FULL_MESH = "Trellis Full Mesh"


def is_local(data: Any) -> bool:
    return data.library is None


def heavy() -> list[Any]:
    """The local objects that are or were boxes."""
    meshes = (obj for obj in bpy.data.objects if obj.type == "MESH" and is_local(obj))
    return [obj for obj in meshes if "proxy" not in obj.name]


def linked_ball() -> Any:
    (found,) = [obj for obj in bpy.data.objects if obj.name == "Ball" and obj.type == "MESH"]
    return found


def copy_of(obj: Any) -> Any:
    """As Shift+D of an object that was linked by itself, or dragged from the outliner."""
    copy = obj.copy()
    bpy_context.scene().collection.objects.link(copy)
    return copy


def make_local(empty: Any) -> None:
    empty.select_set(True)
    bpy_context.view_layer().objects.active = empty
    bpy.ops.object.make_local(type="ALL")


def test_made_local(ball: Path, place: Place, expected: tuple[Any, bytes], tmp_path: Path) -> None:
    """Object > Relations > Make Local > All: nothing of the library is needed but the textures."""
    make_local(place(ball))
    heavy()[0].data.name = "Renamed"
    scene = save(tmp_path / "scene.blend")
    shutil.rmtree(ball.parent / "light")  # as when the prop is finished again
    facts, picture = in_plain_blender(scene, tmp_path)
    assert [mesh[1:] for mesh in facts["render"]] == [mesh[1:] for mesh in expected[0]]
    assert picture == expected[1]
    (obj,) = heavy()
    assert obj.data.name == obj.name
    assert len(bpy.data.scenes) == 1


def test_copied_object(
    ball: Path, place: Place, expected: tuple[Any, bytes], tmp_path: Path
) -> None:
    """The saved file links ``prop.blend``, in which there is no box for the copy."""
    empty = place(ball)
    copy_of(linked_ball())
    bpy.data.objects.remove(empty)
    facts, picture = in_plain_blender(save(tmp_path / "scene.blend"), tmp_path)
    assert [mesh[1:] for mesh in facts["render"]] == [mesh[1:] for mesh in expected[0]]
    assert picture == expected[1]


@pytest.mark.parametrize("opened", ["at once", "when the light file does not match"])
def test_copied_object_in_an_automatic_save(
    ball: Path, place: Place, expected: tuple[Any, bytes], tmp_path: Path, opened: str
) -> None:
    """Of the light file, it links nothing but the box; another series of Blender may open it."""
    empty = place(ball)
    copy_of(linked_ball())
    bpy.data.objects.remove(empty)
    with without_handlers():
        scene = save(tmp_path / "auto.blend")
    if opened != "at once":
        (ball.parent / "light" / "prop.json").unlink()
    bpy.ops.wm.open_mainfile(filepath=str(scene))
    assert is_light() == (opened == "at once")
    facts, picture = in_plain_blender(save(tmp_path / "scene.blend"), tmp_path)
    assert [mesh[1:] for mesh in facts["render"]] == [mesh[1:] for mesh in expected[0]]
    assert picture == expected[1]


def test_copies_share_their_mesh_and_keep_what_is_theirs(
    ball: Path, place: Place, tmp_path: Path
) -> None:
    place(ball)
    one = copy_of(linked_ball())
    other = copy_of(one)
    other.modifiers.new("Fewer", "DECIMATE").ratio = 0.5
    other.modifiers[FULL_MESH].name = "Renamed"
    other.hide_viewport, other.location.x = True, 2.0
    scenes, objects = len(bpy.data.scenes), len(heavy())
    save(tmp_path / "scene.blend")
    assert one.data == other.data
    assert Path(bpy.path.abspath(one.data.library.filepath)) == ball
    assert len(one.data.polygons) > 10_000
    assert [[modifier.type for modifier in obj.modifiers] for obj in (one, other)] == [
        [],
        ["DECIMATE"],
    ]
    assert other.hide_viewport
    assert (len(bpy.data.scenes), len(heavy())) == (scenes, objects)


def test_undo(ball: Path, place: Place, tmp_path: Path) -> None:
    empty = place(ball)
    copy_of(linked_ball()).name = "Copy"
    bpy.ops.ed.undo_push(message="copied")
    empty.location.x = 1.0
    bpy.ops.ed.undo_push(message="moved")
    save(tmp_path / "scene.blend")
    bpy.data.objects["Copy"].location.x = 3.0
    bpy.ops.ed.undo_push(message="moved again")
    for step in (bpy.ops.ed.undo, bpy.ops.ed.undo, bpy.ops.ed.redo, bpy.ops.ed.redo):
        step()
        bpy_context.view_layer().update()
        copy: Any = bpy.data.objects["Copy"]
        full = len(copy.data.polygons) > 10_000
        assert full != (FULL_MESH in copy.modifiers)


def test_copied_object_of_a_prop_finished_again(
    ball: Path, place: Place, rooms: Rooms, tmp_path: Path
) -> None:
    """The baked mesh that the copy names is gone."""
    empty = place(ball)
    copy_of(linked_ball())
    bpy.data.objects.remove(empty)
    make(ball.parent, tmp_path, triangles=10_000)
    rooms("ui.jobs.reload_links").reload_prop(ball.parent, ball)
    facts, _ = in_plain_blender(save(tmp_path / "scene.blend"), tmp_path)
    assert [mesh[1] for mesh in facts["render"]] == [pytest.approx(10_000, rel=0.1)]


@pytest.mark.parametrize("missing", ["folder", "content"])
def test_local_mesh_that_cannot_be_read(
    ball: Path, place: Place, tmp_path: Path, missing: str
) -> None:
    """The copy stays as it is: its mesh may come back."""
    make_local(place(ball))
    meshes = ball.parent / "light" / "prop-1"
    shutil.rmtree(meshes if missing == "folder" else meshes / "0" / "blobs")
    save(tmp_path / "scene.blend")
    assert [FULL_MESH in obj.modifiers for obj in heavy()] == [True]


def test_linked_mesh_that_cannot_be_read(ball: Path, place: Place, tmp_path: Path) -> None:
    place(ball)
    copy = copy_of(linked_ball())
    shutil.move(tmp_path / "library", tmp_path / "away")
    save(tmp_path / "scene.blend")
    assert FULL_MESH in copy.modifiers
    shutil.move(tmp_path / "away", tmp_path / "library")
    save(tmp_path / "scene.blend")
    assert FULL_MESH not in copy.modifiers


def test_fault_of_a_copy_does_not_reach_the_links(
    ball: Path, place: Place, rooms: Rooms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> int:
        raise RuntimeError("Blender cannot make a mesh")

    place(ball)
    monkeypatch.setattr(rooms("scene.link.own_copies"), "complete_copies", fail)
    facts, _ = in_plain_blender(save(tmp_path / "scene.blend"), tmp_path)
    assert [Path(path).parts[-2:] for path in facts["libraries"]] == [(ID, "prop.blend")]


def override(empty: Any) -> Any:
    """The override of the full mesh's object, as by Make Library Override."""
    collection: Any = empty.instance_collection
    layer: Any = bpy_context.view_layer()
    assert collection.override_hierarchy_create(
        bpy_context.scene(), layer, reference=empty, do_fully_editable=True
    )
    (made,) = heavy()
    return made


def test_overrides_are_left_alone(ball: Path, place: Place, rooms: Rooms) -> None:
    """They get the mesh of ``prop.blend`` when the file is opened again."""
    override(place(ball))
    assert rooms("scene.link.own_copies").complete_copies() == 0


@pytest.mark.parametrize("change", ["light file gone", "finished again without one"])
def test_nothing_of_the_user_is_lost_with_a_light_file(
    ball: Path, place: Place, rooms: Rooms, tmp_path: Path, change: str
) -> None:
    """When its prop is linked by ``prop.blend`` instead, while the file is open."""
    copy_of(override(place(ball))).location.x = 1.0
    made, other = heavy()
    made.location.z = 3.0
    names = {made.name, other.name}
    if change == "light file gone":
        shutil.rmtree(ball.parent / "light")
    else:
        make(ball.parent, tmp_path, proxy=False)
    rooms("ui.jobs.reload_links").reload_prop(ball.parent, ball)
    assert {obj.name for obj in heavy()} == names
    assert all(len(obj.data.polygons) > 10_000 for obj in heavy())
    facts, _ = in_plain_blender(save(tmp_path / "scene.blend"), tmp_path)
    # The placed one and these two; Blender 4.5 renames an override when it opens the file.
    assert [mesh[1] > 10_000 for mesh in facts["render"]] == [True] * 3
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))
    assert max(obj.location.z for obj in heavy()) == pytest.approx(3.0)


def test_override_of_a_prop_finished_again(
    ball: Path, place: Place, rooms: Rooms, tmp_path: Path
) -> None:
    override(place(ball))
    make(ball.parent, tmp_path, triangles=10_000)
    rooms("ui.jobs.reload_links").reload_prop(ball.parent, ball)
    (made,) = heavy()
    meshes = bpy.path.abspath(made.modifiers[FULL_MESH].bakes[0].directory)
    assert Path(meshes) == ball.parent / "light" / "prop-2" / "0"
    facts, _ = in_plain_blender(save(tmp_path / "scene.blend"), tmp_path)
    assert facts["render"][0][1] == pytest.approx(10_000, rel=0.1)
