# SPDX-License-Identifier: GPL-3.0-or-later
"""The displays of a batch's progress: a bar, a line for each item, or failures only.

The bar moves every second, as calls to the gateway take minutes, in which nothing else tells that
the batch is alive. It is tqdm's, which handles terminal widths and Windows consoles. It is one
wheel of 80 KB (and colorama's of 25 KB for Windows), and its few calls have been stable for years.
rich would add three more packages and 1.5 MB for the same bar. If tqdm is missing, plain lines are
shown, as a batch must not fail because of a bar.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final, TextIO

from ...core.cost import money
from ...core.text import shorten
from .lines import Line, Status
from .page import duration
from .tally import Tally
from .waiting_elsewhere import away

_LABELS: Final[dict[Status, str]] = {
    "done": "ready",
    "skipped": "already there",
    "failed": "failed",
    "cancelled": "stopped",
}
_FORMAT: Final = "{percentage:3.0f}% {bar:16} {n_fmt}/{total_fmt} [{elapsed}]{postfix}"
BAR_SECONDS: Final = 1.0
FIRST_LINE_SECONDS: Final = 30.0
LONGEST_LINE_SECONDS: Final = 600.0
"""The time without any line after which a log gets one, which doubles from the first to this."""

Clock = Callable[[], float]


class Display:
    """Shows how far a batch is; this one shows nothing. Main thread only."""

    def counted(self) -> None:
        """Show that the tally has changed."""

    def ended(self, line: Line) -> None:
        """Show that an item has ended."""

    def say(self, text: str) -> None:
        """Show a message for people."""

    def tick(self) -> None:
        """Show that time has passed. Called as often as a loop goes round."""

    def away(self, text: str) -> None:
        """Show that nothing goes on, and why; "" when it does again."""
        if text:
            self.say(text)

    def close(self) -> None:
        """End the display."""


class Quiet(Display):
    """Only prints failures."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say

    def ended(self, line: Line) -> None:
        """Print a line for a failed item."""
        if line.status == "failed":
            self._say(_sentence(line))


class Lines(Display):
    """Prints a line for each item that ends, for a log, as a thousand props have seven thousand
    states; and while none ends, a line at growing intervals.
    """

    def __init__(
        self, tally: Tally, say: Callable[[str], None], clock: Clock = time.monotonic
    ) -> None:
        self._tally = tally
        self._tell = say
        self._clock = clock
        self._pause = FIRST_LINE_SECONDS
        self._next = clock() + self._pause

    def ended(self, line: Line) -> None:
        """Print a line such as ``12/200 ready: Oak barrel, 2.1 ¢, 14 s``."""
        self._pause = FIRST_LINE_SECONDS
        self.say(f"{self._number} {_sentence(line)}")

    def say(self, text: str) -> None:
        """Print the message."""
        self._tell(text)
        self._next = self._clock() + self._pause

    def tick(self) -> None:
        """Print what is going on, if nothing was printed for some time."""
        if self._clock() < self._next or not (self._tally.running or self._tally.away):
            return
        self._pause = min(2 * self._pause, LONGEST_LINE_SECONDS)
        at = duration(self._tally.seconds)
        self.say(f"{self._number} after {at}: {_going_on(self._tally)}")

    @property
    def _number(self) -> str:
        width = len(str(self._tally.total))
        return f"{self._tally.number:>{width}}/{self._tally.total}"


class Bar(Display):
    """tqdm's bar, with the running items behind it and failures above it."""

    def __init__(
        self, tally: Tally, stream: TextIO, tqdm: Any, clock: Clock = time.monotonic
    ) -> None:
        self._tally = tally
        self._clock = clock
        self._next = clock() + BAR_SECONDS
        self._shown = ""
        self._bar = tqdm(
            total=tally.total,
            initial=tally.number,
            file=stream,
            unit="prop",
            dynamic_ncols=True,
            # An item takes many seconds, so that the count changes rarely, but states change often.
            mininterval=0.2,
            bar_format=_FORMAT,
        )

    def counted(self) -> None:
        """Update the text behind the bar."""
        if self._tally.words != self._shown:
            self._draw()

    def tick(self) -> None:
        """Draw the bar again, once a second: its time, its rate, the time that is left."""
        if self._clock() >= self._next:
            self._draw()

    def _draw(self, *, refresh: bool = True) -> None:
        self._next = self._clock() + BAR_SECONDS
        self._shown = self._tally.words
        self._bar.set_postfix_str(_going_on(self._tally), refresh=refresh)

    def ended(self, line: Line) -> None:
        """Advance the bar; a failure is printed above it, so that it stays visible."""
        if line.status == "failed":
            self.say(_sentence(line))
        self._draw(refresh=False)
        self._bar.update(1)

    def say(self, text: str) -> None:
        """Print a line above the bar."""
        self._bar.write(text, file=self._bar.fp)

    def away(self, _text: str) -> None:
        """Show it behind the bar, as the tally has it."""
        self._draw()

    def close(self) -> None:
        """Leave the bar on the screen, and move to the next line."""
        self._bar.close()


def _going_on(tally: Tally) -> str:
    """What is going on, such as ``60/h, about 2 h left, 3 asked for, 2 importing, 12 ¢``.

    The time comes first, as a terminal of 80 columns has no room for all.
    """
    return ", ".join(filter(None, (tally.pace_words, tally.words)))


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
