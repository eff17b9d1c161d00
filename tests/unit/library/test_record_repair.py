# SPDX-License-Identifier: GPL-3.0-or-later
"""A record that was torn: what leads to a paid model is found in what is left of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from gateway import StandInGateway
from gateway import actions as do
from support.gw_lines import JOBS, POLL, Bench, Ran

from trellis_addon.core.billing_state import Standing
from trellis_addon.core.errors import InputError
from trellis_addon.core.events import State
from trellis_addon.library.library import Library
from trellis_addon.library.record_repair import set_aside


@pytest.fixture
def waiting(stand_in: StandInGateway, tmp_path: Path) -> tuple[StandInGateway, Bench, Ran]:
    """A prop whose job goes on without us."""
    stand_in.script.on(POLL, do.status(402))
    bench = Bench(stand_in.base_url, tmp_path, {"endpoint": "jobs"})
    return stand_in, bench, bench.run()


def torn(ran: Ran, content: bytes) -> Any:
    """The prop after its record was damaged and the library has adopted what it could."""
    (ran.folder.path / "prop.json").write_bytes(content)
    set_aside(ran.folder)
    library = Library(ran.folder.path.parent)
    assert [found.id for found in library.adoptable()] == [ran.folder.id]
    library.adopt(ran.folder.path)
    return ran.folder.read()


def record_of(ran: Ran) -> bytes:
    return (ran.folder.path / "prop.json").read_bytes()


@pytest.mark.parametrize("how", ["cut", "zeros", "garbage"])
def test_job_is_salvaged(waiting: tuple[StandInGateway, Bench, Ran], how: str) -> None:
    gateway, bench, ran = waiting
    whole = record_of(ran)
    at = whole.index(b'"calls"')
    ends = {"cut": b"", "zeros": bytes(300), "garbage": b"\xff\x00{]" * 50}
    record = torn(ran, whole[:at] + ends[how])
    assert (record.state, record.standing) == (State.WAITING, Standing.JOB)
    assert record.origin.job_id == ran.record.origin.job_id
    assert record.is_resumable
    assert bench.go_on(ran.folder).finished
    assert len(gateway.requests_to("POST")) == 1
    assert len(gateway.payments) == 1


def test_torn_before_the_job_its_key_is_salvaged(
    waiting: tuple[StandInGateway, Bench, Ran],
) -> None:
    gateway, bench, ran = waiting
    whole = record_of(ran)
    record = torn(ran, whole[: whole.index(b'"job_id"')])
    assert record.standing is Standing.TAKEN
    assert bench.go_on(ran.folder).finished
    assert len({r.headers["idempotency-key"] for r in gateway.requests_to(JOBS)}) == 1
    assert len(gateway.payments) == 1


def test_calls_that_are_torn_do_not_hide_the_job(
    waiting: tuple[StandInGateway, Bench, Ran],
) -> None:
    _, _, ran = waiting
    whole = record_of(ran)
    record = torn(ran, whole.replace(b'"calls": [', b'"calls": [5, ').rstrip()[:-20])
    assert record.standing is Standing.JOB


@pytest.mark.parametrize("state", ["cancelled", "ready", "downloaded"])
def test_nothing_is_owed_to_these(waiting: tuple[StandInGateway, Bench, Ran], state: str) -> None:
    """The user has cancelled it; or its model was here, and is not any more."""
    _, _, ran = waiting
    whole = record_of(ran).replace(b'"state": "failed"', f'"state": "{state}"'.encode(), 1)
    (ran.folder.path / "prop.json").write_bytes(whole[:-20])
    set_aside(ran.folder)
    library = Library(ran.folder.path.parent)
    assert list(library.adoptable()) == []
    with pytest.raises(InputError, match="no model"):
        library.adopt(ran.folder.path)


def test_record_of_which_nothing_is_left(waiting: tuple[StandInGateway, Bench, Ran]) -> None:
    _, _, ran = waiting
    (ran.folder.path / "prop.json").write_bytes(b"")
    set_aside(ran.folder)
    assert list(Library(ran.folder.path.parent).adoptable()) == []
