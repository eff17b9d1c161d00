# SPDX-License-Identifier: GPL-3.0-or-later
"""A heavy prop is linked without its mesh, and rendered with it: here, and in a plain Blender."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import pytest
from support import bpy_context, plain_render
from support.light_scenes import (
    ID,
    TRIANGLES,
    in_plain_blender,
    is_light,
    library,
    make,
    reading,
    save,
    without_handlers,
)
from support.rooms import Rooms

pytestmark = pytest.mark.skipif(
    bpy.app.version < (4, 5, 0), reason="a bake loses custom normals there: no light files"
)

Place = Callable[..., Any]
PROXY = 5000
"""The most triangles of a proxy."""
CHANGES = (
    "written again", "another Blender", "no light file", "no mark", "odd mark", "no mesh",
    "half a mesh", "no description of the mesh",
)  # fmt: skip
INCOMPLETE = {"no mesh": "prop-1", "no description of the mesh": "prop-1/0/meta"}
"""Which folder is missing in a light file's folder."""


def test_linked_without_its_mesh(ball: Path, place: Place) -> None:
    place(ball)
    assert is_light()
    bpy_context.view_layer().update()
    seen = plain_render.meshes_of(bpy.context.evaluated_depsgraph_get())
    assert [mesh[0] for mesh in seen] == ["Ball proxy"]
    assert max(len(mesh.polygons) for mesh in bpy.data.meshes) <= PROXY
    # What is hidden is evaluated as well, but not its mesh.
    (hidden,) = [obj for obj in bpy.data.objects if obj.name == "Ball" and obj.type == "MESH"]
    evaluated: Any = hidden.evaluated_get(bpy.context.evaluated_depsgraph_get())
    assert len(evaluated.data.polygons) == 6
    # Another copy is of the same library.
    place(ball)
    assert len(bpy.data.libraries) == 1


@pytest.mark.parametrize("how", ["plain", "copy", "compressed", "moved", "twice"])
def test_saved_file(
    ball: Path, place: Place, expected: tuple[Any, bytes], tmp_path: Path, how: str
) -> None:
    scene = tmp_path / "scenes" / "scene.blend"
    if how == "moved":
        save(scene)  # so that paths are relative
    place(ball)
    assert is_light()
    save(scene, copy=how == "copy", compress=how == "compressed")
    if how == "twice":
        bpy.ops.wm.save_mainfile()
    assert is_light(), "the session goes on with the light file"
    if how == "moved":
        bpy.ops.wm.read_homefile(use_empty=True)
        (tmp_path / "elsewhere").mkdir()
        for name in ("library", "scenes"):
            shutil.move(tmp_path / name, tmp_path / "elsewhere" / name)
        scene = tmp_path / "elsewhere" / "scenes" / "scene.blend"
    facts, picture = in_plain_blender(scene, tmp_path)
    assert [Path(path).parts[-2:] for path in facts["libraries"]] == [(ID, "prop.blend")]
    assert (facts["render"], picture) == expected
    assert [mesh[0] for mesh in facts["view"]] == ["Ball proxy"]


@pytest.mark.parametrize("frame", ["1", "77"])
def test_file_that_blender_saves_by_itself(
    ball: Path, place: Place, expected: tuple[Any, bytes], tmp_path: Path, frame: str
) -> None:
    place(ball)
    with without_handlers():
        scene = save(tmp_path / "quit.blend")
    facts, picture = in_plain_blender(scene, tmp_path, frame)
    assert Path(facts["libraries"][0]).parts[-3:] == (ID, "light", "prop.blend")
    assert (facts["render"], picture) == expected


def test_packed_library(
    ball: Path, place: Place, expected: tuple[Any, bytes], tmp_path: Path
) -> None:
    """File > External Data > Pack Linked Libraries."""
    save(tmp_path / "scene.blend")  # Blender packs no file with an absolute path
    place(ball)
    bpy.ops.file.pack_libraries()
    facts, picture = in_plain_blender(save(tmp_path / "scene.blend"), tmp_path)
    assert (facts["render"], picture) == expected


@pytest.mark.skipif(bpy.app.version < (5, 0, 0), reason="packed links came with 5.0")
def test_packed_link(ball: Path, place: Place, expected: tuple[Any, bytes], tmp_path: Path) -> None:
    """Pack in the outliner."""
    empty = place(ball)
    data: Any = bpy.data
    data.pack_linked_ids_hierarchy(empty.instance_collection)
    facts, picture = in_plain_blender(save(tmp_path / "scene.blend"), tmp_path)
    assert (facts["render"], picture) == expected


def test_missing_meshes_are_pink(ball: Path, place: Place, tmp_path: Path) -> None:
    place(ball)
    with without_handlers():
        scene = save(tmp_path / "quit.blend")
    shutil.rmtree(ball.parent / "light" / "prop-1")
    facts, picture = in_plain_blender(scene, tmp_path)
    assert [mesh[:3] for mesh in facts["render"]] == [["Ball", 6, ["Trellis Missing Mesh"]]]
    colours = zip(picture[0::3], picture[1::3], picture[2::3], strict=True)
    assert any(min(red, blue) > green + 60 for red, green, blue in colours)


@pytest.mark.parametrize("order", ["early", "later"])
def test_picture(tmp_path: Path, rooms: Rooms, order: str) -> None:
    """Taken after the prop was announced, or when it was made: ``prop.blend`` is written again."""
    blend = make(tmp_path / "library" / ID, tmp_path, order)
    assert (blend.parent / "thumbnail.png").is_file()
    light = rooms("core.files.light_files").light_file(blend, bpy.app.version)
    assert (light.path.name, light.collection) == ("prop.blend", "Ball")


def test_failed_save(ball: Path, place: Place, tmp_path: Path) -> None:
    place(ball)
    with pytest.raises(RuntimeError):
        bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "none" / "scene.blend"))
    assert is_light()


def test_saved_while_the_library_is_away(
    ball: Path, place: Place, expected: tuple[Any, bytes], tmp_path: Path
) -> None:
    """On a drive that is not mounted at the moment: the file names what it always names."""
    place(ball)
    shutil.move(tmp_path / "library", tmp_path / "away")
    scene = save(tmp_path / "scene.blend")
    assert is_light()
    shutil.move(tmp_path / "away", tmp_path / "library")
    facts, picture = in_plain_blender(scene, tmp_path)
    assert [Path(path).parts[-2:] for path in facts["libraries"]] == [(ID, "prop.blend")]
    assert (facts["render"], picture) == expected


def test_displayed_in_full(
    ball: Path, place: Place, rooms: Rooms, expected: tuple[Any, bytes], tmp_path: Path
) -> None:
    proxies = rooms("scene.link.proxies")
    proxies.show([place(ball)], proxies.Display.FULL)
    bpy_context.view_layer().update()
    assert plain_render.meshes_of(bpy.context.evaluated_depsgraph_get()) == expected[0]
    facts, picture = in_plain_blender(save(tmp_path / "scene.blend"), tmp_path)
    assert (facts["render"], picture) == expected
    assert facts["view"] == expected[0]


@pytest.mark.parametrize("way", ["OVERRIDE", "APPEND", "APPEND_REUSE"])
def test_made_editable(ball: Path, place: Place, rooms: Rooms, way: str) -> None:
    empty, other = place(ball), place(ball, location=(2.0, 0.0, 0.0))
    module, methods = rooms("scene.link.editable"), rooms("scene.link.methods")
    scene, layer = bpy_context.scene(), bpy_context.view_layer()
    made = module.make_editable(empty, methods.EditMethod(way), scene, layer)
    (mesh,) = [obj for obj in made.all_objects if obj.type == "MESH" and "proxy" not in obj.name]
    assert len(mesh.data.polygons) > TRIANGLES / 2
    assert not mesh.modifiers
    assert other.instance_collection.name == "Ball"


def test_overridden_by_blender(
    ball: Path, place: Place, expected: tuple[Any, bytes], tmp_path: Path
) -> None:
    empty = place(ball)
    layer: Any = bpy_context.view_layer()
    make: Any = empty.instance_collection.override_hierarchy_create
    made = make(bpy_context.scene(), layer, reference=empty, do_fully_editable=True)
    assert made is not None
    bpy.data.objects.remove(empty)
    facts, picture = in_plain_blender(save(tmp_path / "scene.blend"), tmp_path)
    assert [mesh[1:] for mesh in facts["render"]] == [mesh[1:] for mesh in expected[0]]
    assert picture == expected[1]


@pytest.mark.parametrize("change", CHANGES)
def test_not_used_when_it_may_differ(
    ball: Path, place: Place, rooms: Rooms, change: str, tmp_path: Path
) -> None:
    light = ball.parent / "light"
    if change == "written again":
        bpy.ops.wm.open_mainfile(filepath=str(ball))
        bpy.ops.wm.save_mainfile()
        bpy.ops.wm.read_homefile(use_empty=True)
    elif change == "another Blender":
        meshes, file = light / "prop-1", light / "prop.blend"
        rooms("core.files.light_files").sign(meshes, file, ball, "Ball", (5, 99, 0))
    elif change == "no light file":
        (light / "prop.blend").unlink()
    elif change in INCOMPLETE:
        shutil.rmtree(light / INCOMPLETE[change])
    elif change == "half a mesh":  # a folder that is still being copied, as by a sync service
        (blob,) = light.rglob("*.blob")
        blob.write_bytes(blob.read_bytes()[:5000])
    elif change == "odd mark":
        mark = json.loads((light / "prop.json").read_text())
        (light / "prop.json").write_text(json.dumps(mark | {"meshes": "../prop-1"}))
    else:
        (light / "prop.json").write_text('{"bytes": 1')
    place(ball)
    assert Path(library().filepath).parts[-2:] == (ID, "prop.blend")
    assert max(len(mesh.polygons) for mesh in bpy.data.meshes) > TRIANGLES / 2


@pytest.mark.parametrize("unusable", ["stale", "gone"])
def test_automatic_save_is_opened_later(
    ball: Path, place: Place, tmp_path: Path, unusable: str
) -> None:
    place(ball)
    with without_handlers():
        scene = save(tmp_path / "auto.blend")
    light = ball.parent / "light"
    if unusable == "stale":
        (light / "prop.json").unlink()
    else:
        shutil.rmtree(light)
    bpy.ops.wm.open_mainfile(filepath=str(scene))
    assert not is_light()
    assert max(len(mesh.polygons) for mesh in bpy.data.meshes) > TRIANGLES / 2


@pytest.mark.parametrize("linked", ["light", "full"])
def test_finished_again(
    ball: Path, place: Place, rooms: Rooms, tmp_path: Path, linked: str
) -> None:
    place(ball)
    if linked == "full":
        bpy.ops.wm.open_mainfile(filepath=str(save(tmp_path / "scene.blend")))
    assert is_light() == (linked == "light")
    make(ball.parent, tmp_path, triangles=10_000)
    assert rooms("ui.jobs.reload_links").reload_prop(ball.parent, ball) == 1
    assert is_light() == (linked == "light")
    assert Path(bpy.path.abspath(library().filepath)).is_file()
    facts, _ = in_plain_blender(save(tmp_path / "again.blend"), tmp_path)
    assert facts["render"][0][1] == pytest.approx(10_000, rel=0.1)


def test_finished_again_without_one(ball: Path, place: Place, rooms: Rooms, tmp_path: Path) -> None:
    place(ball)
    make(ball.parent, tmp_path, proxy=False)
    assert not (ball.parent / "light").exists()
    assert rooms("ui.jobs.reload_links").reload_prop(ball.parent, ball) == 1
    assert Path(library().filepath).parts[-2:] == (ID, "prop.blend")
    (empty,) = bpy_context.scene().objects
    shown = bpy_context.existing(empty.instance_collection)
    assert [obj.name for obj in shown.all_objects] == ["Ball"]


@pytest.mark.parametrize("change", ["finished again", "light file gone", "meshes gone"])
def test_renewed_after_another_blender_changed_it(
    ball: Path, place: Place, rooms: Rooms, tmp_path: Path, change: str
) -> None:
    """Find Missing Props, in a file that was open meanwhile: its renders had a pink box."""
    place(ball)
    renew = rooms("scene.link.renewing").renew_light
    assert renew() == ()
    if change == "finished again":
        make(ball.parent, tmp_path, triangles=10_000)
    else:
        shutil.rmtree(ball.parent / "light" / ("prop-1" if change == "meshes gone" else ""))
    assert renew() == (ID,)
    assert is_light() == (change == "finished again")
    (obj,) = [one for one in bpy.data.objects if one.name == "Ball" and one.type == "MESH"]
    mesh: Any = obj.data
    if is_light():
        bake: Any = obj.modifiers[0]
        assert Path(bpy.path.abspath(bake.bakes[0].directory, library=obj.library)).is_dir()
    else:
        assert len(mesh.polygons) > TRIANGLES / 2
    (empty,) = bpy_context.scene().objects
    assert bpy_context.existing(empty.instance_collection).library == library()
    assert renew() == ()


def test_one_file_is_left(ball: Path, tmp_path: Path) -> None:
    make(ball.parent, tmp_path, triangles=10_000)
    there = sorted(path.name for path in (ball.parent / "light").iterdir())
    assert there == ["prop-2", "prop.blend", "prop.json"]


@pytest.mark.parametrize("finishing", [{"textures": "packed"}, {"proxy": False}])
def test_props_without_one(tmp_path: Path, place: Place, finishing: Any) -> None:
    blend = make(tmp_path / "library" / ID, tmp_path, **finishing)
    assert not (blend.parent / "light").exists()
    place(blend)
    assert Path(library().filepath).parts[-2:] == (ID, "prop.blend")


def test_the_prop_itself_is_unchanged(ball: Path) -> None:
    with reading(ball, link=False) as (source, target):
        target.collections = list(source.collections)
    assert not bpy.data.node_groups
    assert all(not obj.modifiers for obj in bpy.data.objects)
    assert sorted(mesh.name for mesh in bpy.data.meshes) == ["Ball", "Ball proxy"]
    (prop,) = [one for one in bpy.data.collections if one.asset_data]
    assert prop["trellis_id"] == ID


def test_no_second_asset(ball: Path) -> None:
    light = ball.parent / "light" / "prop.blend"
    with reading(light, assets_only=True) as (source, _):
        assert not source.collections
