# SPDX-License-Identifier: GPL-3.0-or-later
"""One budget of requests for all jobs of the process, learned from the gateway.

The free tier allows 10 requests a minute, so that polling alone can exhaust it. While no limit
is known, nothing is held back.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

from ..core.cancel import CancelToken

WINDOW_SECONDS: Final = 60.0
"""The gateway counts over a rolling minute (docs/rate-limits)."""

LONGEST_HOLD_SECONDS: Final = 300.0


class RateBudget:
    """Shared by the threads of all jobs. ``clock`` is monotonic time in seconds.

    :param share: the part of the limit that this process may use (0 to 1), for several machines.
    :param most: requests a minute of this process at the most, whatever the gateway allows.
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
        """Requests a minute, once the gateway has told."""
        return self._limit

    def take(self, token: CancelToken, say: Callable[[str], None] = lambda _: None) -> None:
        """Wait for a free place and take it.

        :raises CancelledError: when asked to stop meanwhile.
        """
        while True:
            wait = self._reserve()
            if wait <= 0:
                return
            say(f"The gateway allows no more requests for {math.ceil(wait)} s")
            token.wait(min(wait, 1.0))

    def _reserve(self) -> float:
        with self._lock:
            now = self._clock()
            allowed = self._allowed()
            # Less than one a minute, as a part of a small limit can be, is one in a longer time.
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
            if remaining is not None and remaining <= 0 and reset is not None:
                self._hold(reset)

    def refused(self, retry_after: float) -> None:
        """The gateway has answered 429: nobody sends anything for so many seconds."""
        with self._lock:
            self._hold(retry_after)

    def _hold(self, seconds: float) -> None:
        until = self._clock() + min(max(seconds, 0.0), LONGEST_HOLD_SECONDS)
        self._hold_until = max(self._hold_until, until)


def _number(text: str | None) -> float | None:
    """A header's number of requests or seconds; also ``12s`` and ``500ms``, as OpenAI has it."""
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
