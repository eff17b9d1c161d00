# SPDX-License-Identifier: GPL-3.0-or-later
"""Finish again: by the command line in a process of its own, and by the operator."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import pytest
from gateway import StandInGateway
from gateway.meshes import make_glb
from support import bpy_context
from support.bpy_context import trellis_ops
from support.processes import Ended, output_lines, run, start
from support.prop_files import assert_whole
from support.rooms import PROMPT, Rooms, props, states

VERSION = f"{bpy.app.version[0]}.{bpy.app.version[1]}"
OWN = f"prop-{VERSION}.blend"
Run = Callable[..., Ended]


def finished(rooms: Rooms, library: Path, prompt: str) -> Any:
    """The folder of a prop that was really made, with its whole record."""
    folder = rooms.downloaded(library, make_glb(PROMPT, 0, 2000, 64), prompt=prompt)
    session = rooms("ui.jobs.session").Session.get()
    read = rooms("preferences").read_settings
    session.add(session.workshop.resume(folder, read(library=library)), prompt)
    session.wait(folder.id)
    assert session.reports.pop(folder.id).level == "INFO"
    return folder


@pytest.fixture(scope="module")
def pattern(rooms: Rooms, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A finished prop, to be copied."""
    return finished(rooms, tmp_path_factory.mktemp("pattern"), "oak barrel")


@pytest.fixture
def oak(pattern: Any, settings: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A finished prop in a library of a user without a key: nothing of this needs one."""
    monkeypatch.delenv("AIGATEWAY_API_KEY")
    shutil.copytree(pattern.path, settings / pattern.id)
    return type(pattern)(settings / pattern.id)


@pytest.fixture
def trellis(tmp_path: Path, settings: Path) -> Run:
    """Runs `trellis ARGUMENTS --json` in a process of its own, by its own door."""
    return lambda *arguments: run([*command(settings, *arguments)], tmp_path)


def command(library: Path, *arguments: Any) -> list[str | Path]:
    return ["-m", "trellis_addon", *arguments, "--json", "--library", library]


def link(blend: Path) -> Any:
    """Link the prop as an artist would, and give its collection."""
    with bpy_context.libraries().load(str(blend), link=True) as (there, wanted):
        wanted.collections = there.collections[:1]
    return wanted.collections[0]


def height(collection: Any) -> float:
    meshes = [obj for obj in collection.all_objects if obj.type == "MESH"]
    corners = [obj.matrix_world @ vertex.co for obj in meshes for vertex in obj.data.vertices]
    return float(max(c.z for c in corners) - min(c.z for c in corners))


def test_command_in_a_process_of_its_own(oak: Any, trellis: Run) -> None:
    before = oak.read()
    done = trellis("finish", oak.id, "--height", "2", "--lods", "0.5", "--shading", "flat")
    assert done.code == 0, done.explain()
    assert [e["state"] for e in done.events if e["event"] == "state"] == ["importing", "ready"]
    assert done.last["event"] == "finished"
    assert done.last["cost_cents"] == 0
    record = assert_whole(oak)
    assert record.prop["size_metres"][2] == pytest.approx(2.0, rel=1e-4)
    assert len(record.prop["lods"]) == 1
    assert record.origin == before.origin
    assert record.files["model.glb"] == before.files["model.glb"]
    # What is not given stays as the record has it.
    done = trellis("finish", "--all", "--triangles", "500", "--lods", "none")
    assert done.code == 0, done.explain()
    record = assert_whole(oak)
    assert record.finishing["shading"] == "flat"
    assert record.finishing["lods"] == []
    assert record.prop["lods"] == []
    assert record.prop["triangles"] <= 500
    assert height(link(oak.blend)) == pytest.approx(2.0, rel=1e-4)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["finish"], "Name the props to finish"),
        (["finish", "OAK", "--all"], "Name the props to finish, or a list"),
        (["finish", "gone-12345678"], "There is no prop gone-12345678"),
        (["finish", "OAK", "gone-12345678"], "There is no prop gone-12345678"),
        (["finish", "OAK", "--height", "0"], "The size in metres must be"),
        (["finish", "OAK", "--height", "nan"], "invalid number value"),
        (["finish", "OAK", "--height", "1", "--keep-size"], "not allowed with"),
        (["finish", "OAK", "--lods", "half"], "Not a list of shares"),
        (["finish", "OAK", "--lods", "0.5,2"], "each between 0 and 1"),
        (["finish", "OAK", "--angle", "-1"], "The angle in degrees must be"),
        (["finish", "OAK", "--triangles", "1.5"], "invalid int value"),
        (["finish", "OAK", "--origin", "top"], "there is no top"),
        (["generate", "oak", "--texture-size", "-1"], "The texture size in pixels must be"),
        (["generate", "oak", "--merge", "x"], "invalid number value"),
    ],
)
def test_bad_input(
    oak: Any,
    settings: Path,
    rooms: Rooms,
    stand_in: StandInGateway,
    capfd: pytest.CaptureFixture[str],
    arguments: list[str],
    words: str,
) -> None:
    before = (oak.path / "prop.json").read_bytes()
    real = [oak.id if word == "OAK" else word for word in arguments]
    assert rooms("headless.blender_command")._execute(real) == 2
    assert words in capfd.readouterr().err
    assert (oak.path / "prop.json").read_bytes() == before
    assert len(props(settings)) == 1
    assert stand_in.requests == ()


def test_every_option_is_in_the_record(
    settings: Path, rooms: Rooms, stand_in: StandInGateway
) -> None:
    words = (
        "generate vase --longest 0.4 --origin volume --up Z --merge 0.001 --angle 40 "
        "--triangles 900 --lods 0.5,0.25 --keep-alpha --textures packed --texture-size 32 "
        "--proxy --proxy-above-triangles 500 --proxy-above-pixels 16 --clean full"
    )
    assert rooms("headless.blender_command")._execute(words.split()) == 0
    (path,) = props(settings)
    record = json.loads((path / "prop.json").read_text("utf-8"))
    assert record["finishing"] == {
        "size": "longest",
        "metres": 0.4,
        "origin": "volume",
        "up": "Z",
        "merge_distance": 0.001,
        "clean": "full",
        "shading": "angle",
        "angle_degrees": 40.0,
        "rebuild": "off",
        "rebuild_triangles": 20_000,
        "rebuild_quads": False,
        "map_size": 0,
        "triangles": 900,
        "lods": [0.5, 0.25],
        "opaque": False,
        "textures": "packed",
        "texture_pixels": 32,
        "proxy": True,
        "proxy_above_triangles": 500,
        "proxy_above_pixels": 16,
    }
    assert record["prop"]["finishing"] == record["finishing"]
    assert record["prop"]["triangles"] <= 900
    assert max(record["prop"]["size_metres"]) == pytest.approx(0.4, rel=1e-3)
    assert len(record["prop"]["lods"]) == 2
    assert not (path / "textures").exists()


def test_killed_in_between(oak: Any, settings: Path, trellis: Run, tmp_path: Path) -> None:
    process = start(command(settings, "finish", oak.id, "--height", "2"), tmp_path)
    for line in output_lines(process):
        if json.loads(line).get("state") == "importing":
            break
    process.kill()
    process.communicate()
    assert str(oak.read().state) == "importing"
    # The old prop or the new one, and a whole one.
    assert height(link(oak.blend)) > 0.1
    bpy.ops.wm.read_homefile(use_empty=True)
    done = trellis("resume")
    assert done.code == 0, done.explain()
    record = oak.read()
    assert states(record)[-1] == "ready"
    assert record.prop["size_metres"][2] == pytest.approx(2.0, rel=1e-4)
    assert height(link(oak.blend)) == pytest.approx(2.0, rel=1e-4)


def instances() -> list[Any]:
    return [obj for obj in bpy_context.scene().objects if obj.instance_collection]


def test_operator_shows_the_new_one(oak: Any, stand_in: StandInGateway) -> None:
    for x in (1.0, 3.0):
        bpy_context.scene().cursor.location = (x, 0.0, 0.0)
        assert trellis_ops.place(prop_id=oak.id) == {"FINISHED"}
    first, second = instances()
    second.scale = (2.0, 2.0, 2.0)
    bpy_context.view_layer().update()
    before = [tuple(map(tuple, obj.matrix_world)) for obj in (first, second)]
    group = bpy_context.properties().finishing
    group.size, group.metres, group.use_triangles, group.triangles = "height", 3.0, True, 400
    assert trellis_ops.finish_again(prop_id=oak.id, use_sidebar=True) == {"FINISHED"}
    record = assert_whole(oak)
    assert record.finishing["metres"] == 3.0
    assert [tuple(map(tuple, obj.matrix_world)) for obj in instances()] == before
    (library,) = bpy.data.libraries
    assert Path(library.filepath) == oak.blend
    shown = {obj.instance_collection for obj in instances()}
    assert len(shown) == 1
    (prop,) = shown
    assert prop.library == library
    assert height(prop) == pytest.approx(3.0, rel=1e-4)
    images = [image for image in bpy.data.images if image.source == "FILE"]
    assert images
    assert all(Path(bpy.path.abspath(i.filepath, library=i.library)).is_file() for i in images)
    assert stand_in.requests == ()


def test_operator_takes_the_active_prop_and_keeps_its_settings(oak: Any, rooms: Rooms) -> None:
    oak.update(finishing={"size": "height", "metres": 0.5, "glue": "hot"})
    with pytest.raises(RuntimeError, match="No prop is chosen"):
        trellis_ops.finish_again()
    trellis_ops.place(prop_id=oak.id)
    bpy_context.view_layer().objects.active = instances()[0]
    assert trellis_ops.finish_again() == {"FINISHED"}
    record = assert_whole(oak)
    assert record.finishing["glue"] == "hot"
    assert height(instances()[0].instance_collection) == pytest.approx(0.5, rel=1e-4)
    assert rooms("ui.jobs.session").Session.get().last_note.startswith("Made again in")


@pytest.mark.parametrize("how", ["broken", "short", "hostile"])
def test_failing_keeps_the_old_prop(oak: Any, how: str, rooms: Rooms) -> None:
    trellis_ops.place(prop_id=oak.id)
    before, old = oak.read(), height(instances()[0].instance_collection)
    content = oak.glb.read_bytes()
    if how == "broken":
        oak.glb.write_bytes(content[:20] + b"{" * (len(content) - 20))
    elif how == "short":
        oak.glb.write_bytes(content[:100])
    group = bpy_context.properties().finishing
    if how == "hostile":
        group.use_lods, group.lods = True, "50, many"
    with pytest.raises(RuntimeError):
        trellis_ops.finish_again(prop_id=oak.id, use_sidebar=True)
    record = oak.read()
    assert str(record.state) == "ready"
    assert (record.finishing, record.prop["size_metres"]) == (
        before.finishing,
        before.prop["size_metres"],
    )
    if how != "hostile":
        assert record.error.kind == "bad_file"
        assert rooms("ui.jobs.session").Session.get().last_error.kind == "bad_file"
    # It is placed as before, also in another file.
    assert height(instances()[0].instance_collection) == old
    bpy.ops.wm.read_homefile(use_empty=True)
    assert trellis_ops.place(prop_id=oak.id) == {"FINISHED"}
    assert height(instances()[0].instance_collection) == pytest.approx(old)


def test_somebody_else_is_working_on_it(oak: Any, rooms: Rooms) -> None:
    with (
        rooms("library.folder_lock").FolderLock.acquire(oak.path),
        pytest.raises(RuntimeError, match="already working on"),
    ):
        trellis_ops.finish_again(prop_id=oak.id)
    assert str(oak.read().state) == "ready"


@pytest.fixture
def of_tomorrow(oak: Any) -> Any:
    """A prop whose file this Blender cannot read, as its record says."""
    oak.update(prop={**oak.read().prop, "blender": "9.9.0"})
    return oak


def test_own_version_by_the_operator(
    of_tomorrow: Any, rooms: Rooms, stand_in: StandInGateway
) -> None:
    content = of_tomorrow.blend.read_bytes()
    assert trellis_ops.place(prop_id=of_tomorrow.id) == {"FINISHED"}
    (instance,) = instances()
    own = of_tomorrow.path / OWN
    assert Path(instance.instance_collection.library.filepath) == own
    assert of_tomorrow.blend.read_bytes() == content
    record = assert_whole(of_tomorrow)
    assert record.prop["blender"] == "9.9.0"
    images = [Path(bpy.path.abspath(i.filepath, library=i.library)) for i in bpy.data.images]
    assert images
    assert all(path.is_file() for path in images)
    # Finished again there is one file for all, and the open one comes to it.
    assert trellis_ops.finish_again(prop_id=of_tomorrow.id) == {"FINISHED"}
    assert not own.exists()
    assert_whole(of_tomorrow)
    (library,) = {obj.instance_collection.library for obj in instances()}
    assert Path(library.filepath) == of_tomorrow.blend
    assert height(instances()[0].instance_collection) > 0.1
    assert stand_in.requests == ()


def test_own_version_on_a_surface_and_by_the_command(
    of_tomorrow: Any, tmp_path: Path, rooms: Rooms, capfd: pytest.CaptureFixture[str]
) -> None:
    done = trellis_ops.place_on_surface(prop_id=of_tomorrow.id, location=(1, 2, 0))
    assert done == {"FINISHED"}
    (instance,) = instances()
    assert tuple(instance.location) == (1.0, 2.0, 0.0)
    assert Path(instance.instance_collection.library.filepath).name == OWN
    (of_tomorrow.path / OWN).unlink()
    scene = tmp_path / "scene.blend"
    words = ["place", of_tomorrow.id, "--scene", str(scene)]
    assert rooms("headless.blender_command")._execute(words) == 0
    told = capfd.readouterr().err
    assert f"made by Blender 9.9; making a version for {VERSION} in the background" in told
    assert f"Placed {of_tomorrow.id}" in told
    assert [obj.name for obj in instances()]
    assert Path(bpy.data.libraries[0].filepath).name == OWN


def test_missing_one_is_made_again_for_the_open_file(of_tomorrow: Any, tmp_path: Path) -> None:
    trellis_ops.place(prop_id=of_tomorrow.id)
    scene = tmp_path / "scene.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(scene))
    # Another Blender finishes it again, and this one's file is out of date.
    (of_tomorrow.path / OWN).unlink()
    bpy.ops.wm.open_mainfile(filepath=str(scene))
    assert instances()[0].instance_collection.is_missing
    assert trellis_ops.find_missing() == {"FINISHED"}
    assert not instances()[0].instance_collection.is_missing
    assert (of_tomorrow.path / OWN).is_file()


def test_settings_of_the_sidebar(rooms: Rooms, settings: Path) -> None:
    module = rooms("ui.settings.finishing_mapping")
    finishing = rooms("core.generation.finishing").Finishing
    group = bpy_context.properties().finishing
    assert module.to_finishing(group) == finishing()
    odd = finishing(
        size="height",
        metres=1.2,
        origin="volume",
        up="Z",
        merge_distance=0.0015,
        shading="angle",
        angle_degrees=180.0,
        triangles=1234,
        lods=(0.5, 0.125),
        opaque=False,
        textures="packed",
        texture_pixels=100,
        proxy=True,
        proxy_above_triangles=7,
        proxy_above_pixels=8,
    )
    module.fill(group, odd)
    assert module.to_finishing(group) == odd
    assert module.changed(group, finishing()) == odd
    assert trellis_ops.reset_finishing() == {"FINISHED"}
    assert module.to_finishing(group) == finishing()
    assert module.changed(group, odd) == odd
    group.triangles = 99
    assert module.changed(group, finishing()).triangles == 99
    # They go with the generation.
    group.size, group.metres = "height", 0.25
    assert trellis_ops.generate(prompt="small vase") == {"FINISHED"}
    (path,) = props(settings)
    record = json.loads((path / "prop.json").read_text("utf-8"))
    assert record["finishing"]["metres"] == 0.25
    assert height(instances()[0].instance_collection) == pytest.approx(0.25, rel=1e-3)


def test_reset_of_the_other_settings() -> None:
    group = bpy_context.properties()
    group.prompt, group.name, group.method, group.where = "oak", "Oak", "APPEND", "ORIGIN"
    group.finishing.metres = 2.0
    assert trellis_ops.reset_placing() == {"FINISHED"}
    assert (group.prompt, group.name, group.where) == ("oak", "", "CURSOR")
    assert not group.is_property_set("method")
    assert not trellis_ops.reset_placing.poll(), "everything is at its default"
    assert group.finishing.metres == 2.0


def test_levels_of_detail_in_words(rooms: Rooms) -> None:
    percents = rooms("ui.settings.setting_properties").percents
    assert percents("50 %, 12.5,") == (0.5, 0.125)
    with pytest.raises(rooms("core.errors").InvalidRequestError, match="are not numbers"):
        percents("half")
