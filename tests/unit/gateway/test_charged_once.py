# SPDX-License-Identifier: GPL-3.0-or-later
"""A request that was taken is paid for once, however badly the gateway answers afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from gateway import Action, StandInGateway
from gateway import actions as do
from gateway.job_forms import FORMS
from gateway.meshes import make_glb
from support.gw_lines import CHAT, FILES, JOBS, POLL, Bench, Limit, Ran, completion
from support.gw_raw import Asked, RawServer, http
from support.rooms import KEY, PROMPT

from trellis_addon.core.billing_state import Standing

MESH = make_glb(PROMPT, 0, 2000, 64)
TAKEN = (408, 499, 500, 502, 504, 520, 521, 522, 523, 524, 527, 507)
ROUTES = {"chat": CHAT, "jobs": JOBS}


class Counted:
    """A bench, and how often its gateway was paid since the test began."""

    def __init__(self, gateway: StandInGateway, library: Path) -> None:
        self.gateway = gateway
        self.bench = Bench(gateway.base_url, library, {"endpoint": "chat"})
        self._before = len(gateway.payments)

    @property
    def paid(self) -> int:
        return len(self.gateway.payments) - self._before

    @property
    def keys(self) -> set[str]:
        return {r.headers["idempotency-key"] for r in self.gateway.requests_to("POST")}

    def assert_once(self, ran: Ran) -> None:
        """The prop is there, and was paid for once, under one key."""
        assert ran.model == MESH
        assert self.paid == 1
        assert len(self.keys) == 1
        assert ran.record.standing is Standing.HERE
        assert ran.record.may_be_billed is None
        assert list(ran.folder.path.glob("*.kept")) == []


@pytest.fixture
def counted(stand_in: StandInGateway, tmp_path: Path) -> Counted:
    return Counted(stand_in, tmp_path)


# --- the answer to the paid request is lost


def assert_owed(ran: Ran, standing: Standing = Standing.TAKEN) -> None:
    """The record says what may be owed, and so do the words."""
    record = ran.record
    assert record.standing is standing
    assert record.may_be_billed
    assert record.is_resumable


@pytest.mark.parametrize("endpoint", ["chat", "jobs"])
@pytest.mark.parametrize("status", TAKEN)
def test_status_after_which_it_may_have_been_taken(
    counted: Counted, status: int, endpoint: str
) -> None:
    counted.bench.settings["endpoint"] = endpoint
    counted.gateway.script.on(ROUTES[endpoint], do.mask(status))
    ran = counted.bench.run()
    assert ran.error.status == status
    assert "may have been made and charged" in ran.error.next_step
    assert ran.error.retryable
    assert_owed(ran)
    (call,) = ran.record.origin.calls
    assert (call.status, call.may_be_billed, call.endpoint) == (status, True, endpoint)
    counted.assert_once(counted.bench.go_on(ran.folder))


@pytest.mark.parametrize("cut", [0, 20])
def test_connection_that_breaks_after_the_request(counted: Counted, cut: int) -> None:
    counted.gateway.script.on(CHAT, do.cut_at(cut))
    ran = counted.bench.run()
    assert "may have been made and charged" in ran.error.next_step
    assert ran.call.may_be_billed
    assert_owed(ran)
    counted.assert_once(counted.bench.go_on(ran.folder))


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 405, 413, 422, 429, 501, 503, 525])
def test_status_after_which_it_was_certainly_not_taken(counted: Counted, status: int) -> None:
    counted.gateway.script.on(CHAT, do.status(status), times=None)
    ran = counted.bench.run()
    assert ran.record.standing is Standing.NOTHING
    assert not ran.record.is_resumable
    assert ran.record.may_be_billed is None
    assert "charged" not in ran.error.next_step


def test_refusal_of_the_repetition_says_nothing_of_the_first(counted: Counted) -> None:
    counted.gateway.script.on(CHAT, do.mask(504))
    ran = counted.bench.run()
    counted.gateway.script.on(CHAT, do.status(402))
    again = counted.bench.go_on(ran.folder)
    assert again.error.status == 402
    assert_owed(again)
    counted.assert_once(counted.bench.go_on(ran.folder))


def test_lost_answer_to_the_request_without_its_settings(counted: Counted) -> None:
    """The second key is the one that is owed then."""
    counted.gateway.script.on(CHAT, do.status(422))
    counted.gateway.script.on(CHAT, do.mask(502))
    ran = counted.bench.run(seed=0)
    assert_owed(ran)
    again = counted.bench.go_on(ran.folder)
    assert again.model == MESH
    assert counted.paid == 1
    keys = [r.headers["idempotency-key"] for r in counted.gateway.requests_to(CHAT)]
    assert keys[1] == keys[2] == f"{keys[0]}-bare"


# --- the same key while the first is in progress

BUSY: dict[int, Any] = {
    409: {"error": {"message": "A request with this key is in progress.", "code": "conflict"}},
    422: {"error": {"message": "A request with this key is still being processed."}},
    425: {"error": {"message": "Too early."}},
}


@pytest.mark.parametrize("status", sorted(BUSY))
@pytest.mark.parametrize("first", [do.mask(504), None], ids=["after a lost answer", "at once"])
def test_first_request_in_progress_is_waited_for(
    counted: Counted, status: int, first: Action | None
) -> None:
    script = counted.gateway.script
    ran = None
    if first:
        script.on(CHAT, first)
        ran = counted.bench.run()
    script.on(CHAT, do.status(status, BUSY[status]), times=3)
    ended = counted.bench.go_on(ran.folder) if ran else counted.bench.run()
    counted.assert_once(ended)
    assert any("still at this request" in text for text in ended.said)
    assert [wait for wait in ended.token.waits if wait >= 5][:3] == [5, 6.25, 7.8125]


def test_422_of_a_repetition_is_no_refused_setting(counted: Counted) -> None:
    counted.gateway.script.on(CHAT, do.mask(504))
    ran = counted.bench.run()
    body = {"error": {"message": "Unprocessable"}}
    counted.gateway.script.on(CHAT, do.status(422, body), times=2)
    counted.assert_once(counted.bench.go_on(ran.folder))


def test_first_request_that_stays_in_progress(counted: Counted) -> None:
    counted.gateway.script.on(CHAT, do.status(409, BUSY[409]), times=None)
    counted.bench.limit = Limit(counted.gateway, CHAT, number=2)
    ran = counted.bench.run()
    assert ran.error.kind == "timeout"
    assert "may have been made and charged" in ran.error.next_step
    assert_owed(ran)


def test_key_with_another_body_is_not_waited_for(counted: Counted) -> None:
    body = {"error": {"message": "This key was used with a different request body."}}
    counted.gateway.script.on(CHAT, do.status(409, body))
    ran = counted.bench.run()
    assert ran.error.status == 409
    assert len(counted.gateway.requests_to(CHAT)) == 1
    assert_owed(ran)


# --- an answer that cannot be read


@pytest.mark.parametrize("form", ["numbers", "brotli", "sse_error", "html", "half"])
def test_answer_that_cannot_be_read(counted: Counted, form: str) -> None:
    counted.bench.settings["endpoint"] = "auto"
    counted.gateway.script.on(CHAT, do.recode(form))
    ran = counted.bench.run()
    assert len(counted.gateway.requests_to("POST")) == 1, "another endpoint would be paid as well"
    assert "may have been charged" in ran.error.next_step
    assert ran.call.may_be_billed
    assert_owed(ran)
    (kept,) = ran.folder.path.glob("*.kept")
    assert kept.stat().st_size
    assert kept.name in ran.error.detail
    counted.assert_once(counted.bench.go_on(ran.folder))


def test_kept_answer_is_what_came(counted: Counted) -> None:
    counted.gateway.script.on(CHAT, do.recode("brotli"))
    ran = counted.bench.run()
    (kept,) = ran.folder.path.glob("*.kept")
    read = bytes(b ^ 0xA5 for b in kept.read_bytes())
    assert b"chat.completion" in read


def test_kept_answers_do_not_pile_up(counted: Counted) -> None:
    ran = None
    for number in range(5):
        text = completion(f"Hello number {number}!")
        counted.gateway.script.on(CHAT, do.status(200, text))
        ran = counted.bench.go_on(ran.folder) if ran else counted.bench.run()
    assert ran
    assert len(list(ran.folder.path.glob("*.kept"))) == 3


@pytest.mark.parametrize("code", ["utf-8", "utf-16-le", "utf-16-be"])
def test_kept_answer_has_no_key(tmp_path: Path, code: str) -> None:
    body = b"\x9c\x1b\x80\xfe" * 150 + KEY.encode(code) + b"\xff\xfe\0" * 40
    with RawServer(lambda _: http(body, kind="application/x-odd")) as server:
        ran = Bench(server.url, tmp_path, {"endpoint": "chat"}).run()
    assert ran.error
    for path in ran.folder.path.iterdir():
        assert KEY.encode(code) not in path.read_bytes()


@pytest.mark.parametrize("form", ["bom", "utf-16"])
@pytest.mark.parametrize("endpoint", ["chat", "jobs"])
def test_answer_in_other_bytes_is_understood(counted: Counted, form: str, endpoint: str) -> None:
    counted.bench.settings["endpoint"] = endpoint
    counted.gateway.script.on(ROUTES[endpoint], do.recode(form))
    counted.gateway.script.on(POLL, do.recode(form))
    counted.assert_once(counted.bench.run())


# --- a job told otherwise


@pytest.mark.parametrize("form", sorted(FORMS))
@pytest.mark.parametrize("later", [False, True], ids=["at once", "resumed"])
def test_job_in_any_form(counted: Counted, form: str, later: bool) -> None:
    counted.bench.settings["endpoint"] = "jobs"
    counted.gateway.script.on(JOBS, do.job_form(form))
    if not later:
        counted.assert_once(counted.bench.run())
        return
    counted.gateway.script.on("GET *", do.status(402), times=None)
    ran = counted.bench.run()
    assert ran.error.status == 402
    assert_owed(ran, Standing.JOB)
    counted.gateway.script.clear()
    counted.assert_once(counted.bench.go_on(ran.folder))
    assert len(counted.gateway.requests_to("POST")) == 1


def test_job_is_asked_for_on_another_host_without_the_key(counted: Counted, tmp_path: Path) -> None:
    """A gateway on this machine may name any; the key is for its own host and port alone."""
    done = {"status": "completed", "result": {"url": ""}}

    def answer(asked: Asked) -> Any:
        return http(MESH, kind="model/gltf-binary") if "file" in asked.path else http(done)

    with RawServer(answer) as other:
        done["result"] = {"url": f"{other.url}/file.glb"}
        record = {"status": "queued", "poll_url": f"{other.url}/job"}
        counted.gateway.script.on(JOBS, do.mask(202, record))
        counted.bench.settings["endpoint"] = "jobs"
        assert counted.bench.run().model == MESH
        assert [asked.path for asked in other.asked] == ["/job", "/file.glb"]
        assert all("authorization" not in asked.headers for asked in other.asked)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://[x", "ftp://127.0.0.1/job"])
def test_place_that_is_not_asked_at_does_not_hinder(counted: Counted, url: str) -> None:
    counted.bench.settings["endpoint"] = "jobs"
    job = counted.bench.run().record.origin.job_id
    record = {"id": job, "status": "queued", "poll_url": url}
    counted.gateway.script.on(JOBS, do.status(202, record))
    assert counted.bench.run().model == MESH


# --- a poll that is answered by something else

NOT_A_RECORD = {
    "page": do.body(b"<html><a href='https://example.com/x.glb'>busy</a></html>", "text/html"),
    "text": do.status(200, "Please wait, or see https://example.com/model.glb"),
    "error": do.status(200, {"error": {"message": "Busy"}, "url": "https://example.com/a"}),
    "list": do.status(200, b"[1, 2]"),
    "500": do.status(500, b"<html>busy</html>"),
    "firewall": do.status(403, "<html>Just a moment...</html>", {"content-type": "text/html"}),
}


@pytest.mark.parametrize("name", sorted(NOT_A_RECORD))
def test_poll_counts_only_if_it_is_a_record(counted: Counted, name: str) -> None:
    counted.bench.settings["endpoint"] = "jobs"
    counted.gateway.script.on(POLL, NOT_A_RECORD[name], times=5)
    ran = counted.bench.run()
    counted.assert_once(ran)
    assert len(counted.gateway.requests_to("POST")) == 1


def test_job_comes_before_the_places_in_the_record(counted: Counted) -> None:
    """What an earlier version took from an error page is still in some records."""
    counted.bench.settings["endpoint"] = "jobs"
    counted.gateway.script.on(FILES, do.status(404), times=None)
    ran = counted.bench.run()
    wrong = ({"url": "http://127.0.0.1:9/wrong.glb", "field": "url"},)
    origin = ran.record.origin.model_copy(update={"locations": wrong})
    ran.folder.update(origin=origin)
    counted.gateway.script.clear()
    counted.assert_once(counted.bench.go_on(ran.folder))


def test_done_before_the_address_is_there(counted: Counted) -> None:
    counted.bench.settings["endpoint"] = "jobs"
    counted.gateway.script.on(POLL, do.job_result("none"), times=4)
    ran = counted.bench.run()
    counted.assert_once(ran)
    assert any("no address of the model yet" in text for text in ran.said)


# --- a file that is not there yet

PASSING: dict[str, tuple[Action, ...]] = {
    "404": (do.status(404),),
    "403": (do.status(403),),
    "0 bytes": (do.body(b"", "model/gltf-binary"),),
    "too short": (do.wrong_length(-10),),
    "page": (do.body(b"<html>busy</html>", "text/html"),),
    "half as a part": (do.recode("half"), do.mask(206)),
    "500": (do.status(500),),
}


@pytest.mark.parametrize("name", sorted(PASSING))
@pytest.mark.parametrize("endpoint", ["chat", "jobs"])
def test_file_that_is_not_there_yet(counted: Counted, name: str, endpoint: str) -> None:
    counted.bench.settings["endpoint"] = endpoint
    counted.gateway.script.on(FILES, *PASSING[name], times=9)
    counted.assert_once(counted.bench.run())
    assert len(counted.gateway.requests_to("POST")) == 1


@pytest.mark.parametrize("name", sorted(PASSING))
@pytest.mark.parametrize("endpoint", ["chat", "jobs"])
def test_file_that_comes_for_the_next_run(counted: Counted, name: str, endpoint: str) -> None:
    counted.bench.settings["endpoint"] = endpoint
    counted.gateway.script.on(FILES, *PASSING[name], times=None)
    ran = counted.bench.run()
    assert_owed(ran, Standing.PLACES)
    counted.gateway.script.clear()
    counted.assert_once(counted.bench.go_on(ran.folder))
    assert len(counted.gateway.requests_to("POST")) == 1


def test_rounds_wait_longer_and_longer(counted: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # of `no_waits_for_files`
    counted.gateway.script.on(FILES, do.status(404), times=None)
    ran = counted.bench.run()
    assert [wait for wait in ran.token.waits if wait >= 1] == [1, 2, 4, 8, 15]
    assert any("not there yet" in text for text in ran.said)


TOLERATED: dict[str, tuple[Action, ...]] = {
    "line break behind it": (do.recode("newline"),),
    "206 unasked": (do.mask(206),),
    "206 unasked, with its range": (
        do.mask(206),
        do.header("content-range", f"bytes 0-{len(MESH) - 1}/{len(MESH)}"),
    ),
    "too long a length": (do.wrong_length(+10),),
}


@pytest.mark.parametrize("name", sorted(TOLERATED))
def test_file_that_is_there_in_an_odd_way(counted: Counted, name: str) -> None:
    counted.gateway.script.on(FILES, *TOLERATED[name], times=None)
    counted.assert_once(counted.bench.run())
    assert len(counted.gateway.requests_to("GET /v1/files")) <= 2


# --- addresses

SHAPES = ["link", "markdown", "html", "json", "json_fenced", "attachments", "provider_fal"]


@pytest.mark.parametrize("form", ["relative", "no_scheme"])
@pytest.mark.parametrize("shape", SHAPES)
def test_relative_address_in_an_answer(counted: Counted, shape: str, form: str) -> None:
    counted.gateway.script.on(CHAT, do.answer(shape), do.link_form(form))
    counted.assert_once(counted.bench.run())


@pytest.mark.parametrize("shape", ["markdown", "json", "attachments", "provider_fal"])
def test_address_with_spaces_in_it(counted: Counted, shape: str) -> None:
    counted.gateway.script.on(CHAT, do.answer(shape), do.link_form("unescaped"))
    counted.assert_once(counted.bench.run())


@pytest.mark.parametrize("form", ["relative", "no_scheme", "unescaped"])
def test_address_in_the_record_of_a_job(counted: Counted, form: str) -> None:
    counted.bench.settings["endpoint"] = "jobs"
    counted.gateway.script.on(POLL, do.link_form(form))
    counted.assert_once(counted.bench.run())


# --- who refuses


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ("<!DOCTYPE html><title>Attention Required! | Cloudflare</title>", {}),
        ("error code: 1020", {}),
        ("Sorry", {"cf-mitigated": "challenge"}),
    ],
    ids=["page", "code", "header"],
)
def test_firewall_is_not_taken_for_the_key(
    counted: Counted, status: int, body: str, headers: dict[str, str]
) -> None:
    counted.gateway.script.on(CHAT, do.status(status, body, headers))
    error = counted.bench.run().error
    assert "firewall" in error.message
    assert (error.kind, error.status) == ("gateway_failure", status)


def test_job_in_a_record_that_was_cut(counted: Counted) -> None:
    """Its id is whole, and the address at which it is known is not: the same key brings both."""
    counted.bench.settings["endpoint"] = "jobs"
    counted.gateway.script.on(JOBS, do.job_form("poll_url"), do.recode("half"))
    ran = counted.bench.run()
    assert_owed(ran)
    counted.gateway.script.on(JOBS, do.job_form("poll_url"))
    counted.assert_once(counted.bench.go_on(ran.folder))
