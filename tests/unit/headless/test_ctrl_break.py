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
