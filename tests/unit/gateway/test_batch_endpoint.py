# SPDX-License-Identifier: GPL-3.0-or-later
"""The Batch API: many generations as one file, for half the price."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from gateway import StandInGateway
from gateway import actions as do
from gateway.meshes import make_glb
from support.gw_lines import Bench, completion
from support.jobs import ROOMS
from support.rooms import KEY

from trellis_addon.core.errors import (
    GatewayFailureError,
    InternalError,
    TrellisError,
    UnreachableError,
)
from trellis_addon.gateway.batch_endpoint import Batches, BatchLine, RemoteBatch, requests_file
from trellis_addon.gateway.download import fetch

CONTENT = "GET /v1/files/*/content"


@pytest.fixture
def batches(stand_in: StandInGateway, tmp_path: Path) -> Iterator[Batches]:
    line = Bench(stand_in.base_url, tmp_path).transport()
    yield Batches(line)
    line.close()


def new_key() -> str:
    """The stand-in remembers the keys of all tests of this file."""
    return f"key-{uuid.uuid4().hex[:8]}"


def requests(*prompts: str, **more: Any) -> list[tuple[str, Any]]:
    return [(f"prop-{n}", ROOMS.request(prompt, **more)) for n, prompt in enumerate(prompts)]


def start_batch(batches: Batches, asked: list[tuple[str, Any]], key: str) -> RemoteBatch:
    return batches.start(batches.upload(requests_file(asked), key), key)


def meshes(batches: Batches, lines: list[BatchLine], folder: Path) -> list[bytes]:
    found = []
    for line in lines:
        assert line.reply is not None
        best = line.reply.answer.assets[0]
        fetched = fetch(batches._transport, best, line.reply.body.payloads, folder, lambda *_: None)
        found.append(fetched.part.read_bytes())
    return found


def test_submit_status_results(stand_in: StandInGateway, batches: Batches, tmp_path: Path) -> None:
    batch = start_batch(
        batches, requests("a chair", "St\u00fchle, \u690b\u5b50", seed=3), new_key()
    )
    assert (batch.total, batch.ended) == (2, True)
    assert batches.status(batch.id) == batch
    lines = list(batches.results(batch, tmp_path))
    assert [line.custom_id for line in lines] == ["prop-0", "prop-1"]
    assert meshes(batches, lines, tmp_path) == [
        make_glb("a chair", 3, 2000, 64),
        make_glb("St\u00fchle, \u690b\u5b50", 3, 2000, 64),
    ]
    upload, submit = stand_in.requests_to("POST")
    assert (upload.path, submit.path) == ("/v1/files", "/v1/batches")
    assert upload.headers["idempotency-key"] != submit.headers["idempotency-key"]
    assert submit.json["endpoint"] == "/v1/chat/completions"
    assert submit.json["completion_window"] == "24h"
    assert b'"stream": false' in upload.body
    for asked in (upload, submit):
        assert asked.headers["authorization"] == f"Bearer {KEY}"


def test_inline_answers_are_lifted_line_by_line(tmp_path: Path) -> None:
    with StandInGateway("data_uri", triangles=2000, texture=64) as gateway:
        line = Bench(gateway.base_url, tmp_path).transport()
        batches = Batches(line)
        batch = start_batch(batches, requests("a chair", "a barrel", "a red chest"), new_key())
        lines = list(batches.results(batch, tmp_path))
        payloads = [path for found in lines if found.reply for path in found.reply.body.payloads]
        assert len(set(payloads)) == 3
        assert meshes(batches, lines, tmp_path) == [
            make_glb(prompt, 0, 2000, 64) for prompt in ("a chair", "a barrel", "a red chest")
        ]
        line.close()


def test_batch_that_is_not_ready(tmp_path: Path) -> None:
    with StandInGateway(triangles=2000, texture=64, delay=60) as gateway:
        line = Bench(gateway.base_url, tmp_path).transport()
        batches = Batches(line)
        batch = start_batch(batches, requests("a chair"), new_key())
        assert (batch.status, batch.ended, batch.output_file) == ("in_progress", False, None)
        assert list(batches.results(batch, tmp_path)) == []
        cancelled = batches.cancel(batch.id)
        assert (cancelled.status, cancelled.ended) == ("cancelled", True)
        assert batches.status(batch.id).ended
        line.close()


def test_lines_that_failed(stand_in: StandInGateway, batches: Batches, tmp_path: Path) -> None:
    mixed = [*requests("a chair"), ("bad", ROOMS.request("a chair", model="acme/none"))]
    batch = start_batch(batches, mixed, new_key())
    assert (batch.completed, batch.failed) == (1, 1)
    good, bad = batches.results(batch, tmp_path)
    assert good.error is None
    assert bad.reply is None
    assert bad.error is not None
    assert bad.error.facts.status == 404
    assert "Unknown model: acme/none" in bad.error.facts.message
    assert bad.error.facts.next_step


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ({"custom_id": "a", "response": None, "error": {"message": "No GPU."}}, "No GPU"),
        ({"custom_id": "a", "error": "No GPU."}, "No GPU"),
        ({"custom_id": "a", "response": {"status_code": 500, "body": {"error": "No GPU."}}},
         "No GPU"),
        ({"custom_id": "a", "response": {"status_code": "many"}}, "could not make"),
        ({"custom_id": "a", "response": {"status_code": 200.5}}, "could not make"),
        ({"custom_id": "a", "response": [1]}, "could not make"),
        ({"custom_id": "a"}, "could not make"),
        ([1], "could not make"),
        ("noise", "could not make"),
    ],
)  # fmt: skip
def test_odd_lines(
    stand_in: StandInGateway, batches: Batches, tmp_path: Path, line: Any, words: str
) -> None:
    text = json.dumps(line) + "\n" + '{"custom_id": "b", "cut'
    stand_in.script.on(CONTENT, do.body(text.encode()))
    batch = RemoteBatch("batch_1", "completed", output_file="file_1")
    first, second = batches.results(batch, tmp_path)
    assert first.error is not None
    assert words in first.error.facts.message
    assert first.understood is ("No GPU" in words)
    assert second.error is not None
    assert not second.understood


@pytest.mark.parametrize(
    ("status", "counts", "came", "agrees"),
    [
        ("completed", (3, 0, 3), (3, 0), True),
        ("completed", (0, 0, 0), (2, 1), True),  # it counts nothing, and all are there
        ("completed", (3, 0, 3), (2, 0), False),
        ("completed", (0, 0, 3), (0, 0), False),  # counted late
        ("completed", (0, 0, 0), (0, 0), False),
        ("completed", (2, 1, 3), (2, 0), True),  # the third failed, and is in no file
        ("completed", (2, 1, 3), (1, 1), False),
        ("completed", (2, 0, 3), (2, 0), False),  # and the third?
        ("completed", (2, 0, 2), (2, 0), False),  # of three
        ("expired", (2, 0, 3), (2, 0), True),  # it never came to the third
        ("expired", (2, 0, 3), (1, 1), False),
        ("expired", (0, 0, 0), (2, 0), False),
        ("cancelled", (1, 1, 3), (1, 1), True),
        ("cancelled", (1, 1, 3), (1, 0), False),
        ("failed", (0, 0, 3), (0, 0), True),
        ("failed", (0, 0, 0), (0, 0), True),
    ],
)
def test_whether_the_counts_agree(
    status: str, counts: tuple[int, int, int], came: tuple[int, int], agrees: bool
) -> None:
    completed, failed, total = counts
    batch = RemoteBatch("batch_1", status, completed=completed, failed=failed, total=total)
    assert batch.agrees(3, *came) is agrees


def test_good_line_with_words_alone(
    stand_in: StandInGateway, batches: Batches, tmp_path: Path
) -> None:
    body = completion("Hello") | {"usage": {"cost": 0.01}}
    line = {"custom_id": "a", "response": {"status_code": 200, "request_id": "r", "body": body}}
    stand_in.script.on(CONTENT, do.body(json.dumps(line).encode()))
    batch = RemoteBatch("batch_1", "completed", output_file="file_1")
    (found,) = batches.results(batch, tmp_path)
    assert found.reply is not None
    assert found.reply.answer.text == "Hello"
    assert found.reply.answer.assets == ()
    assert found.reply.request_id == "r"
    assert found.reply.cost_cents == pytest.approx(1.0)


def test_error_file_is_read_too(stand_in: StandInGateway, batches: Batches, tmp_path: Path) -> None:
    line = {"custom_id": "a", "error": {"message": "expired"}}
    stand_in.script.on(CONTENT, do.body(b""))
    stand_in.script.on(CONTENT, do.body(json.dumps(line).encode()))
    batch = RemoteBatch("batch_1", "expired", output_file="file_1", error_file="file_2")
    assert [found.custom_id for found in batches.results(batch, tmp_path)] == ["a"]
    assert [r.path for r in stand_in.requests_to("GET")] == [
        "/v1/files/file_1/content",
        "/v1/files/file_2/content",
    ]


@pytest.mark.parametrize("count", [0, 101])
def test_wrong_number_is_refused_before_any_socket(
    batches: Batches, sockets: Callable[[], list[str]], count: int
) -> None:
    with pytest.raises(InternalError, match="1 to 100"):
        start_batch(batches, requests(*["a chair"] * count), new_key())
    assert sockets() == []


def test_a_hundred_are_taken(tmp_path: Path) -> None:
    with StandInGateway(triangles=2000, texture=64, delay=60) as gateway:
        line = Bench(gateway.base_url, tmp_path).transport()
        assert start_batch(Batches(line), requests(*["a chair"] * 100), new_key()).total == 100
        line.close()


@pytest.mark.parametrize("route", ["POST /v1/files", "POST /v1/batches"])
@pytest.mark.parametrize(("status", "kind"), [(401, "account"), (413, "refused"), (500, None)])
def test_refusals(
    stand_in: StandInGateway, batches: Batches, route: str, status: int, kind: str | None
) -> None:
    stand_in.script.on(route, do.status(status), times=None)
    with pytest.raises(TrellisError) as caught:
        start_batch(batches, requests("a chair"), new_key())
    assert caught.value.facts.status == status
    assert caught.value.facts.kind == (kind or "gateway_failure")
    assert len(stand_in.requests_to(route)) == 1


@pytest.mark.parametrize("answer", [b"[]", b"null", b"x", b"", b'{"id": null}', b"{}"])
def test_odd_answers_to_a_submit(stand_in: StandInGateway, batches: Batches, answer: bytes) -> None:
    stand_in.script.on("POST /v1/batches", do.body(answer, "application/json"))
    with pytest.raises(GatewayFailureError, match="not understood"):
        start_batch(batches, requests("a chair"), new_key())


def test_odd_numbers_in_a_batch(stand_in: StandInGateway, batches: Batches) -> None:
    record = {"id": 5, "status": None, "request_counts": {"total": "many", "failed": None}}
    stand_in.script.on("GET *", do.status(200, record))
    assert batches.status("batch_1") == RemoteBatch("5", "")


def test_same_batch_again_is_not_a_second_one(stand_in: StandInGateway, batches: Batches) -> None:
    """Its answer got lost, and the same is submitted with the same key."""
    stand_in.script.on("POST /v1/batches", do.cut_at(0))
    key = new_key()
    with pytest.raises(UnreachableError):
        start_batch(batches, requests("a chair"), key)
    assert start_batch(batches, requests("a chair"), key).total == 1
    with openai.OpenAI(base_url=f"{stand_in.base_url}/v1", api_key=KEY) as client:
        ours = [batch for batch in client.batches.list() if batch.metadata == {"key": key}]
    assert len(ours) == 1


def test_the_official_client_reads_the_same_batch(
    stand_in: StandInGateway, batches: Batches, tmp_path: Path
) -> None:
    key = new_key()
    ours = start_batch(batches, requests("a chair", "a barrel"), key)
    with openai.OpenAI(base_url=f"{stand_in.base_url}/v1", api_key=KEY) as client:
        theirs = client.batches.retrieve(ours.id)
        assert theirs.status == ours.status
        assert theirs.metadata == {"key": key}
        assert theirs.request_counts is not None
        assert theirs.request_counts.total == ours.total == 2
        text = client.files.content(str(theirs.output_file_id)).text
        uploaded = client.files.content(theirs.input_file_id).text
    assert [json.loads(line)["custom_id"] for line in text.splitlines()] == ["prop-0", "prop-1"]
    assert [
        json.loads(line)["body"]["messages"][0]["content"] for line in uploaded.splitlines()
    ] == ["a chair", "a barrel"]
