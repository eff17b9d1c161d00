# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a batch is: a bar on a terminal, a plain line for each item elsewhere, or nothing.

The bar is tqdm's. It knows the widths, the consoles of Windows and the smoothing of the remaining
time, is one wheel of 80 KB (and colorama's of 25 for Windows), and has kept its few calls stable
for years. rich would bring three more packages and 1.5 MB for the same line. Where tqdm is missing,
the plain lines are shown: the bar is never worth a failed batch.
"""

from __future__ import annotations

import importlib
import os
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Protocol, TextIO

from ..core.cost import money
from ..core.events import State
from ..core.text import shorten
from .away import away
from .report_lines import Line, Status
from .report_page import duration

_WORDS: Final[dict[Status, str]] = {
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


class Show(Protocol):
    """Something that shows how far a batch is. Main thread only."""

    def state(self, prop_id: str, state: State) -> None:
        """A prop under way has gone on."""

    def ended(self, line: Line) -> None:
        """An item has ended."""

    def say(self, text: str) -> None:
        """A sentence for people."""

    def close(self) -> None:
        """Nothing more comes."""


class Tally:
    """What all shows count: items that ended, and what those under way are doing."""

    def __init__(self, total: int, skipped: int) -> None:
        self.total = total
        self.ended: Counter[Status] = Counter({"skipped": skipped})
        self.cents = 0.0
        self._at: dict[str, str] = {}

    @property
    def number(self) -> int:
        """How many have ended."""
        return sum(self.ended.values())

    def state(self, prop_id: str, state: State) -> None:
        """Note where a prop under way is."""
        if words := _WORKING.get(state):
            self._at[prop_id] = words
        else:
            self._at.pop(prop_id, None)

    def end(self, line: Line) -> None:
        """Note an item's end."""
        self.ended[line.status] += 1
        self.cents += line.cost_cents or 0.0
        self._at.pop(line.id, None)

    @property
    def words(self) -> str:
        """``3 asked for, 2 importing, 1 failed, 12 ¢``."""
        under_way = Counter(self._at.values())
        parts = [f"{under_way[w]} {w}" for w in dict.fromkeys(_WORKING.values()) if under_way[w]]
        if self.ended["failed"]:
            parts.append(f"{self.ended['failed']} failed")
        if self.cents:
            parts.append(money(self.cents))
        return ", ".join(parts)


class Quiet:
    """Says only what has failed."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say

    def state(self, prop_id: str, state: State) -> None:
        """Nothing."""

    def ended(self, line: Line) -> None:
        """A line for what failed."""
        if line.status == "failed":
            self._say(_sentence(line))

    def say(self, text: str) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


class Lines:
    """One line for each item that ends: for a log."""

    def __init__(self, tally: Tally, say: Callable[[str], None]) -> None:
        self._tally = tally
        self._say = say

    def state(self, prop_id: str, state: State) -> None:
        """Nothing: a thousand props have seven thousand states."""

    def ended(self, line: Line) -> None:
        """``12/200 ready: Oak barrel, 2.1 ¢, 14 s``."""
        self._tally.end(line)
        width = len(str(self._tally.total))
        self._say(f"{self._tally.number:>{width}}/{self._tally.total} {_sentence(line)}")

    def say(self, text: str) -> None:
        """As it is."""
        self._say(text)

    def close(self) -> None:
        """Nothing."""


class Bar:
    """tqdm's bar, with what is under way behind it and failures above it."""

    def __init__(self, tally: Tally, stream: TextIO, tqdm: Any) -> None:
        self._tally = tally
        self._bar = tqdm(
            total=tally.total,
            initial=tally.number,
            file=stream,
            unit="prop",
            dynamic_ncols=True,
            smoothing=0.05,
            # An item takes many seconds: the count moves rarely, what is under way often.
            mininterval=0.2,
            bar_format=_FORMAT,
        )

    def state(self, prop_id: str, state: State) -> None:
        """What is under way, behind the bar."""
        before = self._tally.words
        self._tally.state(prop_id, state)
        if self._tally.words != before:
            self._bar.set_postfix_str(self._tally.words)

    def ended(self, line: Line) -> None:
        """One further; a failure stays to be read."""
        self._tally.end(line)
        if line.status == "failed":
            self.say(_sentence(line))
        self._bar.set_postfix_str(self._tally.words, refresh=False)
        self._bar.update(1)

    def say(self, text: str) -> None:
        """A line above the bar."""
        self._bar.write(text, file=self._bar.fp)

    def close(self) -> None:
        """Leave the bar as it is, and go to the next line."""
        self._bar.close()


class Closing:
    """A show as a context, which is closed whatever happens."""

    def __init__(self, show: Show) -> None:
        self._show = show

    def __enter__(self) -> Show:
        return self._show

    def __exit__(self, *_error: object) -> None:
        self._show.close()


def choose(
    tally: Tally, stream: TextIO, say: Callable[[str], None], *, quiet: bool, as_json: bool
) -> Closing:
    """The show that fits.

    :param stream: where people read: standard error.
    :param say: prints one line there.
    :param as_json: a machine reads along; a bar is shown all the same when ``stream`` is a
        terminal, as the lines for machines go elsewhere.
    """
    if quiet:
        return Closing(Quiet(say))
    tqdm = _tqdm() if _is_terminal(stream) else None
    if tqdm is None:
        # A machine has each item's event already; a second text for each helps nobody.
        return Closing(Quiet(say) if as_json else Lines(tally, say))
    return Closing(Bar(tally, stream, tqdm))


def _is_terminal(stream: TextIO) -> bool:
    with suppress(AttributeError, ValueError):
        return stream.isatty() and os.environ.get("TERM") != "dumb"
    return False


def _tqdm() -> Any:
    """The bar without its watching thread; None where it is not installed."""
    try:
        base = importlib.import_module("tqdm").tqdm
    except ImportError:
        return None
    return type("_Bar", (base,), {"monitor_interval": 0})


def _sentence(line: Line) -> str:
    told = [
        f"{away(line) or _WORDS[line.status]}: {shorten(line.name or line.prompt or line.id, 60)}"
    ]
    if line.cost_cents is not None:
        told.append(money(line.cost_cents))
    if line.seconds is not None:
        told.append(duration(line.seconds))
    text = ", ".join(told)
    return f"{text}. {line.error}" if line.error else text
