# SPDX-License-Identifier: GPL-3.0-or-later
"""`trellis place ID...`: props of the library into a .blend file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import pytest
from support import bpy_context
from support.processes import REPOSITORY, Ended, run
from support.prop_files import stored_prop
from support.rooms import Rooms

FIVE = bpy.app.version >= (5, 0, 0)
Run = Callable[..., Ended]


@pytest.fixture
def trellis(rooms: Rooms, capfd: pytest.CaptureFixture[str]) -> Run:
    """Runs `trellis place ARGUMENTS`."""

    def run(*arguments: str | Path) -> Ended:
        capfd.readouterr()
        code = rooms("headless.blender_command")._execute(["place", *map(str, arguments)])
        stdout, stderr = capfd.readouterr()
        return Ended(code, stdout, stderr)

    return run


@pytest.fixture
def machine(settings: Path, tmp_path: Path) -> Run:
    """Runs `trellis place ARGUMENTS --json` in a process of its own, by its own door.

    Blender prints "Saved ..." through Python's `sys.stdout` here, which pytest has replaced.
    """

    def run_it(*arguments: str | Path) -> Ended:
        words = ["-m", "trellis_addon", "place", *arguments, "--json", "--library", settings]
        return run(words, tmp_path)

    return run_it


@pytest.fixture
def vase(settings: Path, rooms: Rooms) -> str:
    """The id of a prop of one metre's width."""
    found: str = stored_prop(rooms, settings, "Vase").id
    return found


@pytest.fixture
def cart(settings: Path, rooms: Rooms) -> str:
    """The id of a prop of three metres' width."""
    found: str = stored_prop(rooms, settings, "Cart", (3, 1, 1)).id
    return found


def roots(scene: Path) -> list[Any]:
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.ops.wm.open_mainfile(filepath=str(scene))
    return sorted(bpy_context.scene().objects, key=lambda obj: obj.location.x)


def test_a_relative_library_and_a_relative_scene(vase: str, settings: Path, tmp_path: Path) -> None:
    """As the README writes them. The scene's links have to lead to the props."""
    (tmp_path / "sub").mkdir()
    words = ["place", vase, "--library", settings.relative_to(tmp_path), "--scene", "sub/s.blend"]
    script = REPOSITORY / "trellis_addon" / "headless" / "run.py"
    done = run([script, "--", *words], tmp_path, cwd=tmp_path)
    assert done.code == 0, done.explain()
    (instance,) = roots(tmp_path / "sub" / "s.blend")
    assert instance.instance_collection is not None
    (library,) = bpy.data.libraries
    assert Path(bpy.path.abspath(library.filepath)).samefile(settings / vase / "prop.blend")


def test_into_a_new_file(vase: str, trellis: Run, tmp_path: Path) -> None:
    scene = tmp_path / "scene.blend"
    done = trellis(vase, "--scene", scene)
    assert done.code == 0, done.explain()
    assert f"Placed {vase} into" in done.stderr
    (empty,) = roots(scene)
    assert tuple(empty.location) == (0.0, 0.0, 0.0)
    assert not empty.instance_collection.is_missing
    (library,) = bpy.data.libraries
    assert library.filepath.replace("\\", "/") == f"//my library/{vase}/prop.blend"


@pytest.mark.parametrize(
    ("option", "linked"),
    [("--link", True), ("--append", False), ("--reuse", False), ("--pack", True)],
)
def test_each_way(vase: str, trellis: Run, tmp_path: Path, option: str, linked: bool) -> None:
    scene = tmp_path / "scene.blend"
    done = trellis(vase, "--scene", scene, option, "--at", "-1,2.5,0")
    if option == "--pack" and not FIVE:
        assert done.code == 2
        assert "Pack needs Blender 5.0 or newer. Use --link or --append" in done.stderr
        assert not scene.exists()
        return
    assert done.code == 0, done.explain()
    (root,) = roots(scene)
    assert tuple(root.location) == (-1.0, 2.5, 0.0)
    assert (root.instance_collection is not None) == linked
    if option == "--pack":
        assert root.instance_collection.is_linked_packed
    if not linked:
        assert root.type == "MESH"
        assert len(bpy.data.libraries) == 0


def test_several_into_a_file_that_is_there(
    vase: str, cart: str, machine: Run, tmp_path: Path
) -> None:
    scene = tmp_path / "scene.blend"
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy_context.scene().cursor.location = (10.0, 1.0, 0.5)
    bpy_context.scene().name = "Tavern"
    bpy.ops.mesh.primitive_cube_add(location=(-9, 0, 0))
    bpy.ops.wm.save_as_mainfile(filepath=str(scene))
    done = machine(vase, cart, vase, "--scene", scene)
    assert done.code == 0, done.explain()
    assert [(e["event"], e["id"], e["object"]) for e in done.events[:-1]] == [
        ("placed", vase, "Vase"),
        ("placed", cart, "Cart"),
        ("placed", vase, "Vase.001"),
    ]
    assert (done.last["event"], done.last["path"]) == ("written", str(scene))
    cube, *placed = roots(scene)
    assert cube.name == "Cube"
    assert bpy_context.scene().name == "Tavern"
    # At the 3D cursor, in a row, a quarter of a metre between them.
    assert [tuple(obj.location) for obj in placed] == [
        (10.0, 1.0, 0.5),
        (12.25, 1.0, 0.5),
        (14.5, 1.0, 0.5),
    ]
    assert len(bpy.data.libraries) == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["gone-12345678", "--scene", "scene.blend"], "There is no prop gone-12345678"),
        (["VASE", "gone-12345678", "--scene", "scene.blend"], "There is no prop gone-12345678"),
        (["VASE", "--scene", "scene.txt"], "must end in .blend"),
        (["VASE", "--scene", "nowhere/scene.blend"], "folder of the scene file does not exist"),
        (["VASE", "--scene", "scene.blend", "--at", "1,2"], "Not X,Y,Z: 1,2. Change --at"),
        (["VASE", "--scene", "scene.blend", "--at", "1,2,inf"], "Not a place"),
        (["VASE", "--scene", "scene.blend", "--link", "--append"], "not allowed with"),
        (["VASE"], "--scene"),
        (["--scene", "scene.blend"], "ID"),
    ],
)
def test_bad_input(
    vase: str, trellis: Run, tmp_path: Path, arguments: list[str], words: str
) -> None:
    real = [vase if a == "VASE" else str(tmp_path / a) if "scene." in a else a for a in arguments]
    done = trellis(*real)
    assert done.code == 2, done.explain()
    assert words in done.stderr
    assert not list(tmp_path.glob("*.blend"))


def test_a_prop_that_is_not_ready(
    settings: Path, rooms: Rooms, trellis: Run, tmp_path: Path
) -> None:
    folder = rooms.new_folder(settings, prompt="vase")
    done = trellis(folder.id, "--scene", tmp_path / "scene.blend", "--json")
    assert done.code == 1, done.explain()
    assert done.last["error"]["kind"] == "placing"
    assert not (tmp_path / "scene.blend").exists()


@pytest.mark.skipif(bpy.app.version >= (5, 0, 0), reason="for Blenders that cannot read 5.x")
def test_a_prop_of_a_newer_blender(
    vase: str, settings: Path, rooms: Rooms, trellis: Run, tmp_path: Path
) -> None:
    folder = rooms("library.library").Library(settings).find(vase)
    folder.update(prop={**folder.read().prop, "blender": "6.0.0"})
    done = trellis(vase, "--scene", tmp_path / "scene.blend")
    assert done.code == 1, done.explain()
    assert "is from a newer Blender" in done.stderr


def test_a_damaged_prop_does_not_stop_the_others(
    vase: str, cart: str, settings: Path, machine: Run, tmp_path: Path
) -> None:
    scene = tmp_path / "scene.blend"
    (settings / vase / "prop.blend").write_bytes(b"BLENDER of another kind")
    done = machine(vase, cart, "--scene", scene)
    assert done.code == 1, done.explain()
    assert [(event["event"], event["id"]) for event in done.events[:-1]] == [
        ("failed", vase),
        ("placed", cart),
    ]
    assert done.last["event"] == "written"
    assert [obj.name for obj in roots(scene)] == ["Cart"]


def test_nothing_is_saved_when_nothing_is_placed(
    vase: str, settings: Path, trellis: Run, tmp_path: Path
) -> None:
    (settings / vase / "prop.blend").write_bytes(b"BLENDER of another kind")
    old, new = tmp_path / "old.blend", tmp_path / "new.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(old))
    before = old.stat().st_mtime_ns
    for scene in (old, new):
        assert trellis(vase, "--scene", scene).code == 1
    assert old.stat().st_mtime_ns == before
    assert not new.exists()


def test_a_scene_file_that_is_none(vase: str, trellis: Run, tmp_path: Path) -> None:
    scene = tmp_path / "scene.blend"
    scene.write_bytes(b"something else")
    done = trellis(vase, "--scene", scene)
    assert done.code == 2, done.explain()
    assert "The scene file is not Blender's" in done.stderr
    assert scene.read_bytes() == b"something else"
