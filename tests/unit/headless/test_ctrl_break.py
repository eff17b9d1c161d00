# SPDX-License-Identifier: GPL-3.0-or-later
"""Signals that ask a command to stop: what each system's terminals and schedulers send."""

from __future__ import annotations

import signal
import sys

import pytest

from trellis_addon.headless.console.signals import STOPPING, Beginning, Signals

SENT = [signal.SIGINT, signal.SIGTERM]
if sys.platform == "win32":
    SENT.append(signal.SIGBREAK)


@pytest.mark.parametrize("number", SENT)
def test_signal_is_counted_and_the_handler_before_comes_back(number: signal.Signals) -> None:
    assert number in STOPPING
    before = signal.getsignal(number)
    with Signals() as signals:
        signal.raise_signal(number)
        assert signals.count == 1
    assert signal.getsignal(number) is before


@pytest.mark.parametrize("number", SENT)
def test_signal_ends_what_has_not_begun(number: signal.Signals) -> None:
    with Beginning() as beginning:
        beginning.listen()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("number", SENT)
def test_end_of_the_grace_period_counts_as_a_second_signal(number: signal.Signals) -> None:
    clock = Clock()
    with Signals(grace_seconds=100.0, clock=clock) as signals:
        clock.now = 1000.0
        assert signals.count == 0
        signal.raise_signal(number)
        clock.now = 1099.0
        assert signals.count == 1
        clock.now = 1100.0
        assert signals.count == 2
        assert signals.grace_is_over
        signal.raise_signal(number)
        assert signals.count == 2, "a second one counts once"
        assert not signals.grace_is_over


def test_grace_period_begins_with_the_signal_that_came_during_the_start() -> None:
    clock = Clock()
    with Signals(clock=clock):
        signal.raise_signal(signal.SIGTERM)
        clock.now = 60.0
        with Signals(grace_seconds=100.0, clock=clock) as signals:
            clock.now = 99.0
            assert signals.count == 1
            clock.now = 100.0
            assert signals.count == 2
