# SPDX-License-Identifier: GPL-3.0-or-later
"""Every transition of ``core.billing_state``, over a real socket, and that the record says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from gateway import Action, StandInGateway
from gateway import actions as do
from support.gw_lines import FILES, JOBS, POLL, Bench, Limit
from support.jobs import ROOMS

from trellis_addon.core.billing_state import (
    OWED,
    TABLE,
    Happening,
    Standing,
    after,
    certainly_refused,
)
from trellis_addon.core.events import State
from trellis_addon.library.prop_folder import PropFolder

S, H = Standing, Happening
PAIRS = [(before, happening) for before, row in TABLE.items() for happening in row]
UNCALLED = {H.NO_NEWS, H.NO_FILE}
"""These change nothing, so nothing is written down."""
Script = Callable[[Any, Bench], None]


class Walk:
    """One prop that is brought to a standing, and what happens to it then."""

    def __init__(self, gateway: StandInGateway, library: Path) -> None:
        self.gateway = gateway
        self.bench = Bench(gateway.base_url, library, {"endpoint": "jobs"})

    def on(self, *rules: tuple[str, tuple[Action, ...]]) -> None:
        self.gateway.script.clear()
        for route, actions in rules:
            self.gateway.script.on(route, *actions, times=None)

    def reach(self, standing: Standing) -> PropFolder:
        """A prop with this standing."""
        rules: dict[Standing, tuple[str, tuple[Action, ...]]] = {
            S.TAKEN: (JOBS, (do.mask(504),)),
            S.JOB: (POLL, (do.status(402),)),
            S.PLACES: (FILES, (do.status(404),)),
        }
        if standing is S.HERE:
            return self.bench.run().folder
        if standing in rules:
            self.on(rules[standing])
            return self.bench.run().folder
        folder: PropFolder = ROOMS.new_folder(self.bench.library, self.gateway.base_url)
        origin = folder.read().origin.model_copy(update={"endpoint": "jobs"})
        folder.update(origin=origin)
        return folder

    def happen(self, folder: PropFolder, happening: Happening) -> None:
        """Have it happen, and nothing after it that changes the standing."""
        submitted: dict[Happening, tuple[Action, ...]] = {
            H.SENT: (do.mask(504),),
            H.REFUSED: (do.status(400),),
            H.UNBILLED: (do.mask(200, {"a": 1}), do.header("x-cost-cents", "0")),
            H.LOST: (do.mask(504),),
            H.BUSY: (do.status(409),),
            H.UNREADABLE: (do.recode("numbers"),),
            H.ENDED: (do.mask(200, {"status": "failed", "error": "no GPU"}),),
        }
        more = [(POLL, (do.status(402),)), (FILES, (do.status(404),))]
        before = folder.read().standing
        if happening is H.STOPPED and before is not S.ASKING:
            return  # another process reads the same
        if happening is H.NAMED and before in (S.NOTHING, S.TAKEN):
            place = f"{self.gateway.base_url}/v1/files/jobs/job_1/model.glb"
            submitted[H.NAMED] = (do.mask(200, {"model_url": place}),)
        if before in (S.JOB, S.PLACES) and happening in (H.ENDED, H.NO_NEWS):
            poll = do.job_status("failed") if happening is H.ENDED else do.status(200, "busy")
            more[0] = (POLL, (poll,))
            self.bench.limit = Limit(self.gateway, POLL) if happening is H.NO_NEWS else None
        elif happening is H.SENT and before is S.PLACES:
            lost = ({"payload": 0, "field": "url"},)
            origin = folder.read().origin
            changes = {"locations": lost, "job_id": None}
            folder.update(origin=origin.model_copy(update=changes))
        elif happening in (H.NAMED, H.NO_FILE):
            del more[0]
        elif happening is H.RECEIVED:
            more = []
        if happening is H.BUSY:
            self.bench.limit = Limit(self.gateway, JOBS)
        posts = [(JOBS, submitted[happening])] if happening in submitted else []
        if happening is H.STOPPED and before is S.ASKING:
            posts = [(JOBS, (do.status(402),))]
        self.on(*posts, *more)
        self.bench.go_on(folder)


@pytest.mark.parametrize(
    ("before", "happening"), PAIRS, ids=[f"{before}-{what}" for before, what in PAIRS]
)
def test_transition(
    stand_in: StandInGateway,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    before: Standing,
    happening: Happening,
) -> None:
    seen: list[tuple[Standing, Happening]] = []

    def watched(standing: Standing, what: Happening) -> Standing:
        seen.append((standing, what))
        return after(standing, what)

    walk = Walk(stand_in, tmp_path)
    folder = walk.reach(before)
    if before is S.ASKING and happening is H.STOPPED:
        origin = folder.read().origin.model_copy(update={"standing": "asking"})
        folder.advance(State.SENDING, origin=origin)
    for name in (
        "trellis_addon.job.obtain.obtain_model",
        "trellis_addon.job.obtain.record_notes",
        "trellis_addon.job.obtain.paid_request",
    ):
        monkeypatch.setattr(f"{name}.after", watched)
    walk.happen(folder, happening)
    then = TABLE[before][happening]
    if happening is H.SENT:
        assert (before, happening) in seen
        assert TABLE[then][H.LOST] is folder.read().standing, "the answer is lost in this scenario"
        return
    assert folder.read().standing is then
    if happening not in UNCALLED and (before, happening) != (before, H.STOPPED):
        assert (before, happening) in seen
    if then in OWED:
        assert folder.read().is_resumable


def test_only_the_gateway_itself_ends_what_is_owed() -> None:
    """By no other way does something that is owed become nothing."""
    ends = {
        (before, happening)
        for before in OWED - {S.ASKING}
        for happening, then in TABLE[before].items()
        if then is S.NOTHING
    }
    assert ends == {(S.TAKEN, H.ENDED), (S.JOB, H.ENDED)}


def test_everything_owed_can_become_here() -> None:
    reached = {S.HERE}
    for _ in TABLE:
        reached |= {b for b, row in TABLE.items() if reached & set(row.values())}
    assert reached == set(Standing)


def test_table_is_complete() -> None:
    assert set(TABLE) == set(Standing)
    assert {happening for row in TABLE.values() for happening in row} == set(Happening)
    with pytest.raises(ValueError, match="cannot happen"):
        after(S.NOTHING, H.RECEIVED)


def test_statuses_that_are_no_refusal() -> None:
    kept = {status for status in range(300, 600) if not certainly_refused(status)}
    assert {408, 409, 425, 499, 303, 500, 502, 504, 520, 521, 522, 523, 524} <= kept
    assert not kept & {400, 401, 402, 403, 404, 405, 413, 422, 429, 501, 503}
