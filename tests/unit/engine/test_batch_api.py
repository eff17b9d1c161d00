# SPDX-License-Identifier: GPL-3.0-or-later
"""The answers of a batch from a gateway that gives them badly: none is asked for a second time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from gateway import Action, StandInGateway
from gateway import actions as do
from support.jobs import ROOMS
from support.rooms import props

from trellis_addon.core.cancel import CancelToken
from trellis_addon.core.errors import TrellisError
from trellis_addon.core.events import State
from trellis_addon.core.settings import Settings
from trellis_addon.engine.batch_api import BatchApi
from trellis_addon.gateway.http.rate_limit import RateBudget
from trellis_addon.job.batch_api.part import Part
from trellis_addon.library.cost_ledger import Ledger
from trellis_addon.library.prop_folder import PropFolder

LOOK, CONTENT = "GET /v1/batches/*", "GET /v1/files/*/content"
LIST = "GET /v1/batches"
PROMPTS = ("a chair", "a stool", "a crate")
LONG_AGO = "2026-01-01T00:00:00+00:00"
EMPTY = do.status(200, {"data": [], "has_more": False})
PAGE = do.body(b"<html><body>Be right back</body></html>", "text/html")


class Sent:
    """A part of three props that the gateway has."""

    def __init__(
        self, gateway: StandInGateway, library: Path, prompts: tuple[str, ...] = PROMPTS
    ) -> None:
        self.gateway = gateway
        settings = Settings(ROOMS.settings(gateway.base_url, limit_seconds=20), library)
        self.economy = BatchApi(settings, RateBudget())
        requests = [ROOMS.request(prompt) for prompt in prompts]
        folders = [ROOMS.new_folder(library, prompt=request.prompt) for request in requests]
        named = [(folder.id, request) for folder, request in zip(folders, requests, strict=True)]
        part, lock = self.economy.parts.prepare(gateway.base_url, named)
        lock.release()
        self.key = part.key
        self.economy.send(part, CancelToken())

    @property
    def part(self) -> Part:
        part = self.economy.parts.read(self.key)
        assert part is not None
        return part

    @property
    def gone(self) -> bool:
        return self.economy.parts.read(self.key) is None

    def fetch(self) -> tuple[list[str], str]:
        """One look, as a command takes it: what became of which props, and what is told."""
        token = CancelToken()
        try:
            batch = self.economy.look(self.part, token)
            found = self.economy.collect(self.part, batch, token)
        except TrellisError as error:
            return [], error.facts.message
        short = found.short.facts.sentence if found.short else ""
        return [taken.kind for taken in found.taken], short

    @property
    def records(self) -> list[Any]:
        return [PropFolder(path).read() for path in props(self.economy.settings.library)]

    def check_whole(self) -> None:
        assert [record.state for record in self.records] == [State.DOWNLOADING] * 3
        assert all(record.is_resumable for record in self.records)
        assert sorted(p.prompt for p in self.gateway.payments) == sorted(PROMPTS)
        spent = sum(payment.cents for payment in self.gateway.payments)
        assert Ledger(self.economy.settings.library).spent() == pytest.approx(spent)
        assert not list(self.economy.settings.library.glob(".costs/*.open"))
        assert self.gone


@pytest.fixture
def sent(stand_in: StandInGateway, tmp_path: Path) -> Sent:
    return Sent(stand_in, tmp_path)


LATE = {
    "named late": (LOOK, do.results_late()),
    "named and counted late": (LOOK, do.results_late(counted=False)),
    "not there yet": (CONTENT, do.status(404)),
    "an error": (CONTENT, do.status(500, "<html>Busy</html>")),
    "a line less": (CONTENT, do.first_lines(2)),
    "no line": (CONTENT, do.first_lines(0)),
    "closed early between two lines": (CONTENT, do.first_lines(1)),
    "closed early in the second line": (CONTENT, do.close_early(900)),
    "closed early in the first": (CONTENT, do.close_early(100)),
    "closed early at once": (CONTENT, do.close_early(0)),
    "cut": (CONTENT, do.cut_at(900)),
    "reset": (CONTENT, do.cut_at(100, reset=True)),
    "a web page": (CONTENT, PAGE),
    "a web page in place of the batch": (LOOK, PAGE),
}


@pytest.mark.parametrize("fault", LATE)
def test_what_is_late_is_waited_for(sent: Sent, fault: str) -> None:
    route, action = LATE[fault]
    rule = sent.gateway.script.on(route, action, times=None)
    kinds, told = sent.fetch()
    assert told
    before = len(kinds)
    again, told = sent.fetch()
    assert (again, bool(told)) == ([], True), "each answer is taken once"
    assert set(kinds) <= {"answer"}
    waiting = [record for record in sent.records if record.in_batch]
    assert len(waiting) == 3 - before
    assert not any(record.is_resumable for record in waiting), "nothing else may be sent for them"
    assert sent.part.stage == "accepted"
    rule.times = rule.used
    rest, told = sent.fetch()
    assert (len(rest), told) == (3 - before, "")
    sent.check_whole()


def test_late_in_one_way_after_the_other(sent: Sent) -> None:
    for route, action in LATE.values():
        sent.gateway.script.on(route, action, times=1)
    while not sent.gone:
        sent.fetch()
        assert len(sent.gateway.requests) < 100
    sent.check_whole()


def test_line_that_a_completed_batch_neither_counts_nor_gives(
    stand_in: StandInGateway, tmp_path: Path
) -> None:
    sent = Sent(stand_in, tmp_path, ("a chair", "a stool (batch: lost)"))
    kinds, told = sent.fetch()
    assert kinds == ["answer"]
    assert "1 of 2 answers of the batch" in told
    assert sent.fetch()[0] == []
    assert not sent.gone


@pytest.mark.parametrize("listed", [True, False])
def test_batch_that_the_gateway_does_not_know_yet(sent: Sent, listed: bool) -> None:
    sent.gateway.script.on(LOOK, do.status(404), times=2)
    sent.gateway.script.on(LIST, EMPTY if listed else do.status(405), times=2)
    for _ in range(2):
        kinds, told = sent.fetch()
        assert kinds == []
        assert "does not know the answers of the batch" in told
    assert sent.fetch() == (["answer"] * 3, "")
    sent.check_whole()


@pytest.mark.parametrize(
    ("route", "action"), [(CONTENT, do.first_lines(1)), (CONTENT, do.status(410))]
)
def test_what_never_comes_is_lost_after_a_week(sent: Sent, route: str, action: Action) -> None:
    """Told with the batch's number, and that it may have been charged."""
    sent.gateway.script.on(route, action, times=None)
    came, told = sent.fetch()
    assert told
    part = sent.part
    sent.economy.parts.write(replace(part, created=LONG_AGO))
    kinds, _ = sent.fetch()
    assert kinds == ["failed"] * (3 - len(came))
    lost = [record for record in sent.records if record.state is State.FAILED]
    assert len(lost) == len(kinds)
    for record in lost:
        assert (record.may_be_billed, record.in_batch) == (True, False)
        assert str(part.batch_id) in record.error.next_step
    assert not list(sent.economy.settings.library.glob(".costs/*.open"))
    assert len(sent.gateway.payments) == 3
    assert sent.gone


def test_what_a_stopped_batch_never_came_to_is_free(
    stand_in: StandInGateway, tmp_path: Path
) -> None:
    stand_in.script.on("POST /v1/batches", do.job_status("in_progress"))
    stand_in.script.on(LOOK, do.job_status("failed"), times=None)
    sent = Sent(stand_in, tmp_path)
    assert sent.fetch() == (["again"] * 3, "")
    assert {record.state for record in sent.records} == {State.REQUESTED}
    assert stand_in.payments == ()
