# SPDX-License-Identifier: GPL-3.0-or-later
"""What an end leaves in a record, and that going on from there asks for nothing a second time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from gateway import StandInGateway
from gateway import actions as do
from support.jobs import CHAT, assert_ready, begin, ending, go_on

from trellis_addon.core.events import Failed, State
from trellis_addon.library.record import Call, ErrorEntry, Origin


def failed(folder: Any, kind: str, *, retryable: bool = True, **more: Any) -> Any:
    error = ErrorEntry(kind=kind, message="It broke", retryable=retryable)
    return folder.advance(State.FAILED, error=error, **more)


@pytest.mark.parametrize(
    ("kind", "retryable", "goes_on"),
    [
        ("unreachable", True, True),
        ("timeout", True, True),
        ("library", True, True),
        ("unreachable", False, False),  # a certificate: nothing was sent
        ("gateway_failure", True, False),  # it said so itself: not billed
        ("rate_limit", True, False),
        ("bad_file", False, False),
    ],
)
def test_what_may_have_been_billed_goes_on_under_its_key(
    stand_in: StandInGateway, tmp_path: Path, kind: str, retryable: bool, goes_on: bool
) -> None:
    folder, _ = begin(stand_in, tmp_path)
    assert failed(folder, kind, retryable=retryable).is_resumable is goes_on


def test_lost_answer_is_had_without_a_second_payment(
    stand_in: StandInGateway, tmp_path: Path
) -> None:
    stand_in.script.on(CHAT, do.cut_at(0))
    folder, job = begin(stand_in, tmp_path)
    job.start()
    assert isinstance(ending(job)[-1], Failed)
    assert len(stand_in.payments) == 1
    assert_ready(folder, go_on(folder, stand_in))
    assert len(stand_in.payments) == 1


@pytest.mark.parametrize("state", [State.DOWNLOADING, State.FAILED])
def test_model_that_the_record_missed_is_not_asked_for(
    stand_in: StandInGateway, tmp_path: Path, state: State
) -> None:
    stand_in.script.on(CHAT, do.answer("data_uri"))
    folder, job = begin(stand_in, tmp_path)
    job.start()
    ending(job)
    record = folder.read()
    (folder.path / "prop.blend").unlink()
    places = ({"payload": 0, "field": "url"},)
    folder.write(
        record.model_copy(
            update={
                "state": state,
                "files": {},
                "prop": {},
                "origin": record.origin.model_copy(update={"locations": places}),
            }
        )
    )
    before = len(stand_in.requests)
    assert_ready(folder, go_on(folder, stand_in))
    assert len(stand_in.requests) == before
    assert folder.read().cost_cents == record.cost_cents


def test_call_and_its_places_are_one_write(stand_in: StandInGateway, tmp_path: Path) -> None:
    folder, job = begin(stand_in, tmp_path)
    seen: list[Origin] = []
    write = folder.__class__.write

    def watched(self: Any, record: Any) -> None:
        seen.append(record.origin)
        write(self, record)

    folder.__class__.write = watched
    try:
        job.start()
        ending(job)
    finally:
        folder.__class__.write = write
    first = next(origin for origin in seen if origin.calls)
    assert isinstance(first.calls[0], Call)
    assert first.locations, "an end here would ask, and note the call, once more"
