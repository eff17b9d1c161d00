# SPDX-License-Identifier: GPL-3.0-or-later
"""Every exit code of every command, by real processes: the table of docs/command-line.md."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from gateway import Gate, StandInGateway
from gateway import actions as do
from gateway.meshes import make_glb
from support.blenders import newest_only
from support.processes import LIMIT_SECONDS, REPOSITORY, Ended, ended, run, start
from support.rooms import KEY, Rooms, props
from support.stopping import ask_to_stop, hearing, until_told

pytestmark = [newest_only, pytest.mark.long]

CHAT = "POST /v1/chat/completions"
IMAGES = "POST /v1/images/generations"
LOOK, CREATE = "GET /v1/batches/*", "POST /v1/batches"
GONE = "http://127.0.0.1:9"


@dataclass
class Place:
    """What the commands of one row share: a gateway, a library, and a folder for the rest."""

    gateway: StandInGateway
    home: Path
    rooms: Rooms
    ready: str
    """The id of a finished prop in the library."""
    variables: dict[str, str] = field(default_factory=dict)
    during: ExitStack = field(default_factory=ExitStack)
    """What ends after the row's command."""
    gate: Gate | None = None
    """The command is interrupted when a request waits at this."""

    @property
    def library(self) -> Path:
        return self.home / "library"

    @property
    def prop(self) -> Path:
        return self.library / self.ready

    def started(self, words: tuple[str, ...]) -> subprocess.Popen[str]:
        filled = [word.format(home=self.home, ready=self.ready) for word in words]
        if not any(word.startswith(("--library", "completion")) for word in words):
            filled += ["--library", str(self.library)]
        command = ["-m", "trellis_addon", *filled]
        return start(command, self.home, **hearing(self.home), **self.variables)


Prepare = Callable[[Place], object]


@dataclass(frozen=True)
class Row:
    """A situation, and the exit code that it has."""

    code: int
    words: str
    """The command line; `{ready}` is a finished prop, `{home}` a folder."""
    situation: str = "well"
    prepare: Prepare = lambda place: None

    @property
    def command(self) -> str:
        return self.words.split()[0]


def no_model(place: Place) -> None:
    place.gateway.script.on(CHAT, do.answer("text"), times=None)


def rejected(place: Place) -> None:
    place.gateway.script.on(CHAT, do.status(400), times=None)


def refused(place: Place) -> None:
    for route in (CHAT, IMAGES, "GET *"):
        place.gateway.script.on(route, do.status(401), times=None)


def gone(place: Place) -> None:
    place.variables["AIGATEWAY_BASE_URL"] = GONE


def held(place: Place) -> None:
    """Its request waits, until it is interrupted."""
    place.gate = Gate()
    place.gateway.script.on(CHAT, do.hold(place.gate), times=None)


def pictures_held(place: Place) -> None:
    """The request for pictures waits, until it is interrupted."""
    place.gate = Gate()
    place.gateway.script.on(IMAGES, do.hold(place.gate), times=None)


def pictures_refused(place: Place) -> None:
    place.gateway.script.on(IMAGES, do.status(400), times=None)


def pictures_made_by_another(place: Place) -> None:
    """Another process makes the same pictures meanwhile."""
    gate = Gate()
    place.gateway.script.on(IMAGES, do.hold(gate))
    process = place.started(("pictures", "cup", "--size", "64x64"))
    assert gate.reached.wait(LIMIT_SECONDS)
    place.during.callback(lambda: ended(process))
    place.during.callback(gate.release)


def in_batch_api(place: Place) -> None:
    """The gateway's Batch API has the list, and is not done with it."""
    for route in (LOOK, CREATE):
        place.gateway.script.on(route, do.job_status("in_progress"), times=None)


def sent_in_batch_api(place: Place) -> None:
    in_batch_api(place)
    assert ended(place.started(("batch", "{home}/list.txt", "--economy", "--no-wait"))).code == 5


def unfinished(place: Place) -> None:
    """A prop whose request was killed on its way."""
    gate = Gate()
    place.gateway.script.on(CHAT, do.hold(gate))
    process = place.started(("generate", "oak barrel", "--endpoint", "chat"))
    assert gate.reached.wait(LIMIT_SECONDS)
    process.kill()
    ended(process)
    gate.release()


def made_by_another(place: Place) -> None:
    """Another process makes the list's prop meanwhile."""
    gate = Gate()
    place.gateway.script.on(CHAT, do.hold(gate))
    process = place.started(("batch", "{home}/list.txt"))
    assert gate.reached.wait(LIMIT_SECONDS)
    place.during.callback(lambda: ended(process))
    place.during.callback(gate.release)


def worked_on_by_another(place: Place) -> None:
    """Another process, this one, works on the finished prop."""
    lock = place.rooms("library.folder_lock").FolderLock.acquire(place.prop)
    place.during.callback(lock.release)


def both(*several: Prepare) -> Prepare:
    return lambda place: [each(place) for each in several]


def without(name: str) -> Prepare:
    return lambda place: (place.prop / name).unlink()


def damaged(name: str) -> Prepare:
    return lambda place: (place.prop / name).write_bytes(b"{")


def own_table(place: Place) -> None:
    folder = place.library / "destinations"
    folder.mkdir()
    (folder / "mine.toml").write_text("label = ")


def no_props(place: Place) -> None:
    shutil.rmtree(place.prop)


ONE_TRY = "--retry 0 --give-up-after 0"
PICTURES = "pictures cup --size 64x64"
LIST = "batch {home}/list.txt"
NOWHERE = "--library {home}/list.txt/library"
TABLE = (
    Row(0, "generate cup"),
    Row(1, "generate cup --endpoint chat", "no model in the answer", no_model),
    Row(2, "generate cup --triangls 5", "wrong option"),
    Row(2, f"generate cup {NOWHERE}", "unwritable library"),
    Row(3, "generate cup", "account refuses", refused),
    Row(4, "generate cup", "gateway gone", gone),
    Row(130, "generate cup", "interrupted", held),
    Row(0, PICTURES),
    Row(1, PICTURES, "refused", pictures_refused),
    Row(2, "pictures cup --count 0", "no pictures"),
    Row(3, PICTURES, "account refuses", refused),
    Row(4, PICTURES, "gateway gone", gone),
    Row(6, PICTURES, "made by another process", pictures_made_by_another),
    Row(130, PICTURES, "interrupted", pictures_held),
    Row(0, LIST),
    Row(1, f"{LIST} {ONE_TRY} --endpoint chat", "no model in the answer", no_model),
    Row(0, f"--props-may-fail {LIST} {ONE_TRY} --endpoint chat", "props may fail", no_model),
    Row(2, "batch {home}/none.txt", "no such list"),
    Row(2, f"{LIST} {NOWHERE}", "unwritable library"),
    Row(2, f"{LIST} --wait soon", "wrong time"),
    Row(3, LIST, "account refuses", refused),
    Row(3, f"--props-may-fail {LIST}", "account refuses, props may fail", refused),
    Row(4, f"{LIST} {ONE_TRY}", "gateway gone", gone),
    Row(5, f"{LIST} --economy --no-wait", "in the Batch API", in_batch_api),
    Row(6, LIST, "made by another process", made_by_another),
    Row(6, f"{LIST} --wait 1s", "made by another process for long", made_by_another),
    Row(130, LIST, "interrupted", held),
    Row(0, "resume"),
    Row(1, "resume --endpoint chat", "request refused", both(unfinished, rejected)),
    Row(2, "resume --library {home}/none", "no library"),
    Row(3, "resume", "account refuses", both(unfinished, refused)),
    Row(4, "resume", "gateway gone", both(unfinished, gone)),
    Row(5, "resume", "in the Batch API", sent_in_batch_api),
    Row(6, "resume", "made by another process", made_by_another),
    Row(6, "resume --wait 1s", "made by another process for long", made_by_another),
    Row(130, "resume", "interrupted", both(unfinished, held)),
    Row(0, "import {home}/cube.glb"),
    Row(1, "import {home}/bad.glb", "no model"),
    Row(2, "import {home}/none.glb", "no such file"),
    Row(2, f"import {{home}}/cube.glb {NOWHERE}", "unwritable library"),
    Row(4, f"import {GONE}/cube.glb", "address gone"),
    Row(0, "export {ready} --output {home}/out"),
    Row(1, "export {ready} --output {home}/out --formats fbx", "no .blend", without("prop.blend")),
    Row(2, "export none-00000000 --output {home}/out", "no such prop"),
    Row(0, "shot {ready} --output {home}/out --size 32x32 --samples 1"),
    Row(1, "shot {ready} --output {home}/out --size 32x32", "no .blend", without("prop.blend")),
    Row(2, "shot none-00000000 --output {home}/out", "no such prop"),
    Row(0, "destinations --library {home}/library"),
    Row(2, "destinations --library {home}/library", "wrong table", own_table),
    Row(0, "verify"),
    Row(1, "verify", "a file is missing", without("thumbnail.png")),
    Row(2, "verify --library {home}/none", "no library"),
    Row(0, "clean"),
    Row(2, "clean --library {home}/none", "no library"),
    Row(0, "finish {ready} --triangles 100"),
    Row(1, "finish {ready} --triangles 100", "damaged model", damaged("model.glb")),
    Row(2, "finish none-00000000", "no such prop"),
    Row(6, "finish {ready}", "worked on by another process", worked_on_by_another),
    Row(0, "place {ready} --scene {home}/scene.blend"),
    Row(1, "place {ready} --scene {home}/scene.blend", "damaged .blend", damaged("prop.blend")),
    Row(2, "place none-00000000 --scene {home}/scene.blend", "no such prop"),
    Row(
        6,
        "place {ready} --scene {home}/scene.blend",
        "being built by another process",
        both(without("prop.blend"), worked_on_by_another),
    ),
    Row(0, "report {home}/report.jsonl"),
    Row(2, "report {home}/list.txt", "no report"),
    Row(0, "farm slurm {home}/list.txt"),
    Row(2, "farm slurm {home}/list.txt --shards 0", "no shards"),
    Row(0, "list"),
    Row(2, "list --library {home}/none", "no library"),
    Row(0, "show {ready}"),
    Row(1, "show {ready}", "damaged record", damaged("prop.json")),
    Row(2, "show none-00000000", "no such prop"),
    Row(0, "completion bash"),
    Row(2, "completion csh", "no such shell"),
    Row(0, "doctor"),
    Row(2, f"doctor {NOWHERE}", "unwritable library"),
    Row(3, "doctor", "account refuses", refused),
    Row(4, "doctor", "gateway gone", gone),
)


@pytest.fixture(scope="module")
def library(rooms: Rooms, make: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library with one finished prop."""
    home = tmp_path_factory.mktemp("exit codes")
    (home / "cube.glb").write_bytes(make_glb("cube", 0, 500, 64))
    words = ["import", str(home / "cube.glb"), "--library", str(home / "library")]
    done = run(["-m", "trellis_addon", *words], home)
    assert done.code == 0, done.explain()
    return home / "library"


@pytest.fixture
def place(library: Path, rooms: Rooms, stand_in: StandInGateway, tmp_path: Path) -> Place:
    shutil.copytree(library, tmp_path / "library")
    (tmp_path / "list.txt").write_text("oak barrel")
    (tmp_path / "report.jsonl").write_text('{"key": "a", "status": "failed"}\n')
    (tmp_path / "cube.glb").write_bytes(make_glb("another", 0, 500, 64))
    (tmp_path / "bad.glb").write_bytes(b"glTF")
    (ready,) = props(library)
    settings = {"AIGATEWAY_API_KEY": KEY, "AIGATEWAY_BASE_URL": stand_in.base_url}
    return Place(stand_in, tmp_path, rooms, ready.name, settings)


def outcome(place: Place, row: Row) -> Ended:
    """The end of a row's command."""
    with place.during:
        row.prepare(place)
        process = place.started(tuple(row.words.split()))
        if place.gate:
            assert place.gate.reached.wait(LIMIT_SECONDS)
            ask_to_stop(process, signal.SIGINT, place.home)
            if row.command == "batch":
                # It finishes what is under way first.
                until_told(process, "Stopping: 1 under way")
            place.gate.release()
        return ended(process)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.code}-{row.command}-{row.situation}")
def test_exit_code(place: Place, row: Row) -> None:
    done = outcome(place, row)
    assert done.code == row.code, done.explain()
    assert "Traceback" not in done.stderr, done.explain()


HOOK = """
import os, signal, sys
def hook(event, arguments):
    if event == "open" and isinstance(arguments[0], str):
        folder, name = os.path.split(arguments[0])
        if "headless" in folder and name.startswith({module!r} + "."):
            signal.raise_signal(signal.SIGINT)
sys.addaudithook(hook)
"""


def commands() -> dict[str, str]:
    """Each command's module."""
    from trellis_addon.headless.commands.parser import COMMANDS

    return {name: command.module.rpartition(".")[2] for name, command in COMMANDS.items()}


@pytest.mark.parametrize("command", commands())
def test_interrupted_when_it_starts(place: Place, command: str) -> None:
    """By a signal that comes while the command's own module is being loaded."""
    hook = HOOK.format(module=commands()[command])
    (place.home / "sitecustomize.py").write_text(hook, "utf-8")
    place.variables["PYTHONPATH"] = os.pathsep.join(map(str, (place.home, REPOSITORY)))
    row = next(row for row in TABLE if row.command == command and row.code == 0)
    done = ended(place.started(tuple(row.words.split())))
    assert done.code == 130, done.explain()


def test_table_of_the_documentation_is_this_one() -> None:
    text = (REPOSITORY / "docs" / "command-line.md").read_text("utf-8")
    section = text.partition("## Exit codes")[2]
    rows = re.findall(r"^\| (\d+) \| [^|]+ \| ([^|]+) \|$", section, re.MULTILINE)
    told = {int(code): set(re.findall(r"`(\w+)`", names)) or "all" for code, names in rows}
    found: dict[int, Any] = {}
    for row in TABLE:
        if row.command in commands():
            found.setdefault(row.code, set()).add(row.command)
    assert found[0] == set(commands())
    assert found[2] == set(commands())
    assert told == found | dict.fromkeys((0, 2, 130), "all")
