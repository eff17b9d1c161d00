# SPDX-License-Identifier: GPL-3.0-or-later
"""One generation from request to folder, against the stand-in over real sockets."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from gateway import Gate, StandInGateway
from gateway import actions as do
from gateway.meshes import make_glb
from gateway.shapes import SHAPES
from support.jobs import (
    CHAT,
    FILES,
    JOBS,
    PlainImporter,
    assert_failed,
    assert_ready,
    begin,
    ending,
    generate,
    go_on,
)
from support.rooms import KEY, PROMPT, files_holding, states

from trellis_addon.core.errors import ImporterError
from trellis_addon.core.events import Failed, Progress, StateChanged
from trellis_addon.job.generation import Made

NO_MESH = {
    "text": "The gateway answered with text, not with a model",
    "refusal": "The gateway's content filter stopped this prompt",
    "content_filter": "The gateway's content filter stopped this prompt",
    "provider_nim_filtered": "The gateway's content filter stopped this prompt",
    "error_in_200": "The generation failed at the gateway: The provider could not make a model.",
    "empty": "There is no model in the gateway's answer",
}
WITH_MESH = sorted(set(SHAPES) - set(NO_MESH))


@pytest.mark.parametrize("kind", WITH_MESH)
def test_answer_with_a_mesh(kind: str, tmp_path: Path) -> None:
    with StandInGateway(kind, triangles=2000, texture=64) as gateway:
        folder, events = generate(gateway, tmp_path, prompt=PROMPT, seed=5)
        assert_ready(folder, events)
        assert folder.glb.read_bytes() == make_glb(PROMPT, 5, 2000, 64)
        assert len(gateway.requests_to("POST")) == 1
    known = ["requested", "sending", "waiting", "downloading", "downloaded", "importing", "ready"]
    if not kind.startswith("job"):
        known.remove("waiting")
    assert states(folder.read()) == known
    told = [str(event.state) for event in events if isinstance(event, StateChanged)]
    assert told == known[1:]
    assert any(isinstance(event, Progress) for event in events)


@pytest.mark.parametrize("kind", sorted(NO_MESH))
def test_answer_without_a_mesh(kind: str, tmp_path: Path) -> None:
    with StandInGateway(kind, triangles=2000, texture=64) as gateway:
        folder, events = generate(gateway, tmp_path)
        facts = assert_failed(folder, events, NO_MESH[kind])
        assert facts.request_id
        assert len(gateway.requests_to("POST")) == 1
    assert states(folder.read()) == ["requested", "sending", "failed"]


def test_the_shapes_are_all_accounted_for() -> None:
    assert set(NO_MESH) < set(SHAPES)
    assert len(WITH_MESH) >= 20


def test_what_is_sent(stand_in: StandInGateway, tmp_path: Path) -> None:
    prompt = "Stühle aus Eiche, 椅子 🪑, " + "with carved legs " * 60
    folder, events = generate(stand_in, tmp_path, prompt=prompt, seed=3, system="Be precise")
    assert_ready(folder, events)
    (request,) = stand_in.requests_to("POST")
    assert request.json["model"] == "microsoft/trellis"
    assert request.json["messages"] == [
        {"role": "system", "content": "Be precise"},
        {"role": "user", "content": prompt.strip()},
    ]
    assert request.json["seed"] == 3
    assert not request.json["stream"]
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["idempotency-key"] == folder.read().origin.idempotency_key
    assert request.headers["user-agent"].startswith("trellis-props-blender/")
    assert folder.read().request["prompt"] == prompt.strip()
    assert folder.id.startswith("stuhle-aus-eiche-")


def test_what_is_kept_of_the_call(stand_in: StandInGateway, tmp_path: Path) -> None:
    folder, events = generate(stand_in, tmp_path)
    finished = events[-1]
    assert finished.cost_cents == pytest.approx(2.1)
    assert finished.request_id == stand_in.requests_to("POST")[0].headers["x-request-id"]
    assert finished.notes == ("1 camera of the model left out",)
    assert finished.seconds > 0
    record = folder.read()
    (call,) = record.origin.calls
    assert (call.endpoint, call.status, call.cost_cents) == ("chat", 200, pytest.approx(2.1))
    assert call.usage["total_tokens"] > 0
    assert record.origin.locations == ()
    assert record.prop["collection"] == "Barrel"
    assert record.seconds > 0


def test_foreign_host_behind_a_redirect_gets_no_key(
    stand_in: StandInGateway, tmp_path: Path
) -> None:
    with StandInGateway() as other:
        mesh = make_glb(PROMPT, 0, 2000, 64)
        other.script.on("GET /mesh.glb", do.body(mesh, "model/gltf-binary"))
        stand_in.script.on(FILES, do.redirect(f"{other.base_url}/mesh.glb"))
        folder, events = generate(stand_in, tmp_path)
        assert_ready(folder, events)
        (asked,) = other.requests
    assert "authorization" not in asked.headers
    assert KEY not in str(asked)
    assert all(r.headers["authorization"] for r in stand_in.requests)


def test_foreign_host_in_the_link_gets_no_key(tmp_path: Path) -> None:
    with StandInGateway(media_alias="localhost", triangles=2000, texture=64) as gateway:
        folder, events = generate(gateway, tmp_path)
        assert_ready(folder, events)
        (asked,) = gateway.requests_to("GET /v1/files")
    assert asked.headers["host"].startswith("localhost")
    assert "authorization" not in asked.headers


SHAPES_OF_LINKS = ["json", "markdown", "link"]


@pytest.mark.parametrize("shape", SHAPES_OF_LINKS)
@pytest.mark.parametrize(
    ("content", "kind", "words"),
    [
        (b"", "model/gltf-binary", "The downloaded model is empty"),
        (b"<!DOCTYPE html><html></html>", "text/html", "A web page was downloaded"),
        (make_glb(PROMPT, 0, 2000, 64)[:3000], "model/gltf-binary", "is truncated"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "image/png", "is not a model but a picture"),
        (b"glTF", "model/gltf-binary", "is truncated"),
    ],
    ids=["empty", "html", "truncated", "picture", "magic"],
)
def test_link_to_something_else(
    stand_in: StandInGateway, tmp_path: Path, content: bytes, kind: str, words: str, shape: str
) -> None:
    stand_in.script.on(CHAT, do.answer(shape), times=None)
    stand_in.script.on(FILES, do.body(content, kind), times=None)
    folder, events = generate(stand_in, tmp_path)
    facts = assert_failed(folder, events, words)
    assert facts.kind == "bad_file"
    assert not folder.glb.exists()


@pytest.mark.parametrize("shape", SHAPES_OF_LINKS)
def test_link_that_has_expired_is_renewed(
    stand_in: StandInGateway, tmp_path: Path, shape: str
) -> None:
    stand_in.script.on(CHAT, do.answer(shape), times=None)
    stand_in.script.on("GET /v1/files/*/public", do.expire_links())
    folder, events = generate(stand_in, tmp_path)
    assert_ready(folder, events)
    assert len(stand_in.requests_to("POST")) == 1


@pytest.mark.parametrize("shape", SHAPES_OF_LINKS)
def test_file_that_is_gone(stand_in: StandInGateway, tmp_path: Path, shape: str) -> None:
    stand_in.script.on(CHAT, do.answer(shape), times=None)
    stand_in.script.on(FILES, do.status(410), times=None)
    folder, events = generate(stand_in, tmp_path)
    assert assert_failed(folder, events, "The download link no longer works").status == 410


@pytest.mark.parametrize(
    "link",
    [
        "file:///etc/passwd",
        "ftp://127.0.0.1/model.glb",
        "https://127.0.0.1:port/model.glb",
        "http://[x",
    ],
)
def test_link_that_is_not_for_us(stand_in: StandInGateway, tmp_path: Path, link: str) -> None:
    answer = {"choices": [{"message": {"role": "assistant", "content": link}}]}
    stand_in.script.on(CHAT, do.status(200, answer), times=None)
    folder, events = generate(stand_in, tmp_path)
    assert assert_failed(folder, events, "").kind != "internal"


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (400, "refused", "does not accept the request"),
        (401, "account", "does not accept the API key"),
        (402, "account", "no credit left"),
        (403, "account", "may not use this model"),
        (404, "refused", "does not know this model"),
    ],
)
def test_refusal(
    stand_in: StandInGateway, tmp_path: Path, status: int, kind: str, words: str
) -> None:
    stand_in.script.on(CHAT, do.status(status), times=None)
    folder, events = generate(stand_in, tmp_path)
    facts = assert_failed(folder, events, words)
    assert (facts.kind, facts.status, facts.retryable) == (kind, status, False)
    assert facts.request_id
    assert len(stand_in.requests) == 1


@pytest.mark.parametrize("echo", [401, 400, 200])
def test_gateway_that_quotes_the_key(stand_in: StandInGateway, tmp_path: Path, echo: int) -> None:
    message = f"Incorrect API key provided: {KEY}"
    body: dict[str, Any] = {"error": {"message": message, "type": "x"}}
    if echo == 200:
        body = {"choices": [{"message": {"role": "assistant", "content": message}}]}
    stand_in.script.on(CHAT, do.status(echo, body), times=None)
    folder, events = generate(stand_in, tmp_path)
    assert isinstance(events[-1], Failed)
    assert files_holding(folder.path.parent) == []
    assert KEY not in str(events[-1].error)


def test_gateway_that_is_not_there(tmp_path: Path) -> None:
    with StandInGateway() as gateway:
        pass
    folder, events = generate(gateway, tmp_path)
    facts = assert_failed(folder, events, "refuses the connection")
    assert facts.kind == "unreachable"


def test_failed_job_says_why(tmp_path: Path) -> None:
    with StandInGateway("job", triangles=2000, texture=64) as gateway:
        gateway.script.on(JOBS, do.job_status("failed"), times=None)
        folder, events = generate(gateway, tmp_path)
        assert_failed(folder, events, "The provider made no model.")


def test_a_repetition_that_the_gateway_is_still_at(
    stand_in: StandInGateway, tmp_path: Path
) -> None:
    """409 under our own key: what the first request makes comes later, by the same key."""
    stand_in.script.on(CHAT, do.mask(504))
    folder, events = generate(stand_in, tmp_path)
    assert_failed(folder, events, "took too long")
    assert folder.read().is_resumable
    stand_in.script.on(CHAT, do.status(409))
    assert_ready(folder, go_on(folder, stand_in))
    assert len(stand_in.payments) == 1
    assert len({r.headers["idempotency-key"] for r in stand_in.requests_to("POST")}) == 1


def test_importer_that_fails_keeps_the_model(stand_in: StandInGateway, tmp_path: Path) -> None:
    class Failing(PlainImporter):
        def convert(
            self,
            folder: Any,
            record: Any,
            token: Any,
            report_status: Any,
            blend: str = "",
            usable: Any = None,
            picture: Any = None,
        ) -> Made:
            raise ImporterError("Blender could not make a prop of the model")

    folder, events = generate(stand_in, tmp_path, Failing())
    assert_failed(folder, events, "could not make a prop")
    assert folder.glb.is_file()
    assert_ready(folder, go_on(folder, stand_in))
    assert len(stand_in.requests_to("POST")) == 1


def test_folder_that_vanishes_meanwhile(stand_in: StandInGateway, tmp_path: Path) -> None:
    gate = Gate()
    stand_in.script.on(CHAT, do.hold(gate))
    folder, job = begin(stand_in, tmp_path)
    job.start()
    assert gate.reached.wait(20)
    shutil.rmtree(folder.path)
    gate.release()
    events = ending(job)
    assert isinstance(events[-1], Failed)
    assert events[-1].error.kind == "library"
