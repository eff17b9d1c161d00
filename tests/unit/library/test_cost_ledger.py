# SPDX-License-Identifier: GPL-3.0-or-later
"""What a day has cost, and the limit that a user sets on it."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.rooms import Rooms

from trellis_addon.core.cost import Costs, about, limit_warning, money, over_limit
from trellis_addon.core.events import State
from trellis_addon.library.cost_ledger import FOLDER, Ledger, LedgerEntry
from trellis_addon.library.library import Library
from trellis_addon.library.prop_folder import PropFolder
from trellis_addon.library.record import Call, PropRecord

ROOMS = Rooms("trellis_addon")
NOON = datetime(2026, 11, 22, 12).astimezone()
TODAY = NOON.date()


def utc(moment: datetime) -> str:
    return datetime.fromtimestamp(moment.timestamp(), UTC).isoformat()


def record(library: Path, *cents: float | None, model: str = "a/b", at: datetime = NOON) -> Any:
    """A prop of which each call cost so much, a second apart."""
    folder = ROOMS.new_folder(library, model=model)
    calls = tuple(
        Call(endpoint="chat", time=utc(at + timedelta(seconds=n)), cost_cents=c)
        for n, c in enumerate(cents)
    )
    old = folder.read()
    return folder.update(origin=old.origin.model_copy(update={"calls": calls}))


def test_day_is_the_sum_of_its_calls(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    assert not ledger.exists
    assert ledger.costs(TODAY) == Costs()
    ledger.note(record(tmp_path, 2.5, None, 1.0))
    ledger.note(record(tmp_path, 4.0, at=NOON - timedelta(days=1)))
    assert ledger.exists
    assert ledger.costs(TODAY).today == ledger.spent(TODAY) == 3.5
    assert ledger.costs(TODAY - timedelta(days=1)).today == 4.0
    assert ledger.costs(TODAY + timedelta(days=1)).today == 0.0


def test_same_record_counts_once(tmp_path: Path) -> None:
    ledger, first = Ledger(tmp_path), record(tmp_path, 2.0)
    for _ in range(3):
        ledger.note(first)
    call = Call(endpoint="jobs", time=utc(NOON + timedelta(hours=1)), cost_cents=1.5)
    origin = first.origin.model_copy(update={"calls": (*first.origin.calls, call)})
    ledger.note(first.model_copy(update={"origin": origin}))
    assert ledger.costs(TODAY).today == 3.5


def test_deleted_prop_keeps_its_cost(tmp_path: Path) -> None:
    made = record(tmp_path, 2.0)
    Ledger(tmp_path).note(made)
    Library(tmp_path).delete(made.id, permanently=True)
    assert Ledger(tmp_path).costs(TODAY).today == 2.0
    assert list(Library(tmp_path).folders()) == []


def test_cost_that_a_killed_process_left_in_its_record_counts(tmp_path: Path) -> None:
    """It was killed between its record and the ledger; nobody goes on with what is ready."""
    made = record(tmp_path, 2.0)
    folder = PropFolder(tmp_path / made.id)
    ledger = Ledger(tmp_path)
    ledger.expect(made.id)
    folder.advance(State.WAITING)
    assert ledger.spent(TODAY) == 2.0, "also while it is under way"
    assert marks(tmp_path) == [f"{made.id}.open"], "more may come"
    folder.advance(State.READY)
    assert ledger.costs(TODAY) == Costs(2.0, {"a/b": 2.0})
    assert marks(tmp_path) == []


def test_settled_and_deleted_props_are_expected_no_more(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    kept, gone, lost = (record(tmp_path, 1.0) for _ in range(3))
    for made in (kept, gone, lost):
        ledger.expect(made.id)
    ledger.settle(PropFolder(tmp_path / kept.id))
    Library(tmp_path).delete(gone.id, permanently=True)
    shutil.rmtree(tmp_path / lost.id)
    assert ledger.spent(TODAY) == 2.0, "only the one that was deleted by hand is lost"
    assert marks(tmp_path) == []


def test_props_whose_cost_is_not_known_yet(tmp_path: Path) -> None:
    """What is under way counts at its likely cost, and no more once it has told its own."""
    told, silent = record(tmp_path, 2.0, at=datetime.now().astimezone()), record(tmp_path)
    ledger = Ledger(tmp_path)
    for made in (told, silent):
        ledger.expect(made.id)
    assert ledger.untold({told.id, silent.id}) == 1


def marks(library: Path) -> list[str]:
    return sorted(path.name for path in (library / FOLDER).glob("*.open"))


def test_deleted_prop_is_noted_before_it_goes(tmp_path: Path) -> None:
    made = record(tmp_path, 2.0)
    Library(tmp_path).delete(made.id, permanently=True)
    assert Ledger(tmp_path).spent(TODAY) == 2.0


def test_cost_of_a_job_counts_once(tmp_path: Path) -> None:
    """By its submit and by its polls; what is said last is what it cost."""
    made = record(tmp_path, 2.0, 2.5, None, 1.0)
    submit, poll, *others = made.origin.calls
    told = tuple(call.model_copy(update={"job_id": "job_1"}) for call in (submit, poll))
    first = made.origin.model_copy(update={"calls": told[:1]})
    Ledger(tmp_path).note(made.model_copy(update={"origin": first}))
    assert Ledger(tmp_path).spent(TODAY) == 2.0
    both = made.origin.model_copy(update={"calls": (*told, *others)})
    made = made.model_copy(update={"origin": both})
    Ledger(tmp_path).note(made)
    assert made.cost_cents == Ledger(tmp_path).spent(TODAY) == 3.5


def test_same_line_by_two_processes_counts_once(tmp_path: Path) -> None:
    """Both have read the ledger before either has written to it."""
    Ledger(tmp_path).note(record(tmp_path, 2.0))
    path = tmp_path / FOLDER / f"{TODAY.isoformat()}.jsonl"
    path.write_bytes(path.read_bytes() * 2)
    assert Ledger(tmp_path).costs(TODAY) == Costs(2.0, {"a/b": 2.0})


def test_machine_in_another_time_zone_notes_nothing_twice(tmp_path: Path, auckland: None) -> None:
    made = record(tmp_path, 1.0, at=datetime(2026, 11, 22, 23, 59, 50).astimezone())
    here, there = (tmp_path / FOLDER / f"2026-11-{day}.jsonl" for day in (22, 23))
    Ledger(tmp_path).note(made)
    here.rename(there)
    Ledger(tmp_path).note(made)
    assert not here.exists()


def test_last_cost_is_of_the_last_prop_of_each_model(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    for cents, model, hours in (((9.0,), "a/b", -48), ((1.0, 2.0), "a/b", 0), ((7.0,), "c/d", -30)):
        ledger.note(record(tmp_path, *cents, model=model, at=NOON + timedelta(hours=hours)))
    assert ledger.costs(TODAY).last == {"a/b": 3.0, "c/d": 7.0}


@pytest.fixture
def auckland(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose day begins half a day before that of UTC."""
    if not hasattr(time, "tzset"):
        pytest.skip("this system's time zone cannot be changed for one process")
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_midnight_is_that_of_this_machine(tmp_path: Path, auckland: None) -> None:
    late = datetime(2026, 11, 22, 23, 59, 50).astimezone()
    Ledger(tmp_path).note(record(tmp_path, 1.0, at=late))
    Ledger(tmp_path).note(record(tmp_path, 2.0, at=late + timedelta(seconds=20)))
    assert Ledger(tmp_path).costs(date(2026, 11, 22)).today == 1.0
    assert Ledger(tmp_path).costs(date(2026, 11, 23)).today == 2.0


def test_library_of_an_older_version_is_taken_over(tmp_path: Path) -> None:
    records: list[PropRecord] = [record(tmp_path, 2.0), record(tmp_path, None), record(tmp_path)]
    Ledger(tmp_path).begin(records)
    assert Ledger(tmp_path).exists
    assert Ledger(tmp_path).costs(TODAY) == Costs(2.0, {"a/b": 2.0})
    Ledger(tmp_path / "empty").begin([])
    assert Ledger(tmp_path / "empty").exists, "it is not begun again at every start"


@pytest.mark.parametrize(
    "broken",
    [
        b'{"prop": "x", "ti',
        b"\xff\xfe",
        b"[]",
        b'{"prop": 1}',
        b'{"prop": "x", "time": "", "model": "m", "cents": "many"}',
        b"7",
    ],
)
def test_damaged_line_costs_only_itself(tmp_path: Path, broken: bytes) -> None:
    ledger = Ledger(tmp_path)
    ledger.note(record(tmp_path, 2.0))
    path = tmp_path / FOLDER / f"{TODAY.isoformat()}.jsonl"
    path.write_bytes(path.read_bytes() + broken)  # a power cut: no line break at its end
    ledger.note(record(tmp_path, 3.0))
    assert ledger.costs(TODAY).today == 5.0


def test_two_at_once_lose_nothing(tmp_path: Path) -> None:
    records = [record(tmp_path, 1.0) for _ in range(40)]
    threads = [
        threading.Thread(target=lambda part=records[n::4]: [*map(Ledger(tmp_path).note, part)])
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Ledger(tmp_path).costs(TODAY).today == 40.0


def test_line_holds_no_more_than_it_needs(tmp_path: Path) -> None:
    made = record(tmp_path, 2.0)
    Ledger(tmp_path).note(made)
    (line,) = filter(None, (tmp_path / FOLDER / f"{TODAY}.jsonl").read_text("utf-8").splitlines())
    assert json.loads(line) == {
        "prop": made.id, "time": made.origin.calls[0].time, "model": "a/b", "cents": 2.0,
    }  # fmt: skip
    assert LedgerEntry(**json.loads(line)).day == TODAY


# --- the limit


@pytest.mark.parametrize(
    ("limit", "spent", "expected", "refused"),
    [
        (0, 1e9, 1e9, False),  # no limit
        (100, 0, 0, False),
        (100, 99.9, 0, False),  # nobody knows what the next one costs
        (100, 100, 0, True),
        (100, 90, 10, False),  # just so
        (100, 90, 10.1, True),
        (100, 250, 0, True),
    ],
)
def test_limit(limit: float, spent: float, expected: float, refused: bool) -> None:
    error = over_limit(limit, spent, expected)
    assert (error is not None) is refused
    if error:
        assert error.facts.kind == "cost_limit"
        assert "limit" in error.facts.next_step
        assert not error.facts.retryable
        assert money(limit) in error.facts.message


def test_warning_comes_before_the_refusal() -> None:
    assert limit_warning(0, 1000) == ""
    assert limit_warning(100, 79) == ""
    assert "nearly reached: 80 ¢ of $1.00" in limit_warning(100, 80)
    assert "is reached" in limit_warning(100, 100)


@pytest.mark.parametrize(
    ("cents", "words"),
    [
        (0, "0 ¢"), (0.04, "0.04 ¢"), (2.1, "2.1 ¢"), (9.946, "9.95 ¢"), (9.996, "10 ¢"),
        (12.4, "12.4 ¢"), (99.94, "99.9 ¢"), (99.96, "$1.00"), (123456, "$1,234.56"),
        (-30, "-30 ¢"),
    ],
)  # fmt: skip
def test_money(cents: float, words: str) -> None:
    assert money(cents) == words


@given(st.floats(0.001, 1_000_000))
def test_money_is_never_off_by_more_than_a_hundredth(cents: float) -> None:
    words = money(cents)
    shown = float(words.strip("$ ¢").replace(",", "")) * (100 if words[0] == "$" else 1)
    assert shown == pytest.approx(cents, rel=0.006)


def test_about() -> None:
    assert about(None) == ""
    assert about(2.1, 4) == "about 8.4 ¢"
