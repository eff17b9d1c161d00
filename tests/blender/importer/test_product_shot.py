# SPDX-License-Identifier: GPL-3.0-or-later
"""Product shots: the whole prop in the picture, never its proxy, and nothing left of a failure."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import psutil
import pytest
from PIL import Image
from support import bpy_context
from support.bpy_context import trellis_ops
from support.prop_files import stored_prop, write_prop
from support.rooms import Rooms

SIZE = (96, 64)
SMALL = {"width": SIZE[0], "height": SIZE[1], "samples": 1}


@pytest.fixture
def shoot(rooms: Rooms) -> Callable[..., Any]:
    """Takes a shot of a prop with few pixels and samples."""

    def taken(folder: Any, target: Path, command: Any = None, **more: Any) -> Any:
        known = rooms("core.generation.shot_settings").SHOT_SETTINGS
        settings = {name: more.pop(name) for name in list(more) if name in known}
        return rooms("importer.pipe.shot_client").shoot_prop(
            this_blender(rooms, command),
            folder,
            rooms("core.generation.shot").Shot(**SMALL | settings),
            target,
            **more,
        )

    return taken


def this_blender(rooms: Rooms, command: Any = None) -> Any:
    own = rooms("importer.pipe.background_blender").command_for("", sys.executable)
    return rooms("importer.pipe.export_client").BlenderProgram(command or own, bpy.app.version)


@pytest.fixture(scope="module")
def heavy(rooms: Rooms, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A prop that shines red, with a proxy that shines green."""
    folder = stored_prop(rooms, tmp_path_factory.mktemp("Bücher und Stühle"), "Vase")
    write_prop(folder.blend, "Vase", proxy=True, beside=True)
    return folder


def pixels(path: Path) -> Any:
    with Image.open(path) as image:
        return np.asarray(image, dtype=np.float32) / 255


# --- the frame


def studio(rooms: Rooms, blend: Path, **settings: Any) -> Any:
    """The scene of a shot in this Blender, not rendered; gives the prop's points."""
    # Under this name the scene is emptied, and Blender's add-ons stay.
    bpy_context.scene().name = "Trellis background"
    shot = rooms("core.generation.shot").Shot(**SMALL | settings)
    subject = rooms("importer.shot.subject").subject_of(blend)
    rooms("importer.shot.render").prepare(shot)
    rooms("importer.shot.camera").add_camera(subject, shot)
    bpy_context.view_layer().update()
    return subject


def seen(points: Any) -> Any:
    """Where the points are in the picture: (N, 2), from 0 to 1. All are in front of the camera."""
    from bpy_extras.object_utils import world_to_camera_view
    from mathutils import Vector

    scene = bpy_context.scene()
    camera: Any = scene.camera
    found = np.array([world_to_camera_view(scene, camera, Vector(point)) for point in points])
    assert (found[:, 2] > camera.data.clip_start).all()
    assert (found[:, 2] < camera.data.clip_end).all()
    return found[:, :2]


@pytest.mark.parametrize(
    "size",
    [
        (0.01, 0.01, 0.01),
        (0.1, 0.02, 1.1),
        (3.0, 2.0, 0.005),
        (60.0, 60.0, 100.0),
        (8.0, 0.01, 0.01),
        (0.01, 8.0, 0.01),
    ],
    ids=["coin", "sword", "rug", "tower", "beam", "beam away from the camera"],
)
@pytest.mark.parametrize(("width", "height"), [(96, 64), (64, 160)])
def test_the_whole_prop_fills_the_frame(
    rooms: Rooms, tmp_path: Path, size: tuple[float, float, float], width: int, height: int
) -> None:
    from mathutils import Vector

    blend = write_prop(tmp_path / "prop.blend", "Vase", size=size)
    subject = studio(rooms, blend, width=width, height=height)
    found = seen(subject.points)
    assert (found > 0.05).all()
    assert (found < 0.95).all()
    assert max(np.ptp(found, axis=0)) == pytest.approx(0.76, abs=0.02)
    # What is rendered stands where the points are.
    (mesh,) = [obj for obj in bpy.data.objects if obj.type == "MESH"]
    corners = np.array([mesh.matrix_world @ Vector(c) for c in mesh.bound_box])
    assert corners.min(axis=0) == pytest.approx(subject.points.min(axis=0), abs=1e-4)
    assert corners.max(axis=0) == pytest.approx(subject.points.max(axis=0), abs=1e-4)


@pytest.mark.parametrize("size", [(8.0, 0.1, 0.3), (0.1, 0.02, 1.1), (3.0, 2.0, 0.005)])
def test_a_turning_prop_stays_in_the_frame(
    rooms: Rooms, tmp_path: Path, size: tuple[float, float, float]
) -> None:
    from mathutils import Matrix

    blend = write_prop(tmp_path / "prop.blend", "Vase", size=size)
    subject = studio(rooms, blend, turntable=True)
    widest = 0.0
    for degrees in range(0, 360, 7):
        turn = np.array(Matrix.Rotation(np.radians(degrees), 3, "Z"))
        found = seen(subject.points @ turn.T)
        assert (found > 0.05).all()
        assert (found < 0.95).all()
        widest = max(widest, *np.ptp(found, axis=0))
    assert widest > 0.6


# --- what is rendered


def test_a_still_shows_the_full_prop_and_nothing_is_left(
    heavy: Any, shoot: Any, tmp_path: Path
) -> None:
    before = {p: p.stat().st_mtime_ns for p in heavy.path.rglob("*") if p.is_file()}
    said: list[str] = []
    taken = shoot(heavy, tmp_path / "neue Bilder", stem="vase", report_status=said.append)
    assert taken.path == tmp_path / "neue Bilder" / "vase.png"
    assert [p.name for p in taken.path.parent.iterdir()] == ["vase.png"]
    picture = pixels(taken.path)
    assert picture.shape == (SIZE[1], SIZE[0], 3)
    red, green, blue = (picture[..., channel] for channel in range(3))
    assert ((red > green + 0.3) & (red > blue + 0.3)).mean() > 0.05
    assert not (green > red + 0.1).any()
    # Soft light: the paper is neither black nor burnt out.
    corners = picture[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert corners.min() > 0.15
    assert corners.max() < 0.98
    assert any(text.startswith("Rendering (") and "%" in text for text in said)
    assert before == {p: p.stat().st_mtime_ns for p in heavy.path.rglob("*") if p.is_file()}


def test_a_turntable_is_a_movie(heavy: Any, shoot: Any, tmp_path: Path) -> None:
    said: list[str] = []
    taken = shoot(heavy, tmp_path, turntable=True, frames=3, width=97, report_status=said.append)
    assert [p.name for p in tmp_path.iterdir()] == [f"{heavy.id}.mp4"]
    assert taken.notes == ()
    assert taken.path.read_bytes()[4:8] == b"ftyp"
    clip = bpy.data.movieclips.load(str(taken.path))
    assert (clip.frame_duration, *clip.size) == (3, 98, 64)
    assert any(text.startswith("Frame 3 of 3 (") for text in said)


def test_a_transparent_turntable_is_a_folder_of_pictures(
    heavy: Any, shoot: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "vase-turntable"
    folder.mkdir()
    for name in ("0009.png", "my notes.txt"):  # of a longer turn before, and the artist's own
        (folder / name).write_bytes(b"")
    taken = shoot(heavy, tmp_path, stem="vase", turntable=True, frames=3, backdrop="transparent")
    assert taken.path == folder
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["0001.png", "0002.png", "0003.png", "my notes.txt"]
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]
    assert "cannot be transparent" in taken.notes[0]
    first, second = (pixels(folder / name) for name in names[:2])
    assert first.shape[2] == 4
    assert first[0, 0, 3] == 0
    assert first[..., 3].max() > 0.9
    assert np.abs(first - second).max() > 0.1


# --- what goes wrong


def test_cancelling_ends_the_process_and_leaves_nothing(
    rooms: Rooms, heavy: Any, shoot: Any, tmp_path: Path
) -> None:
    token = rooms("core.cancel").CancelToken()
    begun = threading.Event()
    (tmp_path / "vase.png").write_bytes(b"older")
    here = psutil.Process()
    processes: list[psutil.Process] = []
    before = set(here.children())

    def hear(text: str) -> None:
        if text.startswith("Rendering"):
            processes.extend(set(here.children()) - before)
            begun.set()

    outcome: list[BaseException] = []

    def work() -> None:
        try:
            shoot(
                heavy,
                tmp_path,
                stem="vase",
                width=2048,
                samples=4096,
                token=token,
                report_status=hear,
            )
        except rooms("core.errors").CancelledError as error:
            outcome.append(error)
        finally:
            begun.set()

    thread = threading.Thread(target=work)
    thread.start()
    begun.wait()
    token.cancel()
    thread.join()
    assert len(outcome) == 1
    assert len(processes) == 1
    assert not processes[0].is_running()
    assert [p.name for p in tmp_path.iterdir()] == ["vase.png"]
    assert (tmp_path / "vase.png").read_bytes() == b"older"


def test_what_cannot_be_rendered_is_told(
    rooms: Rooms, heavy: Any, shoot: Any, tmp_path: Path
) -> None:
    errors = rooms("core.errors")
    dead = (sys.executable, "-c", "raise SystemExit(1)")
    with pytest.raises(errors.InvalidRequestError, match="samples"):
        shoot(heavy, tmp_path, dead, samples=0)
    waiting = rooms.new_folder(tmp_path / "library", prompt="x")
    with pytest.raises(errors.PlacingError, match="not ready"):
        shoot(waiting, tmp_path, dead)
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(errors.LibraryError, match="cannot be written"):
        shoot(heavy, tmp_path / "file", dead)
    with pytest.raises(errors.ImporterError, match="stopped"):
        shoot(heavy, tmp_path / "out", dead)
    assert list((tmp_path / "out").iterdir()) == []


WITHOUT_EEVEE = """
import os, sys
sys.path.insert(0, {repository!r})
from pathlib import Path
from trellis_addon.importer.pipe.messages import receive, send
tasks, replies = sys.stdin.buffer, sys.stdout.buffer
send(replies, {{"ready": True}})
message = receive(tasks)
task = message["task"]
if task["shot"]["engine"] == "eevee":
    Path(task["target"], "half").write_bytes(b"")
    os._exit(134)
Path(task["target"], task["name"] + ".png").write_bytes(b"picture")
send(replies, {{"number": message["number"], "made": {{"pictures": 1}}, "notes": ["a note"]}})
receive(tasks)
"""


def test_cycles_renders_where_eevee_ends_the_process(
    heavy: Any, shoot: Any, tmp_path: Path
) -> None:
    repository = str(Path(__file__).resolve().parents[3])
    script = tmp_path / "worker.py"
    script.write_text(WITHOUT_EEVEE.format(repository=repository), encoding="utf-8")
    command, out = (sys.executable, str(script)), tmp_path / "out"
    taken = shoot(heavy, out, command, engine="eevee")
    assert [note.split(",")[0] for note in taken.notes] == [
        "EEVEE ended the background Blender",
        "a note",
    ]
    assert [path.name for path in out.iterdir()] == [f"{heavy.id}.png"]
    assert taken.path.read_bytes() == b"picture"


# --- from Blender's window


def test_the_operator_in_background_mode_leaves_the_open_file_alone(
    rooms: Rooms, settings: Path, tmp_path: Path
) -> None:
    folder = stored_prop(rooms, settings, "Vase")
    bpy.ops.wm.read_homefile(use_empty=True)
    blocks = [len(data) for data in (bpy.data.objects, bpy.data.images, bpy.data.scenes)]
    done = trellis_ops.product_shot(
        prop_id=folder.id, filepath=str(tmp_path / "My Vase.old"), **SMALL
    )
    assert done == {"FINISHED"}
    assert pixels(tmp_path / "My Vase.old.png").shape[:2] == SIZE[::-1]
    queue = rooms("ui.gallery.export_queue").ExportQueue.get()
    assert queue.ended[0].text == "Rendered My Vase.old.png"
    assert blocks == [len(data) for data in (bpy.data.objects, bpy.data.images, bpy.data.scenes)]
    folder.blend.write_bytes(b"no blend")
    with pytest.raises(RuntimeError, match="cannot read the prop's file"):
        trellis_ops.product_shot(prop_id=folder.id, filepath=str(tmp_path / "a"), **SMALL)
    assert not (tmp_path / "a.png").exists()
    queue.ended.clear()
