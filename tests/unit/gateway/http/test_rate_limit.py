# SPDX-License-Identifier: GPL-3.0-or-later
"""One budget of requests for all jobs; what is tried again, how often, and with what."""

from __future__ import annotations

from email.utils import formatdate
from pathlib import Path
from time import time

import httpx
import pytest
from gateway import Action, StandInGateway
from gateway import actions as do
from hypothesis import given
from hypothesis import strategies as st
from support.gw_lines import CHAT, FILES, JOBS, Bench, QuickToken
from support.gw_ways import unused_port

from trellis_addon.core.cancel import CancelToken
from trellis_addon.core.errors import CancelledError, TooSlowError, UnreachableError
from trellis_addon.gateway.client import Gateway
from trellis_addon.gateway.http import retry_policy
from trellis_addon.gateway.http.rate_limit import RateBudget, retry_after, wait_words

LIMIT = "x-ratelimit-limit-requests"
LEFT, RESET = "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"


@pytest.fixture
def bench(stand_in: StandInGateway, tmp_path: Path) -> Bench:
    return Bench(stand_in.base_url, tmp_path, {"endpoint": "chat"})


# --- the budget


def take(budget: RateBudget, token: QuickToken, times: int) -> float:
    """Seconds that so many requests had to wait in all."""
    before = token.now
    for _ in range(times):
        budget.take(token)
    return token.now - before


def test_nothing_is_held_back_while_no_limit_is_known() -> None:
    token = QuickToken()
    assert take(RateBudget(clock=token.clock), token, 10_000) == 0
    assert token.waits == []


def test_limit_is_kept_over_a_rolling_minute() -> None:
    token = QuickToken()
    budget = RateBudget(clock=token.clock)
    budget.learn({LIMIT: "10"})
    assert take(budget, token, 10) == 0
    assert take(budget, token, 1) == pytest.approx(60)
    assert take(budget, token, 9) == 0
    assert take(budget, token, 1) == pytest.approx(60)


def test_what_was_sent_before_the_limit_was_known_counts() -> None:
    token = QuickToken()
    budget = RateBudget(clock=token.clock)
    assert take(budget, token, 10) == 0
    budget.learn({LIMIT: "10"})
    assert take(budget, token, 1) == pytest.approx(60)


@pytest.mark.parametrize(
    ("most", "at_once", "seconds"), [(7.9, 7, 60), (1.0, 1, 60), (0.25, 1, 240)]
)
def test_small_parts_of_a_rate_are_kept_too(most: float, at_once: int, seconds: float) -> None:
    # `--rate 2 --shard 1/8`: one in four minutes, or the eight together send four times too many.
    token = QuickToken()
    budget = RateBudget(clock=token.clock, most=most)
    assert take(budget, token, at_once) == 0
    assert take(budget, token, 1) == pytest.approx(seconds)


def test_share_of_several_machines() -> None:
    token = QuickToken()
    budget = RateBudget(share=0.5, clock=token.clock)
    budget.learn({LIMIT: "10"})
    assert take(budget, token, 5) == 0
    assert take(budget, token, 1) == pytest.approx(60)


@pytest.mark.parametrize("reset", ["12", "12.0", "12s", "12000ms"])
def test_used_up_limit_is_waited_out(reset: str) -> None:
    token = QuickToken()
    budget = RateBudget(clock=token.clock)
    budget.learn({LEFT: "0", RESET: reset})
    assert take(budget, token, 1) == pytest.approx(12)


@pytest.mark.parametrize("odd", ["", "many", "-5", "nan", "inf", "1e99", "0", "10;w=60"])
def test_odd_headers_hold_nothing_back(odd: str) -> None:
    token = QuickToken()
    budget = RateBudget(clock=token.clock)
    budget.learn({LIMIT: odd, LEFT: odd, RESET: odd})
    assert take(budget, token, 100) == 0


def test_429_holds_everybody_and_tells_a_countdown() -> None:
    token, said = QuickToken(), list[str]()
    budget = RateBudget(clock=token.clock)
    budget.refused(3)
    budget.take(token, said.append)
    assert said == [f"The gateway allows no more requests for {n} s" for n in (3, 2, 1)]
    budget.refused(99_999)
    assert take(budget, token, 1) == pytest.approx(300)


def test_waiting_for_the_budget_can_be_cancelled() -> None:
    token = CancelToken()
    budget = RateBudget()
    budget.refused(100)
    token.cancel()
    with pytest.raises(CancelledError):
        budget.take(token)


def test_two_gateways_share_what_one_has_learned(
    stand_in: StandInGateway, bench: Bench, tmp_path: Path
) -> None:
    token, other = QuickToken(), QuickToken()
    budget = RateBudget(clock=lambda: token.now + other.now)
    first = Gateway(bench.gateway_settings(), token, budget)
    second = Gateway(bench.gateway_settings(), other, budget)
    stand_in.script.on("GET *", do.status(200, {"data": []}, {LIMIT: "3"}), times=None)
    for _ in range(3):
        first.catalogue.balance()
    assert budget.limit == 3
    second.catalogue.balance()
    assert sum(other.waits) == pytest.approx(60)
    assert token.waits == []
    first.close()
    second.close()


def test_429_of_one_gateway_holds_the_other(stand_in: StandInGateway, bench: Bench) -> None:
    token, other = QuickToken(), QuickToken()
    budget = RateBudget(clock=lambda: token.now + other.now)
    first = Gateway(bench.gateway_settings(), token, budget)
    second = Gateway(bench.gateway_settings(), other, budget)
    stand_in.script.on("GET *", do.status(429, headers={"retry-after": "40"}))
    with pytest.raises(Exception, match="Too many requests"):
        first.catalogue.get("balance", tries=1)
    second.catalogue.balance()
    assert sum(other.waits) == pytest.approx(40)
    first.close()
    second.close()


def test_other_hosts_do_not_count_and_do_not_tell(
    stand_in: StandInGateway, bench: Bench, tmp_path: Path
) -> None:
    with StandInGateway(triangles=2000, texture=64) as other:
        other.script.on("GET *", do.status(200, b"x", {LIMIT: "1"}), times=None)
        token = QuickToken()
        budget = RateBudget(clock=token.clock)
        line = bench.transport(token, budget)
        for _ in range(5):
            with line.exchange("GET", f"{other.base_url}/m.glb") as response:
                assert response.status_code == 200
        line.close()
        assert budget.limit is None
        assert token.waits == []


# --- the policy


def test_delay_doubles_from_250_ms_with_a_fifth_of_jitter() -> None:
    assert [retry_policy.delay(n, 0.5) for n in range(4)] == [0.25, 0.5, 1.0, 2.0]
    assert retry_policy.delay(0, 0.0) == pytest.approx(0.2)
    assert retry_policy.delay(0, 1.0) == pytest.approx(0.3)


@given(st.integers(0, 10), st.floats(0, 1))
def test_delay_is_within_its_jitter(attempt: int, chance: float) -> None:
    assert 0.2 * 2**attempt <= retry_policy.delay(attempt, chance) <= 0.3 * 2**attempt + 1e-9


def test_which_statuses_are_tried_again() -> None:
    def again(submit: bool) -> set[int]:
        return {s for s in range(100, 600) if retry_policy.status_may_be_retried(s, submit=submit)}

    assert again(submit=True) == {429, 503}
    assert again(submit=False) == {429, 500, 502, 503, 504, *range(520, 528)}


@pytest.mark.parametrize(
    ("error", "reads", "submits"),
    [
        (httpx.ConnectError("x"), True, True),
        (httpx.ConnectTimeout("x"), True, True),
        (httpx.ReadError("x"), True, False),
        (httpx.WriteError("x"), True, False),
        (httpx.RemoteProtocolError("x"), True, False),
        (httpx.ReadTimeout("x"), False, False),
        (httpx.ProxyError("407"), False, False),
        (httpx.LocalProtocolError("x"), False, False),
        (httpx.UnsupportedProtocol("x"), False, False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_which_faults_are_tried_again(error: Exception, reads: bool, submits: bool) -> None:
    assert retry_policy.error_may_be_retried(error, submit=False) is reads
    assert retry_policy.error_may_be_retried(error, submit=True) is submits


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7), ("0", 0), ("-3", 0), ("1.5", 1.5), ("999999", 999_999), ("", None), ("soon", None),
     ("nan", None), ("inf", 366 * 86_400), ("Mon, 99 Foo", None)],
)  # fmt: skip
def test_retry_after(value: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": value}) == seconds


NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("ahead", "seconds"), [(100, 100), (-100, 0), (99_999, 99_999), (1e9, 366 * 86_400)]
)
@pytest.mark.parametrize("wrong", [0, 7200, -7200])
def test_retry_after_as_a_date(ahead: float, seconds: float, wrong: float) -> None:
    """Whatever this machine takes for the time, two hours of which are wrong now and then."""
    there = time() + wrong
    date = formatdate(there + ahead, usegmt=True)
    found = retry_after({"retry-after": date, "date": formatdate(there, usegmt=True)})
    assert found == pytest.approx(seconds, abs=1)


@pytest.mark.parametrize("date", ["", "now", "Mon, 99 Foo"])
def test_retry_after_without_a_date_of_the_server(
    monkeypatch: pytest.MonkeyPatch, date: str
) -> None:
    monkeypatch.setattr("trellis_addon.gateway.http.rate_limit.time.time", lambda: NOW)
    headers = {"retry-after": formatdate(NOW + 100, usegmt=True), "date": date}
    assert retry_after(headers) == 100


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, "a minute"), (0, "1 s"), (119, "119 s"), (900, "15 min"), (7100, "118 min"),
     (18_000, "5 h"), (172_800, "2 days"), (604_800, "7 days")],
)  # fmt: skip
def test_wait_in_words(seconds: float | None, words: str) -> None:
    assert wait_words(seconds) == words


# --- what is really sent


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 520, 527])
def test_read_is_tried_again(stand_in: StandInGateway, bench: Bench, status: int) -> None:
    stand_in.script.on(FILES, do.status(status), times=3)
    assert bench.run().finished
    assert len(stand_in.requests_to("GET /v1/files")) == 4


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 409, 413, 422, 501])
def test_read_is_not_tried_again(stand_in: StandInGateway, bench: Bench, status: int) -> None:
    stand_in.script.on("GET *", do.status(status), times=None)
    line = bench.transport()
    with line.exchange("GET", f"{stand_in.base_url}/v1/balance") as response:
        assert response.status_code == status
    line.close()
    assert len(stand_in.requests) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_paid_request_is_tried_again_with_the_same_key(
    stand_in: StandInGateway, bench: Bench, status: int
) -> None:
    stand_in.script.on(CHAT, do.status(status), times=3)
    ran = bench.run()
    assert ran.finished
    asked = stand_in.requests_to(CHAT)
    assert len(asked) == 4
    assert {r.headers["idempotency-key"] for r in asked} == {ran.record.origin.idempotency_key}
    assert len({r.headers["x-request-id"] for r in asked}) == 1
    assert len({r.body for r in asked}) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_paid_request_is_not_tried_for_ever(
    stand_in: StandInGateway, bench: Bench, status: int
) -> None:
    stand_in.script.on(CHAT, do.status(status), times=None)
    assert bench.run().error.status == status
    assert len(stand_in.requests_to(CHAT)) == retry_policy.MOST_TRIES


ONCE = [400, 401, 402, 403, 404, 405, 408, 413, 499, 500, 501, 502, 504, 520]


@pytest.mark.parametrize("endpoint", ["chat", "jobs"])
@pytest.mark.parametrize("status", ONCE)
def test_paid_request_is_sent_once(
    stand_in: StandInGateway, bench: Bench, status: int, endpoint: str
) -> None:
    bench.settings["endpoint"] = endpoint
    stand_in.script.on("POST *", do.status(status), times=None)
    assert bench.run().error.status == status
    assert len(stand_in.requests) == 1


@pytest.mark.parametrize("fault", [do.cut_at(0), do.cut_at(0, reset=True), do.cut_at(10)])
def test_paid_request_that_arrived_is_sent_once(
    stand_in: StandInGateway, bench: Bench, fault: Action
) -> None:
    stand_in.script.on(JOBS, fault, times=None)
    bench.settings["endpoint"] = "jobs"
    error = bench.run().error
    assert (error.kind, error.retryable) == ("unreachable", True)
    assert len(stand_in.requests) == 1


def test_paid_request_that_cannot_have_arrived_is_tried_again(tmp_path: Path) -> None:
    bench = Bench(f"http://127.0.0.1:{unused_port()}", tmp_path, {"endpoint": "chat"})
    ran = bench.run()
    assert "refuses the connection" in ran.error.message
    assert len(ran.token.waits) == retry_policy.MOST_TRIES - 1


def test_wait_is_told_as_a_countdown(stand_in: StandInGateway, bench: Bench) -> None:
    stand_in.script.on(CHAT, do.status(503, headers={"retry-after": "3"}))
    ran = bench.run()
    assert [text for text in ran.said if "busy" in text] == [
        f"The gateway is busy; waiting {n} s" for n in (3, 2, 1)
    ]
    assert sum(ran.token.waits) == pytest.approx(3)


@pytest.mark.parametrize("date", [False, True])
def test_wait_is_as_long_as_was_told(stand_in: StandInGateway, bench: Bench, date: bool) -> None:
    told = formatdate(time() + 300, usegmt=True) if date else "300"
    stand_in.script.on(CHAT, do.status(429, headers={"retry-after": told}))
    # A date is counted from now on, and the test may be a while on its way there.
    assert 200 < sum(bench.run().token.waits) <= 301


def test_wait_beyond_the_limit_is_an_error_at_once(stand_in: StandInGateway, bench: Bench) -> None:
    bench.settings["limit_seconds"] = 60
    stand_in.script.on(CHAT, do.status(429, headers={"retry-after": "900"}), times=None)
    ran = bench.run()
    assert (ran.error.kind, ran.error.status) == ("rate_limit", 429)
    assert "15 min" in ran.error.next_step
    assert ran.token.waits == []
    assert len(stand_in.requests) == 1


def test_days_are_told_as_days(stand_in: StandInGateway, bench: Bench) -> None:
    stand_in.script.on(CHAT, do.status(429, headers={"retry-after": "259200"}))
    ran = bench.run()
    assert (ran.error.kind, ran.token.waits) == ("rate_limit", [])
    assert "Try again in 3 days" in ran.error.next_step


def test_time_limit_holds_while_a_rate_limit_is_waited_for(
    stand_in: StandInGateway, bench: Bench
) -> None:
    """Another job of this process was told to wait; this one has less time than that."""
    bench.settings["limit_seconds"] = 60
    token = QuickToken()
    budget = RateBudget(clock=token.clock)
    budget.refused(200)
    line = bench.transport(token, budget)
    with (
        pytest.raises(TooSlowError, match="no more requests for 3 min, which is longer"),
        line.exchange("POST", f"{stand_in.base_url}/v1/chat/completions"),
    ):
        pass
    line.close()
    assert (token.waits, stand_in.requests) == ([], ())


def test_time_limit_may_pass_while_a_rate_limit_is_waited_for() -> None:
    token = QuickToken()
    budget = RateBudget(clock=token.clock)
    budget.refused(10)
    end = token.now + 12
    budget.take(token, seconds_left=lambda: end - token.now)
    budget.learn({LEFT: "0", RESET: "10"})
    with pytest.raises(TooSlowError):
        budget.take(token, seconds_left=lambda: end - token.now)
    assert token.now == end - 2


def test_cancelled_while_waiting(stand_in: StandInGateway, bench: Bench) -> None:
    class Impatient(QuickToken):
        def wait(self, seconds: float) -> None:
            self.cancel()
            super().wait(seconds)

    stand_in.script.on("GET *", do.status(503), times=None)
    line = bench.transport(Impatient())
    with (
        pytest.raises(CancelledError),
        line.exchange("GET", f"{stand_in.base_url}/v1/balance"),
    ):
        pass
    line.close()
    assert len(stand_in.requests) == 1


def test_same_key_again_after_a_restart(stand_in: StandInGateway, bench: Bench) -> None:
    """The gateway then knows that it has been paid already."""
    stand_in.script.on(CHAT, do.cut_at(0))
    ran = bench.run()
    assert bench.go_on(ran.folder).finished
    first, second = stand_in.requests_to(CHAT)
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]


def test_error_of_a_closed_port_names_the_host(tmp_path: Path) -> None:
    line = Bench(f"http://localhost:{unused_port()}", tmp_path).transport()
    with (
        pytest.raises(UnreachableError, match="localhost refuses the connection"),
        line.exchange("GET", f"{line.address.base_url}/v1/balance", tries=1),
    ):
        pass
    line.close()
