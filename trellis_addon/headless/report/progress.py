# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts the progress of a batch, shows it, and sends it to programs.

A terminal gets a bar, a log a line for each item, and a program that reads the JSON lines an event
every few seconds.
"""

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Self, TextIO

from ...core.events import State
from ..contract.batch_events import HeartbeatEvent
from ..contract.message import Message
from .displays import Bar, Clock, Display, Lines, Quiet
from .lines import Line
from .tally import Tally

HEARTBEAT_SECONDS: Final = 10.0
"""The time between two ``heartbeat`` events."""


class Show:
    """Counts what a batch does, has a display show it, and sends an event every few seconds, from
    which a program knows that the batch is alive, and how far it is. A context manager that closes
    the display. Main thread only.

    :param send: sends an event.
    """

    def __init__(
        self,
        display: Display,
        tally: Tally,
        send: Callable[[Message], None],
        clock: Clock = time.monotonic,
    ) -> None:
        self._display = display
        self._tally = tally
        self._send = send
        self._clock = clock
        self._next = clock() + HEARTBEAT_SECONDS
        self.say = display.say

    def state(self, prop_id: str, state: State) -> None:
        """Count and show the state."""
        self._tally.state(prop_id, state)
        self._display.counted()

    def ended(self, line: Line) -> None:
        """Count and show the end."""
        self._tally.end(line)
        self._display.ended(line)

    def away(self, text: str) -> None:
        """Note and show that nothing goes on, and why."""
        self._tally.away = text
        self._display.away(text)

    def tick(self) -> None:
        """Send the event, if it is time, and pass the call on."""
        self._display.tick()
        if self._clock() < self._next:
            return
        self._next = self._clock() + HEARTBEAT_SECONDS
        tally, estimate = self._tally, self._tally.estimate
        self._send(
            HeartbeatEvent(
                done=tally.number,
                total=tally.total,
                running=tally.running,
                seconds=round(tally.seconds),
                per_hour=round(estimate.per_hour, 1) if estimate else None,
                seconds_left=round(estimate.seconds_left) if estimate else None,
            )
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._display.close()


def choose(
    tally: Tally,
    stream: TextIO,
    say: Callable[[str], None],
    send: Callable[[Message], None],
    *,
    quiet: bool,
    as_json: bool,
) -> Show:
    """Choose the display, which counts into the tally.

    :param stream: the stream that people read, which is standard error.
    :param say: prints one line there.
    :param send: sends an event; does nothing without JSON lines.
    :param as_json: whether there are JSON lines as well. If ``stream`` is a terminal, a bar is
        shown anyway, as the JSON lines go to another stream.
    """
    display: Display
    tqdm = _tqdm() if not quiet and _is_terminal(stream) else None
    if tqdm:
        display = Bar(tally, stream, tqdm)
    else:
        # The JSON lines have each item already.
        display = Quiet(say) if quiet or as_json else Lines(tally, say)
    return Show(display, tally, send)


def _is_terminal(stream: TextIO) -> bool:
    with suppress(AttributeError, ValueError):
        return stream.isatty() and os.environ.get("TERM") != "dumb"
    return False


def _tqdm() -> Any:
    """The class of tqdm without its monitoring thread; None if it is not installed."""
    try:
        base = importlib.import_module("tqdm").tqdm
    except ImportError:
        return None
    # A daemon thread that still runs at exit crashes the bpy module of 4.2, and makes 4.5 hang.
    return type("_Bar", (base,), {"monitor_interval": 0})
