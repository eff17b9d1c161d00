# SPDX-License-Identifier: GPL-3.0-or-later
"""A cache that keeps small texts for a day, in a hidden file of the library folder."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ..core.files.held_files import SOON_SECONDS, read_bytes
from .disk.atomic_files import write_atomic

log = logging.getLogger(__name__)

FILE: Final = ".gateway.json"
DAY_SECONDS: Final = 86_400.0
_STEP_SECONDS: Final = 0.05


@dataclass(frozen=True)
class DayCache:
    """Stores texts by key for a day. If the file is lost or damaged, the gateway is simply asked
    again.

    Threads that share one instance can take turns in asking for what it does not have.
    """

    library: Path
    _turns: dict[str, threading.Lock] = field(default_factory=dict, repr=False, compare=False)

    def recall(self, key: str) -> str | None:
        """The text stored under a key, unless it is older than a day."""
        entry = self._read().get(key)
        if not isinstance(entry, dict) or not isinstance(entry.get("value"), str):
            return None
        written = entry.get("time")
        if not isinstance(written, int | float):
            return None
        # A time in the future comes from a clock that was wrong: such an entry would never expire.
        return entry["value"] if 0 <= time.time() - written < DAY_SECONDS else None

    def recall_all(self, begin: str, end: str) -> dict[str, str]:
        """The texts whose keys begin and end like this, by what is between."""
        keys = [key for key in self._read() if key.startswith(begin) and key.endswith(end)]
        found = {key[len(begin) : len(key) - len(end)]: self.recall(key) for key in keys}
        return {name: text for name, text in found.items() if text is not None}

    def remember(self, key: str, value: str) -> None:
        """Store a text, if the folder can be written."""
        facts = self._read()
        facts[key] = {"value": value, "time": time.time()}
        try:
            self.library.mkdir(parents=True, exist_ok=True)
            write_atomic(self.library / FILE, json.dumps(facts, indent=1).encode("utf-8"))
        except OSError as error:
            log.info("the gateway's schema is not remembered: %s", error)

    @contextmanager
    def turn(self, key: str, check: Callable[[], None]) -> Iterator[None]:
        """Have one thread ask for a key. The others wait until it has ended, and then find what it
        has stored, or ask by themselves, side by side.

        :param check: called while waiting. What it raises ends the wait.
        """
        lock = self._turns.setdefault(key, threading.Lock())
        if lock.acquire(blocking=False):
            try:
                yield
            finally:
                lock.release()
            return
        while not lock.acquire(timeout=_STEP_SECONDS):
            check()
        lock.release()
        yield

    def _read(self) -> dict[str, Any]:
        try:
            facts = json.loads(read_bytes(self.library / FILE, SOON_SECONDS))
        except (OSError, ValueError):
            return {}
        return facts if isinstance(facts, dict) else {}
