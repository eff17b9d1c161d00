# SPDX-License-Identifier: GPL-3.0-or-later
"""A part of a list at the Batch API: what stands on the disk, and how it is found again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from gateway import StandInGateway
from gateway import actions as do
from support.gw_lines import Bench
from support.jobs import ROOMS, PlainImporter, ending
from support.rooms import parts as unfinished
from support.rooms import states

from trellis_addon.core.errors import LockedError
from trellis_addon.core.events import Failed, State
from trellis_addon.gateway.answers.answer_parser import Answer
from trellis_addon.gateway.answers.asset_locations import AssetLocation
from trellis_addon.gateway.answers.reply import CHAT, JOBS, Reply
from trellis_addon.gateway.batch_endpoint import PAGE, Batches, BatchLine, requests_file
from trellis_addon.gateway.http.base64_extraction import Body
from trellis_addon.job.batch_api.answers import Answers
from trellis_addon.job.batch_api.part import FACTS, PREPARED, SENDING, Parts
from trellis_addon.library.prop_folder import PropFolder

URL = "http://127.0.0.1:9"


def two(library: Path) -> list[tuple[str, Any]]:
    """Two props of which nothing was sent."""
    requests = [ROOMS.request(prompt) for prompt in ("a chair", "a stool")]
    return [(ROOMS.new_folder(library, prompt=r.prompt).id, r) for r in requests]


def made(library: Path) -> Any:
    part, lock = Parts(library).prepare(URL, two(library))
    lock.release()
    return part


def records(library: Path, part: Any) -> list[Any]:
    return [PropFolder(library / prop).read() for prop in part.props]


def test_everything_is_on_the_disk_before_anything_is_sent(tmp_path: Path) -> None:
    part = made(tmp_path)
    assert Parts(tmp_path).read(part.key) == part
    assert part.stage == SENDING
    content = Parts(tmp_path).requests(part)
    ids = [json.loads(line)["custom_id"] for line in content.splitlines()]
    assert tuple(ids) == part.props
    for record in records(tmp_path, part):
        assert (record.state, record.in_batch, record.is_resumable) == (State.SENDING, True, False)
        assert record.origin.batch.key == part.key
    part = Parts(tmp_path).accepted(part, "batch_1")
    assert {r.origin.batch.id for r in records(tmp_path, part)} == {"batch_1"}
    assert part.until is not None


@pytest.mark.parametrize(
    "change",
    [{"stage": "dreamt"}, {"props": None}, {"base_url": None}, {"file_id": 7}, {"props": 3}],
)
def test_facts_that_cannot_be_understood(tmp_path: Path, change: dict[str, Any]) -> None:
    part = made(tmp_path)
    path = Parts(tmp_path).path(part.key) / FACTS
    facts = json.loads(path.read_bytes())
    path.write_text(json.dumps({**facts, **change}), "utf-8")
    assert Parts(tmp_path).read(part.key) is None
    for content in (b"", b"{", b"[]", b"null", b"\xff"):
        path.write_bytes(content)
        assert Parts(tmp_path).read(part.key) is None


def test_fields_of_a_newer_version_and_paths_are_left_out(tmp_path: Path) -> None:
    part = made(tmp_path)
    path = Parts(tmp_path).path(part.key) / FACTS
    facts = json.loads(path.read_bytes())
    more = {"props": [*facts["props"], "../x", "a/b"], "key": "another", "newer": {}}
    path.write_text(json.dumps({**facts, **more}), "utf-8")
    assert Parts(tmp_path).read(part.key) == part


def test_what_was_never_sent_is_let_go(tmp_path: Path) -> None:
    held, lock = Parts(tmp_path).prepare(URL, two(tmp_path))
    Parts(tmp_path).write(type(held)(**{**vars(held), "stage": PREPARED}))
    Parts(tmp_path).tidy()
    assert all(r.in_batch for r in records(tmp_path, held)), "somebody is at it"
    with pytest.raises(LockedError):
        Parts(tmp_path).lock(held.key)
    lock.release()
    sent = made(tmp_path)
    Parts(tmp_path).tidy()
    assert [r.state for r in records(tmp_path, held)] == [State.REQUESTED] * 2
    assert Parts(tmp_path).keys() == [sent.key]
    assert all(r.in_batch for r in records(tmp_path, sent)), "it may have been sent"


def test_nobody_else_sends_it(stand_in: StandInGateway, tmp_path: Path) -> None:
    part = made(tmp_path)
    folder = PropFolder(tmp_path / part.props[0])
    job = ROOMS.job(folder, ROOMS.settings(stand_in.base_url), PlainImporter())
    job.start()
    assert isinstance(ending(job)[-1], Failed)
    assert stand_in.requests_to("POST") == ()
    assert folder.read().in_batch, "its answer is still waited for"


def reply(answer: Answer, *payloads: Path) -> Reply:
    return Reply(answer, Body("", payloads), CHAT, 200, "req_1", 1.05)


def test_each_answer_is_taken_once(tmp_path: Path) -> None:
    part = made(tmp_path)
    chair, stool = part.props
    answers = Answers(tmp_path, part, may_turn=True)
    payload = Parts(tmp_path).path(part.key) / "payload-7.part"
    payload.write_bytes(b"glTF")
    places = (AssetLocation(payload=0), AssetLocation(inline=b"v 0 0 0"))
    found = answers.take(BatchLine(chair, reply(Answer(assets=places), payload)))
    assert found is not None
    assert (found.kind, found.cents) == ("answer", 1.05)
    record = PropFolder(tmp_path / chair).read()
    assert (record.state, record.in_batch, record.cost_cents) == (State.DOWNLOADING, False, 1.05)
    assert record.is_resumable
    assert [place["payload"] for place in record.origin.locations] == [0, 1]
    assert unfinished(tmp_path / chair) == ["payload-0.part", "payload-1.part"]

    payload.write_bytes(b"once more")
    assert answers.take(BatchLine(chair, reply(Answer(assets=places), payload))) is None
    assert not payload.exists()
    assert answers.take(BatchLine("../elsewhere", None)) is None
    (missing,) = answers.missing()
    assert (missing.prop, missing.kind) == (stool, "again")
    assert states(PropFolder(tmp_path / stool).read())[-1] == "requested"


def test_words_and_filters_are_not_paid_for_twice(tmp_path: Path) -> None:
    part = made(tmp_path)
    chair, stool = part.props
    answers = Answers(tmp_path, part, may_turn=True)
    words = answers.take(BatchLine(chair, reply(Answer(text="A chair has four legs."))))
    assert words is not None
    assert words.kind == "again"
    # Only the other endpoint is left to be asked.
    assert PropFolder(tmp_path / chair).read().origin.endpoint == JOBS
    stopped = answers.take(BatchLine(stool, reply(Answer(filtered=True))))
    assert stopped is not None
    assert stopped.kind == "failed"
    record = PropFolder(tmp_path / stool).read()
    assert (record.state, record.is_resumable, record.cost_cents) == (State.FAILED, False, 1.05)


def test_a_batch_is_found_by_its_key_or_its_file(tmp_path: Path) -> None:
    with StandInGateway(delay=3600) as gateway:
        line = Bench(gateway.base_url, tmp_path).transport()
        batches = Batches(line)
        content = requests_file([("prop", ROOMS.request("a chair"))])
        file_id = batches.upload(content, "first")
        first = batches.start(file_id, "first")
        for number in range(PAGE):
            batches.start(file_id, f"later-{number}")
        assert batches.find("first", None) == first
        assert len(gateway.requests_to("GET /v1/batches")) == 2
        assert batches.find("never", None) is None
        listed = {"id": "batch_9", "status": "in_progress", "input_file_id": "file_9"}
        body = json.dumps({"data": [listed]}).encode()
        gateway.script.on("GET /v1/batches", do.body(body, "application/json"), times=2)
        by_file = batches.find("any", "file_9")
        assert by_file is not None
        assert by_file.id == "batch_9"
        assert batches.find("any", None) is None
        line.close()
