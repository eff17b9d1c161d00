# SPDX-License-Identifier: GPL-3.0-or-later
"""A file finds its props again after the library was moved; what it uses is known."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import bpy
import pytest
from support import bpy_context
from support.rooms import Rooms, unlocked


def write_prop(library: Path, prop_id: str, name: str = "prop.blend") -> Path:
    """A small prop's file as this Blender writes it."""
    folder = library / prop_id
    folder.mkdir(parents=True, exist_ok=True)
    collection = bpy.data.collections.new(prop_id)
    mesh = bpy.data.meshes.new(prop_id)
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    obj = bpy.data.objects.new(prop_id, mesh)
    collection.objects.link(obj)
    collection.asset_mark()
    bpy.data.libraries.write(str(folder / name), {collection}, fake_user=True)
    bpy.data.collections.remove(collection)
    bpy.data.objects.remove(obj)
    bpy.data.meshes.remove(mesh)
    return folder / name


def instances() -> dict[str, int]:
    """Names of the instances in the scene, with how many objects each shows."""
    return {
        obj.name: len(obj.instance_collection.objects)
        for obj in bpy_context.scene().objects
        if obj.instance_collection
    }


@pytest.fixture
def place(rooms: Rooms) -> Any:
    module = rooms("scene.place.placing")

    def put(blend: Path) -> Any:
        return module.place(blend, module.at_cursor(bpy_context.scene()))

    return put


@pytest.fixture
def missing(rooms: Rooms) -> Any:
    return rooms("scene.link.relink")


def saved_scene(path: Path, place: Any, *blends: Path, relative: bool = True) -> None:
    """A saved file that links props, closed again."""
    if relative:
        bpy.ops.wm.save_as_mainfile(filepath=str(path))
    for blend in blends:
        place(blend)
    bpy.ops.wm.save_as_mainfile(filepath=str(path), relative_remap=relative)
    bpy.ops.wm.read_homefile(use_empty=True)


@pytest.mark.parametrize("relative", [True, False])
def test_moved_library(
    tmp_path: Path, place: Any, missing: Any, relative: bool, rooms: Rooms
) -> None:
    old, new = tmp_path / "Bücher", tmp_path / "new place" / "椅子"
    blends = [write_prop(old, "oak-0123abcd"), write_prop(old, "vase-4567cdef")]
    saved_scene(tmp_path / "scene.blend", place, *blends, relative=relative)
    new.parent.mkdir()
    shutil.move(old, new)
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))
    assert instances() == {"oak-0123abcd": 0, "vase-4567cdef": 0}
    before = {one.filepath.startswith("//") for one in bpy.data.libraries}
    assert before == {relative}
    result = missing.find_missing(missing.in_library(new))
    assert sorted(result.found) == ["oak-0123abcd", "vase-4567cdef"]
    assert result.lost == ()
    assert instances() == {"oak-0123abcd": 1, "vase-4567cdef": 1}
    assert {one.filepath.startswith("//") for one in bpy.data.libraries} == {relative}
    # Nothing is missing any more, also after the next start.
    assert missing.find_missing(missing.in_library(new)) == missing.Relinked((), ())
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))
    assert instances() == {"oak-0123abcd": 1, "vase-4567cdef": 1}


def test_what_is_not_in_the_library_either(tmp_path: Path, place: Any, missing: Any) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    blends = [write_prop(old, "oak-0123abcd"), write_prop(old, "vase-4567cdef")]
    saved_scene(tmp_path / "scene.blend", place, *blends)
    shutil.move(old, new)
    shutil.rmtree(new / "vase-4567cdef")
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))
    result = missing.find_missing(missing.in_library(new))
    assert (result.found, result.lost) == (("oak-0123abcd",), ("vase-4567cdef",))
    assert instances() == {"oak-0123abcd": 1, "vase-4567cdef": 0}


def test_links_to_other_things_are_left_alone(tmp_path: Path, place: Any, missing: Any) -> None:
    there = write_prop(tmp_path / "kept", "oak-0123abcd")
    foreign = write_prop(tmp_path / "old", "somebody's chair")
    saved_scene(tmp_path / "scene.blend", place, there, foreign)
    shutil.rmtree(tmp_path / "old")
    # A prop of the same id in the library, though the link works.
    write_prop(tmp_path / "new", "oak-0123abcd")
    write_prop(tmp_path / "new", "somebody's chair")
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))
    before = sorted(one.filepath for one in bpy.data.libraries)
    result = missing.find_missing(missing.in_library(tmp_path / "new"))
    assert result == missing.Relinked((), ())
    assert sorted(one.filepath for one in bpy.data.libraries) == before


def test_placed_anew_before_it_was_found(tmp_path: Path, place: Any, missing: Any) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    blend = write_prop(old, "oak-0123abcd")
    saved_scene(tmp_path / "scene.blend", place, blend)
    shutil.move(old, new)
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))
    place(new / "oak-0123abcd" / "prop.blend")
    assert len(missing.find_missing(missing.in_library(new)).found) == 1
    assert sorted(instances().values()) == [1, 1]
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))
    assert sorted(instances().values()) == [1, 1]
    assert len(bpy.data.libraries) == 1


def test_file_of_another_version_leads_to_the_readable_one(
    tmp_path: Path, place: Any, missing: Any, rooms: Rooms
) -> None:
    library = rooms("library.library").Library(tmp_path / "new")
    folder = unlocked(library.create_locked(rooms.request(), "", "chat"))
    folder.advance(rooms("core.events").State.READY)
    write_prop(library.path, folder.id)
    old = write_prop(tmp_path / "old", folder.id, "prop-4.2.blend")
    saved_scene(tmp_path / "scene.blend", place, old)
    shutil.rmtree(tmp_path / "old")
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))
    assert missing.find_missing(missing.in_library(library.path)).found == (folder.id,)
    assert Path(bpy.data.libraries[0].filepath).name == "prop.blend"
    assert instances() == {folder.id: 1}


@pytest.mark.parametrize(
    ("path", "prop"),
    [
        ("//../lib/oak-0123abcd/prop.blend", ("oak-0123abcd", "prop.blend")),
        ("C:\\Props\\oak-0123abcd\\prop-4.2.blend", ("oak-0123abcd", "prop-4.2.blend")),
        ("\\\\server\\share\\a-b-0123abcd\\prop.blend", ("a-b-0123abcd", "prop.blend")),
        ("//oak-0123abcd\\prop.blend", ("oak-0123abcd", "prop.blend")),
        ("/lib/oak-0123abcd/other.blend", None),
        ("/lib/oak-0123abcg/prop.blend", None),
        ("/lib/prop.blend", None),
        ("/lib/oak-0123abcd/prop.blend/scene.blend", None),
    ],
)
def test_links_of_any_system_are_understood(
    tmp_path: Path, place: Any, missing: Any, path: str, prop: Any
) -> None:
    place(write_prop(tmp_path, "oak-0123abcd"))
    (library,) = bpy.data.libraries
    library.filepath = path
    assert missing.prop_of(library) == prop


def test_links_into(tmp_path: Path, place: Any, missing: Any) -> None:
    oak, vase = write_prop(tmp_path, "oak-0123abcd"), write_prop(tmp_path, "vase-4567cdef")
    assert missing.links_into(oak.parent) == []
    first, second = place(oak), place(oak)
    place(vase)
    assert missing.links_into(oak.parent) == sorted([first.name, second.name])
    for instance in (first, second):
        bpy.data.objects.remove(instance)
    # The library is still loaded, and nothing uses it.
    assert len(bpy.data.libraries) == 2
    assert missing.links_into(oak.parent) == []
    assert len(missing.links_into(vase.parent)) == 1


def test_links_into_sees_a_relative_link(tmp_path: Path, place: Any, missing: Any) -> None:
    oak = write_prop(tmp_path / "lib", "oak-0123abcd")
    saved_scene(tmp_path / "scene.blend", place, oak)
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))
    assert bpy.data.libraries[0].filepath.startswith("//")
    assert missing.links_into(oak.parent) == ["oak-0123abcd"]


@pytest.mark.skipif(bpy.app.version < (5, 0), reason="packed data came with 5.0")
def test_packed_prop_does_not_need_its_file(tmp_path: Path, missing: Any) -> None:
    oak = write_prop(tmp_path / "lib", "oak-0123abcd")
    with bpy_context.libraries().load(str(oak), link=True, pack=True) as (source, target):
        target.collections = source.collections
    instance = bpy.data.objects.new("oak", None)
    instance.instance_type = "COLLECTION"
    instance.instance_collection = target.collections[0]
    bpy_context.scene().collection.objects.link(instance)
    assert missing.links_into(oak.parent) == []
    shutil.rmtree(tmp_path / "lib")
    assert missing.find_missing(missing.in_library(tmp_path)) == missing.Relinked((), ())
    assert instances() == {"oak": 1}
