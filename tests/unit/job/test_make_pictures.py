# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of pictures over real sockets: what comes, and that each is paid for once."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest
from gateway import Gate, StandInGateway
from gateway import actions as do
from gateway.meshes.drawing import seen_in
from gateway.settings import PICTURES
from support.picture_sets import (
    EDITS,
    FILES,
    GENERATIONS,
    ONE_A_CALL,
    POLL,
    PictureBench,
    picture_request,
    source_uri,
)
from support.rooms import KEY

from trellis_addon.core.billing_state import Standing
from trellis_addon.core.errors import CostLimitError, LockedError, OfflineError
from trellis_addon.core.events import Cancelled
from trellis_addon.core.pictures.picture_settings import DEFAULT_SUFFIX
from trellis_addon.engine.picture_jobs import expected_cost, picture_job, pictures_missing
from trellis_addon.library.cost_ledger import Ledger
from trellis_addon.library.picture_record import RECORD


@pytest.fixture
def bench(stand_in: StandInGateway, tmp_path: Path) -> PictureBench:
    return PictureBench(stand_in, tmp_path)


@pytest.fixture(autouse=True)
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trellis_addon.job.pictures.make_pictures.WAITS", (0.0, 0.0))
    monkeypatch.setattr("trellis_addon.job.pictures.paid_call.FIRST_POLL_SECONDS", 0.01)


# --- what comes


def test_four_pictures_of_a_prompt(bench: PictureBench) -> None:
    ran = bench.run()
    assert len(set(ran.contents)) == 4
    assert [p.name for p in ran.finished.pictures] == ["1.png", "2.png", "3.png", "4.png"]
    assert ran.arrived == [1, 2, 3, 4]
    assert ran.finished.cost_cents == pytest.approx(1.2)
    assert bench.paid == 1
    (asked,) = bench.gateway.requests_to(GENERATIONS)
    assert asked.json["prompt"] == f"a red chair, {DEFAULT_SUFFIX}"
    assert (asked.json["n"], asked.json["model"], asked.json["size"]) == (4, PICTURES, "64x64")
    assert asked.headers["x-cache"] == "skip"
    assert sorted(p.name for p in ran.folder.path.iterdir()) == [
        "1.png",
        "2.png",
        "3.png",
        "4.png",
        RECORD,
    ]
    assert not ran.record.owed


def test_the_same_again_costs_nothing_and_sends_nothing(bench: PictureBench) -> None:
    first = bench.run()
    asked = len(bench.gateway.requests)
    again = bench.run()
    assert again.contents == first.contents
    assert again.finished.cost_cents == 0
    assert again.arrived == [1, 2, 3, 4]
    assert len(bench.gateway.requests) == asked
    assert bench.paid == 1
    assert pictures_missing(picture_request(), bench.settings) == 0
    assert expected_cost(picture_request(), bench.settings) == 0


def test_again_gives_others_and_more_like_this_its_kind(bench: PictureBench) -> None:
    first = bench.run(picture_request(count=2))
    others = bench.run(picture_request(count=2).once_more())
    assert not set(first.contents) & set(others.contents)
    like = bench.run(picture_request(prompt="the same, taller", count=2, source=source_uri()))
    looks = [seen_in(content) for content in like.contents]
    assert [look.prompt for look in looks if look] == ["a blue vase", "a blue vase"]
    assert bench.paid == 3
    (form,) = bench.gateway.requests_to(EDITS)
    assert form.headers["content-type"].startswith("multipart/form-data")
    # What was sent along stays with the set, and leads to the same set.
    assert (like.folder.path / "source.png").is_file()
    assert like.folder.request() == picture_request(
        prompt="the same, taller", count=2, source=source_uri()
    )


@pytest.mark.parametrize("shape", ["url", "b64_json", "data_uri"])
def test_links_base64_and_data_uris(bench: PictureBench, shape: str) -> None:
    bench.gateway.script.on(GENERATIONS, do.answer(shape))
    ran = bench.run(picture_request(count=3))
    assert len(set(ran.contents)) == 3
    assert {seen.prompt.split(",")[0] for c in ran.contents if (seen := seen_in(c))} == {
        "a red chair"
    }
    assert bench.paid == 1


@pytest.mark.parametrize(("form", "ending"), [("png", "png"), ("jpeg", "jpg"), ("webp", "webp")])
def test_each_format_keeps_its_name(tmp_path: Path, form: str, ending: str) -> None:
    with StandInGateway(picture_format=form) as gateway:  # type: ignore[arg-type]
        ran = PictureBench(gateway, tmp_path).run(picture_request(count=1))
    assert [p.name for p in ran.finished.pictures] == [f"1.{ending}"]


def test_the_key_goes_to_no_other_host(tmp_path: Path) -> None:
    with StandInGateway(media_alias="localhost") as gateway:
        PictureBench(gateway, tmp_path).run(picture_request(count=1))
        (asked,) = gateway.requests_to("GET /v1/files/")
        assert asked.headers["host"].startswith("localhost")
        assert "authorization" not in asked.headers
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or KEY.encode() not in path.read_bytes()


# --- models that take only one, or refuse a setting


def test_a_model_that_takes_one_is_asked_one_after_another(bench: PictureBench) -> None:
    ran = bench.run(picture_request(model=ONE_A_CALL, count=3))
    assert len(set(ran.contents)) == 3
    asked = bench.gateway.requests_to(GENERATIONS)
    assert [request.json["n"] for request in asked] == [3, 1, 1, 1]
    assert len({request.headers["idempotency-key"] for request in asked}) == 4
    assert bench.paid == 3
    assert ran.finished.cost_cents == pytest.approx(12)


def test_a_model_that_makes_fewer_is_asked_for_the_rest(bench: PictureBench) -> None:
    bench.gateway.script.on(GENERATIONS, do.first_lines(1))
    ran = bench.run(picture_request(count=3))
    assert [r.json["n"] for r in bench.gateway.requests_to(GENERATIONS)] == [3, 1, 1]
    assert ran.arrived == [1, 2, 3]


def test_a_refused_setting_is_left_out(bench: PictureBench) -> None:
    said = {"error": {"message": "unsupported parameter: size", "code": 422}}
    bench.gateway.script.on(GENERATIONS, do.status(422, said))
    bench.run(picture_request(count=1, seed=5))
    first, second = bench.gateway.requests_to(GENERATIONS)
    assert (first.json["size"], first.json["seed"]) == ("64x64", 5)
    assert not {"size", "seed"} & set(second.json)
    assert first.headers["idempotency-key"] != second.headers["idempotency-key"]


# --- lost answers


@pytest.mark.parametrize("status", [408, 500, 502, 504, 520, 524])
def test_a_lost_answer_is_asked_for_under_the_same_key(bench: PictureBench, status: int) -> None:
    bench.gateway.script.on(GENERATIONS, do.mask(status))
    ran = bench.run()
    assert ran.error.status == status
    assert "may have been made and charged" in ran.error.next_step
    assert ran.record.owed
    again = bench.run()
    assert len(again.contents) == 4
    assert bench.paid == 1
    assert len({r.headers["idempotency-key"] for r in bench.gateway.requests_to("POST")}) == 1
    assert not again.record.owed
    assert again.record.error is None


@pytest.mark.parametrize(
    "fault",
    [
        do.cut_at(0),
        do.cut_at(40),
        do.cut_at(40, reset=True),
        do.mask(200, b"<html>busy</html>"),
        do.mask(200, b'{"data": ['),
        do.mask(200, b"{}"),
    ],
)
def test_a_broken_answer_is_asked_for_under_the_same_key(
    bench: PictureBench, fault: object
) -> None:
    bench.gateway.script.on(GENERATIONS, fault)  # type: ignore[arg-type]
    assert bench.run().record.owed
    assert len(bench.run().contents) == 4
    assert bench.paid == 1


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 422])
def test_a_refusal_owes_nothing_and_is_told(bench: PictureBench, status: int) -> None:
    bench.gateway.script.on(GENERATIONS, do.status(status), times=None)
    ran = bench.run()
    assert ran.error.status == status
    assert not ran.record.owed
    assert bench.paid == 0
    bench.gateway.script.clear()
    assert len(bench.run().contents) == 4


def test_a_busy_gateway_is_waited_for(bench: PictureBench) -> None:
    bench.gateway.script.on(GENERATIONS, do.status(429, headers={"retry-after": "0"}))
    bench.gateway.script.on(GENERATIONS, do.status(409, {"error": "still processing"}))
    assert len(bench.run().contents) == 4
    assert bench.paid == 1


# --- downloads


@pytest.mark.parametrize(
    "fault", [do.status(404), do.status(503), do.cut_at(900), do.body(b"<html>"), do.body(b"")]
)
def test_a_faulty_download_is_tried_again(bench: PictureBench, fault: object) -> None:
    bench.gateway.script.on(FILES, fault)  # type: ignore[arg-type]
    contents = bench.run().contents
    assert len(set(contents)) == 4
    assert all(map(seen_in, contents))
    assert bench.paid == 1


def test_pictures_that_were_fetched_stay_when_another_fails(bench: PictureBench) -> None:
    bench.gateway.script.on(FILES, do.status(404), times=None, after=2)
    ran = bench.run()
    assert sorted(ran.record.pictures) == [1, 2]
    assert ran.record.owed
    bench.gateway.script.clear()
    before = len(bench.gateway.requests)
    assert len(bench.run().contents) == 4
    # The record knows the links: nothing is asked of the paid endpoint.
    assert [r.method for r in bench.gateway.requests[before:]] == ["GET", "GET"]
    assert bench.paid == 1


def test_a_damaged_picture_in_the_answer_is_left_out_and_not_paid_again(
    bench: PictureBench,
) -> None:
    body = b'{"data": [{"b64_json": "%s"}]}' % (b"QUJD" * 2000)
    bench.gateway.script.on(GENERATIONS, do.mask(200, body))
    ran = bench.run(picture_request(count=1))
    assert "None of the pictures" in ran.error.message
    assert bench.run(picture_request(count=1)).error.kind == "gateway_failure"
    assert bench.paid == 1


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "https://user:word@example.com/1.png", "ftp://x/1.png"]
)
def test_an_address_that_leads_elsewhere_is_not_followed(bench: PictureBench, url: str) -> None:
    bench.gateway.script.on(
        GENERATIONS, do.mask(200, b'{"data": [{"url": "%s"}]}' % url.encode()), times=None
    )
    assert bench.run(picture_request(count=1)).error.kind == "bad_file"
    assert not bench.gateway.requests_to("GET")


# --- a job in place of the pictures


def job_told(status: str, **more: object) -> bytes:
    return json.dumps({"id": "job_1", "object": "job", "status": status, **more}).encode()


def test_a_job_is_followed_to_its_pictures(bench: PictureBench) -> None:
    picture = source_uri().partition(",")[2]
    done = job_told("completed", result={"data": [{"b64_json": picture}] * 2})
    bench.gateway.script.on(GENERATIONS, do.mask(202, job_told("queued")))
    bench.gateway.script.on(POLL, do.body(job_told("running"), "application/json"))
    bench.gateway.script.on(POLL, do.body(done, "application/json"))
    ran = bench.run(picture_request(count=2))
    assert ran.arrived == [1, 2]
    assert bench.paid == 1
    assert not ran.record.owed


def test_a_job_that_cannot_be_asked_for_is_polled_by_the_next_run(bench: PictureBench) -> None:
    done = job_told("completed", result={"url": source_uri()})
    bench.gateway.script.on(GENERATIONS, do.mask(202, job_told("queued")))
    bench.gateway.script.on(POLL, do.status(404))
    assert bench.run(picture_request(count=1)).record.owed
    bench.gateway.script.on(POLL, do.body(done, "application/json"))
    assert len(bench.run(picture_request(count=1)).contents) == 1
    assert bench.paid == 1
    assert len(bench.gateway.requests_to(GENERATIONS)) == 1


def test_after_a_failed_job_another_key_asks_again(bench: PictureBench) -> None:
    failed = job_told("failed", error={"message": "too busy"})
    bench.gateway.script.on(GENERATIONS, do.status(202, failed.replace(b"failed", b"queued")))
    bench.gateway.script.on(POLL, do.body(failed, "application/json"))
    ran = bench.run(picture_request(count=1))
    assert "too busy" in ran.error.message
    assert not ran.record.owed
    assert len(bench.run(picture_request(count=1)).contents) == 1
    first, second = bench.gateway.requests_to(GENERATIONS)
    # A gateway would answer the first key with the failed job again.
    assert first.headers["idempotency-key"] != second.headers["idempotency-key"]


# --- two at once, the costs, cancelling, records


def test_a_second_job_for_the_same_pictures_is_refused_meanwhile(bench: PictureBench) -> None:
    gate = Gate()
    bench.gateway.script.on(GENERATIONS, do.hold(gate))
    job = picture_job(picture_request(), bench.settings)
    job.start()
    assert gate.reached.wait(600)
    with pytest.raises(LockedError):
        picture_job(picture_request(), bench.settings)
    gate.release()
    list(job.wait())
    assert len(bench.run().contents) == 4
    assert bench.paid == 1


def test_costs_are_in_the_ledger_and_the_limit_counts_them(bench: PictureBench) -> None:
    bench.run()
    ledger = Ledger(bench.library)
    assert ledger.spent() == pytest.approx(1.2)
    assert ledger.costs().last[PICTURES] == pytest.approx(0.3)
    assert list((bench.library / ".costs").glob("*.open")) == []
    assert expected_cost(picture_request(again=1, count=2), bench.settings) == pytest.approx(0.6)
    bench.limit_cents = 2.0
    with pytest.raises(CostLimitError):
        picture_job(picture_request(again=1), bench.settings)
    assert bench.run().finished.cost_cents == 0  # what is here needs no money
    assert bench.run(picture_request(again=1, count=2)).finished.pictures


def test_the_cost_of_a_killed_job_is_caught_up_with(bench: PictureBench) -> None:
    ran = bench.run()
    for path in (bench.library / ".costs").iterdir():
        path.unlink()
    Ledger(bench.library).expect(ran.folder.id)
    assert Ledger(bench.library).spent(datetime.now().astimezone().date()) == pytest.approx(1.2)
    assert list((bench.library / ".costs").glob("*.open")) == []


def test_cancelling_owes_and_the_next_run_goes_on(bench: PictureBench) -> None:
    gate = Gate()
    bench.gateway.script.on(GENERATIONS, do.hold(gate))
    job = picture_job(picture_request(), bench.settings)
    job.start()
    assert gate.reached.wait(600)
    job.cancel()
    *_, last = job.wait()
    assert last == Cancelled(job.set_id, may_be_billed=True)
    gate.release()
    ran = bench.run()
    assert len(ran.contents) == 4
    assert bench.paid == 1
    assert ran.record.may_be_billed is None


def test_a_damaged_record_does_not_pay_again(bench: PictureBench) -> None:
    bench.gateway.script.on(FILES, do.status(404), times=None, after=2)
    ran = bench.run()
    (ran.folder.path / RECORD).write_bytes(b"{")
    bench.gateway.script.clear()
    again = bench.run()
    assert len(again.contents) == 4
    assert bench.paid == 1
    (ran.folder.path / RECORD).write_bytes(b"{")
    assert bench.run().contents == again.contents
    assert bench.paid == 1


def test_offline_makes_nothing_but_gives_what_is_here(bench: PictureBench) -> None:
    first = bench.run()
    offline = bench.settings.__class__(
        bench.settings.gateway.__class__(base_url="https://example.com"), bench.library
    )
    with pytest.raises(OfflineError):
        picture_job(picture_request(), offline)
    assert not first.record.owed


def test_what_the_record_says_before_it_is_sent(bench: PictureBench) -> None:
    gate = Gate()
    bench.gateway.script.on(GENERATIONS, do.hold(gate))
    job = picture_job(picture_request(), bench.settings)
    job.start()
    assert gate.reached.wait(600)
    folder = next((bench.library / "pictures").iterdir())
    record = json.loads((folder / RECORD).read_text())
    assert record["calls"][0]["standing"] == Standing.ASKING
    gate.release()
    list(job.wait())
