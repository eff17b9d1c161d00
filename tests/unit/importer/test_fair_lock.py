# SPDX-License-Identifier: GPL-3.0-or-later
"""Whoever waits for the background Blender gets it in the order of coming."""

from __future__ import annotations

import threading

import pytest

from trellis_addon.core.cancel import CancelToken
from trellis_addon.core.errors import CancelledError
from trellis_addon.importer.pipe.fair_lock import FairLock


def waiting(turns: FairLock, count: int) -> None:
    """Until this many wait for it."""
    for _ in range(6000):
        if turns.waiting >= count:
            return
        threading.Event().wait(0.005)
    raise AssertionError(f"{count} never waited")


def test_first_come_first_served() -> None:
    turns, served = FairLock(), []
    turns.take(lambda: None)

    def one(number: int) -> None:
        turns.take(lambda: None)
        served.append(number)
        turns.give()

    threads = []
    for number in range(12):
        threads.append(threading.Thread(target=one, args=(number,)))
        threads[-1].start()
        waiting(turns, number + 1)
    turns.give()
    for thread in threads:
        thread.join(10)
    assert served == list(range(12))


def test_one_that_gives_up_leaves_the_line() -> None:
    turns, token, ended = FairLock(), CancelToken(), threading.Event()
    turns.take(lambda: None)

    def one() -> None:
        with pytest.raises(CancelledError):
            turns.take(token.check)
        ended.set()

    thread = threading.Thread(target=one)
    thread.start()
    waiting(turns, 1)
    assert not turns.take_if_unused()
    token.cancel()
    assert ended.wait(10)
    thread.join(10)
    turns.give()
    assert turns.take_if_unused()
    assert not turns.take_if_unused()


def test_who_can_wait_goes_last() -> None:
    turns, served = FairLock(), []
    turns.take(lambda: None)

    def one(name: str, *, later: bool) -> None:
        turns.take(lambda: None, later=later)
        served.append(name)
        turns.give()

    threads = []
    for number, name in enumerate(("picture 1", "picture 2", "prop 1", "prop 2")):
        later = name.startswith("picture")
        threads.append(threading.Thread(target=one, args=(name,), kwargs={"later": later}))
        threads[-1].start()
        waiting(turns, number + 1)
    turns.give()
    for thread in threads:
        thread.join(10)
    assert served == ["prop 1", "prop 2", "picture 1", "picture 2"]


def test_as_many_at_once_as_there_are_places() -> None:
    turns = FairLock(2)
    turns.take(lambda: None)
    turns.take(lambda: None)
    assert not turns.take_if_unused()
    third = threading.Thread(target=turns.take, args=(lambda: None,))
    third.start()
    waiting(turns, 1)
    turns.give()
    third.join(10)
    assert not third.is_alive()
    assert not turns.take_if_unused()
    turns.give()
    turns.give()
    assert turns.take_if_unused()
    turns.give_all()
    assert turns.take_if_unused()
