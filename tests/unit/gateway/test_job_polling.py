# SPDX-License-Identifier: GPL-3.0-or-later
"""A generation as a job: every status and result, how often it is asked, resumed, cancelled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from gateway import StandInGateway
from gateway import actions as do
from gateway.jobs import RESULTS
from gateway.meshes import make_glb
from support.gw_lines import CHAT, JOBS, POLL, Bench, Limit, QuickToken, Ran, fresh
from support.jobs import ROOMS
from support.rooms import PROMPT

from trellis_addon.core.errors import TooSlowError
from trellis_addon.core.events import State
from trellis_addon.gateway.answers import wire
from trellis_addon.gateway.client import Gateway

MESH = make_glb(PROMPT, 0, 2000, 64)
FAILED = "failed error errored failure rejected expired timeout timed_out content_filtered"
WORKING = (
    "queued pending in_queue IN_QUEUE in_progress IN_PROGRESS starting submitted staged "
    "validating generating running processing brewing"
)


@pytest.fixture
def bench(stand_in: StandInGateway, tmp_path: Path) -> Bench:
    return Bench(stand_in.base_url, tmp_path, {"endpoint": "jobs"})


def polls(gateway: StandInGateway) -> int:
    return len(gateway.requests_to("GET /v1/jobs/"))


def between_polls(ran: Ran) -> list[float]:
    """What was waited before each poll."""
    return [wait for wait in ran.token.waits if wait >= 3]


DONE = "completed COMPLETED succeeded success done finished FINISHED complete ready"


@pytest.mark.parametrize("word", DONE.split())
def test_done_in_any_spelling(stand_in: StandInGateway, bench: Bench, word: str) -> None:
    stand_in.script.on(POLL, do.job_status("queued", word), times=None)
    assert bench.run().model == MESH
    assert polls(stand_in) == 2


@pytest.mark.parametrize("word", FAILED.split())
def test_failed_in_any_spelling(stand_in: StandInGateway, bench: Bench, word: str) -> None:
    stand_in.script.on(POLL, do.job_status(word.upper()))
    error = bench.run().error
    if "filter" in word:
        assert (error.kind, error.retryable) == ("no_model", False)
    else:
        assert (error.kind, error.retryable) == ("gateway_failure", True)
        assert "The provider made no model" in error.message
        assert "not charged" in error.next_step
    assert error.request_id
    assert polls(stand_in) == 1


@pytest.mark.parametrize("word", ["cancelled", "canceled", "aborted"])
def test_cancelled_in_any_spelling(stand_in: StandInGateway, bench: Bench, word: str) -> None:
    stand_in.script.on(POLL, do.job_status(word))
    assert "cancelled at the gateway" in bench.run().error.message


def test_every_other_word_means_still_working(stand_in: StandInGateway, bench: Bench) -> None:
    words = WORKING.split()
    stand_in.script.on(POLL, do.job_status(*words, "done"), times=None)
    assert bench.run().model == MESH
    assert polls(stand_in) == len(words) + 1


def test_the_sets_of_words_do_not_overlap() -> None:
    sets = (wire.DONE, wire.FAILED, wire.CANCELLED, wire.WORKING)
    assert len(frozenset.union(*sets)) == sum(map(len, sets))
    assert {wire.job_outcome(f" {word.upper().replace('_', '-')} ") for word in wire.FAILED} == {
        "failed"
    }


@pytest.mark.parametrize("form", sorted(set(RESULTS) - {"none"}))
def test_result_in_any_form(stand_in: StandInGateway, bench: Bench, form: str) -> None:
    stand_in.script.on(POLL, do.job_result(form), times=None)
    assert bench.run().model == MESH


def test_result_without_a_file(stand_in: StandInGateway, bench: Bench) -> None:
    """The address may come later than the status, so it is asked for until the limit."""
    stand_in.script.on(POLL, do.job_result("none"), times=None)
    bench.limit = Limit(stand_in, POLL, number=3)
    ran = bench.run()
    assert "calls the job done" in ran.error.message
    assert "may have been charged" in ran.error.next_step
    assert ran.record.is_resumable
    stand_in.script.clear()
    bench.limit = None
    assert bench.go_on(ran.folder).model == MESH
    assert len(stand_in.requests_to("POST")) == 1


@pytest.mark.parametrize(
    "error",
    [
        "no GPU",
        {"code": "provider_error", "message": "no GPU"},
        {"code": "no GPU"},
        {"detail": "no GPU"},
    ],
)
def test_failed_job_says_why(stand_in: StandInGateway, bench: Bench, error: Any) -> None:
    record = {"id": "job_1", "status": "failed", "error": error}
    stand_in.script.on(POLL, do.status(200, record))
    assert bench.run().error.message == "The generation failed at the gateway: no GPU"


@pytest.mark.parametrize("word", ["failed", "cancelled", "content_filtered"])
def test_job_that_has_ended_without_a_result_is_no_way_to_go_on(
    stand_in: StandInGateway, bench: Bench, word: str
) -> None:
    stand_in.script.on(POLL, do.job_status(word))
    record = bench.run().record
    assert record.state is State.FAILED
    assert record.origin.job_id is None
    assert not record.is_resumable, "the same job would fail for ever"
    assert [call.status for call in record.origin.calls] == [202]


@pytest.mark.parametrize("error", [None, {}, [], 5, {"message": {"a": 1}}])
def test_failed_job_that_does_not_say_why(
    stand_in: StandInGateway, bench: Bench, error: Any
) -> None:
    record = {"id": "job_1", "status": "failed", "error": error}
    stand_in.script.on(POLL, do.status(200, record))
    facts = bench.run().error
    assert facts.message.startswith("The generation failed at the gateway")
    assert "{" not in facts.message


def test_job_that_has_failed_at_once_is_not_polled(stand_in: StandInGateway, bench: Bench) -> None:
    record = {"id": "job_1", "status": "failed", "error": "no GPU"}
    stand_in.script.on(JOBS, do.status(200, record))
    assert "no GPU" in bench.run().error.message
    assert polls(stand_in) == 0


def test_first_poll_after_5_s_then_growing_to_15(stand_in: StandInGateway, bench: Bench) -> None:
    stand_in.script.on(POLL, do.job_status(*["running"] * 8, "done"), times=None)
    waits = between_polls(bench.run())
    assert waits[0] == 5
    assert waits == sorted(waits)
    assert waits[1:7] == [pytest.approx(min(5 * 1.25**n, 15)) for n in range(1, 7)]
    assert waits[-1] == 15


def test_304_is_no_news(stand_in: StandInGateway, bench: Bench) -> None:
    stand_in.script.on(POLL, do.not_modified(), times=3)
    ran = bench.run()
    assert ran.model == MESH
    assert polls(stand_in) == 4
    assert between_polls(ran) == [5, 6.25, 7.8125, pytest.approx(9.765625)]


def test_gateway_that_allows_few_polls(tmp_path: Path) -> None:
    """Without a wait each poll comes too soon here, and 304 is all there is to hear."""
    with StandInGateway(triangles=2000, texture=64, min_poll=3600.0) as gateway:
        gateway.script.on(POLL, do.job_status("running"))
        bench = Bench(gateway.base_url, tmp_path, {"endpoint": "jobs"})
        bench.limit = Limit(gateway, POLL, number=2)
        assert bench.run().error.kind == "timeout"
        assert polls(gateway) > 1


@pytest.mark.parametrize(("told", "waited"), [("20", 20), ("9", 9), ("1", 3), ("0", 3)])
def test_retry_after_of_the_submit_and_of_a_poll(
    stand_in: StandInGateway, bench: Bench, told: str, waited: float
) -> None:
    job = bench.run().record.origin.job_id
    after = {"retry-after": told}
    running = {"id": job, "status": "running"}
    stand_in.script.on(JOBS, do.status(202, {"id": job, "status": "queued"}, after))
    stand_in.script.on(POLL, do.status(200, running, after))
    stand_in.script.on(POLL, do.status(304, b"", after))
    ran = bench.run()
    assert between_polls(ran) == [waited, waited, waited]
    assert ran.finished


def test_retry_after_is_not_waited_beyond_the_limit(stand_in: StandInGateway, bench: Bench) -> None:
    stand_in.script.on(POLL, do.status(304, b"", {"retry-after": "3600"}))
    bench.settings["limit_seconds"] = 100
    assert max(bench.run().token.waits) <= 100


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 522])
def test_faults_of_a_poll_are_waited_out(
    stand_in: StandInGateway, bench: Bench, status: int
) -> None:
    stand_in.script.on(POLL, do.status(status), times=9)
    ran = bench.run()
    assert ran.model == MESH
    assert len(stand_in.requests_to("POST")) == 1
    assert any("asking again" in text for text in ran.said)


def test_connection_cut_in_a_poll_is_waited_out(stand_in: StandInGateway, bench: Bench) -> None:
    stand_in.script.on(POLL, do.cut_at(0), times=6)
    stand_in.script.on(POLL, do.cut_at(20))
    assert bench.run().model == MESH
    assert len(stand_in.requests_to("POST")) == 1


def test_silent_poll_is_waited_out(
    stand_in: StandInGateway, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trellis_addon.gateway.client.STALL_SECONDS", 0.2)
    stand_in.script.on("GET /v1/jobs/*", do.delay(5))
    assert bench.run().model == MESH


@pytest.mark.parametrize("status", [401, 402, 403])
def test_job_that_may_not_be_asked_for(stand_in: StandInGateway, bench: Bench, status: int) -> None:
    stand_in.script.on(POLL, do.status(status))
    ran = bench.run()
    assert (ran.error.kind, ran.error.status) == ("account", status)
    assert polls(stand_in) == 1
    # The job goes on without us, and is charged: it is what the next try asks for.
    assert ran.record.origin.job_id
    assert ran.record.is_resumable
    assert bench.go_on(ran.folder).model == MESH
    assert len(stand_in.requests_to("POST")) == 1


def test_job_that_the_gateway_does_not_know_yet(stand_in: StandInGateway, bench: Bench) -> None:
    stand_in.script.on(POLL, do.status(404), times=3)
    assert bench.run().model == MESH
    assert len(stand_in.requests_to("POST")) == 1


def test_job_that_the_gateway_has_forgotten(stand_in: StandInGateway, bench: Bench) -> None:
    stand_in.script.on(POLL, do.status(404), times=None)
    error = bench.run().error
    assert (error.kind, error.status) == ("refused", 404)
    assert "7 days" in error.message
    assert polls(stand_in) == 4


def test_job_that_never_ends(stand_in: StandInGateway, bench: Bench) -> None:
    stand_in.script.on(POLL, do.never_ends(), times=None)
    bench.limit = Limit(stand_in, POLL)
    ran = bench.run()
    assert (ran.error.kind, ran.error.retryable) == ("timeout", True)
    assert ran.record.origin.job_id
    stand_in.script.clear()
    bench.limit = None
    again = bench.go_on(ran.folder)
    assert again.model == MESH
    assert len(stand_in.requests_to("POST")) == 1


def test_resumed_job_is_asked_for_at_once_and_never_submitted_again(
    stand_in: StandInGateway, bench: Bench
) -> None:
    job = bench.run().record.origin.job_id
    folder = ROOMS.new_folder(bench.library, stand_in.base_url)
    origin = folder.read().origin.model_copy(update={"job_id": job})
    folder.advance(State.WAITING, origin=origin)
    fresh(stand_in)
    ran = bench.go_on(folder)
    assert ran.model == MESH
    assert stand_in.requests_to("POST") == ()
    assert polls(stand_in) == 1
    assert between_polls(ran) == []


def test_addresses_in_a_working_record_are_not_the_result(
    stand_in: StandInGateway, bench: Bench
) -> None:
    job = bench.run().record.origin.job_id
    api = f"{stand_in.base_url}/v1/jobs/{job}"
    record = {
        "id": job,
        "status": "queued",
        "response_url": api,
        "urls": {"get": api, "stream": f"{api}/stream"},
        "input": {"image_url": "https://example.com/picture?id=3"},
    }
    stand_in.script.on(JOBS, do.status(202, record))
    stand_in.script.on(POLL, do.status(200, record | {"status": "IN_PROGRESS"}))
    assert bench.run().model == MESH
    assert stand_in.requests_to(f"GET /v1/jobs/{job}/") == ()


def test_job_named_in_words_is_followed(stand_in: StandInGateway, bench: Bench) -> None:
    bench.settings["endpoint"] = "chat"
    stand_in.script.on(CHAT, do.answer("job_in_text"))
    ran = bench.run()
    assert ran.model == MESH
    assert (ran.record.origin.job_id or "").startswith("job_")


def gateway_of(bench: Bench) -> Gateway:
    return Gateway(bench.gateway_settings(), QuickToken())


def running_job(stand_in: StandInGateway, bench: Bench) -> str:
    """A job that the gateway is working on."""
    stand_in.script.on(JOBS, do.never_ends())
    stand_in.script.on(POLL, do.status(401))
    return str(bench.run().record.origin.job_id)


def test_cancel_by_delete(stand_in: StandInGateway, bench: Bench) -> None:
    job = running_job(stand_in, bench)
    fresh(stand_in)
    gateway = gateway_of(bench)
    assert gateway.cancel(job)
    gateway.close()
    assert [r.route for r in stand_in.requests] == [f"DELETE /v1/jobs/{job}"]


@pytest.mark.parametrize("status", [404, 405, 501])
def test_cancel_by_post_where_delete_is_unknown(
    stand_in: StandInGateway, bench: Bench, status: int
) -> None:
    job = running_job(stand_in, bench)
    fresh(stand_in).script.on("DELETE *", do.status(status))
    gateway = gateway_of(bench)
    assert gateway.cancel(job)
    gateway.close()
    routes = [r.route for r in stand_in.requests]
    assert routes == [f"DELETE /v1/jobs/{job}", f"POST /v1/jobs/{job}/cancel"]


@pytest.mark.parametrize(
    ("answer", "dropped"),
    [
        ({"id": "job_1", "object": "job", "status": "cancelled"}, True),
        ({"id": "job_1", "object": "job", "status": "Canceled"}, True),
        ({"id": "job_1", "object": "job", "status": "failed"}, True),
        ({"id": "job_1", "object": "job", "status": "running"}, False),
        ({"id": "job_1", "object": "job", "status": "completed"}, False),
        ({"id": "job_1", "deleted": True}, True),
        (b"", True),
    ],
)
def test_cancelled_is_what_the_job_says_it_is(
    stand_in: StandInGateway, bench: Bench, answer: Any, dropped: bool
) -> None:
    stand_in.script.on("DELETE *", do.status(200, answer))
    gateway = gateway_of(bench)
    assert gateway.cancel("job_1") is dropped
    gateway.close()
    assert len(stand_in.requests) == 1


@pytest.mark.parametrize("status", [401, 409, 500, 503])
def test_cancel_that_is_refused_is_not_believed(
    stand_in: StandInGateway, bench: Bench, status: int
) -> None:
    stand_in.script.on("DELETE *", do.status(status))
    gateway = gateway_of(bench)
    assert not gateway.cancel("job_1")
    gateway.close()
    assert len(stand_in.requests) == 1


def test_limit_that_has_passed_is_an_error_of_its_own(bench: Bench, tmp_path: Path) -> None:
    bench.settings["limit_seconds"] = -1
    gateway = gateway_of(bench)
    with pytest.raises(TooSlowError, match="longer than the time limit"):
        gateway.poll("job_1", tmp_path)
    gateway.close()
