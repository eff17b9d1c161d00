# SPDX-License-Identifier: GPL-3.0-or-later
"""Which endpoint is asked, what it is sent, and when the other one is asked instead."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from gateway import Action, StandInGateway
from gateway import actions as do
from support.gw_lines import CHAT, JOBS, SCHEMA, Bench

MODEL = "microsoft/trellis"
SCHEMA_PATH = f"GET /v1/models/{MODEL}"


@pytest.fixture
def bench(stand_in: StandInGateway, tmp_path: Path) -> Bench:
    return Bench(stand_in.base_url, tmp_path)


@pytest.fixture
def by_jobs(tmp_path: Path) -> Iterator[tuple[StandInGateway, Bench]]:
    """A gateway whose schema names the jobs endpoint, and which refuses chat calls."""
    with StandInGateway(triangles=2000, texture=64, endpoint="jobs") as gateway:
        yield gateway, Bench(gateway.base_url, tmp_path)


def posts(gateway: StandInGateway) -> list[str]:
    return [request.route for request in gateway.requests_to("POST")]


def test_chat_body_is_that_of_the_model_page(stand_in: StandInGateway, bench: Bench) -> None:
    bench.settings["endpoint"] = "chat"
    bench.run(prompt="a chair", system="Be precise", temperature=0.5, top_p=0.9, max_tokens=99)
    bench.run(prompt="a chair", seed=7)
    first, second = (json.loads(r.body) for r in stand_in.requests_to(CHAT))
    assert first == {
        "model": MODEL,
        "messages": [
            {"role": "system", "content": "Be precise"},
            {"role": "user", "content": "a chair"},
        ],
        "temperature": 0.5,
        "top_p": 0.9,
        "max_tokens": 99,
        "stream": False,
    }
    assert second == {
        "model": MODEL,
        "messages": [{"role": "user", "content": "a chair"}],
        "temperature": 0.7,
        "top_p": 0.95,
        "max_tokens": 1024,
        "seed": 7,
        "stream": False,
    }


def test_jobs_body(stand_in: StandInGateway, bench: Bench) -> None:
    bench.settings["endpoint"] = "jobs"
    parameters = (("texture_size", 1024), ("mesh_simplify", 0.9), ("prompt", "another"))
    picture = "data:image/png;base64,iVBORw0KGgo="
    assert bench.run(prompt="a chair", seed=7, image_url=picture, parameters=parameters).finished
    assert bench.run(prompt="a chair").finished
    first, second = (json.loads(r.body) for r in stand_in.requests_to(JOBS))
    assert first == {
        "prompt": "a chair",
        "model": MODEL,
        "image_url": picture,
        "seed": 7,
        "texture_size": 1024,
        "mesh_simplify": 0.9,
    }
    assert second == {"prompt": "a chair", "model": MODEL}


def test_schema_is_asked_once_and_remembered_by_the_library(
    stand_in: StandInGateway, bench: Bench, tmp_path: Path
) -> None:
    for _ in range(2):
        assert bench.run().finished
    assert len(stand_in.requests_to(SCHEMA_PATH)) == 1
    assert Bench(stand_in.base_url, tmp_path / "another").run().finished
    assert len(stand_in.requests_to(SCHEMA_PATH)) == 2


def test_schema_is_asked_for_each_model_and_gateway(
    stand_in: StandInGateway, bench: Bench, tmp_path: Path
) -> None:
    assert bench.run().finished
    assert bench.run(model="tripo3d/h3.1/text-to-3d").finished
    assert len(stand_in.requests_to("GET /v1/models/")) == 2
    with StandInGateway(triangles=2000, texture=64) as other:
        assert Bench(other.base_url, tmp_path).run().finished
        assert len(other.requests_to(SCHEMA_PATH)) == 1


def test_schema_older_than_a_day_is_asked_again(
    stand_in: StandInGateway, bench: Bench, tmp_path: Path
) -> None:
    bench.run()
    file = tmp_path / ".gateway.json"
    for age, asked in ((23 * 3600, 1), (25 * 3600, 2)):
        facts = json.loads(file.read_bytes())
        for entry in facts.values():
            entry["time"] = time.time() - age
        file.write_text(json.dumps(facts))
        bench.run()
        assert len(stand_in.requests_to(SCHEMA_PATH)) == asked


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"%s": 1}', b'{"%s": {"value": "jobs", "time": "yesterday"}}',
     b'{"%s": {"value": "jobs", "time": [1]}}', b'{"%s": {"value": 5, "time": 1}}'],
)  # fmt: skip
def test_damaged_memory_only_means_to_ask_again(
    stand_in: StandInGateway, bench: Bench, tmp_path: Path, content: bytes
) -> None:
    key = f"{stand_in.base_url} {MODEL}".encode()
    (tmp_path / ".gateway.json").write_bytes(content.replace(b"%s", key))
    assert bench.run().finished
    assert len(stand_in.requests_to(SCHEMA_PATH)) == 1


def test_schema_is_looked_for_in_three_places(stand_in: StandInGateway, bench: Bench) -> None:
    stand_in.script.on(SCHEMA, do.status(404), times=None)
    assert bench.run().finished
    # The stand-in records decoded paths, so the escaped slash looks like the raw one here.
    paths = [r.path for r in stand_in.requests_to("GET /v1/models")]
    assert paths == [f"/v1/models/{MODEL}/schema"] * 2 + [f"/v1/models/{MODEL}"]
    assert posts(stand_in) == [CHAT]


def test_schema_of_the_model_entry_counts_too(by_jobs: tuple[StandInGateway, Bench]) -> None:
    gateway, bench = by_jobs
    gateway.script.on("GET /v1/models/*/schema", do.status(404), times=None)
    assert bench.run().finished
    assert posts(gateway) == [JOBS]


def test_schema_that_names_jobs_leads_there_first(by_jobs: tuple[StandInGateway, Bench]) -> None:
    gateway, bench = by_jobs
    ran = bench.run()
    assert ran.finished
    assert posts(gateway) == [JOBS]
    assert ran.record.origin.endpoint == "jobs"
    assert ran.calls == [("jobs", 202), ("jobs", 200)]


def test_schema_that_cannot_be_had_is_not_remembered(
    by_jobs: tuple[StandInGateway, Bench],
) -> None:
    gateway, bench = by_jobs
    gateway.script.on(SCHEMA, do.status(503), times=3)
    assert bench.run().finished
    assert posts(gateway) == [CHAT, JOBS]
    assert bench.run().finished
    assert posts(gateway) == [CHAT, JOBS, JOBS]


def test_key_that_the_schema_refuses_ends_it_before_anything_is_paid(
    stand_in: StandInGateway, bench: Bench
) -> None:
    stand_in.script.on(SCHEMA, do.status(401))
    assert bench.run().error.status == 401
    assert posts(stand_in) == []


@pytest.mark.parametrize("status", [200, 202])
def test_job_record_as_the_answer_to_chat_is_followed(
    stand_in: StandInGateway, bench: Bench, status: int
) -> None:
    bench.settings["endpoint"] = "jobs"
    job = bench.run().record.origin.job_id
    answer = {"id": job, "status": "queued", "object": "job"}
    stand_in.script.on(CHAT, do.status(status, answer))
    bench.settings["endpoint"] = "auto"
    ran = bench.run()
    assert ran.finished
    assert posts(stand_in) == [JOBS, CHAT]
    assert ran.record.origin.job_id == job
    assert ran.calls == [("chat", status), ("jobs", 200)]


@pytest.mark.parametrize("status", [400, 404, 405, 422, 501])
def test_refusal_of_chat_leads_to_jobs_once(
    stand_in: StandInGateway, bench: Bench, status: int
) -> None:
    stand_in.script.on(CHAT, do.status(status, {"error": "no chat here"}), times=None)
    ran = bench.run()
    assert ran.finished
    # 422 may mean a setting that the model has not, so it is asked once more without settings.
    assert posts(stand_in) == [CHAT, *[CHAT] * (status == 422), JOBS]
    refusals = [("chat", status)] * (2 if status == 422 else 1)
    assert ran.calls == [*refusals, ("jobs", 202), ("jobs", 200)]
    assert ran.record.origin.calls[0].error
    assert ran.record.origin.calls[0].request_id


@pytest.mark.parametrize("status", [401, 402, 403, 413, 500, 502])
def test_other_errors_of_chat_do_not_lead_to_jobs(
    stand_in: StandInGateway, bench: Bench, status: int
) -> None:
    stand_in.script.on(CHAT, do.status(status), times=None)
    assert bench.run().error.status == status
    assert posts(stand_in) == [CHAT]


@pytest.mark.parametrize("shape", ["text", "empty"])
def test_answer_without_a_mesh_is_not_paid_for_at_the_other_endpoint(
    stand_in: StandInGateway, bench: Bench, shape: str
) -> None:
    stand_in.script.on(CHAT, do.answer(shape))
    ran = bench.run()
    assert posts(stand_in) == [CHAT]
    assert "may have been charged" in ran.error.next_step
    assert "Set the endpoint to Jobs" in ran.error.next_step
    call = ran.call
    assert call.cost_cents == pytest.approx(2.1)
    assert call.may_be_billed
    assert call.usage is not None
    assert call.usage["total_tokens"] > 0
    assert ran.record.may_be_billed
    assert ran.record.is_resumable


@pytest.mark.parametrize("shape", ["text", "empty"])
def test_answer_that_has_cost_nothing_leads_to_jobs(
    stand_in: StandInGateway, bench: Bench, shape: str
) -> None:
    stand_in.script.on(CHAT, do.answer(shape), do.header("x-cost-cents", "0"))
    ran = bench.run()
    assert posts(stand_in) == [CHAT, JOBS]
    assert ran.calls == [("chat", 200), ("jobs", 202), ("jobs", 200)]
    assert ran.finished
    assert any("asking the jobs endpoint" in text for text in ran.said)


@pytest.mark.parametrize("shape", ["content_filter", "refusal", "provider_nim_filtered"])
def test_content_filter_does_not_lead_to_jobs(
    stand_in: StandInGateway, bench: Bench, shape: str
) -> None:
    stand_in.script.on(CHAT, do.answer(shape))
    assert "content filter" in bench.run().error.message
    assert posts(stand_in) == [CHAT]


@pytest.mark.parametrize("status", [404, 405, 501])
def test_gateway_without_jobs_tells_the_error_of_chat(
    stand_in: StandInGateway, bench: Bench, status: int
) -> None:
    stand_in.script.on(CHAT, do.status(400, {"error": {"message": "Too witty."}}))
    stand_in.script.on(JOBS, do.status(status))
    ran = bench.run()
    assert "Too witty" in ran.error.message
    assert ran.calls == [("chat", 400), ("jobs", status)]


def test_jobs_that_refuse_for_another_reason_tell_their_own(
    stand_in: StandInGateway, bench: Bench
) -> None:
    stand_in.script.on(CHAT, do.status(400, {"error": {"message": "Too witty."}}))
    stand_in.script.on(JOBS, do.status(413))
    assert bench.run().error.status == 413


@pytest.mark.parametrize("fault", [do.status(404), do.answer("text")], ids=["refusal", "text"])
def test_forced_chat_never_turns(stand_in: StandInGateway, bench: Bench, fault: Action) -> None:
    bench.settings["endpoint"] = "chat"
    stand_in.script.on(CHAT, fault, times=None)
    assert bench.run().error
    assert posts(stand_in) == [CHAT]
    assert stand_in.requests_to("GET") == ()


def test_forced_jobs_never_turns(stand_in: StandInGateway, bench: Bench) -> None:
    bench.settings["endpoint"] = "jobs"
    stand_in.script.on(JOBS, do.status(404), times=None)
    assert bench.run().error.status == 404
    assert posts(stand_in) == [JOBS]
    assert stand_in.requests_to("GET") == ()


@pytest.mark.parametrize(
    ("endpoint", "route", "status"), [("chat", CHAT, 422), ("jobs", JOBS, 422), ("chat", CHAT, 400)]
)
def test_refused_setting_is_left_out_once(
    stand_in: StandInGateway, bench: Bench, endpoint: str, route: str, status: int
) -> None:
    refusal = {"error": {"message": "No seed.", "code": "unsupported_parameter"}}
    stand_in.script.on(route, do.status(status, refusal))
    bench.settings["endpoint"] = endpoint
    ran = bench.run(prompt="a chair", seed=3, parameters=(("texture_size", 512),))
    assert ran.finished
    full, bare = stand_in.requests_to(route)
    user = {"messages": [{"role": "user", "content": "a chair"}], "stream": False}
    bodies: dict[str, dict[str, Any]] = {"chat": user, "jobs": {"prompt": "a chair"}}
    known = bodies[endpoint]
    assert bare.json == {"model": MODEL, **known}
    assert full.json["seed"] == 3
    # The stand-in answers 409 to another body under the same key, as the gateway may.
    assert full.headers["idempotency-key"] != bare.headers["idempotency-key"]


def test_setting_that_is_refused_twice_is_an_error(stand_in: StandInGateway, bench: Bench) -> None:
    bench.settings["endpoint"] = "jobs"
    stand_in.script.on(JOBS, do.status(422), times=None)
    assert "does not support one of the settings" in bench.run(seed=3).error.message
    assert posts(stand_in) == [JOBS, JOBS]


def test_picture_goes_by_jobs(stand_in: StandInGateway, bench: Bench) -> None:
    assert bench.run(image_url="https://example.com/chair.png").finished
    assert posts(stand_in) == [JOBS]


def test_picture_with_chat_forced_is_refused_before_any_socket(
    stand_in: StandInGateway, bench: Bench, sockets: Callable[[], list[str]]
) -> None:
    bench.settings["endpoint"] = "chat"
    error = bench.run(image_url="https://example.com/chair.png").error
    assert error.kind == "invalid_request"
    assert "Automatic" in error.next_step
    assert sockets() == []
    assert stand_in.requests == ()
