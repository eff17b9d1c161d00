# SPDX-License-Identifier: GPL-3.0-or-later
"""The doors that are processes: `python -m trellis_addon` and `run.py`, with real signals."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from gateway import Gate, StandInGateway
from gateway import actions as do
from support.processes import LIMIT_SECONDS, REPOSITORY, Ended, ended, run, start
from support.rooms import KEY, PROMPT, Rooms, files_holding, parts, props
from support.stopping import KILLED, STOPS, ask_to_stop, hearing

CHAT, JOBS = "POST /v1/chat/completions", "GET /v1/jobs/*"
DOORS: dict[str, list[str | Path]] = {
    "module": ["-m", "trellis_addon"],
    "script": [REPOSITORY / "trellis_addon" / "headless" / "run.py", "--"],
}


@pytest.fixture(params=DOORS)
def door(request: pytest.FixtureRequest) -> list[str | Path]:
    return DOORS[request.param]


@pytest.fixture
def variables(stand_in: StandInGateway) -> dict[str, str]:
    return {"AIGATEWAY_API_KEY": KEY, "AIGATEWAY_BASE_URL": stand_in.base_url}


def only_folder(library: Path) -> Path:
    (folder,) = props(library)
    return folder


def record(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "prop.json").read_text("utf-8"))
    return content


def terminal(done: Ended) -> dict[str, Any]:
    found = [e for e in done.events if e["event"] in ("finished", "failed", "cancelled")]
    assert len(found) == 1, done.explain()
    return found[0]


def test_generate_into_a_scene(
    door: list[str | Path], variables: dict[str, str], tmp_path: Path
) -> None:
    library, scene = tmp_path / "Bücher & Stühle", tmp_path / "Szene 1.blend"
    options = ["--library", library, "--scene", scene, "--json"]
    done = run([*door, "generate", "椅子 aus Eiche", *options], tmp_path, **variables)
    assert done.code == 0, done.explain()
    assert terminal(done)["folder"] == str(only_folder(library))
    assert scene.is_file()
    assert files_holding(tmp_path) == []
    assert KEY not in done.stdout + done.stderr


NORMAL_END = """
import sys
from trellis_addon.headless.cli import run_cli
sys.exit(run_cli(sys.argv[1:]))
"""


def test_json_stays_json_in_a_process_that_ends_by_itself(
    variables: dict[str, str], tmp_path: Path
) -> None:
    # As Blender does behind `--command trellis`: what is in the buffers comes out at the end.
    scene = tmp_path / "scene.blend"
    arguments = ["-c", NORMAL_END, "generate", "vase", "--library", tmp_path / "l", "--json"]
    for _ in range(2):  # a new file, then an existing one
        done = run([*arguments, "--scene", scene], tmp_path, **variables)
        assert done.code == 0, done.explain()
        assert terminal(done)["event"] == "finished"


def test_one_terminal_event_also_when_the_scene_cannot_be_opened(
    variables: dict[str, str], tmp_path: Path
) -> None:
    scene = tmp_path / "scene.blend"
    scene.write_text("not Blender's")
    arguments = [*DOORS["module"], "generate", "vase", "--library", tmp_path / "l", "--json"]
    done = run([*arguments, "--scene", scene], tmp_path, **variables)
    assert done.code != 0, done.explain()
    terminal(done)


@pytest.mark.parametrize("arguments", [["--help"], ["generate", "--help"]])
def test_help(door: list[str | Path], tmp_path: Path, arguments: list[str]) -> None:
    done = run([*door, *arguments], tmp_path)
    assert done.code == 0, done.explain()
    assert "usage: trellis" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], 2),
        (["generate", ""], 2),
        (["generate", "vase", "--scene", "/no/such/folder/a.blend"], 2),
        (["generate", "vase"], 3),
    ],
)
def test_exit_codes_without_a_gateway(
    door: list[str | Path], tmp_path: Path, arguments: list[str], code: int
) -> None:
    where = {"AIGATEWAY_BASE_URL": "http://127.0.0.1:9", "TRELLIS_LIBRARY": str(tmp_path / "l")}
    done = run([*door, *arguments], tmp_path, **where)
    assert done.code == code, done.explain()
    assert not (tmp_path / "l").exists()


def test_text_answer(
    door: list[str | Path], variables: dict[str, str], stand_in: StandInGateway, tmp_path: Path
) -> None:
    stand_in.script.on(CHAT, do.answer("text"), times=None)
    options = ["--library", tmp_path / "l", "--endpoint", "chat", "--json"]
    done = run([*door, "generate", "vase", *options], tmp_path, **variables)
    assert done.code == 1, done.explain()
    assert terminal(done)["error"]["kind"] == "no_model"


def test_connection_refused(door: list[str | Path], tmp_path: Path) -> None:
    with StandInGateway() as gateway:
        url = gateway.base_url
    where = {"AIGATEWAY_API_KEY": KEY, "AIGATEWAY_BASE_URL": url}
    done = run([*door, "generate", "vase", "--library", tmp_path / "l"], tmp_path, **where)
    assert done.code == 4, done.explain()


OFFLINE = """
import sys
asked = []
def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo"):
        asked.append(event)
sys.addaudithook(watch)
from trellis_addon.headless.cli import run_cli
code = run_cli(["generate", "vase", *sys.argv[1:]])
print("code", code, "sockets", len(asked))
sys.stdout.flush()
import os
os._exit(0)
"""


def test_offline_opens_no_socket_in_the_whole_process(tmp_path: Path) -> None:
    where = {"AIGATEWAY_API_KEY": KEY, "AIGATEWAY_BASE_URL": "https://api.aigateway.sh"}
    done = run(["-c", OFFLINE, "--library", tmp_path / "l"], tmp_path, **where)
    assert done.stdout.splitlines()[-1] == "code 4 sockets 0", done.explain()
    assert "Blender is not allowed to go online" in done.stderr


@pytest.mark.parametrize("number", STOPS)
def test_signal_while_the_answer_is_awaited(
    variables: dict[str, str], stand_in: StandInGateway, tmp_path: Path, number: int
) -> None:
    gate = Gate()
    stand_in.script.on(CHAT, do.hold(gate))
    arguments = [*DOORS["module"], "generate", "vase", "--library", tmp_path / "l", "--json"]
    process = start(arguments, tmp_path, **hearing(tmp_path), **variables)
    assert gate.reached.wait(LIMIT_SECONDS)
    ask_to_stop(process, number, tmp_path)
    done = ended(process)
    assert not gate.released.is_set()
    assert done.code == 130, done.explain()
    assert terminal(done) == {
        "event": "cancelled",
        "id": only_folder(tmp_path / "l").name,
        "may_be_billed": True,
    }
    assert "Cancelled; the gateway may still bill it" in done.stderr
    assert "resume goes on with it" in done.stderr
    assert record(only_folder(tmp_path / "l"))["state"] == "sending"
    assert parts(tmp_path) == []


def killed_while(gate: Gate, variables: dict[str, str], library: Path, home: Path) -> None:
    """Generate, and kill Blender as a power cut would when the gate is reached."""
    arguments = [*DOORS["module"], "generate", PROMPT, "--library", library]
    process = start(arguments, home, **variables)
    assert gate.reached.wait(LIMIT_SECONDS)
    process.kill()
    assert ended(process).code == KILLED
    gate.release()


@pytest.fixture
def go_on(rooms: Rooms, background: Any) -> Callable[[Path, str], Any]:
    """What the next start of Blender does with a folder: a job from where its record stands."""

    def resume(path: Path, url: str) -> Any:
        folder = rooms("library.prop_folder").PropFolder(path)
        job = rooms.job(folder, rooms.settings(url), background)
        job.start()
        assert type(list(job.wait())[-1]).__name__ == "Finished", job.outcome
        return folder

    return resume


def test_killed_during_a_chat_call_goes_on(
    variables: dict[str, str],
    stand_in: StandInGateway,
    tmp_path: Path,
    go_on: Callable[[Path, str], Any],
    rooms: Rooms,
) -> None:
    gate = Gate()
    stand_in.script.on(CHAT, do.hold(gate))
    library = tmp_path / "l"
    killed_while(gate, variables, library, tmp_path)
    path = only_folder(library)
    assert record(path)["state"] == "sending"
    (unfinished,) = rooms("library.library").Library(library).unfinished()
    assert unfinished.path == path
    go_on(path, stand_in.base_url)
    assert record(path)["state"] == "ready"
    assert len({r.headers["idempotency-key"] for r in stand_in.requests_to("POST")}) == 1
    assert parts(path) == []
    assert files_holding(library) == []


def test_killed_and_resumed_by_the_command_line(
    variables: dict[str, str], stand_in: StandInGateway, tmp_path: Path
) -> None:
    gate = Gate()
    stand_in.script.on("GET /v1/files/*", do.hold(gate, at=50_000))
    library = tmp_path / "l"
    killed_while(gate, variables, library, tmp_path)
    arguments = [*DOORS["module"], "resume", "--library", library, "--json"]
    done = run(arguments, tmp_path, **variables)
    assert done.code == 0, done.explain()
    assert terminal(done)["id"] == only_folder(library).name
    assert record(only_folder(library))["state"] == "ready"
    assert len(stand_in.requests_to("POST")) == 1
    assert parts(only_folder(library)) == []
    # And there is nothing left to do.
    assert run(arguments, tmp_path, **variables).code == 0
    assert len(stand_in.requests_to("POST")) == 1


def test_killed_during_a_job_goes_on_without_paying_twice(
    tmp_path: Path, go_on: Callable[[Path, str], Any]
) -> None:
    gate = Gate()
    with StandInGateway("job", triangles=2000, texture=64) as gateway:
        gateway.script.on(JOBS, do.hold(gate))
        variables = {"AIGATEWAY_API_KEY": KEY, "AIGATEWAY_BASE_URL": gateway.base_url}
        killed_while(gate, variables, tmp_path / "l", tmp_path)
        path = only_folder(tmp_path / "l")
        assert record(path)["state"] == "waiting"
        assert record(path)["origin"]["job_id"]
        go_on(path, gateway.base_url)
        assert len(gateway.requests_to("POST")) == 1
    assert record(path)["state"] == "ready"


def test_killed_during_the_download_goes_on(
    variables: dict[str, str],
    stand_in: StandInGateway,
    tmp_path: Path,
    go_on: Callable[[Path, str], Any],
) -> None:
    gate = Gate()
    stand_in.script.on("GET /v1/files/*", do.hold(gate, at=50_000))
    killed_while(gate, variables, tmp_path / "l", tmp_path)
    path = only_folder(tmp_path / "l")
    assert record(path)["state"] == "downloading"
    assert not (path / "model.glb").exists()
    go_on(path, stand_in.base_url)
    assert record(path)["state"] == "ready"
    assert parts(path) == []
    assert len({r.headers["idempotency-key"] for r in stand_in.requests_to("POST")}) == 1


def test_the_doors_leave_no_process_behind(
    variables: dict[str, str], stand_in: StandInGateway, tmp_path: Path
) -> None:
    if sys.platform != "linux":
        pytest.skip("looks into /proc")
    arguments = [*DOORS["module"], "generate", "vase", "--library", tmp_path / "l"]
    marker = f"TRELLIS_MARKER_{os.getpid()}"
    done = run(arguments, tmp_path, **variables, **{marker: "1"})
    assert done.code == 0, done.explain()
    left = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            left += [folder.name] if marker.encode() in (folder / "environ").read_bytes() else []
        except OSError:
            continue
    assert left == []
