# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line's contract, through the function behind Blender's own `--command trellis`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import pytest
from gateway import StandInGateway
from gateway import actions as do
from gateway.meshes import make_glb
from support import bpy_context
from support.processes import Ended
from support.rooms import KEY, PROMPT, Rooms, files_holding, parts, props

CHAT, FILES = "POST /v1/chat/completions", "GET /v1/files/*"
TERMINAL = {"finished", "failed", "cancelled"}
Run = Callable[..., Ended]


@pytest.fixture
def trellis(rooms: Rooms, capfd: pytest.CaptureFixture[str]) -> Run:
    """Runs `trellis ARGUMENTS`; what it and Blender print goes through the true descriptors."""

    def run(*arguments: str | Path) -> Ended:
        capfd.readouterr()
        code = rooms("headless.blender_command")._execute([str(argument) for argument in arguments])
        stdout, stderr = capfd.readouterr()
        return Ended(code, stdout, stderr)

    return run


def terminal(done: Ended) -> dict[str, Any]:
    """The only terminal event of a run with --json; every line is JSON and it is the last."""
    found = [event for event in done.events if event["event"] in TERMINAL]
    assert len(found) == 1, done.explain()
    assert done.last is not None
    assert done.last == found[0], done.explain()
    return found[0]


def test_generate(settings: Path, trellis: Run) -> None:
    done = trellis("generate", PROMPT)
    assert done.code == 0, done.explain()
    assert done.stdout == ""
    assert "Sent to the gateway" in done.stderr
    assert "Finished in" in done.stderr
    assert "2.1 US cents" in done.stderr
    (folder,) = props(settings)
    for name in ("prop.json", "model.glb", "prop.blend", "thumbnail.png"):
        assert (folder / name).is_file()
    assert parts(settings) == []
    assert files_holding(settings) == []
    assert KEY not in done.stderr


def test_json(settings: Path, trellis: Run) -> None:
    done = trellis("generate", PROMPT, "--json", "--seed", "5", "--name", "Fass")
    assert done.code == 0, done.explain()
    finished = terminal(done)
    folder = Path(finished["folder"])
    assert folder.parent == settings
    assert finished == {
        "event": "finished",
        "id": folder.name,
        "folder": str(folder),
        "glb": str(folder / "model.glb"),
        "blend": str(folder / "prop.blend"),
        "thumbnail": str(folder / "thumbnail.png"),
        "cost_cents": pytest.approx(2.1),
        "request_id": finished["request_id"],
        "seconds": finished["seconds"],
        "notes": [],
    }
    assert isinstance(finished["request_id"], str)
    assert finished["seconds"] > 0
    for event in done.events:
        assert event["id"] == folder.name
        if event["event"] == "state":
            assert set(event) == {"event", "id", "state"}
        elif event["event"] == "progress":
            assert set(event) == {"event", "id", "fraction", "text"}
            assert event["fraction"] is None or 0 <= event["fraction"] <= 1
    states = [event["state"] for event in done.events if event["event"] == "state"]
    assert states == ["sending", "downloading", "downloaded", "importing", "ready"]
    assert "Finished in" in done.stderr
    assert KEY not in done.stdout + done.stderr
    assert json.loads((folder / "prop.json").read_text("utf-8"))["request"]["seed"] == 5


def test_options_before_the_environment(
    settings: Path, trellis: Run, stand_in: StandInGateway, tmp_path: Path
) -> None:
    library = tmp_path / "Bücher und mehr" / "椅子"
    options = ("--temperature", "0", "--top-p", "1", "--max-tokens", "77", "--system", "Be quick")
    done = trellis("generate", "small vase", "--library", library, *options)
    assert done.code == 0, done.explain()
    assert props(settings) == []
    assert len(props(library)) == 1
    (request,) = stand_in.requests_to("POST")
    assert (request.json["temperature"], request.json["top_p"]) == (0, 1)
    assert request.json["max_tokens"] == 77
    assert request.json["messages"][0] == {"role": "system", "content": "Be quick"}


def test_same_library_twice(settings: Path, trellis: Run, stand_in: StandInGateway) -> None:
    for _ in range(2):
        assert trellis("generate", "small vase").code == 0
    assert len(props(settings)) == 2
    first, second = stand_in.requests_to("POST")
    assert first.headers["idempotency-key"] != second.headers["idempotency-key"]


@pytest.mark.parametrize("how", ["--link", "--append"])
def test_new_scene_and_existing_scene(
    settings: Path, trellis: Run, tmp_path: Path, how: str
) -> None:
    scene = tmp_path / "Szene für alle.blend"
    for count in (1, 2):
        done = trellis("generate", "small vase", "--scene", scene, how)
        assert done.code == 0, done.explain()
        assert "Placed into" in done.stderr
        bpy.ops.wm.read_homefile(use_empty=True)
        bpy.ops.wm.open_mainfile(filepath=str(scene))
        linked = [obj for obj in bpy_context.scene().objects if obj.instance_collection]
        own = [obj for obj in bpy.data.objects if obj.type == "MESH" and obj.library is None]
        assert len(linked) == (count if how == "--link" else 0)
        assert len(own) == (0 if how == "--link" else count)
        assert len(bpy.data.libraries) == len(linked)
        assert all(library.filepath.startswith("//") for library in bpy.data.libraries)
        bpy.ops.wm.read_homefile(use_empty=True)


def test_existing_scene_keeps_what_is_in_it(settings: Path, trellis: Run, tmp_path: Path) -> None:
    scene = tmp_path / "scene.blend"
    bpy.ops.mesh.primitive_cube_add()
    bpy_context.scene().cursor.location = (7.0, 0.0, 0.0)
    bpy.ops.wm.save_as_mainfile(filepath=str(scene))
    bpy.ops.wm.read_homefile(use_empty=True)
    assert trellis("generate", "small vase", "--scene", scene).code == 0
    bpy.ops.wm.open_mainfile(filepath=str(scene))
    assert "Cube" in bpy_context.scene().objects
    (prop,) = [obj for obj in bpy_context.scene().objects if obj.instance_collection]
    assert prop.location.x == 7.0


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["generate", "--help"],
        ["-h"],
        ["generate", "-h"],
    ],
)
def test_help(trellis: Run, arguments: list[str]) -> None:
    done = trellis(*arguments)
    assert done.code == 0
    assert "usage: trellis" in done.stdout
    assert done.stderr == ""
    if arguments[0] == "generate":
        for option in ("--library", "--scene", "--append", "--json", "--seed", "--online-mode"):
            assert option in done.stdout


def test_version(trellis: Run, rooms: Rooms) -> None:
    done = trellis("--version")
    assert (done.code, done.stdout) == (0, f"Trellis Props {rooms('core.identity').version()}\n")


def test_no_command_is_the_help(trellis: Run) -> None:
    done = trellis()
    assert done.code == 2
    assert "usage: trellis" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["generat", "x"],
        ["generate"],
        ["generate", "a", "b"],
        ["generate", "a", "--colour", "red"],
        ["generate", "a", "--seed", "many"],
        ["generate", "a", "--temperature", "nan"],
        ["generate", "a", "--top-p", "inf"],
        ["generate", "a", "--link", "--append"],
        ["generate", "a", "--library"],
    ],
)
def test_bad_usage(
    settings: Path, trellis: Run, stand_in: StandInGateway, arguments: list[str]
) -> None:
    done = trellis(*arguments)
    assert done.code == 2, done.explain()
    assert "See trellis" in done.stderr
    assert stand_in.requests == ()
    assert props(settings) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([""], "The prompt is empty. Change the prompt and try again"),
        ([" \t"], "The prompt is empty"),
        (["a", "--seed", "-1"], "The seed must be at least 0"),
        (["a", "--seed", "2147483648"], "The seed must be at most"),
        (["a", "--temperature", "3"], "The temperature must be at most 2"),
        (["a", "--top-p", "-1"], "The top p must be at least 0"),
        (["a", "--max-tokens", "0"], "The max tokens must be at least 1"),
        (["a", "--name", "x" * 201], "The name is longer than 200 characters"),
        (["a", "--model", " "], "The model is empty"),
        (["a", "--scene", "/no/such/folder/scene.blend"], "The folder of the scene file does not"),
        (["a", "--scene", "scene.obj"], "The scene file must end in .blend"),
    ],
)
def test_bad_input_opens_no_socket(
    settings: Path,
    trellis: Run,
    stand_in: StandInGateway,
    sockets: Callable[[], list[str]],
    arguments: list[str],
    words: str,
) -> None:
    done = trellis("generate", *arguments, "--json")
    assert done.code == 2, done.explain()
    failed = terminal(done)
    assert "id" not in failed
    assert set(failed["error"]) == {
        "kind",
        "status",
        "message",
        "next_step",
        "retryable",
        "request_id",
    }
    assert words in done.stderr
    assert done.stderr.startswith("Error: ")
    assert sockets() == []
    assert stand_in.requests == ()
    assert props(settings) == []


def test_long_prompt_warns_and_goes_the_whole_way(
    settings: Path, trellis: Run, stand_in: StandInGateway
) -> None:
    prompt = "Stühle aus Eiche, 椅子 🪑, " + "with carved legs " * 40 + "end"
    done = trellis("generate", prompt)
    assert done.code == 0, done.explain()
    assert "Note: The prompt has about" in done.stderr
    assert stand_in.requests_to("POST")[0].json["messages"][-1]["content"] == prompt


@pytest.mark.parametrize("url", ["api.aigateway.sh", "localhost:8000", "http://example.com/v1", ""])
def test_url_that_cannot_be_used(
    settings: Path, trellis: Run, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("AIGATEWAY_BASE_URL", url)
    done = trellis("generate", "small vase")
    if not url:  # the default takes over, which is not of this machine
        assert (done.code, "not allowed to go online" in done.stderr) == (4, True)
        return
    assert done.code == 2, done.explain()
    assert url in done.stderr
    assert props(settings) == []


@pytest.mark.parametrize("tail", ["", "/", "/v1", "/v1/", "/v1/chat/completions"])
def test_url_with_or_without_its_tail(
    settings: Path, trellis: Run, stand_in: StandInGateway, monkeypatch: Any, tail: str
) -> None:
    monkeypatch.setenv("AIGATEWAY_BASE_URL", stand_in.base_url + tail)
    stand_in.script.on(CHAT, do.status(402), times=None)  # the address is what matters here
    assert trellis("generate", "small vase").code == 3
    assert [r.path for r in stand_in.requests_to("POST")] == ["/v1/chat/completions"]


def test_url_with_a_path_in_front(
    settings: Path, trellis: Run, stand_in: StandInGateway, monkeypatch: Any
) -> None:
    monkeypatch.setenv("AIGATEWAY_BASE_URL", f"{stand_in.base_url}/ai/gateway/v1/openai/")
    done = trellis("generate", "small vase", "--endpoint", "chat")
    assert stand_in.requests_to("POST")[0].path == "/ai/gateway/v1/openai/chat/completions"
    assert done.code == 1, done.explain()
    assert "does not know this model or address" in done.stderr


@pytest.mark.parametrize("consent", ["", "--plain-http", "TRELLIS_PLAIN_HTTP"])
def test_plain_http_in_a_private_network(
    settings: Path,
    trellis: Run,
    monkeypatch: pytest.MonkeyPatch,
    sockets: Callable[[], list[str]],
    consent: str,
) -> None:
    """With consent it is a gateway like any other, for which Blender must be online."""
    monkeypatch.setenv("AIGATEWAY_BASE_URL", "http://192.168.1.20:8000")
    if consent.startswith("TRELLIS"):
        monkeypatch.setenv(consent, "1")
    done = trellis("generate", "small vase", *([consent] if consent.startswith("-") else []))
    words = "not allowed to go online" if consent else "--plain-http"
    assert (done.code, words in done.stderr) == (4 if consent else 2, True), done.explain()
    assert sockets() == []


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (401, 3, "The gateway does not accept the API key. Check AIGATEWAY_API_KEY"),
        (402, 3, "The account has no credit left"),
        (403, 3, "This API key may not use this model"),
        (400, 1, "The gateway does not accept the request"),
    ],
)
def test_refusals(
    settings: Path,
    trellis: Run,
    stand_in: StandInGateway,
    status: int,
    code: int,
    words: str,
) -> None:
    stand_in.script.on(CHAT, do.status(status), times=None)
    done = trellis("generate", "small vase", "--endpoint", "chat", "--json")
    assert done.code == code, done.explain()
    failed = terminal(done)
    assert failed["error"]["status"] == status
    assert failed["error"]["request_id"]
    assert words in done.stderr
    (folder,) = props(settings)
    assert json.loads((folder / "prop.json").read_text("utf-8"))["state"] == "failed"


def test_no_key(settings: Path, trellis: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIGATEWAY_API_KEY")
    done = trellis("generate", "small vase")
    assert done.code == 3, done.explain()
    assert done.stderr.startswith("Error: There is no API key for the gateway. ")
    assert props(settings) == []


def test_connection_refused(settings: Path, trellis: Run, stand_in: StandInGateway) -> None:
    stand_in.stop()
    done = trellis("generate", "small vase", "--json")
    assert done.code == 4, done.explain()
    assert terminal(done)["error"]["kind"] == "unreachable"
    assert "refuses the connection. Check the network connection" in done.stderr


def test_offline(
    settings: Path, trellis: Run, monkeypatch: pytest.MonkeyPatch, sockets: Callable[[], list[str]]
) -> None:
    monkeypatch.setenv("AIGATEWAY_BASE_URL", "https://api.aigateway.sh")
    done = trellis("generate", "small vase", "--json")
    assert done.code == 4, done.explain()
    assert terminal(done)["error"]["kind"] == "offline"
    assert "Blender is not allowed to go online" in done.stderr
    assert sockets() == []
    assert props(settings) == []


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("text", "The gateway answered with text, not with a model: “Hello! How can I help"),
        (
            "content_filter",
            "The gateway's content filter stopped this prompt. It may have been charged. Change",
        ),
        ("empty", "There is no model in the gateway's answer"),
    ],
)
def test_answer_without_a_mesh(
    settings: Path, trellis: Run, stand_in: StandInGateway, kind: str, words: str
) -> None:
    stand_in.script.on(CHAT, do.answer(kind), times=None)
    done = trellis("generate", "small vase", "--endpoint", "chat", "--json")
    assert done.code == 1, done.explain()
    assert terminal(done)["error"]["kind"] == "no_model"
    assert words in done.stderr


@pytest.mark.parametrize("content_type", ["text/html", "application/json", "text/plain"])
def test_web_page_instead_of_json(
    settings: Path, trellis: Run, stand_in: StandInGateway, content_type: str
) -> None:
    page = b"<!DOCTYPE html><html><body>Our proxy is busy</body></html>"
    stand_in.script.on(CHAT, do.body(page, content_type), times=None)
    done = trellis("generate", "small vase", "--endpoint", "chat")
    assert done.code == 1, done.explain()
    assert "The gateway answered with a web page, not with a model" in done.stderr
    assert "Check AIGATEWAY_BASE_URL" in done.stderr


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The downloaded model is empty"),
        (make_glb(PROMPT, 0, 2000, 64)[:5000], "The downloaded model is truncated: 5,000 of"),
        (b"<html><body>Not found</body></html>", "A web page was downloaded instead of a model"),
    ],
    ids=["empty", "truncated", "html"],
)
def test_download_that_is_no_model(
    settings: Path,
    rooms: Rooms,
    trellis: Run,
    stand_in: StandInGateway,
    monkeypatch: pytest.MonkeyPatch,
    content: bytes,
    words: str,
) -> None:
    monkeypatch.setattr(rooms("job.obtain.fetch_model"), "WAITS", ())
    stand_in.script.on(CHAT, do.answer("json"), times=None)
    stand_in.script.on(FILES, do.body(content, "model/gltf-binary"), times=None)
    done = trellis("generate", "small vase", "--json")
    assert done.code == 1, done.explain()
    assert terminal(done)["error"]["kind"] == "bad_file"
    assert words in done.stderr
    assert parts(settings) == []


def test_library_that_cannot_be_written(
    settings: Path, trellis: Run, stand_in: StandInGateway, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("not a folder")
    library = tmp_path / "notes.txt" / "library"
    done = trellis("generate", "small vase", "--library", library, "--json")
    assert done.code == 2, done.explain()
    assert terminal(done)["error"]["kind"] == "input"
    assert f"The library {library} cannot be written: not a directory" in done.stderr
    assert stand_in.requests == ()


def test_scene_file_that_is_none_is_refused_before_anything_is_paid(
    settings: Path, trellis: Run, stand_in: StandInGateway, tmp_path: Path
) -> None:
    scene = tmp_path / "scene.blend"
    scene.write_text("not Blender's")
    done = trellis("generate", "small vase", "--scene", scene)
    assert done.code == 2, done.explain()
    assert stand_in.requests == ()


def test_scene_that_cannot_be_opened_keeps_the_prop(
    settings: Path, trellis: Run, tmp_path: Path
) -> None:
    scene = tmp_path / "scene.blend"
    scene.mkdir()
    done = trellis("generate", "small vase", "--scene", scene)
    assert done.code != 0
    assert "Error: " in done.stderr
    assert scene.is_dir()
    for folder in props(settings):
        assert (folder / "prop.blend").is_file()
