# SPDX-License-Identifier: GPL-3.0-or-later
"""A prop steps aside from what stands at the cursor, and from nothing that is around it."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import bpy
import pytest
from mathutils import Matrix
from support import bpy_context
from support.bpy_context import trellis_ops
from support.prop_files import stored_prop, write_prop
from support.rooms import Rooms

named = pytest.mark.skipif(
    bpy.app.version[:2] == (5, 0),
    reason="5.0 needs its own names of libraries (scene/link/linking.py)",
)


@pytest.fixture
def aside(rooms: Rooms) -> Any:
    """`aside(metres, at, besides)`: how far a cube that stands there steps aside."""
    spots = rooms("scene.place.free_spots")

    def ask(metres: float = 1.0, at: Any = (0, 0, 0), besides: Any = ()) -> float:
        scene, layer = bpy_context.scene(), bpy_context.view_layer()
        box = spots.standing_cube(metres)
        found: float = spots.step_aside(scene, layer, Matrix.Translation(at), box, besides)
        return found

    return ask


def cube(size: float = 2.0, at: Any = (0.0, 0.0, 0.0), scale: Any = (1.0, 1.0, 1.0)) -> Any:
    bpy.ops.mesh.primitive_cube_add(size=size, location=at, scale=scale)
    return bpy.context.object


def test_nothing_is_in_the_way(aside: Any) -> None:
    bpy.ops.object.camera_add(location=(0, 0, 0.5))
    bpy.ops.object.empty_add(location=(0, 0, 0.5))
    assert aside() == 0.0


def test_default_cube(aside: Any) -> None:
    cube()
    # By its own width and a gap; one step would leave it in the cube.
    assert aside(1.0) == 2.5
    assert aside(1.0, (0, 2.0, 0)) == 0.0
    small = aside(0.1)
    assert 1.05 <= small < 1.05 + 0.125, "what is hidden in the cube comes out of it"


def test_nothing_that_could_be_met_is_overlooked(
    aside: Any, rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what reaches into the prop's lane is asked; all would give the same answer."""
    spots, dice = rooms("scene.place.free_spots"), random.Random(14)
    parent = cube(0.2, (-40.0, 0.0, 0.0))
    bpy.ops.object.collection_instance_add(collection=bpy.data.collections.new("Empty").name)
    for index in range(300):
        obj = bpy.data.objects.new("Stone", parent.data)
        obj.location = [dice.uniform(-4, 4) for _ in range(3)]
        obj.rotation_euler = [dice.uniform(-3, 3) for _ in range(3)]
        obj.scale = [dice.choice((-1, 1)) * dice.uniform(0.3, 6) for _ in range(3)]
        obj.parent = parent if index % 3 == 0 else None
        bpy_context.scene().collection.objects.link(obj)
    places = [[dice.uniform(-5, 5) for _ in range(3)] for _ in range(40)]
    bpy_context.view_layer().update()
    for _ in range(2):
        chosen = [aside(0.4, at) for at in places]
        with monkeypatch.context() as patch:
            patch.setattr(spots, "_on_the_way", lambda layer, wanted: layer.objects)
            assert [aside(0.4, at) for at in places] == chosen
        assert len(set(chosen)) > 3
        for obj in bpy_context.scene().objects:  # moved, and not evaluated yet
            obj.location.x = -obj.location.x


def test_what_touches_is_not_in_the_way(aside: Any) -> None:
    cube(1.0, (1.0, 0.0, 0.5))
    cube(1.0, (0.0, 0.0, -0.5))
    assert aside(1.0) == 0.0


def test_what_is_not_seen_is_not_in_the_way(aside: Any) -> None:
    hidden, wire = cube(), cube()
    hidden.hide_set(True)
    wire.display_type = "WIRE"
    assert aside() == 0.0


def test_moved_just_now(aside: Any) -> None:
    one = cube()
    one.location.x = 10.0  # Blender has not evaluated it yet
    assert aside() == 0.0
    assert aside(1.0, (10, 0, 0)) == 2.5


def test_a_box_inside_an_object_of_several_parts(aside: Any) -> None:
    table = cube(1.0, (0.0, 0.0, 0.75), (1.6, 1.0, 0.05))
    for x in (-0.75, 0.75):
        cube(1.0, (x, 0.0, 0.36), (0.05, 0.05, 0.72))
        table.select_set(True)
        bpy_context.view_layer().objects.active = table
        bpy.ops.object.join()
    assert aside(0.3) == 0.0, "below the table"
    assert aside(0.3, (0, 0, 0.775)) == 0.0, "on the table"
    assert aside(0.3, (0, 0, 0.6)) > 0.0, "through its top"


def test_terrain_and_room_are_around_it(aside: Any) -> None:
    bpy.ops.mesh.primitive_grid_add(x_subdivisions=20, y_subdivisions=20, size=20)
    ground = bpy_context.active_object()
    for vertex in bpy_context.mesh(ground).vertices:
        vertex.co.z = 0.3 * vertex.co.x
    bpy_context.mesh(ground).update()
    assert aside() == 0.0
    cube(6.0, (0.0, 0.0, 3.0))
    assert aside() == 0.0
    bpy.data.objects.remove(ground)
    cube(1.0, (0.0, 0.0, 0.5))
    assert aside() == 1.25, "and what stands in the room is in the way"


def test_rug_under_it(aside: Any) -> None:
    cube(1.0, (0.0, 0.0, 0.0), (2.0, 1.5, 0.01))
    assert aside() == 0.0


def test_boxes_of_other_jobs(rooms: Rooms, aside: Any) -> None:
    at = rooms("scene.place.free_spots").at
    assert aside(1.0, besides=[at((0, 0, 0), 1.0)]) == 1.25
    assert aside(1.0, besides=[at((0, 0, 0), 1.0), at((1.25, 0, 0), 1.0)]) == 2.5
    assert aside(0.4, besides=[at((0, 0, 0), 1.0)]) == 1.0


def test_nowhere_a_spot_is_at_the_cursor(aside: Any) -> None:
    bpy.ops.mesh.primitive_cube_add(size=1.0, scale=(200.0, 1.0, 1.0))
    assert aside(0.5, (-99.0, 0, 0)) > 190.0, "past a long wall"
    for x in range(70):
        cube(0.5, (1.25 * x - 0.2, 5.0, 0.5))
    assert aside(1.0, (0, 5.0, 0)) == 0.0


def test_edit_mode(aside: Any) -> None:
    cube()
    bpy.ops.object.mode_set(mode="EDIT")
    assert aside() == 2.5


# --- placing


def test_repeated_places_line_up(rooms: Rooms, settings: Path) -> None:
    folder = stored_prop(rooms, settings, "Vase", (1.0, 1.0, 2.0))
    bpy_context.scene().cursor.location = (3.0, 1.0, 0.0)
    for _ in range(3):
        assert trellis_ops.place(prop_id=folder.id) == {"FINISHED"}
    assert [bpy_context.numbers(o.location) for o in bpy_context.scene().objects] == [
        (3.0, 1.0, 0.0), (4.25, 1.0, 0.0), (5.5, 1.0, 0.0)
    ]  # fmt: skip
    assert trellis_ops.place(prop_id=folder.id, where="EXACT") == {"FINISHED"}
    assert bpy_context.numbers(bpy_context.active_object().location) == (3.0, 1.0, 0.0)


def test_larger_than_the_box_that_was_kept_free(rooms: Rooms, tmp_path: Path) -> None:
    placing = rooms("scene.place.placing")
    blend = write_prop(tmp_path / "p-00000000" / "prop.blend", "P", size=(1.0, 1.0, 1.0))
    scene = bpy_context.scene()
    cube(1.0, (0.9, 0.0, 0.5))
    where = placing.at_cursor(scene)
    fits = placing.Placement(where.scene, where.location, aside=True, room=1.0)
    assert placing.place(blend, fits).location.x == 0.0, "promised, and it is as large as promised"
    bpy.data.objects.remove(scene.objects["P"])
    larger = placing.Placement(where.scene, where.location, aside=True, room=0.5)
    assert placing.place(blend, larger).location.x == 2.5


# --- the selection


def test_place_selects_it_alone(rooms: Rooms, settings: Path) -> None:
    folder = stored_prop(rooms, settings)
    other = cube()
    assert other.select_get()
    trellis_ops.place(prop_id=folder.id)
    (empty,) = bpy.context.selected_objects
    assert empty == bpy.context.object
    assert empty.instance_collection
    trellis_ops.place_on_surface(prop_id=folder.id, location=(5, 0, 0))
    assert [o.location.x for o in bpy.context.selected_objects] == [5.0]
    assert bpy_context.active_object().location.x == 5.0


def test_place_appended_selects_all_roots(rooms: Rooms, settings: Path) -> None:
    folder = stored_prop(rooms, settings)
    trellis_ops.place(prop_id=folder.id, method="APPEND")
    assert [o.type for o in bpy.context.selected_objects] == ["MESH"]


def test_selection_is_left_alone_in_other_modes(rooms: Rooms, settings: Path) -> None:
    folder = stored_prop(rooms, settings)
    other = cube()
    bpy.ops.object.mode_set(mode="EDIT")
    trellis_ops.place(prop_id=folder.id)
    assert bpy.context.object == other
    assert other.mode == "EDIT"


# --- names


@named
def test_libraries_have_the_props_names(rooms: Rooms, tmp_path: Path) -> None:
    placing, scene = rooms("scene.place.placing"), bpy_context.scene().name
    blends = [
        write_prop(tmp_path / f"{word.lower()}-12345678" / "prop.blend", word)
        for word in ("Barrel", "Crate")
    ]
    for blend in blends:
        placing.place(blend, placing.Placement(scene, (0.0, 0.0, 0.0)))
    assert [library.name for library in bpy.data.libraries] == ["Barrel", "Crate"]
    path = tmp_path / "scene.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    bpy.ops.wm.open_mainfile(filepath=str(path))
    assert [library.name for library in bpy.data.libraries] == ["Barrel", "Crate"]
    assert rooms("ui.jobs.reload_links").reload_prop(blends[0].parent, blends[0]) == 1
    assert [library.name for library in bpy.data.libraries] == ["Barrel", "Crate"]
    moved = tmp_path / "elsewhere" / "crate-12345678"
    moved.parent.mkdir()
    blends[1].parent.rename(moved)
    missing = rooms("scene.link.relink").find_missing(lambda _id, name: moved / name)
    assert missing.found == ("crate-12345678",)
    assert sorted(library.name for library in bpy.data.libraries) == ["Barrel", "Crate"]


@named
@pytest.mark.skipif(bpy.app.version < (5, 0, 0), reason="packed links came with 5.0")
def test_packed_libraries_too(rooms: Rooms, tmp_path: Path) -> None:
    placing, scene = rooms("scene.place.placing"), bpy_context.scene().name
    blend = write_prop(tmp_path / "barrel-12345678" / "prop.blend", "Barrel")
    pack = rooms("scene.link.methods").Method.PACK
    placing.place(blend, placing.Placement(scene, (0.0, 0.0, 0.0), pack))
    assert not [one.name for one in bpy.data.libraries if one.name.startswith("prop")]
