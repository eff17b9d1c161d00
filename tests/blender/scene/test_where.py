# SPDX-License-Identifier: GPL-3.0-or-later
"""Where props stand, and that everything else stays as the user has it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest
from mathutils import Matrix, Quaternion, Vector
from support import bpy_context
from support.prop_files import write_prop
from support.rooms import Rooms

METHODS = ["LINK", "APPEND", "APPEND_REUSE", *(["PACK"] if bpy.app.version >= (5, 0, 0) else [])]
Item = Callable[..., Any]


@pytest.fixture
def placing(rooms: Rooms) -> Any:
    """The module."""
    return rooms("scene.place.placing")


@pytest.fixture
def item(placing: Any, rooms: Rooms) -> Item:
    """`item(blend, (1, 2, 3), "APPEND", scene="Scene", rotation=(w, x, y, z))`."""

    def make(
        blend: Path,
        location: Any = (0, 0, 0),
        method: str = "LINK",
        *,
        scene: str = "",
        **more: Any,
    ) -> Any:
        where = scene or bpy_context.scene().name
        chosen = rooms("scene.link.methods").Method(method)
        return placing.PlaceItem(blend, placing.Placement(where, location, chosen, **more))

    return make


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Three props."""
    words = ("Barrel", "Crate", "Lantern")
    return [write_prop(tmp_path / f"{w.lower()}-12345678" / "prop.blend", w) for w in words]


def test_the_cursors_rotation_is_not_taken(placing: Any, files: list[Path]) -> None:
    cursor = bpy_context.scene().cursor
    cursor.location, cursor.rotation_euler = (1.0, 2.0, 3.0), (0.5, 0.6, 0.7)
    empty = placing.place(files[0], placing.at_cursor(bpy_context.scene()))
    assert empty.matrix_basis == Matrix.Translation((1.0, 2.0, 3.0))


def test_at_the_origin(placing: Any, files: list[Path]) -> None:
    bpy_context.scene().cursor.location = (1.0, 2.0, 3.0)
    empty = placing.place(files[0], placing.at_origin(bpy_context.scene()))
    assert tuple(empty.location) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("method", METHODS)
def test_turned(placing: Any, item: Item, files: list[Path], method: str) -> None:
    turn = Quaternion((0.0, 0.0, 1.0), math.radians(90))
    placed = placing.place_many(
        [item(files[0], (1, 2, 3), method, rotation=bpy_context.numbers(turn))]
    )
    wanted = Matrix.Translation((1, 2, 3)) @ turn.to_matrix().to_4x4()
    difference = placed[0].object.matrix_basis - wanted
    assert max(abs(value) for row in difference for value in row) < 1e-6


def test_parts_of_a_rig_are_moved_once(placing: Any, item: Item, tmp_path: Path) -> None:
    blend = write_prop(tmp_path / "robot-12345678" / "prop.blend", "Robot", rig=True)
    turn = Quaternion((0.0, 0.0, 1.0), math.radians(90))
    placed = placing.place_many(
        [item(blend, (1, 2, 3), "APPEND", rotation=bpy_context.numbers(turn))]
    )
    bpy_context.view_layer().update()
    rig = placed[0].object
    (mesh,) = rig.children
    for obj in (rig, mesh):
        # What stood half a metre along X stands half a metre along Y now.
        assert (obj.matrix_world.translation - Vector((1, 2.5, 3))).length < 1e-5
        assert math.degrees(obj.matrix_world.to_euler().z) % 360 == pytest.approx(180, abs=1e-3)


# --- what the user does is left alone


def state() -> dict[str, Any]:
    """Everything that placing must not touch."""
    context: Any = bpy.context
    scene = bpy_context.scene()
    return {
        "mode": context.mode,
        "active": context.object.name,
        "selected": sorted(obj.name for obj in context.selected_objects),
        "collection": context.view_layer.active_layer_collection.name,
        "scene": scene.name,
        "layer": context.view_layer.name,
        "engine": scene.render.engine,
        "units": [getattr(scene.unit_settings, name) for name in ("system", "scale_length")],
        "cursor": bpy_context.numbers(scene.cursor.location),
        "frame": scene.frame_current,
        "orphan": "Orphan" in bpy.data.materials,
    }


@pytest.fixture
def tavern() -> Iterator[Any]:
    """A scene with work in it; Object Mode again afterwards."""
    scene: Any = bpy_context.scene()
    scene.render.engine = "BLENDER_WORKBENCH"
    scene.unit_settings.system, scene.unit_settings.scale_length = "IMPERIAL", 0.5
    bpy.data.materials.new("Orphan")
    collection = bpy.data.collections.new("Tavern")
    scene.collection.children.link(collection)
    layer = bpy_context.view_layer()
    layer.active_layer_collection = layer.layer_collection.children["Tavern"]
    bpy.ops.mesh.primitive_cube_add()
    bpy.ops.mesh.primitive_cube_add(location=(3, 0, 0))
    yield collection
    if bpy.context.object and bpy.context.mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")


@pytest.mark.parametrize("mode", ["OBJECT", "EDIT", "SCULPT", "WEIGHT_PAINT", "POSE"])
@pytest.mark.parametrize("method", METHODS)
def test_what_the_user_does_is_left_alone(
    placing: Any, rooms: Rooms, item: Item, tmp_path: Path, method: str, mode: str, request: Any
) -> None:
    blend = write_prop(tmp_path / "barrel-12345678" / "prop.blend", proxy=True)
    request.getfixturevalue("tavern")
    if mode == "POSE":
        bpy.ops.object.armature_add()
    object_ops: Any = bpy.ops.object
    object_ops.mode_set(mode=mode)
    before = state()
    (placed,) = placing.place_many([item(blend, (1, 0, 0), method)])
    rooms("scene.place.undo_steps").undo_step("Place")
    assert placed.error is None
    assert state() == before
    assert not placed.object.select_get()
    assert placed.object.name in bpy.data.collections["Tavern"].all_objects
    bpy_context.view_layer().update()
    assert state() == before


def test_placing_and_cutting_go_on_in_edit_mode(
    placing: Any, item: Item, files: list[Path], tavern: Any
) -> None:
    bpy.ops.object.mode_set(mode="EDIT")
    placing.place_many([item(files[0], method="APPEND")])
    assert bpy.ops.mesh.subdivide(number_cuts=1) == {"FINISHED"}
    bpy.ops.object.mode_set(mode="OBJECT")
    assert len(bpy_context.mesh(bpy_context.active_object()).vertices) == 26


# --- which collection


def into(placing: Any) -> str:
    name: str = placing.target(bpy_context.scene()).name
    return name


@pytest.mark.parametrize("above", [False, True])
def test_not_where_it_could_not_be_selected(placing: Any, tavern: Any, above: bool) -> None:
    if above:
        inner = bpy.data.collections.new("Cellar")
        tavern.children.link(inner)
        view = bpy_context.view_layer()
        view.active_layer_collection = bpy_context.active_layer().children["Cellar"]
    assert into(placing) == ("Cellar" if above else "Tavern")
    tavern.hide_select = True
    assert into(placing) == "Scene Collection"


@pytest.mark.parametrize("how", ["exclude", "eye", "viewport", "parent"])
def test_not_where_it_could_not_be_seen(placing: Any, tavern: Any, how: str) -> None:
    view = bpy_context.view_layer()
    chosen = layer = bpy_context.active_layer()
    assert into(placing) == "Tavern"
    if how == "parent":
        inner = bpy.data.collections.new("Cellar")
        tavern.children.link(inner)
        chosen = view.active_layer_collection = layer.children["Cellar"]
        assert into(placing) == "Cellar"
        layer.hide_viewport = True
    elif how == "exclude":
        layer.exclude = True
    elif how == "eye":
        layer.hide_viewport = True
    else:
        tavern.hide_viewport = True
    assert into(placing) == "Scene Collection"
    # Blender makes another one active when one is hidden; the user may click on it again.
    view.active_layer_collection = chosen
    assert into(placing) == "Scene Collection"


@pytest.mark.parametrize("override", [False, True])
def test_not_into_what_belongs_to_another_file(
    placing: Any, rooms: Rooms, files: list[Path], override: bool
) -> None:
    foreign = rooms("scene.link.linking").bring(files[0], rooms("scene.link.methods").Method.LINK)
    scene, layer = bpy_context.scene(), bpy_context.view_layer()
    scene.collection.children.link(foreign)  # 5.3 overrides nothing that is in no scene
    if override:
        foreign = foreign.override_hierarchy_create(scene, layer, do_fully_editable=True)
    shown = next(c for c in layer.layer_collection.children if c.collection == foreign)
    layer.active_layer_collection = shown
    assert into(placing) == "Scene Collection"


def test_into_a_scene_that_no_window_shows(placing: Any, item: Item, files: list[Path]) -> None:
    other = bpy.data.scenes.new("Other")
    placed = placing.place_many([item(files[0], scene="Other"), item(files[1])])
    assert [one.error for one in placed] == [None, None]
    assert list(other.objects) == [placed[0].object]
    assert list(bpy_context.scene().objects) == [placed[1].object]


# --- many at once


@pytest.mark.parametrize("method", METHODS)
def test_many_come_with_one_update(
    placing: Any, item: Item, files: list[Path], method: str
) -> None:
    updates: list[Any] = []

    def count(*_scene: Any) -> None:
        updates.append(1)

    bpy_context.view_layer().update()
    bpy.app.handlers.depsgraph_update_post.append(count)
    try:
        placed = placing.place_many([item(f, (n, 0, 0), method) for n, f in enumerate(files * 2)])
        assert updates == []
        bpy_context.view_layer().update()
        assert updates == [1]
        bpy_context.view_layer().update()
        assert updates == [1]
    finally:
        bpy.app.handlers.depsgraph_update_post.remove(count)
    assert [one.error for one in placed] == [None] * 6
    assert [one.object.location.x for one in placed] == [0, 1, 2, 3, 4, 5]
    assert len({one.object for one in placed}) == 6
    if method == "LINK":
        assert len(bpy.data.libraries) == 3


def test_one_fault_does_not_stop_the_others(
    placing: Any, item: Item, files: list[Path], tmp_path: Path, rooms: Rooms
) -> None:
    files[1].write_bytes(b"BLENDER of another kind")
    missing = tmp_path / "gone-12345678" / "prop.blend"
    items = [item(path) for path in (files[0], files[1], missing, files[2])]
    placed = placing.place_many([*items, item(files[0], scene="Gone")])
    assert [one.object is not None for one in placed] == [True, False, False, True, False]
    assert [one.error is None for one in placed] == [True, False, False, True, False]
    errors = [one.error.facts for one in placed if one.error]
    assert {facts.kind for facts in errors} == {rooms("core.errors").PlacingError.kind}
    assert errors[0].message.startswith("This Blender cannot read")
    assert errors[1].message.startswith("The prop's file is missing")
    assert errors[2].message == "The scene Gone is no longer open"
    assert all(facts.next_step for facts in errors)
    assert len(bpy_context.scene().objects) == 2


def test_none_at_all(placing: Any) -> None:
    assert placing.place_many([]) == []


@pytest.mark.parametrize("method", METHODS)
def test_a_scene_that_is_gone_leaves_nothing(
    placing: Any, item: Item, files: list[Path], method: str, rooms: Rooms
) -> None:
    with pytest.raises(rooms("core.errors").PlacingError, match="no longer open"):
        placing.place(files[0], item(files[0], method=method, scene="Gone").placement)
    assert not len(bpy.data.collections) + len(bpy.data.meshes) + len(bpy.data.libraries)
    assert files[0].is_file()


# --- saved and unsaved files


def test_unsaved_then_saved(placing: Any, item: Item, files: list[Path], tmp_path: Path) -> None:
    placing.place_many([item(files[0])])
    (library,) = bpy.data.libraries
    assert Path(library.filepath).is_absolute()
    scene = tmp_path / "scene.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(scene))
    assert library.filepath.replace("\\", "/") == f"//{files[0].parent.name}/prop.blend"
    placing.place_many([item(files[1])])
    assert bpy.data.libraries[-1].filepath.startswith("//")
    placing.place_many([item(files[0])])
    assert len(bpy.data.libraries) == 2
    bpy.ops.wm.save_mainfile()
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    for path in (scene, *(file.parent for file in files)):
        path.rename(moved / path.name)
    bpy.ops.wm.open_mainfile(filepath=str(moved / scene.name))
    shown = [bpy_context.instanced(o) for o in bpy_context.scene().objects]
    assert [len(collection.objects) for collection in shown] == [1, 1, 1]
    assert not any(library.is_missing for library in bpy.data.libraries)


@pytest.mark.parametrize("relative", [True, False])
def test_relative_as_the_user_has_it(
    placing: Any, item: Item, files: list[Path], tmp_path: Path, relative: bool
) -> None:
    paths = bpy_context.preferences().filepaths
    assert paths.use_relative_paths, "Blender's default"
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    try:
        paths.use_relative_paths = relative
        placing.place_many([item(files[0])])
    finally:
        paths.use_relative_paths = True
    assert bpy.data.libraries[0].filepath.startswith("//") is relative
    placing.place_many([item(files[0])])
    assert len(bpy.data.libraries) == 1


# --- read before they are placed


def test_reading_ahead_costs_no_update(
    placing: Any, item: Item, files: list[Path], rooms: Rooms
) -> None:
    fetch = rooms("scene.place.prefetch").fetch
    items = [item(file, (n, 0, 0)) for n, file in enumerate(files)]
    updates: list[Any] = []

    def count(*_scene: Any) -> None:
        updates.append(1)

    bpy_context.view_layer().update()
    bpy.app.handlers.depsgraph_update_post.append(count)
    try:
        # No time at all is enough for one.
        steps = [(fetch(items, 0.0), len(bpy.data.libraries)) for _ in range(4)]
        assert steps == [(False, 1), (False, 2), (True, 3), (True, 3)]
        assert updates == []
        assert not len(bpy_context.scene().objects)
    finally:
        bpy.app.handlers.depsgraph_update_post.remove(count)
    placed = placing.place_many(items)
    assert [one.error for one in placed] == [None] * 3
    assert len(bpy.data.libraries) == 3


def test_reading_ahead_leaves_the_rest_alone(
    placing: Any, item: Item, files: list[Path], tmp_path: Path, rooms: Rooms
) -> None:
    fetch = rooms("scene.place.prefetch").fetch
    files[1].write_bytes(b"BLENDER of another kind")
    gone = tmp_path / "gone-12345678" / "prop.blend"
    items = [item(files[0], method="APPEND"), item(files[1]), item(gone), item(files[2])]
    assert fetch(items, 1.0)
    assert [Path(library.filepath) for library in bpy.data.libraries] == [files[2]]
    placed = placing.place_many(items)
    assert [one.error is None for one in placed] == [True, False, False, True]


def test_two_hundred_props(placing: Any, item: Item, tmp_path: Path) -> None:
    first = write_prop(tmp_path / "crate-00000000" / "prop.blend", "Crate")
    copies = [first, *(tmp_path / f"crate-{n:08x}" / "prop.blend" for n in range(1, 200))]
    for copy in copies[1:]:
        copy.parent.mkdir()
        copy.write_bytes(first.read_bytes())
    placed = placing.place_many([item(file, (n, 0, 0)) for n, file in enumerate(copies)])
    assert [one.error for one in placed] == [None] * 200
    scene = tmp_path / "market.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(scene), compress=False)
    assert scene.stat().st_size < 2_000_000
    bpy.ops.wm.open_mainfile(filepath=str(scene))
    shown = [bpy_context.instanced(o) for o in bpy_context.scene().objects]
    assert len({c.library for c in shown if len(c.objects) == 1}) == 200
    bpy.ops.wm.read_homefile(use_empty=True)
