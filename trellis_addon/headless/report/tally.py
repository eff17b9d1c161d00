# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts what a batch has done and is doing, and estimates its rate and the time that is left.

A call to the gateway takes minutes, and several run at the same time. So the estimate is made of
how long items take, of how long the running ones have been at it, and of how many run at once:
between two ends it goes down by the second, and it rises when an item takes longer than the others
did. A rate of ends per elapsed time would say too little until the first items have ended, and
nothing in between.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ...core.cost import money
from ...core.events import State
from .lines import Line, Status

WORKING: Final = {
    State.SENDING: "asked for",
    State.WAITING: "asked for",
    State.DOWNLOADING: "downloading",
    State.DOWNLOADED: "to import",
    State.IMPORTING: "importing",
}

ENOUGH: Final = 2
"""The number of items that must have ended before there is an estimate."""

_RECENT: Final = 100
"""The number of ended items whose durations count, as a gateway may become faster or slower."""

_OVERDUE: Final = 0.1
"""The part of the usual duration that an item is expected to take still if it has taken longer."""


@dataclass(frozen=True)
class Estimate:
    """The rate of a batch, and the time that is left."""

    per_hour: float
    seconds_left: float


class Tally:
    """Counts the ended items, and what the running ones are doing. Main thread only.

    :param clock: gives the time in seconds.
    """

    def __init__(
        self, total: int, skipped: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.total = total
        self.ended: Counter[Status] = Counter({"skipped": skipped})
        self.cents = 0.0
        self.away = ""
        """Why nothing goes on for the time being."""
        self._at: dict[str, str] = {}
        self._clock = clock
        self._since = clock()
        self._begun: dict[str, float] = {}
        """When each running item was begun."""
        self._took: deque[float] = deque(maxlen=_RECENT)
        """The durations of the items that have ended last."""
        self._busy = self._full = 0.0
        """The time for which items have run, each counted, and the time without, while others were
        waiting: their ratio is how many run at once."""
        self._at_last = self._since

    @property
    def number(self) -> int:
        """The number of ended items."""
        return self.ended.total()

    @property
    def running(self) -> int:
        """The number of running items."""
        return len(self._at)

    @property
    def seconds(self) -> float:
        """How long it has been counting."""
        return self._clock() - self._since

    @property
    def _waiting(self) -> int:
        """The number of items that have not been begun."""
        return max(0, self.total - self.number - len(self._begun))

    def _pass(self) -> None:
        """Count the time since the last change."""
        now = self._clock()
        if self._at and self._waiting:
            self._busy += len(self._at) * (now - self._at_last)
            self._full += now - self._at_last
        self._at_last = now

    def state(self, prop_id: str, state: State) -> None:
        """Record the state of a running prop."""
        self._pass()
        if words := WORKING.get(state):
            self._at[prop_id] = words
            self._begun.setdefault(prop_id, self._clock())
        else:
            self._at.pop(prop_id, None)
            if state is not State.READY:
                # It may be tried again, and then begins again.
                self._begun.pop(prop_id, None)

    def end(self, line: Line) -> None:
        """Record the end of an item."""
        self._pass()
        self.ended[line.status] += 1
        self.cents += line.cost_cents or 0.0
        self._at.pop(line.id, None)
        begun = self._begun.pop(line.id, None)
        if begun is not None and line.status == "done":
            self._took.append(self._clock() - begun)

    @property
    def estimate(self) -> Estimate | None:
        """The rate and the time that is left; None if too little is known yet, or nothing runs."""
        if len(self._took) < min(ENOUGH, self.total) or not self._at or self.away:
            return None
        now, mean = self._clock(), sum(self._took) / len(self._took)
        ages = [now - self._begun[prop] for prop in self._at]
        # Those that already take longer than usual count as well, or the first to end, which are
        # the shortest, would promise too much.
        late = [age for age in ages if age > mean]
        usual = (sum(self._took) + sum(late)) / (len(self._took) + len(late))
        left = [max(usual - age, _OVERDUE * usual) for age in ages]
        at_once = max(1.0, self._busy / self._full if self._full else len(ages))
        whole = (self._waiting * usual + sum(left)) / at_once
        return Estimate(at_once * 3600 / usual if usual else 0.0, max(whole, *left))

    @property
    def words(self) -> str:
        """A summary such as ``3 asked for, 2 importing, 1 failed, 12 ¢``."""
        under_way = Counter(self._at.values())
        parts = [f"{under_way[w]} {w}" for w in dict.fromkeys(WORKING.values()) if under_way[w]]
        if self.ended["failed"]:
            parts.append(f"{self.ended['failed']} failed")
        if self.cents:
            parts.append(money(self.cents))
        if self.away:
            parts.append(self.away)
        return ", ".join(parts)

    @property
    def pace_words(self) -> str:
        """Rate and time left, such as ``60/h, about 2 h left``; "" if nothing runs."""
        if not self._at or self.away:
            return ""
        found = self.estimate
        if found is None:
            return "time left not known yet"
        return f"{found.per_hour:,.0f}/h, about {roughly(found.seconds_left)} left"


def roughly(seconds: float) -> str:
    """A duration as exactly as an estimate can be: ``50 s``, ``12 min``, ``2 h 10 min``."""
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes >= 10 * 60:
        return f"{round(minutes / 60):,} h"
    hours, rest = divmod(5 * round(minutes / 5), 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"
