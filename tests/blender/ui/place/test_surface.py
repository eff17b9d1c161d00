# SPDX-License-Identifier: GPL-3.0-or-later
"""On the surface under the mouse: the reckoning, the operator for scripts, the box's handler.

Following a real mouse needs a window.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest
from mathutils import Vector
from support import bpy_context
from support.bpy_context import trellis_ops
from support.prop_files import stored_prop, write_prop
from support.rooms import Rooms


@pytest.fixture
def surface(rooms: Rooms) -> Any:
    return rooms("scene.place.surface")


@pytest.fixture
def under(surface: Any) -> Callable[[Any, Any], Any]:
    """`under(origin, direction)`: what a ray meets in the open scene."""

    def cast(origin: Any, direction: Any) -> Any:
        graph = bpy.context.evaluated_depsgraph_get()
        ray = surface.Ray(Vector(origin), Vector(direction).normalized())
        return surface.under(bpy_context.scene(), graph, ray)

    return cast


@pytest.fixture
def crate_file(tmp_path: Path) -> Path:
    return write_prop(tmp_path / "crate-12345678" / "prop.blend", "Crate", proxy=True)


def close(one: Any, other: Any) -> bool:
    return (Vector(one) - Vector(other)).length < 1e-5


# --- what is under the pointer


def test_top_and_side_of_a_cube(under: Any) -> None:
    bpy.ops.mesh.primitive_cube_add()
    top = under((0.2, 0.3, 9), (0, 0, -1))
    assert close(top.location, (0.2, 0.3, 1))
    assert close(top.normal, (0, 0, 1))
    side = under((9, 0, 0), (-1, 0, 0))
    assert close(side.location, (1, 0, 0))
    assert close(side.normal, (1, 0, 0))


def test_a_face_seen_from_behind_faces_the_viewer(under: Any) -> None:
    bpy.ops.mesh.primitive_plane_add(location=(0, 0, 1))
    assert close(under((0, 0, 0), (0, 0, 1)).normal, (0, 0, -1))


def test_slope_of_a_scaled_object(under: Any) -> None:
    bpy.ops.mesh.primitive_plane_add(rotation=(0, math.radians(45), 0))
    bpy_context.active_object().scale = (4, 1, 1)
    half = math.sqrt(0.5)
    assert close(under((0, 0, 9), (0, 0, -1)).normal, (half, 0, half))


def test_on_top_of_a_linked_prop(under: Any, rooms: Rooms, crate_file: Path) -> None:
    module = rooms("scene.place.placing")
    module.place(crate_file, module.at_origin(bpy_context.scene()))
    bpy_context.view_layer().update()
    assert close(under((0.1, 0.1, 9), (0, 0, -1)).location, (0.1, 0.1, 2))


def test_in_edit_mode(under: Any) -> None:
    bpy.ops.mesh.primitive_cube_add()
    bpy.ops.object.mode_set(mode="EDIT")
    hit = under((0.2, 0.3, 9), (0, 0, -1))
    bpy.ops.object.mode_set(mode="OBJECT")
    assert close(hit.location, (0.2, 0.3, 1))


@pytest.fixture
def local_view() -> Iterator[Any]:
    """A local view with one cube of two; gives its area's context and space."""
    for height in (5.0, 0.0):
        bpy.ops.mesh.primitive_cube_add(location=(0, 0, height))
        bpy_context.active_object().name = "Roof" if height else "Floor"
    bpy.ops.object.select_all(action="DESELECT")
    bpy.data.objects["Floor"].select_set(True)
    window = bpy_context.window()
    area = next(a for a in window.screen.areas if a.type == "VIEW_3D")
    region = next(r for r in area.regions if r.type == "WINDOW")
    there: dict[str, Any] = {"window": window, "area": area, "region": region}
    with bpy.context.temp_override(**there):
        bpy.ops.view3d.localview(frame_selected=False)
        yield there
        bpy.ops.view3d.localview(frame_selected=False)


def test_in_local_view_what_is_hidden_is_no_surface(
    rooms: Rooms, under: Any, surface: Any, local_view: Any
) -> None:
    space = local_view["area"].spaces.active
    local = rooms("scene.place.local_view")
    assert local.is_local(space)
    assert under((0, 0, 9), (0, 0, -1)).location.z == pytest.approx(6)
    ray = surface.Ray(Vector((0, 0, 9)), Vector((0, 0, -1)))
    hit = local.under(bpy.context.evaluated_depsgraph_get(), ray, space)
    assert hit.location.to_tuple() == pytest.approx((0, 0, 1))
    assert hit.normal.to_tuple() == pytest.approx((0, 0, 1))
    beside = surface.Ray(Vector((8, 0, 9)), Vector((0, 0, -1)))
    assert local.under(bpy.context.evaluated_depsgraph_get(), beside, space) is None


@pytest.mark.parametrize("method", ["LINK", "APPEND"])
def test_what_is_placed_from_a_local_view_is_seen_there(
    settings: Path, rooms: Rooms, request: Any, method: str
) -> None:
    folder = stored_prop(rooms, settings)
    local_view = request.getfixturevalue("local_view")
    for place in ("place", "place_on_surface"):
        with bpy.context.temp_override(**local_view):
            getattr(trellis_ops, place)(prop_id=folder.id, method=method)
    bpy_context.view_layer().update()
    space, graph = local_view["area"].spaces.active, bpy.context.evaluated_depsgraph_get()
    seen = {
        o.name for o in bpy_context.scene().objects if o.evaluated_get(graph).local_view_get(space)
    }
    assert seen == {o.name for o in bpy_context.scene().objects} - {"Roof"}
    assert len(seen) == 3
    # Its meshes are a surface there, too.
    ray = rooms("scene.place.surface").Ray(Vector((0.3, 0.2, 9)), Vector((0, 0, -1)))
    hit = rooms("scene.place.local_view").under(graph, ray, space)
    assert hit.location.z == pytest.approx(2, abs=0.05)


def test_the_ground_where_nothing_else_is(under: Any) -> None:
    hit = under((0, 0, 4), (3, 0, -4))
    assert close(hit.location, (3, 0, 0))
    assert close(hit.normal, (0, 0, 1))
    assert close(under((0, 0, -4), (0, 0, 1)).location, (0, 0, 0))


@pytest.mark.parametrize("direction", [(0, 0, 1), (1, 0, 0), (1, 0, -1e-9), (1, 0, -1e-7)])
def test_the_sky(under: Any, direction: Any) -> None:
    assert under((0, 0, 4), direction) is None


# --- how the prop stands


def test_upright_unless_aligned(surface: Any) -> None:
    hit = surface.Hit(Vector((1, 2, 3)), Vector((1, 0, 0)))
    upright = surface.SurfacePose(hit)
    assert close(upright.matrix @ Vector((0, 0, 1)), (1, 2, 4))
    assert close(upright.matrix @ Vector((1, 0, 0)), (2, 2, 3))
    aligned = surface.SurfacePose(hit, align=True)
    assert close(aligned.matrix @ Vector((0, 0, 1)), (2, 2, 3))
    assert close(aligned.matrix.translation, (1, 2, 3))


@pytest.mark.parametrize("normal", [(0, 0, 1), (0, 0, -1), (1, 0, 0), (0.6, 0, 0.8)])
@pytest.mark.parametrize("align", [False, True])
def test_the_wheel_turns_about_the_upright(surface: Any, normal: Any, align: bool) -> None:
    hit = surface.Hit(Vector((0, 0, 0)), Vector(normal))
    stand = surface.SurfacePose(hit, align=align)
    turned = stand.turned(15).turned(30)
    up = Vector(normal) if align else Vector((0, 0, 1))
    assert close(turned.rotation @ Vector((0, 0, 1)), up)
    before, after = (s.rotation @ Vector((1, 0, 0)) for s in (stand, turned))
    assert math.degrees(before.angle(after)) == pytest.approx(45, abs=1e-3)
    assert close(turned.turned(-45).rotation @ Vector((1, 0, 0)), before)


def test_nothing_to_stand_on(surface: Any) -> None:
    assert surface.SurfacePose(align=True).turned(15).matrix is None


def test_box_of_a_size(surface: Any) -> None:
    box = surface.BoundingBox.standing((2.0, 4.0, 6.0))
    assert (box.low, box.high) == ((-1.0, -2.0, 0.0), (1.0, 2.0, 6.0))
    hit = surface.Hit(Vector((10, 0, 0)), Vector((1, 0, 0)))
    points = box.lines(surface.SurfacePose(hit, align=True).matrix)
    assert len(points) == 24
    edges = [Vector(a) - Vector(b) for a, b in zip(points[::2], points[1::2], strict=True)]
    assert sorted(round(edge.length, 4) for edge in edges) == [2.0] * 4 + [4.0] * 4 + [6.0] * 4
    assert min(x for x, _, _ in points) == pytest.approx(10)
    assert max(x for x, _, _ in points) == pytest.approx(16)


@pytest.mark.parametrize("rig", [False, True])
def test_box_of_what_is_linked(surface: Any, rooms: Rooms, tmp_path: Path, rig: bool) -> None:
    blend = write_prop(tmp_path / "c-12345678" / "prop.blend", "Crate", rig=rig, size=(1, 2, 3))
    module = rooms("scene.place.placing")
    empty = module.place(blend, module.at_origin(bpy_context.scene()))
    box = surface.BoundingBox.around(empty.instance_collection)
    # The rig stands half a metre along X and is turned by a quarter.
    low, high = ((-0.5, -0.5, 0), (1.5, 0.5, 3)) if rig else ((-0.5, -1, 0), (0.5, 1, 3))
    assert close(box.low, low)
    assert close(box.high, high)
    assert surface.BoundingBox.around(bpy.data.collections.new("Bare")) is None


# --- the operator for scripts


def test_operator_places_more_of_the_active_prop(rooms: Rooms, crate_file: Path) -> None:
    module = rooms("scene.place.placing")
    first = module.place(crate_file, module.at_origin(bpy_context.scene()))
    bpy_context.view_layer().objects.active = first
    place = trellis_ops.place_on_surface
    assert place(location=(1, 2, 3), normal=(1, 0, 0), angle=0.5) == {"FINISHED"}
    second = next(obj for obj in bpy_context.scene().objects if obj != first)
    assert second.instance_collection == first.instance_collection
    assert close(second.location, (1, 2, 3))
    assert close(second.rotation_euler, (0, 0, 0.5))
    assert place(location=(1, 2, 3), normal=(2, 0, 0), align=True) == {"FINISHED"}
    third = next(obj for obj in bpy_context.scene().objects if obj not in (first, second))
    assert close(third.matrix_basis @ Vector((0, 0, 1)), (2, 2, 3))


def test_operators_take_a_prop_of_the_library(settings: Path, rooms: Rooms) -> None:
    folder = stored_prop(rooms, settings, "Vase", (1, 2, 3))
    assert trellis_ops.place_on_surface(prop_id=folder.id, location=(1, 0, 0)) == {"FINISHED"}
    bpy_context.scene().cursor.location = (2, 0, 0)
    assert trellis_ops.place(prop_id=folder.id) == {"FINISHED"}
    done = trellis_ops.place(prop_id=folder.id, where="ORIGIN", method="APPEND")
    assert done == {"FINISHED"}
    placed = sorted(obj.location.x for obj in bpy_context.scene().objects)
    assert placed == [0.0, 1.0, 2.0]
    known = rooms("scene.place.placeable").stored(settings, folder.id)
    assert known.blend == folder.blend
    assert (known.box.low, known.box.high) == ((-0.5, -1.0, 0.0), (0.5, 1.0, 3.0))
    suggest = rooms("ui.place.place_ops").suggest
    assert suggest(None, bpy.context, "VA") == [folder.id]
    assert suggest(None, bpy.context, "chair") == []


@pytest.mark.parametrize("name", ["place", "place_on_surface"])
def test_operators_say_what_is_wrong(settings: Path, rooms: Rooms, name: str) -> None:
    operator = getattr(trellis_ops, name)
    with pytest.raises(RuntimeError, match="There is no prop gone-12345678"):
        operator(prop_id="gone-12345678")
    folder = rooms.new_folder(settings, prompt="vase")
    with pytest.raises(RuntimeError, match="is not ready"):
        operator(prop_id=folder.id)
    assert len(bpy.data.objects) == 0
    assert rooms("scene.place.placeable").ready_ids(settings) == []


def test_nothing_chosen_and_no_direction(settings: Path) -> None:
    with pytest.raises(RuntimeError, match="No prop is chosen"):
        trellis_ops.place()
    with pytest.raises(RuntimeError, match="There is no prop to place"):
        trellis_ops.place_on_surface()
    with pytest.raises(RuntimeError, match="The normal has no direction"):
        trellis_ops.place_on_surface(normal=(0, 0, 0))


# --- the box that is drawn


@pytest.fixture
def overlay(rooms: Rooms) -> Any:
    box = rooms("ui.common.box_overlay").BoxOverlay()
    yield box
    box.hide()


def gone(handle: Any) -> bool:
    """Whether Blender knows this handler no more. (It takes the handler away if it does.)"""
    try:
        bpy.types.SpaceView3D.draw_handler_remove(handle, "WINDOW")
    except ValueError:
        return True
    return False


def test_the_check_for_handlers_bites() -> None:
    handle = bpy.types.SpaceView3D.draw_handler_add(print, (), "WINDOW", "POST_VIEW")
    assert not gone(handle)
    assert gone(handle)


def test_handler_is_added_and_removed_once(overlay: Any) -> None:
    overlay.show()
    handle = overlay._handle
    overlay.show()
    assert overlay._handle is handle
    assert overlay.shown == [overlay]
    overlay.hide()
    overlay.hide()
    assert overlay._handle is None
    assert overlay.shown == []
    assert gone(handle)


@pytest.mark.parametrize("end", ["file", "extension"])
def test_handler_goes_with_the_file_and_the_extension(overlay: Any, rooms: Rooms, end: str) -> None:
    overlay.show()
    handle = overlay._handle
    if end == "file":
        bpy.ops.wm.read_homefile(use_empty=True)
    else:
        rooms("ui.common.take_back").TakeBack.run()
    assert overlay._handle is None
    assert gone(handle)
    overlay.hide()
    handlers = [h for h in bpy.app.handlers.load_pre if h.__name__ == "hide_all"]
    assert len(handlers) == (1 if end == "file" else 0)


def test_a_box_that_cannot_be_drawn_is_given_up(overlay: Any, caplog: Any) -> None:
    # There is no GPU here, which is one way in which drawing fails.
    overlay.lines = [(0, 0, 0), (1, 0, 0)]
    overlay._draw()
    overlay._draw()
    assert len([r for r in caplog.records if "cannot be drawn" in r.message]) == 1
    assert overlay.lines == []


def test_all_operators_are_in_menus(rooms: Rooms) -> None:
    # F3 finds only those.
    names = {"place", "place_on_surface", "display", "import_files"}
    root = Path(rooms("ui.gallery.menus").__file__)
    text = root.read_text("utf-8")
    assert all(f'"trellis.{name}"' in text for name in names)
    for menu, draw in (("VIEW3D_MT_object", "draw_object"), ("VIEW3D_MT_add", "draw_add")):
        drawn = [f.__name__ for f in getattr(bpy.types, menu)._dyn_ui_initialize()]
        assert draw in drawn
