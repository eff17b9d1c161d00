# SPDX-License-Identifier: GPL-3.0-or-later
"""What may have been charged and is not here: which records say so, and that nothing of it goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.rooms import Rooms

from trellis_addon.core.events import State
from trellis_addon.headless.batch.earlier_tries import drop_failed, owed
from trellis_addon.headless.commands.clean import left_in
from trellis_addon.library.claims.claims import Claims
from trellis_addon.library.library import Library
from trellis_addon.library.prop_folder import PropFolder
from trellis_addon.library.record import BatchEntry, Call, ErrorEntry, FileEntry

ROOMS = Rooms("trellis_addon")
KEY = "c0" * 16
PAID = Call(endpoint="chat", time="2026-11-22T12:00:00Z", status=200, cost_cents=2.1)
REFUSED = Call(endpoint="chat", time="2026-11-22T12:00:00Z", status=404, error="No such model")
JOB = Call(endpoint="jobs", time="2026-11-22T12:00:00Z", status=202, job_id="job_1")
MODEL = FileEntry(sha256="", bytes=1)
FREE = PAID.model_copy(update={"cost_cents": 0.0})


def failed(kind: str = "refused", *, retryable: bool = False) -> ErrorEntry:
    return ErrorEntry(kind=kind, message="It broke", retryable=retryable)


def left(library: Path, state: State, origin: dict[str, Any], **changes: Any) -> PropFolder:
    """A prop as something has left it."""
    folder: PropFolder = ROOMS.new_folder(library)
    known = folder.read().origin.model_copy(update=origin)
    folder.advance(state, origin=known, **changes)
    return folder


F, C = State.FAILED, State.CANCELLED
RECORDS: dict[str, tuple[State, dict[str, Any], dict[str, Any], bool]] = {
    "never sent": (State.REQUESTED, {}, {}, False),
    "under way": (State.SENDING, {}, {}, True),
    "a job": (State.WAITING, {"job_id": "job_1"}, {}, True),
    "in a batch": (State.WAITING, {"batch": BatchEntry(key="k", id="batch_1")}, {}, True),
    "refused": (F, {"calls": (REFUSED,)}, {"error": failed()}, False),
    "answer lost": (F, {}, {"error": failed("unreachable", retryable=True)}, True),
    "certificate": (F, {}, {"error": failed("unreachable")}, False),
    "words": (F, {"calls": (PAID,)}, {"error": failed("no_model")}, True),
    "words for free": (F, {"calls": (FREE,)}, {"error": failed("no_model")}, False),
    "words, then a refusal": (F, {"calls": (PAID, REFUSED)}, {"error": failed()}, True),
    "a job that failed": (F, {"calls": (JOB,)}, {"error": failed("gateway_failure")}, False),
    "a job that is unknown": (F, {"calls": (JOB,), "job_id": "job_1"}, {"error": failed()}, True),
    "a lost batch": (F, {}, {"error": failed(), "may_be_billed": True}, True),
    "cancelled in time": (C, {}, {"may_be_billed": False}, False),
    "cancelled too late": (C, {}, {"may_be_billed": True}, True),
    "received": (F, {"calls": (PAID,)}, {"files": {"model.glb": MODEL}}, False),
}  # fmt: skip


@pytest.mark.parametrize("name", RECORDS)
def test_nothing_that_is_owed_is_deleted(tmp_path: Path, name: str) -> None:
    state, origin, changes, is_owed = RECORDS[name]
    folder = left(tmp_path, state, origin, **changes)
    record = folder.read()
    assert record.owed is is_owed
    part = folder.path / "payload-0.part"
    part.write_bytes(b"glTF")
    kept = is_owed or record.is_resumable
    assert (part not in [found.path for found in left_in(folder)]) is kept
    part.unlink()
    drop_failed(tmp_path, folder.id)
    dropped = state is State.FAILED and not kept and "model.glb" not in record.files
    assert folder.path.exists() is not dropped


@pytest.mark.parametrize("name", RECORDS)
def test_what_is_owed_is_gone_on_with_or_told(tmp_path: Path, name: str) -> None:
    """Each record that is owed has a way on, waits in a batch, or says what is the matter."""
    state, origin, changes, is_owed = RECORDS[name]
    folder = left(tmp_path, state, origin, **changes)
    record, fault = folder.read(), owed(folder)
    assert (fault is not None) is (is_owed and not record.is_resumable and not record.in_batch)
    if fault:
        assert "may have been charged" in fault.facts.message
        assert "--force" in fault.facts.next_step


def test_record_that_was_set_aside_keeps_its_item(tmp_path: Path) -> None:
    """An item whose prop has no readable record is not begun as if there had been none."""
    folder = left(tmp_path, State.WAITING, {"job_id": "job_1"})
    with Claims(tmp_path) as claims:
        claim = claims.take(KEY)
        assert claim is not None
        with claim:
            claim.begin(folder.id)
        (folder.path / "prop.json").write_text("{")
        assert list(Library(tmp_path).records(lambda _words: None)) == []
        again = claims.take(KEY)
        assert again is not None
        with again:
            assert again.prop == folder.id
    fault = owed(folder)
    assert fault is not None
    assert "prop.json.broken-" in fault.facts.message
