# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows the progress of a batch: a bar in a terminal, otherwise a line for each item, or nothing.

The bar is tqdm's, which handles terminal widths, Windows consoles and the smoothing of the
remaining time. It is one wheel of 80 KB (and colorama's of 25 KB for Windows), and its few calls
have been stable for years. rich would add three more packages and 1.5 MB for the same bar. If tqdm
is missing, plain lines are shown, as a batch must not fail because of a bar.
"""

from __future__ import annotations

import importlib
import os
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, TextIO

from ...core.cost import money
from ...core.events import State
from ...core.text import shorten
from .lines import Line, Status
from .page import duration
from .waiting_elsewhere import away

_LABELS: Final[dict[Status, str]] = {
    "done": "ready",
    "skipped": "already there",
    "failed": "failed",
    "cancelled": "stopped",
}
_WORKING: Final = {
    State.SENDING: "asked for",
    State.WAITING: "asked for",
    State.DOWNLOADING: "downloading",
    State.DOWNLOADED: "to import",
    State.IMPORTING: "importing",
}


_FORMAT: Final = "{percentage:3.0f}% {bar:24} {n_fmt}/{total_fmt} [{elapsed}<{remaining}]{postfix}"


class Show:
    """Shows how far a batch is; this one shows nothing. Main thread only."""

    def state(self, prop_id: str, state: State) -> None:
        """Show that a prop has changed its state."""

    def ended(self, line: Line) -> None:
        """Show that an item has ended."""

    def say(self, text: str) -> None:
        """Show a message for people."""

    def away(self, text: str) -> None:
        """Show that the gateway cannot be reached; "" when it can be again."""
        if text:
            self.say(text)

    def close(self) -> None:
        """End the display."""


class Tally:
    """Counts the ended items, and what the running ones are doing."""

    def __init__(self, total: int, skipped: int) -> None:
        self.total = total
        self.ended: Counter[Status] = Counter({"skipped": skipped})
        self.cents = 0.0
        self.away = ""
        """Why nothing goes on for the time being."""
        self._at: dict[str, str] = {}

    @property
    def number(self) -> int:
        """The number of ended items."""
        return sum(self.ended.values())

    def state(self, prop_id: str, state: State) -> None:
        """Record the state of a running prop."""
        if words := _WORKING.get(state):
            self._at[prop_id] = words
        else:
            self._at.pop(prop_id, None)

    def end(self, line: Line) -> None:
        """Record the end of an item."""
        self.ended[line.status] += 1
        self.cents += line.cost_cents or 0.0
        self._at.pop(line.id, None)

    @property
    def words(self) -> str:
        """A summary such as ``3 asked for, 2 importing, 1 failed, 12 ¢``."""
        under_way = Counter(self._at.values())
        parts = [f"{under_way[w]} {w}" for w in dict.fromkeys(_WORKING.values()) if under_way[w]]
        if self.ended["failed"]:
            parts.append(f"{self.ended['failed']} failed")
        if self.cents:
            parts.append(money(self.cents))
        if self.away:
            parts.append(self.away)
        return ", ".join(parts)


class Quiet(Show):
    """Only prints failures."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say

    def ended(self, line: Line) -> None:
        """Print a line for a failed item."""
        if line.status == "failed":
            self._say(_sentence(line))


class Lines(Show):
    """Prints a line for each item that ends, for a log, as a thousand props have seven thousand
    states.
    """

    def __init__(self, tally: Tally, say: Callable[[str], None]) -> None:
        self._tally = tally
        self._say = say

    def ended(self, line: Line) -> None:
        """Print a line such as ``12/200 ready: Oak barrel, 2.1 ¢, 14 s``."""
        self._tally.end(line)
        width = len(str(self._tally.total))
        self._say(f"{self._tally.number:>{width}}/{self._tally.total} {_sentence(line)}")

    def say(self, text: str) -> None:
        """Print the message."""
        self._say(text)


class Bar(Show):
    """tqdm's bar, with the running items behind it and failures above it."""

    def __init__(self, tally: Tally, stream: TextIO, tqdm: Any) -> None:
        self._tally = tally
        self._bar = tqdm(
            total=tally.total,
            initial=tally.number,
            file=stream,
            unit="prop",
            dynamic_ncols=True,
            smoothing=0.05,
            # An item takes many seconds, so that the count changes rarely, but states change often.
            mininterval=0.2,
            bar_format=_FORMAT,
        )

    def state(self, prop_id: str, state: State) -> None:
        """Update the text behind the bar."""
        before = self._tally.words
        self._tally.state(prop_id, state)
        if self._tally.words != before:
            self._bar.set_postfix_str(self._tally.words)

    def ended(self, line: Line) -> None:
        """Advance the bar; a failure is printed above it, so that it stays visible."""
        self._tally.end(line)
        if line.status == "failed":
            self.say(_sentence(line))
        self._bar.set_postfix_str(self._tally.words, refresh=False)
        self._bar.update(1)

    def say(self, text: str) -> None:
        """Print a line above the bar."""
        self._bar.write(text, file=self._bar.fp)

    def away(self, text: str) -> None:
        """Show the text behind the bar."""
        self._tally.away = text
        self._bar.set_postfix_str(self._tally.words)

    def close(self) -> None:
        """Leave the bar on the screen, and move to the next line."""
        self._bar.close()


class Closing:
    """A context manager that closes a display in any case."""

    def __init__(self, show: Show) -> None:
        self._show = show

    def __enter__(self) -> Show:
        return self._show

    def __exit__(self, *_error: object) -> None:
        self._show.close()


def choose(
    tally: Tally, stream: TextIO, say: Callable[[str], None], *, quiet: bool, as_json: bool
) -> Closing:
    """Choose the display.

    :param stream: the stream that people read, which is standard error.
    :param say: prints one line there.
    :param as_json: whether there are JSON lines as well. If ``stream`` is a terminal, a bar is
        shown anyway, as the JSON lines go to another stream.
    """
    if quiet:
        return Closing(Quiet(say))
    tqdm = _tqdm() if _is_terminal(stream) else None
    if tqdm is None:
        # The JSON lines have each item already.
        return Closing(Quiet(say) if as_json else Lines(tally, say))
    return Closing(Bar(tally, stream, tqdm))


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


def _sentence(line: Line) -> str:
    told = [
        f"{away(line) or _LABELS[line.status]}: {shorten(line.name or line.prompt or line.id, 60)}"
    ]
    if line.cost_cents is not None:
        told.append(money(line.cost_cents))
    if line.seconds is not None:
        told.append(duration(line.seconds))
    text = ", ".join(told)
    return f"{text}. {line.error}" if line.error else text
