# SPDX-License-Identifier: GPL-3.0-or-later
"""Cancelled by the user, or interrupted by the end of Blender: what is left, and how it goes on."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import httpx
from gateway import Gate, StandInGateway
from gateway import actions as do
from support.jobs import (
    CHAT,
    FILES,
    JOBS,
    ROOMS,
    PlainImporter,
    assert_ready,
    begin,
    ending,
    go_on,
)
from support.rooms import KEY, PROMPT, files_holding, parts, states

from trellis_addon.core.events import Cancelled, Progress, State, StateChanged

HEADERS = {"Authorization": f"Bearer {KEY}"}


def stop_at(gate: Gate, job: Any, *, interrupted: bool = False) -> list[Any]:
    """Cancel when the gate is reached; all events come while it is still closed."""
    job.start()
    assert gate.reached.wait(30)
    job.cancel(interrupted=interrupted)
    events = ending(job)
    assert not gate.released.is_set()
    gate.release()
    assert isinstance(events[-1], Cancelled), events[-1]
    return events


def assert_cancelled(folder: Any, events: list[Any], *, billed: bool) -> None:
    """Events and record agree, and nothing is left half done."""
    assert events[-1].may_be_billed is billed
    assert isinstance(events[-2], StateChanged)
    assert events[-2].state is State.CANCELLED
    record = folder.read()
    assert record.state is State.CANCELLED
    assert record.may_be_billed is billed
    assert record.history[-1].note == "by the user"
    assert parts(folder.path) == []
    assert files_holding(folder.path) == []


def assert_interrupted(folder: Any, state: State) -> None:
    """The record stands where it stood."""
    record = folder.read()
    assert record.state is state
    assert record.may_be_billed is None
    assert "cancelled" not in states(record)


def job_with_news(stand_in: StandInGateway, *, ends: bool = True) -> str:
    """Script a chat answer that is a job, to be asked for at once; gives the job's id."""
    if not ends:
        stand_in.script.on("POST /v1/3d/generations", do.never_ends())
    url = f"{stand_in.base_url}/v1/3d/generations"
    identity: str = httpx.post(url, json={"prompt": PROMPT}, headers=HEADERS).json()["id"]
    answer = {"id": identity, "object": "job", "status": "queued"}
    stand_in.script.on(CHAT, do.status(202, answer, {"retry-after": "0"}))
    return identity


def test_before_anything_is_sent(stand_in: StandInGateway, tmp_path: Path) -> None:
    folder, job = begin(stand_in, tmp_path)
    job.cancel()
    job.start()
    events = ending(job)
    assert_cancelled(folder, events, billed=False)
    assert stand_in.requests == ()


def test_while_the_answer_is_awaited(stand_in: StandInGateway, tmp_path: Path) -> None:
    gate = Gate()
    stand_in.script.on(CHAT, do.hold(gate))
    folder, job = begin(stand_in, tmp_path)
    events = stop_at(gate, job)
    assert_cancelled(folder, events, billed=True)
    assert states(folder.read()) == ["requested", "sending", "cancelled"]
    assert len(stand_in.requests) == 1


def test_in_the_middle_of_an_answer(tmp_path: Path) -> None:
    gate = Gate()
    with StandInGateway("data_uri", triangles=2000, texture=64) as gateway:
        gateway.script.on(CHAT, do.hold(gate, at=60_000))
        folder, job = begin(gateway, tmp_path)
        events = stop_at(gate, job)
    assert_cancelled(folder, events, billed=True)
    assert not folder.glb.exists()


def test_between_two_polls(stand_in: StandInGateway, tmp_path: Path) -> None:
    identity = job_with_news(stand_in, ends=False)
    stand_in.script.on(JOBS, do.never_ends(), times=None)
    folder, job = begin(stand_in, tmp_path)
    limit = threading.Timer(60, job.cancel)
    limit.start()
    job.start()
    for event in job.wait():
        if isinstance(event, Progress) and stand_in.requests_to("GET /v1/jobs/"):
            break
    limit.cancel()
    assert not job.token.cancelled, "it was never asked for"
    events = stop_at_now(job)
    # The gateway was told, so that nothing is billed.
    assert_cancelled(folder, events, billed=False)
    assert [r.path for r in stand_in.requests_to("DELETE")] == [f"/v1/jobs/{identity}"]
    assert stand_in.requests_to("DELETE")[0].headers["authorization"] == f"Bearer {KEY}"


def test_a_job_that_was_done_when_the_cancel_came(stand_in: StandInGateway, tmp_path: Path) -> None:
    job_with_news(stand_in)
    gate = Gate()
    stand_in.script.on(JOBS, do.never_ends(), do.hold(gate), times=None)
    folder, job = begin(stand_in, tmp_path)
    # The gateway says so in its answer, and the artist is not told that it was free.
    assert_cancelled(folder, stop_at(gate, job), billed=True)
    assert len(stand_in.requests_to("DELETE")) == 1


def stop_at_now(job: Any) -> list[Any]:
    """Cancel a job that is running."""
    job.cancel()
    return ending(job)


def test_between_two_polls_of_a_gateway_that_cannot_cancel(
    stand_in: StandInGateway, tmp_path: Path
) -> None:
    job_with_news(stand_in)
    gate = Gate()
    stand_in.script.on(JOBS, do.never_ends(), do.hold(gate), times=None)
    for route in ("DELETE /v1/jobs/*", "POST /v1/jobs/*"):
        stand_in.script.on(route, do.status(405))
    folder, job = begin(stand_in, tmp_path)
    events = stop_at(gate, job)
    assert_cancelled(folder, events, billed=True)


def test_during_a_slow_download(stand_in: StandInGateway, tmp_path: Path) -> None:
    gate = Gate()
    stand_in.script.on(FILES, do.drip(400_000), do.hold(gate, at=40_000))
    folder, job = begin(stand_in, tmp_path)
    events = stop_at(gate, job)
    assert_cancelled(folder, events, billed=True)
    assert states(folder.read())[-2:] == ["downloading", "cancelled"]
    assert not folder.glb.exists()


def test_during_the_import(stand_in: StandInGateway, tmp_path: Path) -> None:
    gate = Gate()
    folder, job = begin(stand_in, tmp_path, PlainImporter(gate))
    events = stop_at(gate, job)
    assert_cancelled(folder, events, billed=False)
    # What was paid for is kept, and the prop can be made of it later.
    assert folder.glb.is_file()
    assert_ready(folder, go_on(folder, stand_in))
    assert len(stand_in.requests_to("POST")) == 1


def test_interrupted_while_the_answer_is_awaited(stand_in: StandInGateway, tmp_path: Path) -> None:
    gate = Gate()
    stand_in.script.on(CHAT, do.hold(gate))
    folder, job = begin(stand_in, tmp_path)
    stop_at(gate, job, interrupted=True)
    assert_interrupted(folder, State.SENDING)
    assert_ready(folder, go_on(folder, stand_in))
    # Whether the first was paid for cannot be known; the same key makes the gateway repeat it.
    first, second = stand_in.requests_to("POST")
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert first.body == second.body


def test_interrupted_during_the_download(stand_in: StandInGateway, tmp_path: Path) -> None:
    gate = Gate()
    stand_in.script.on(FILES, do.hold(gate, at=40_000))
    folder, job = begin(stand_in, tmp_path)
    stop_at(gate, job, interrupted=True)
    assert_interrupted(folder, State.DOWNLOADING)
    assert folder.read().origin.locations
    assert parts(folder.path) == []
    assert_ready(folder, go_on(folder, stand_in))
    assert len({r.headers["idempotency-key"] for r in stand_in.requests_to("POST")}) == 1


def test_interrupted_download_goes_on_from_the_places_in_the_record(
    stand_in: StandInGateway, tmp_path: Path
) -> None:
    gate = Gate()
    stand_in.script.on(FILES, do.hold(gate, at=40_000))
    folder, job = begin(stand_in, tmp_path)
    stop_at(gate, job, interrupted=True)
    assert_ready(folder, go_on(folder, stand_in))
    assert len(stand_in.requests_to("POST")) == 1


def test_interrupted_job_is_followed_and_not_paid_twice(
    stand_in: StandInGateway, tmp_path: Path
) -> None:
    identity = job_with_news(stand_in)
    gate = Gate()
    stand_in.script.on(JOBS, do.hold(gate))
    folder, job = begin(stand_in, tmp_path)
    paid = len(stand_in.requests_to("POST"))
    stop_at(gate, job, interrupted=True)
    assert_interrupted(folder, State.WAITING)
    assert folder.read().origin.job_id == identity
    assert stand_in.requests_to("DELETE") == ()
    assert_ready(folder, go_on(folder, stand_in))
    assert len(stand_in.requests_to("POST")) == paid + 1


def test_interrupted_during_the_import(stand_in: StandInGateway, tmp_path: Path) -> None:
    gate = Gate()
    folder, job = begin(stand_in, tmp_path, PlainImporter(gate))
    stop_at(gate, job, interrupted=True)
    assert_interrupted(folder, State.IMPORTING)
    asked = len(stand_in.requests)
    assert_ready(folder, go_on(folder, stand_in))
    assert len(stand_in.requests) == asked


def test_ready_prop_is_not_made_again(stand_in: StandInGateway, tmp_path: Path) -> None:
    folder, job = begin(stand_in, tmp_path)
    job.start()
    assert_ready(folder, ending(job))
    before = folder.blend.stat().st_mtime_ns
    asked = len(stand_in.requests)
    assert_ready(folder, go_on(folder, stand_in))
    assert folder.blend.stat().st_mtime_ns == before
    assert len(stand_in.requests) == asked


def test_two_jobs_do_not_disturb_each_other(stand_in: StandInGateway, tmp_path: Path) -> None:
    gate = Gate()
    stand_in.script.on(CHAT, do.hold(gate))
    slow, slow_job = begin(stand_in, tmp_path)
    slow_job.start()
    assert gate.reached.wait(30)
    quick, quick_job = begin(stand_in, tmp_path)
    quick_job.start()
    assert_ready(quick, ending(quick_job))
    slow_job.cancel()
    assert_cancelled(slow, ending(slow_job), billed=True)
    gate.release()
    assert ROOMS("library.library").Library(tmp_path).find(quick.id).read().state is State.READY
