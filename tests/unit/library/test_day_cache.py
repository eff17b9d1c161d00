# SPDX-License-Identifier: GPL-3.0-or-later
"""Threads that need the same answer of the gateway: one asks, and the others wait for it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from trellis_addon.core.cancel import CancelToken
from trellis_addon.core.errors import CancelledError
from trellis_addon.library.day_cache import DayCache

LIMIT_SECONDS = 600.0


def test_others_wait_for_the_one_that_asks(tmp_path: Path) -> None:
    cache, asked, may_answer = DayCache(tmp_path), threading.Event(), threading.Event()
    found: list[str | None] = []

    def ask() -> None:
        with cache.turn("a", lambda: None):
            asked.set()
            assert may_answer.wait(LIMIT_SECONDS)
            cache.remember("a", "chat")

    def wait() -> None:
        with cache.turn("a", may_answer.set):  # the answer comes while this one waits
            found.append(cache.recall("a"))

    first, second = threading.Thread(target=ask), threading.Thread(target=wait)
    first.start()
    assert asked.wait(LIMIT_SECONDS)
    second.start()
    for thread in (first, second):
        thread.join(LIMIT_SECONDS)
    assert found == ["chat"]


def test_a_wait_can_be_cancelled_and_other_keys_do_not_wait(tmp_path: Path) -> None:
    cache, token = DayCache(tmp_path), CancelToken()
    token.cancel()
    with cache.turn("a", lambda: None):
        with cache.turn("b", lambda: None):
            pass
        with pytest.raises(CancelledError), cache.turn("a", token.check):
            pass


def test_after_a_failure_the_others_ask_side_by_side(tmp_path: Path) -> None:
    cache = DayCache(tmp_path)
    with pytest.raises(ValueError, match="gone"), cache.turn("a", lambda: None):
        raise ValueError("gone")
    entered = []
    with cache.turn("a", lambda: None):
        entered.append(1)
    assert entered
