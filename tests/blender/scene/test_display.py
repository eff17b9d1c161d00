# SPDX-License-Identifier: GPL-3.0-or-later
"""Proxy, Full and Bounds in the viewport; the full mesh in every render."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import bpy
import numpy as np
import pytest
from support import bpy_context
from support.bpy_context import trellis_ops
from support.prop_files import write_prop
from support.rooms import Rooms

LINKED = ["LINK", *(["PACK"] if bpy.app.version >= (5, 0, 0) else [])]
MODES = ["PROXY", "FULL", "BOUNDS"]
SEEN = {"PROXY": "Barrel proxy", "FULL": "Barrel", "BOUNDS": "Barrel proxy"}
Place = Callable[..., Any]


class Counter(bpy.types.RenderEngine):
    """A render engine that writes down what a render is given: Blender's graph in RENDER mode."""

    bl_idname = "TRELLIS_TEST_COUNTER"
    bl_label = "Counter"
    found: ClassVar[list[tuple[str, bool]]] = []

    def render(self, depsgraph: Any) -> None:  # type: ignore[override]  # stubs: without it
        assert depsgraph.mode == "RENDER"
        self.found[:] = shown(depsgraph)


def shown(depsgraph: Any) -> list[tuple[str, bool]]:
    """Meshes of a graph, and whether each is an instance's."""
    found = [
        (one.object.name, one.is_instance)
        for one in depsgraph.object_instances
        if one.object.type == "MESH"
    ]
    return sorted(found)


def viewport() -> list[tuple[str, bool]]:
    bpy_context.view_layer().update()
    return shown(bpy.context.evaluated_depsgraph_get())


@pytest.fixture
def rendered() -> Iterator[Callable[[], list[tuple[str, bool]]]]:
    """Gives what a render sees."""
    bpy.utils.register_class(Counter)

    def render() -> list[tuple[str, bool]]:
        scene: Any = bpy_context.scene()
        if scene.camera is None:
            scene.camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
            scene.collection.objects.link(scene.camera)
        scene.render.engine = Counter.bl_idname
        scene.render.resolution_x = scene.render.resolution_y = 8
        Counter.found.clear()
        bpy.ops.render.render()
        return list(Counter.found)

    yield render
    # Nobody may still use the class when it goes: 4.2 crashes then.
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.utils.unregister_class(Counter)


@pytest.fixture
def barrel_file(tmp_path: Path) -> Path:
    return write_prop(tmp_path / "library" / "barrel-12345678" / "prop.blend", proxy=True)


@pytest.fixture
def proxies(rooms: Rooms) -> Any:
    return rooms("scene.link.proxies")


def reopen(folder: Path) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "scene.blend"))
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.ops.wm.open_mainfile(filepath=str(folder / "scene.blend"))


@pytest.mark.parametrize("method", LINKED)
@pytest.mark.parametrize("mode", MODES)
def test_viewport_shows_it_and_renders_do_not_care(
    barrel_file: Path, place: Place, proxies: Any, tmp_path: Path,
    rendered: Any, method: str, mode: str,
) -> None:  # fmt: skip
    empty = place(barrel_file, method)
    assert proxies.display_of(empty) == "PROXY"
    assert proxies.show([empty], proxies.Display(mode)) == (1, 0)
    for saved in (False, True):
        if saved:
            reopen(tmp_path)
            (empty,) = [obj for obj in bpy_context.scene().objects if obj.type == "EMPTY"]
        assert proxies.display_of(empty) == mode
        assert viewport() == [(SEEN[mode], True)]
        boxes = [
            bpy_context.existing(one.object).display_type == "BOUNDS"
            for one in bpy.context.evaluated_depsgraph_get().object_instances
            if one.is_instance
        ]
        assert boxes == [mode == "BOUNDS"]
        assert rendered() == [("Barrel", True)]
    assert proxies.prop_of(empty).name == "Barrel"


@pytest.mark.parametrize("first", MODES)
@pytest.mark.parametrize("then", MODES)
def test_there_and_back(
    barrel_file: Path, place: Place, proxies: Any, first: str, then: str, rendered: Any
) -> None:
    empty = place(barrel_file)
    prop = empty.instance_collection
    for mode in (first, then, "PROXY"):
        proxies.show([empty], proxies.Display(mode))
        assert proxies.display_of(empty) == mode
        assert viewport() == [(SEEN[mode], True)]
    assert empty.instance_collection == prop
    assert empty.display_type == "TEXTURED"
    assert empty.show_instancer_for_viewport
    # Nothing is left of the way there.
    assert [c.name for c in bpy.data.collections if c.library is None] == []
    assert rendered() == [("Barrel", True)]


def test_one_prop_of_many(barrel_file: Path, place: Place, proxies: Any) -> None:
    first, second, third = (place(barrel_file, location=(x, 0, 0)) for x in range(3))
    proxies.show([first, third], proxies.Display.FULL)
    # One view for all copies; no data is copied for it.
    assert first.instance_collection == third.instance_collection
    assert viewport() == [("Barrel", True), ("Barrel", True), ("Barrel proxy", True)]
    assert len(bpy.data.meshes) == 2
    assert proxies.display_of(second) == "PROXY"
    bpy.data.objects.remove(first)
    proxies.show([third], proxies.Display.BOUNDS)
    assert [c.name for c in bpy.data.collections if c.library is None] == []


def test_full_follows_a_library_that_has_changed(
    barrel_file: Path, place: Place, proxies: Any, tmp_path: Path
) -> None:
    proxies.show([place(barrel_file)], proxies.Display.FULL)
    for rig in (True, False):
        bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
        write_prop(barrel_file, proxy=True, rig=rig)
        bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))
        empty = bpy_context.local_object("Barrel")
        proxies.show([empty], proxies.Display.FULL)
        assert len(bpy_context.instanced(empty).objects) == 1 + rig
        assert viewport() == [("Barrel", True)]


def test_a_prop_without_stand_in(tmp_path: Path, place: Place, proxies: Any, rendered: Any) -> None:
    empty = place(write_prop(tmp_path / "stool-12345678" / "prop.blend", "Stool"))
    assert proxies.display_of(empty) == "FULL"
    for mode in MODES:
        assert proxies.show([empty], proxies.Display(mode)) == (1, 1)
        assert viewport() == [("Stool", True)]
        assert (empty.display_type == "BOUNDS") == (mode == "BOUNDS")
        assert rendered() == [("Stool", True)]


def test_other_objects_are_left_alone(barrel_file: Path, place: Place, proxies: Any) -> None:
    bpy.ops.mesh.primitive_cube_add()
    cube = bpy_context.active_object()
    own = bpy.data.collections.new("Own")
    other = bpy.data.objects.new("Other", None)
    other.instance_type, other.instance_collection = "COLLECTION", own
    assert proxies.show([cube, other], proxies.Display.BOUNDS) == (0, 0)
    assert cube.display_type == other.display_type == "TEXTURED"
    assert proxies.display_of(cube) is None
    assert proxies.prop_of(None) is None


@pytest.mark.parametrize("mode", MODES)
def test_cycles_renders_the_full_mesh(
    barrel_file: Path, place: Place, proxies: Any, tmp_path: Path, mode: str
) -> None:
    # The full mesh shines red, the stand-in green.
    proxies.show([place(barrel_file)], proxies.Display(mode))
    scene: Any = bpy_context.scene()
    scene.camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(scene.camera)
    scene.camera.location, scene.camera.rotation_euler = (0, -4, 1), (np.pi / 2, 0, 0)
    scene.render.engine = "CYCLES"
    scene.cycles.samples, scene.cycles.use_denoising = 1, False
    scene.render.resolution_x = scene.render.resolution_y = 16
    scene.render.resolution_percentage = 100
    scene.render.image_settings.file_format = "PNG"
    scene.view_settings.view_transform = "Raw"
    scene.render.filepath = str(tmp_path / "picture.png")
    bpy.ops.render.render(write_still=True)
    picture: Any = bpy.data.images.load(scene.render.filepath)
    middle = np.array(picture.pixels[:]).reshape(16, 16, 4)[8, 8]
    assert middle[0] > 0.9
    assert middle[1] < 0.1


# --- the operator


def test_operator_for_selected_and_for_all(barrel_file: Path, place: Place, proxies: Any) -> None:
    first, second = place(barrel_file), place(barrel_file, location=(2, 0, 0))
    first.select_set(True)
    assert trellis_ops.display(mode="FULL") == {"FINISHED"}
    assert [proxies.display_of(obj) for obj in (first, second)] == ["FULL", "PROXY"]
    assert trellis_ops.display(mode="BOUNDS", all_props=True) == {"FINISHED"}
    assert [proxies.display_of(obj) for obj in (first, second)] == ["BOUNDS", "BOUNDS"]
    first.select_set(False)
    with pytest.raises(RuntimeError, match="Select a placed prop, or choose All Props"):
        trellis_ops.display(mode="FULL")


def test_operator_tells_of_props_without_stand_in(
    barrel_file: Path, place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stool = write_prop(tmp_path / "stool-12345678" / "prop.blend", "Stool")
    place(barrel_file)
    place(stool)
    trellis_ops.display(mode="PROXY", all_props=True)
    assert "2 props: Proxy; 1 small enough to have no proxy" in capsys.readouterr().out
    trellis_ops.display(mode="FULL", all_props=True)
    assert "2 props: Full\n" in capsys.readouterr().out


def test_operator_says_why_it_is_off() -> None:
    with pytest.raises(RuntimeError, match="There is no linked prop in this file"):
        trellis_ops.display(mode="FULL")
