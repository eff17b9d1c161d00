# SPDX-License-Identifier: GPL-3.0-or-later
"""Whoever waits for the background Blender gets it in the order of coming."""

from __future__ import annotations

import threading

import pytest

from trellis_addon.core.cancel import CancelToken
from trellis_addon.core.errors import CancelledError
from trellis_addon.importer.pipe.fair_lock import FairLock


def waiting(turns: FairLock, count: int) -> None:
    """Until so many have it or wait for it."""
    for _ in range(6000):
        if len(turns._queue) >= count:
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
        waiting(turns, number + 2)
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
    waiting(turns, 2)
    assert not turns.take_if_free()
    token.cancel()
    assert ended.wait(10)
    thread.join(10)
    turns.give()
    assert turns.take_if_free()
    assert not turns.take_if_free()
