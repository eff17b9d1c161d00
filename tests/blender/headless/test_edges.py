# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line's edges: what is mistyped, missing, repeated, or interrupted too early."""

from __future__ import annotations

import json
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import pytest
from gateway import StandInGateway
from gateway import actions as do
from support.blenders import newest_only
from support.glbs import cube
from support.processes import Ended, run
from support.rooms import KEY, Rooms, props

CHAT = "POST /v1/chat/completions"
Run = Callable[..., Ended]


@pytest.fixture(scope="module")
def ready(
    rooms: Rooms, barrel: Any, background: Any, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A finished prop, with all of it in its record."""
    path: Path = tmp_path_factory.mktemp("ready") / barrel.path.name
    shutil.copytree(barrel.path, path)
    folder = rooms("library.prop_folder").PropFolder(path)
    job = rooms.job(folder, rooms.settings("http://127.0.0.1:9"), background)
    job.start()
    assert type(list(job.wait())[-1]).__name__ == "Finished", job.outcome
    return path


@pytest.fixture
def oak(settings: Path, ready: Path) -> Path:
    """A finished prop in the user's library."""
    copy: Path = shutil.copytree(ready, settings / ready.name)
    return copy


def sums(done: Ended) -> dict[str, Any]:
    assert done.last["event"] == "summary", done.explain()
    names = ("done", "failed", "skipped", "cancelled")
    return {name: done.last[name] for name in names if done.last[name]}


# --- a library that is not there


@pytest.mark.parametrize(
    "words",
    [
        ["verify"],
        ["clean"],
        ["list"],
        ["show", "a-00000000"],
        ["export", "--all", "--output", "OUT"],
        ["finish", "--all"],
        ["report", "REPORT", "--html", "OUT"],
    ],
)
def test_a_mistyped_library_is_told(trellis: Run, tmp_path: Path, words: list[str]) -> None:
    report = tmp_path / "report.jsonl"
    report.write_text('{"key": "a", "status": "done"}\n')
    places = {"OUT": str(tmp_path / "out"), "REPORT": str(report)}
    words = [places.get(word, word) for word in words]
    for missing in (tmp_path / "nolib", tmp_path / "nolib" / "deeper"):
        done = trellis(*words, "--library", missing)
        assert done.code == 2, done.explain()
        assert f"There is no library in {missing}" in done.stderr
        assert not missing.exists()
        assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("words", [["list"], ["generate", "a cup"], ["resume"], ["import", "x"]])
def test_a_library_that_is_a_file(
    trellis: Run, settings: Path, tmp_path: Path, words: list[str]
) -> None:
    file = tmp_path / "afile"
    file.write_text("mine")
    done = trellis(*words, "--library", file)
    assert done.code == 2, done.explain()
    assert f"The library {file} is not a folder. Change --library" in done.stderr
    assert file.read_text() == "mine"


# --- a record that is not there


def test_a_lost_record_is_told_and_made_again(
    trellis: Run, oak: Path, stand_in: StandInGateway
) -> None:
    assert trellis("verify").code == 0
    (oak / "prop.json").unlink()
    words = f"{oak.name}: prop.json: is missing; `resume` makes it again from its model, free"
    for named in ([], [oak.name]):
        found = trellis("verify", *named)
        assert found.code == 1, found.explain()
        assert words in found.stderr
        assert "1 verified, 1 not as recorded" in found.stderr
    listed = trellis("list")
    assert f"Note: {oak.name} has no record; `resume`" in listed.stderr
    assert trellis("clean", "--yes").code == 0
    assert (oak / "model.glb").is_file()

    assert trellis("resume").code == 0
    record = json.loads((oak / "prop.json").read_text("utf-8"))
    assert record["state"] == "ready"
    assert trellis("verify").code == 0
    assert stand_in.requests == ()


def test_what_cannot_be_made_anew_is_told_as_that(trellis: Run, settings: Path) -> None:
    model, picture, own = (settings / name for name in ("a-0123abcd", "b-0123abcd", "my models"))
    for folder, file in ((model, "model.obj"), (picture, "prop.blend"), (own, "model.glb")):
        folder.mkdir(parents=True)
        (folder / file).write_bytes(b"x")
    (settings / "empty-0123abcd").mkdir()
    found = trellis("verify")
    assert found.code == 1, found.explain()
    path = model / "model.obj"
    assert f"a-0123abcd: prop.json: is missing; `import {path}` makes a prop" in found.stderr
    assert "b-0123abcd: prop.json: is missing, and so is the model" in found.stderr
    assert "2 verified, 2 not as recorded" in found.stderr
    # A model alone may be somebody's own: it is not taken.
    trellis("resume")
    assert not (model / "prop.json").exists()


def test_a_missing_blend_names_what_makes_it_again(trellis: Run, oak: Path) -> None:
    (oak / "prop.blend").unlink()
    found = trellis("verify")
    words = f"`finish {oak.name}` makes it again from the model, free"
    assert f"prop.blend: is missing; {words}" in found.stderr
    (oak / "model.glb").unlink()
    found = trellis("verify")
    assert "prop.blend: is missing\n" in found.stderr
    assert "model.glb: is missing\n" in found.stderr


# --- import, twice

OBJ = "mtllib a.mtl\no Chair\nv 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 2 3\nf 1 2 4\nf 2 3 4\n"
USDA = """#usda 1.0
(
    upAxis = "Z"
)
def Mesh "Tent"
{
    int[] faceVertexCounts = [3, 3]
    int[] faceVertexIndices = [0, 1, 2, 0, 1, 3]
    point3f[] points = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)]
}
"""


def test_import_of_a_folder_can_be_repeated(
    trellis: Run, settings: Path, tmp_path: Path, oak: Path
) -> None:
    meshes = tmp_path / "meshes"
    meshes.mkdir()
    (meshes / "chair.obj").write_text(OBJ)
    (meshes / "a.mtl").write_text("newmtl a\nKd 1 0 0\n")
    (meshes / "tent.usda").write_text(USDA)
    (meshes / "broken.glb").write_bytes(cube().pack()[:300])
    (meshes / "nothing.obj").write_text("o Nothing\nv 0 0 0\nv 1 0 0\n")
    out = trellis("export", oak.name, "--formats", "usd", "--output", meshes)
    assert (out.code, (meshes / f"{oak.name}.usdc").is_file()) == (0, True), out.explain()

    first = trellis("import", meshes, "--json")
    assert sums(first) == {"done": 3, "failed": 2}, first.explain()
    there = sorted(folder.name.rsplit("-", 1)[0] for folder in props(settings))
    models = {file.parent.name[:-9]: file.name for file in settings.glob("*/model.*")}
    assert (models["chair"], models["tent"]) == ("model.zip", "model.usda")
    # The picture of our own USD, which lies beside it, came along.
    (back,) = (path for path in props(settings) if path.name[:-9] == oak.name)
    assert (back / "model.zip").is_file()
    assert list((back / "textures").iterdir())
    again = trellis("import", meshes, "--json")
    assert sums(again) == {"skipped": 3, "failed": 2}, again.explain()
    assert sorted(folder.name.rsplit("-", 1)[0] for folder in props(settings)) == there

    # What a model names is a part of it.
    (meshes / "a.mtl").write_text("newmtl a\nKd 0 1 0\n")
    changed = trellis("import", meshes / "chair.obj", "--json")
    assert sums(changed) == {"done": 1}, changed.explain()


def test_import_into_a_scene_and_as_files(trellis: Run, settings: Path, tmp_path: Path) -> None:
    (tmp_path / "chair.obj").write_text(OBJ)
    (tmp_path / "tent.usda").write_text(USDA)
    scene, out = tmp_path / "scene.blend", tmp_path / "out"
    words = ["--scene", scene, "--append", "--export", "obj,glb", "--output", out]
    done = trellis("import", tmp_path / "chair.obj", tmp_path / "tent.usda", *words)
    assert done.code == 0, done.explain()
    assert done.stderr.splitlines()[-1] == "2 ready, 0 there before, 0 failed"
    bpy.ops.wm.open_mainfile(filepath=str(scene))
    assert {"Chair", "Tent"} <= {collection.name for collection in bpy.data.collections}
    ids = {path.name for path in props(settings)}
    assert {path.stem for path in out.glob("*.glb")} == ids
    assert {path.stem for path in out.glob("*.obj")} == ids
    # What was there before is placed and written as well.
    scene.unlink()
    shutil.rmtree(out)
    again = trellis("import", tmp_path / "chair.obj", *words)
    assert again.code == 0, again.explain()
    assert again.stderr.splitlines()[-1] == "0 ready, 1 there before, 0 failed"
    assert scene.is_file()
    assert len(list(out.glob("*.glb"))) == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--export", "glb"], "--export needs a folder"),
        (["--export", "doc", "--output", "out"], "There is no export format doc"),
        (["--scene", "scene.txt"], "must end in .blend"),
    ],
)
def test_import_refuses_before_it_begins(
    trellis: Run, settings: Path, tmp_path: Path, words: list[str], told: str
) -> None:
    (tmp_path / "chair.obj").write_text(OBJ)
    done = trellis("import", tmp_path / "chair.obj", *words)
    assert done.code == 2, done.explain()
    assert told in done.stderr
    assert not settings.exists()


# --- signals before there is anything to stop

EARLY = """
import os, sys, signal
number, place, *words = sys.argv[1:]
def begun(event, arguments):
    if event == "import" and arguments[0] == place and "SENT" not in os.environ:
        os.environ["SENT"] = "1"
        os.kill(os.getpid(), int(number))
sys.addaudithook(begun)
from trellis_addon.headless.cli import run_cli
code = run_cli(words)
sys.stdout.flush()
sys.stderr.flush()
os._exit(code)
"""

WAITING = """
import io, os, sys, signal
class Waiting(io.RawIOBase):
    def readable(self):
        return True
    def readinto(self, room):
        os.kill(os.getpid(), signal.SIGINT)
        return 0
sys.stdin = io.TextIOWrapper(io.BufferedReader(Waiting()))
from trellis_addon.headless.cli import run_cli
code = run_cli(sys.argv[1:])
sys.stdout.flush()
sys.stderr.flush()
os._exit(code)
"""
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@posix
@newest_only
@pytest.mark.parametrize("place", ["bpy", "bl_ui"])
@pytest.mark.parametrize("command", ["batch", "verify", "import"])
def test_a_signal_while_the_command_is_loaded(
    stand_in: StandInGateway, tmp_path: Path, command: str, place: str
) -> None:
    (tmp_path / "props.txt").write_text("a cup")
    (tmp_path / "box.glb").write_bytes(cube().pack())
    library = tmp_path / "l"
    named = {"batch": ["props.txt"], "verify": [], "import": ["box.glb"]}[command]
    number = signal.SIGTERM if place == "bl_ui" else signal.SIGINT
    words = [command, *(tmp_path / name for name in named), "--library", library]
    variables = {"AIGATEWAY_API_KEY": KEY, "AIGATEWAY_BASE_URL": stand_in.base_url}
    done = run(["-c", EARLY, str(int(number)), place, *words], tmp_path, **variables)
    assert done.code == 130, done.explain()
    assert done.stderr.splitlines() == ["Interrupted"], done.explain()
    assert not library.exists()
    assert stand_in.requests == ()


@posix
@newest_only
def test_a_signal_while_standard_input_is_awaited(tmp_path: Path) -> None:
    words = ["batch", "-", "--format", "txt", "--library", tmp_path / "l", "--json"]
    done = run(["-c", WAITING, *words], tmp_path)
    assert done.code == 130, done.explain()
    assert done.events == [{"event": "cancelled"}]
    assert "Traceback" not in done.stderr


@posix
def test_a_signal_that_nobody_heard_counts_for_the_command(rooms: Rooms) -> None:
    stopping = rooms("headless.console.signals")
    with stopping.Beginning() as beginning:
        signal.raise_signal(signal.SIGINT)
        with stopping.Signals() as signals:
            assert signals.count == 1
            signal.raise_signal(signal.SIGTERM)
            assert signals.count == 2
        with pytest.raises(KeyboardInterrupt):
            beginning.listen()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


# --- words


@pytest.mark.parametrize("content", ["<!doctype html>\n<p>No", '{"prompt": "a cup"}\n', "a cup\n"])
def test_report_of_something_else(trellis: Run, tmp_path: Path, content: str) -> None:
    file = tmp_path / "props.jsonl"
    file.write_text(content)
    for path in (file, tmp_path):
        done = trellis("report", path)
        assert done.code == 2, done.explain()
        assert f"{path} is no report" in done.stderr


def test_report_of_a_run_in_which_nothing_has_ended(trellis: Run, tmp_path: Path) -> None:
    (tmp_path / "report.jsonl").touch()
    assert trellis("report", tmp_path).code == 0


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        ("0", "--timeout must be more than 0 minutes"),
        ("-1", "--timeout must be more than 0 minutes"),
        ("nan", "--timeout: invalid number value"),
        ("inf", "--timeout: invalid number value"),
    ],
)
def test_time_limit(trellis: Run, settings: Path, minutes: str, words: str) -> None:
    for command in (["generate", "a cup"], ["resume"], ["doctor"]):
        done = trellis(*command, f"--timeout={minutes}")
        assert done.code == 2, done.explain()
        assert words in done.stderr


def test_quiet_says_the_sum_alone(trellis: Run, settings: Path, tmp_path: Path) -> None:
    (tmp_path / "props.txt").write_text("a cup\na cup\n")
    page = tmp_path / "page.html"
    words = ["batch", tmp_path / "props.txt", "--html", page]
    done = trellis(*words, "--quiet")
    assert (done.code, page.is_file()) == (0, True), done.explain()
    said = [line for line in done.stderr.splitlines() if line]
    assert [line.split(",")[0] for line in said] == ["1 ready"], done.explain()
    loud = trellis(*words)
    assert "Note: " in loud.stderr
    assert "Written: " in loud.stderr


def test_help_says_what_trellis_is(trellis: Run) -> None:
    told = " ".join(trellis("--help").stdout.split())
    for door in ("blender --command trellis", "run.py --", "python -m trellis_addon"):
        assert door in told
    assert "{slug}" in trellis("export", "--help").stdout


@pytest.mark.parametrize("code", [400, 401])
def test_single_props_may_fail(
    trellis: Run, settings: Path, stand_in: StandInGateway, tmp_path: Path, code: int
) -> None:
    stand_in.script.on(CHAT, do.status(code), times=1)
    (tmp_path / "props.txt").write_text("a cup\na box\n")
    words = ["batch", tmp_path / "props.txt", "--jobs", "1", "--endpoint", "chat"]
    done = trellis("--props-may-fail", *words)
    assert done.code == {400: 0, 401: 3}[code], done.explain()


def test_a_batch_that_was_stopped_is_a_failure_all_the_same(
    trellis: Run, settings: Path, stand_in: StandInGateway, tmp_path: Path
) -> None:
    stand_in.script.on(CHAT, do.status(400), times=None)
    (tmp_path / "props.txt").write_text("a cup\na box\n")
    words = ["batch", tmp_path / "props.txt", "--jobs", "1", "--endpoint", "chat"]
    assert trellis("--props-may-fail", *words, "--stop-on-error").code == 1
    assert trellis("--props-may-fail", *words).code == 0
    assert trellis(*words).code == 1
    assert trellis("--props-may-fail", "verify", "--library", tmp_path / "no").code == 2


# --- farm


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["openjd", "-", "--library", "l"], "cannot read this standard input"),
        (["openjd", "FILE"], "No shared library is named"),
        (["openjd", "FILE", "--library", "l", "--grace", "11m"], "allows 600 s at most"),
        (["slurm", "FILE", "--library", "l", "--grace", "9s"], "--grace must be 10s or more"),
        (["slurm", "FILE", "--library", "l", "--grace", "soon"], "is no length of time"),
        (["--jbos 8"], "there is no --jbos; did you mean --jobs?"),
        (["--jobs many"], "invalid int value"),
        (["--help"], "--help"),
        (["--library /elsewhere"], "--library in --batch-options is set by the job itself"),
        (["--shar 1/2"], "--shard in --batch-options is set by the job itself"),
        (["--report r.jsonl"], "--report in --batch-options is set by the job itself"),
        (["--scene a.blend"], "--scene in --batch-options would be written by every shard"),
        (["--contact-sheet a.png"], "--contact-sheet in --batch-options would be written by every"),
        (["--html a.html"], "--html in --batch-options would be written by every shard"),
        (["--dry-run"], "--dry-run in --batch-options is of no use"),
        (["other.txt"], "there is no other.txt"),
    ],
)
def test_farm_refuses(trellis: Run, tmp_path: Path, words: list[str], told: str) -> None:
    file, job = tmp_path / "props.txt", tmp_path / "job.yaml"
    file.write_text("a cup\n")
    if len(words) == 1:
        words = ["openjd", "FILE", "--library", "l", f"--batch-options={words[0]}"]
    words = [str(file) if word == "FILE" else word for word in words]
    done = trellis("farm", *words, "--output", job)
    assert done.code == 2, done.explain()
    assert told in done.stderr
    assert not job.exists()
    assert done.stdout == ""


def test_farm_takes_the_options_of_a_batch(trellis: Run, tmp_path: Path) -> None:
    file = tmp_path / "props"
    file.write_text('{"prompt": "a cup"}\n')
    more = "--jobs 8 --max-failures 20 --format jsonl --param texture_size=1024 --lods none"
    done = trellis("farm", "slurm", file, "--library", tmp_path, f"--batch-options={more}")
    assert done.code == 0, done.explain()
    assert more in done.stdout
    assert "--props-may-fail batch" in done.stdout
