# SPDX-License-Identifier: GPL-3.0-or-later
"""What each request says in its headers, and what is kept of an answer's."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gateway import StandInGateway
from gateway import actions as do
from hypothesis import given
from hypothesis import strategies as st
from support.gw_lines import CHAT, FILES, JOBS, POLL, Bench, completion
from support.rooms import KEY

from trellis_addon.core.defaults import LONGEST_TAG
from trellis_addon.core.identity import version
from trellis_addon.core.secret import Secret
from trellis_addon.gateway.http.http_client import gateway_headers


@pytest.fixture(scope="module")
def shared() -> Iterator[StandInGateway]:
    with StandInGateway(triangles=2000, texture=64, media_alias="localhost") as gateway:
        yield gateway


@pytest.fixture
def bench(stand_in: StandInGateway, tmp_path: Path) -> Bench:
    keys = (("nvidia", Secret("nvapi-1")), ("fal", Secret("fal-2")))
    return Bench(stand_in.base_url, tmp_path, {"tag": "level-3", "provider_keys": keys})


def test_every_request_says_who_and_which(stand_in: StandInGateway, bench: Bench) -> None:
    stand_in.script.on(CHAT, do.status(404))
    assert bench.run().finished
    assert len(stand_in.requests) == 5  # schema, chat, job, poll, file
    for asked in stand_in.requests:
        assert asked.headers["user-agent"] == f"trellis-props-blender/{version()}"
        assert uuid.UUID(asked.headers["x-request-id"])
    assert len({asked.headers["x-request-id"] for asked in stand_in.requests}) == 5


def test_only_the_gateway_is_told_key_tag_and_provider_keys(
    stand_in: StandInGateway, bench: Bench
) -> None:
    assert bench.run().finished
    *own, file = stand_in.requests
    for asked in own:
        assert asked.headers["authorization"] == f"Bearer {KEY}"
        assert asked.headers["x-aig-tag"] == "level-3"
        assert asked.headers["x-byok-nvidia"] == "nvapi-1"
        assert asked.headers["x-byok-fal"] == "fal-2"
    assert file.headers["host"].startswith("localhost")
    private = {"authorization", "x-aig-tag", "x-byok-nvidia", "x-byok-fal", "x-cache"}
    assert not private & set(file.headers)


@pytest.mark.parametrize(("endpoint", "route"), [("chat", CHAT), ("jobs", JOBS)])
def test_paid_request(stand_in: StandInGateway, bench: Bench, endpoint: str, route: str) -> None:
    bench.settings["endpoint"] = endpoint
    ran = bench.run()
    (asked,) = stand_in.requests_to(route)
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["accept"] == "application/json"
    assert asked.headers["x-cache"] == "skip"
    assert asked.headers["idempotency-key"].startswith(str(ran.record.origin.idempotency_key))
    for other in stand_in.requests_to("GET"):
        assert "idempotency-key" not in other.headers


def test_two_generations_have_different_keys(stand_in: StandInGateway, bench: Bench) -> None:
    for _ in range(2):
        assert bench.run().finished
    first, second = stand_in.requests_to(CHAT)
    assert first.headers["idempotency-key"] != second.headers["idempotency-key"]


def test_both_endpoints_of_one_generation_have_different_keys(
    stand_in: StandInGateway, bench: Bench
) -> None:
    """The stand-in answers 409 to another body under the same key."""
    stand_in.script.on(CHAT, do.status(404))
    assert bench.run().finished
    (chat,), (jobs,) = stand_in.requests_to(CHAT), stand_in.requests_to(JOBS)
    assert chat.headers["idempotency-key"] != jobs.headers["idempotency-key"]


def tag_of(tag: str) -> str | None:
    bench = Bench("https://api.aigateway.sh", Path(), {"tag": tag})
    return gateway_headers(bench.gateway_settings()).get("x-aig-tag")


@pytest.mark.parametrize(
    ("tag", "sent"),
    [
        ("", None),
        ("  ", None),
        ("\u690b\u5b50", None),
        ("level 3", "level 3"),
        ("  level 3\n", "level 3"),
        ("a\r\nAuthorization: b", "aAuthorization: b"),
        ("a\x00b\x7fc\td", "abcd"),
        ("St\u00fchle", "Sthle"),
        ("x" * 200, "x" * 64),
        ("\u690b" * 10 + "x" * 70, "x" * 64),
    ],
)
def test_tag(tag: str, sent: str | None) -> None:
    assert tag_of(tag) == sent


@given(st.text())
def test_any_tag_fits_into_a_header(tag: str) -> None:
    sent = tag_of(tag)
    assert sent is None or (0 < len(sent) <= LONGEST_TAG and sent.isascii() and sent.isprintable())


def test_without_a_key_nothing_is_opened(tmp_path: Path) -> None:
    bench = Bench("http://127.0.0.1:9", tmp_path, {"key": Secret("  ")})
    assert bench.run().error.kind == "no_key"


# --- what an answer's headers tell


@pytest.mark.parametrize(
    ("header", "usage", "cents"),
    [
        ("2.1", None, 2.1),
        ("0.000420", None, 0.00042),
        ("0", {"cost": 5}, 0),
        (None, {"cost": 0.021}, 2.1),
        (None, {"cost_cents": 2.1, "cost": 9}, 2.1),
        (None, {"cost": "0.02"}, 2.0),
        (None, {"total_tokens": 5}, None),
        ("much", {"cost": 0.03}, 3.0),
        ("-1", {"cost": 0.03}, 3.0),
        ("nan", None, None),
        ("inf", None, None),
        (None, {"cost": {"usd": 1}}, None),
    ],
)
def test_cost(
    stand_in: StandInGateway, bench: Bench, header: str | None, usage: Any, cents: float | None
) -> None:
    bench.settings["endpoint"] = "chat"
    link = bench.run().record  # a link that works, from the stand-in itself
    assert link
    job = stand_in.requests_to("GET /v1/files")[-1]
    url = f"{stand_in.base_url}{job.path}?{job.query}"
    answer = completion(url) | ({"usage": usage} if usage else {})
    headers = {"x-cost-cents": header} if header else {}
    stand_in.script.on(CHAT, do.status(200, answer, headers))
    ran = bench.run()
    expected = None if cents is None else pytest.approx(cents)
    assert ran.finished.cost_cents == expected
    assert ran.call.cost_cents == expected
    assert ran.call.usage == usage


def test_cost_of_a_job(stand_in: StandInGateway, bench: Bench) -> None:
    bench.settings["endpoint"] = "jobs"
    job = str(bench.run().record.origin.job_id)
    url = stand_in.requests_to(f"GET /v1/files/jobs/{job}")[-1]
    link = f"{stand_in.base_url}{url.path}?{url.query}"
    record = {"id": job, "status": "completed", "result_url": link, "usage": {"cost_cents": 4.5}}
    stand_in.script.on(POLL, do.status(200, record))
    ran = bench.run()
    assert ran.finished.cost_cents == pytest.approx(4.5)
    assert ran.calls == [("jobs", 202), ("jobs", 200)]


def test_costs_of_both_endpoints_are_added(stand_in: StandInGateway, bench: Bench) -> None:
    """Of one that is asked again, after an answer without a model."""
    stand_in.script.on(CHAT, do.status(200, completion("Hello"), {"x-cost-cents": "0.5"}))
    stand_in.script.on(
        JOBS, do.status(202, {"id": "job_1", "status": "queued"}, {"x-cost-cents": "2"})
    )
    done = {"id": "job_1", "status": "failed", "error": "no GPU"}
    stand_in.script.on(POLL, do.status(200, done))
    ran = bench.run()
    origin = ran.record.origin.model_copy(update={"endpoint": "jobs"})
    ran.folder.update(origin=origin)
    again = bench.go_on(ran.folder)
    assert again.error.kind == "gateway_failure"
    assert again.record.cost_cents == pytest.approx(2.5)


def test_tokens_model_and_warning_are_kept_and_told(stand_in: StandInGateway, bench: Bench) -> None:
    bench.settings["endpoint"] = "jobs"
    headers = {
        "x-aig-served-by": "tripo3d/h3.1/text-to-3d",
        "x-aig-warning": "dropped unsupported parameters: seed",
        "x-request-id": "req-7",
    }
    job = str(bench.run().record.origin.job_id)
    stand_in.script.on(JOBS, do.status(202, {"id": job, "status": "queued"}, headers))
    ran = bench.run(seed=3)
    first = ran.record.origin.calls[0]
    assert first.served_by == headers["x-aig-served-by"]
    assert first.warning == headers["x-aig-warning"]
    assert first.request_id == "req-7"
    assert ran.record.prop["notes"][:2] == [
        "Made by tripo3d/h3.1/text-to-3d",
        "The gateway says: dropped unsupported parameters: seed",
    ]
    assert ran.finished.notes[:2] == tuple(ran.record.prop["notes"][:2])


def test_long_headers_are_shortened(stand_in: StandInGateway, bench: Bench) -> None:
    headers = dict.fromkeys(("x-aig-warning", "x-aig-served-by", "x-request-id"), "y" * 5000)
    stand_in.script.on(CHAT, do.status(200, completion("Hello"), headers))
    bench.settings["endpoint"] = "chat"
    ran = bench.run()
    assert max(len(ran.call.warning), len(ran.call.served_by)) <= 200
    assert len(str(ran.error.request_id)) <= 200


def test_error_keeps_its_request_id_short(stand_in: StandInGateway, bench: Bench) -> None:
    stand_in.script.on(CHAT, do.status(401, headers={"x-request-id": "y" * 5000}))
    bench.settings["endpoint"] = "chat"
    assert len(str(bench.run().error.request_id)) <= 200


def test_cached_answer_with_an_old_link_is_survived(stand_in: StandInGateway, bench: Bench) -> None:
    stand_in.script.on(FILES, do.expire_links())
    assert bench.run().finished
