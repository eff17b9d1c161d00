# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads how long the gateway wants us to wait, and shares one request budget among all jobs of the
process.

The free tier allows 10 requests a minute, which polling alone can exhaust. Nothing is held back as
long as no limit is known.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

from ...core.cancel import CancelToken
from ...core.errors import TooSlowError

WINDOW_SECONDS: Final = 60.0
"""The gateway counts over a rolling minute (docs/rate-limits)."""

LONGEST_HOLD_SECONDS: Final = 300.0
"""The longest pause, even if the gateway asks for more: the user may have raised the limit
meanwhile."""
MOST_SECONDS: Final = 366 * 86_400.0


class RateBudget:
    """A request budget, shared by the threads of all jobs. ``clock`` is monotonic time in seconds.

    :param share: the fraction of the limit that this process may use (0 to 1), if several machines
        share it.
    :param most: the most requests a minute of this process, whatever the gateway allows.
    """

    def __init__(
        self,
        share: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
        most: float | None = None,
    ) -> None:
        self._lock = threading.Lock()
        self._clock = clock
        self._share = share
        self._most = most
        self._limit: int | None = None
        self._sent: deque[float] = deque()
        self._hold_until = 0.0

    @property
    def limit(self) -> int | None:
        """The gateway's limit of requests a minute; None until it has reported one."""
        return self._limit

    def take(
        self,
        token: CancelToken,
        report_status: Callable[[str], None] = lambda _: None,
        seconds_left: Callable[[], float] = lambda: math.inf,
    ) -> None:
        """Wait until a request is allowed, and count it.

        :param seconds_left: the seconds until the caller's time limit; may raise if that has
            passed.
        :raises CancelledError: the job was asked to stop while waiting.
        :raises TooSlowError: the time limit comes before a request is allowed. Nothing was sent.
        """
        while True:
            left = seconds_left()
            wait = self._reserve()
            if wait <= 0:
                return
            if wait > left:
                raise TooSlowError(
                    f"The gateway allows no more requests for {wait_words(wait)}, which is longer "
                    "than the time limit"
                )
            report_status(f"The gateway allows no more requests for {math.ceil(wait)} s")
            # In steps of a second, for the countdown that the user sees.
            token.wait(min(wait, 1.0))

    def _reserve(self) -> float:
        with self._lock:
            now = self._clock()
            allowed = self._allowed()
            # A small limit divided among many machines may be less than one a minute: then one
            # request in a longer window. The times of the requests are kept, not a count: the
            # gateway's minute is a rolling one.
            window = WINDOW_SECONDS / min(1.0, math.inf if allowed is None else allowed)
            while self._sent and now - self._sent[0] >= window:
                self._sent.popleft()
            wait = self._hold_until - now
            if allowed is not None and len(self._sent) >= max(1, math.floor(allowed)):
                wait = max(wait, self._sent[0] + window - now)
            if wait <= 0:
                self._sent.append(now)
            return wait

    def _allowed(self) -> float | None:
        told = None if self._limit is None else self._limit * self._share
        limits = [limit for limit in (told, self._most) if limit is not None]
        return min(limits, default=None)

    def learn(self, headers: Mapping[str, str]) -> None:
        """Read ``x-ratelimit-limit-requests``, ``-remaining-requests``, ``-reset-requests``."""
        limit = _number(headers.get("x-ratelimit-limit-requests"))
        remaining = _number(headers.get("x-ratelimit-remaining-requests"))
        reset = _number(headers.get("x-ratelimit-reset-requests"))
        with self._lock:
            if limit is not None and limit >= 1:
                self._limit = int(limit)
            # Zero left is a refusal announced in time: waiting now avoids the 429.
            if remaining is not None and remaining <= 0 and reset is not None:
                self._hold(reset)

    def refused(self, retry_after: float) -> None:
        """Note that the gateway has answered 429: no job sends anything for ``retry_after``
        seconds.
        """
        with self._lock:
            self._hold(retry_after)

    def _hold(self, seconds: float) -> None:
        until = self._clock() + min(max(seconds, 0.0), LONGEST_HOLD_SECONDS)
        self._hold_until = max(self._hold_until, until)


def _number(text: str | None) -> float | None:
    """Parse a header's number of requests or seconds, including OpenAI's forms ``12s`` and
    ``500ms``.
    """
    text = (text or "").strip().lower()
    scale = 1.0
    if text.endswith("ms"):
        text, scale = text[:-2], 0.001
    elif text.endswith("s"):
        text = text[:-1]
    try:
        value = float(text) * scale
    except ValueError:
        return None
    return value if 0 <= value < 1e9 else None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds in ``Retry-After``, which is a number or a date (RFC 9110, section 10.2.3).

    A date is compared with the answer's own ``Date`` (section 6.6.1), as this machine's clock may
    be wrong by hours.
    """
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        until = _date(value)
        if until is None:
            return None
        there = _date(headers.get("date", ""))
        seconds = until - (time.time() if there is None else there)
    if math.isnan(seconds):
        return None
    return min(max(seconds, 0.0), MOST_SECONDS)


def _date(text: str) -> float | None:
    """An HTTP date as seconds since 1970; None if it is not one."""
    try:
        found = parsedate_to_datetime(text)
        return found.replace(tzinfo=found.tzinfo or UTC).timestamp()
    except (TypeError, ValueError, OverflowError, OSError):  # the last: Windows, before 1970
        return None


def wait_words(seconds: float | None) -> str:
    """Format a duration for a message: ``40 s``, ``15 min``, ``5 h``, ``3 days``."""
    if seconds is None:
        return "a minute"
    if seconds < 120:
        return f"{max(1, round(seconds))} s"
    if seconds < 7200:
        return f"{round(seconds / 60)} min"
    return f"{round(seconds / 3600)} h" if seconds < 172_800 else f"{round(seconds / 86_400)} days"
