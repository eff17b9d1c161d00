# SPDX-License-Identifier: GPL-3.0-or-later
"""The thread and its queue: events in order, exactly one terminal one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from trellis_addon.core.cancel import CancelToken
from trellis_addon.core.errors import CancelledError, ErrorFacts, LibraryError
from trellis_addon.core.events import (
    Cancelled,
    Emit,
    Event,
    Failed,
    Finished,
    Progress,
    State,
    StateChanged,
)
from trellis_addon.job.job import Job

FACTS = ErrorFacts("internal", "It broke")
DONE = Finished("p", Path(), Path(), Path(), Path(), None, None, 0.0)


def run(work: Callable[[Emit, CancelToken], None]) -> tuple[Job, list[Event]]:
    job = Job("p", work)
    job.start()
    return job, list(job.wait())


def test_events_come_in_order() -> None:
    def work(emit: Emit, token: CancelToken) -> None:
        for number in range(1000):
            emit(Progress("p", None, str(number)))
        emit(DONE)

    job, events = run(work)
    texts = [event.text for event in events if isinstance(event, Progress)]
    assert texts == [str(number) for number in range(1000)]
    assert events[-1] is DONE
    assert job.outcome is DONE
    assert job.join(5)


@pytest.mark.parametrize(
    "death", [ValueError("odd"), KeyboardInterrupt(), SystemExit(3), LibraryError("no folder")]
)
def test_work_that_dies_ends_in_one_failure(death: BaseException) -> None:
    def work(emit: Emit, token: CancelToken) -> None:
        emit(StateChanged("p", State.SENDING))
        raise death

    job, events = run(work)
    assert len(events) == 2
    assert isinstance(events[1], Failed)
    assert events[1].error.kind == "internal"
    assert type(death).__name__ in events[1].error.detail
    assert job.join(5)


def test_work_that_says_nothing_ends_in_one_failure() -> None:
    _, events = run(lambda emit, token: None)
    assert len(events) == 1
    assert isinstance(events[0], Failed)


def test_nothing_comes_behind_the_terminal_event() -> None:
    def work(emit: Emit, token: CancelToken) -> None:
        emit(Cancelled("p", may_be_billed=False))
        emit(Progress("p", 0.5, "late"))
        emit(DONE)
        raise RuntimeError("later still")

    job, events = run(work)
    assert [type(event) for event in events] == [Cancelled]
    assert job.join(5)
    assert list(job.poll()) == []


def test_poll_never_blocks_and_keeps_its_budget() -> None:
    gate = threading.Event()

    def work(emit: Emit, token: CancelToken) -> None:
        gate.wait(30)
        for number in range(10):
            emit(Progress("p", None, str(number)))
        emit(DONE)

    job = Job("p", work)
    job.start()
    assert list(job.poll()) == []
    gate.set()
    assert job.join(5)
    first = list(job.poll(0.0))
    assert len(first) == 1
    rest = list(job.poll(60.0))
    assert len(rest) == 10
    assert job.outcome is DONE


def test_cancel_breaks_a_wait() -> None:
    waiting = threading.Event()

    def work(emit: Emit, token: CancelToken) -> None:
        try:
            waiting.set()
            token.wait(3600)
        except CancelledError:
            emit(Cancelled("p", may_be_billed=False))

    job = Job("p", work)
    job.start()
    assert waiting.wait(5)
    job.cancel()
    assert [type(event) for event in job.wait()] == [Cancelled]


def test_token_tells_its_breakers_once_each() -> None:
    token, told = CancelToken(), []
    token.on_cancel(lambda: told.append("kept"))
    token.on_cancel(lambda: told.append("removed"))()
    token.check()
    token.cancel()
    assert told == ["kept"]
    token.on_cancel(lambda: told.append("late"))
    assert told == ["kept", "late"]
    with pytest.raises(CancelledError):
        token.check()


def test_first_word_decides_whether_it_was_an_interruption() -> None:
    token = CancelToken()
    token.cancel()
    token.cancel(interrupted=True)
    assert not token.interrupted
    other = CancelToken()
    other.cancel(interrupted=True)
    other.cancel()
    assert other.interrupted


def test_join_before_the_start() -> None:
    assert Job("p", lambda emit, token: None).join(0)
