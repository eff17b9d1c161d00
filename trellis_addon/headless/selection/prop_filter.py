# SPDX-License-Identifier: GPL-3.0-or-later
"""Implements the filters of ``list``: the props of the library that all options are true for."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from ...core.errors import InputError
from ...core.generation.readiness import Light, of_prop
from ...core.text import fold
from ...engine.export_manifest import EXPORTS, MANIFEST
from ...library.prop_folder import PropFolder
from ...library.record import PropRecord
from ..console.usage import nearest
from .options import STATES, UNFINISHED
from .prop_facts import bytes_of, name_of, tags_of
from .values import moment, size_on_disk


@dataclass(frozen=True)
class PropFilter:
    """What the options ask for. None and "" ask for nothing."""

    words: tuple[str, ...] = ()
    states: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    since: datetime | None = None
    until: datetime | None = None
    model: str = ""
    min_cents: float | None = None
    max_cents: float | None = None
    min_bytes: int | None = None
    max_bytes: int | None = None
    ready_for: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()

    @classmethod
    def of(cls, options: argparse.Namespace) -> PropFilter:
        """Read the options. :raises InputError: one of them is wrong."""
        now = datetime.now(UTC)
        sizes = {
            name: size_on_disk(f"--{name.replace('_', '-')}", text)
            for name in ("min_bytes", "max_bytes")
            if (text := getattr(options, name)) is not None
        }
        return cls(
            words=tuple(map(fold, options.words)),
            states=_states(options.state),
            tags=frozenset(map(fold, options.tag)),
            since=moment("--since", options.since, now) if options.since else None,
            until=moment("--until", options.until, now, end=True) if options.until else None,
            model=(options.model or "").lower(),
            min_cents=None if options.min_cost is None else options.min_cost * 100,
            max_cents=None if options.max_cost is None else options.max_cost * 100,
            ready_for=tuple(options.ready_for),
            destinations=tuple((options.destinations or "").replace(",", " ").split()),
            **sizes,
        )

    def keeps(self, folder: PropFolder, record: PropRecord) -> bool:
        """Whether a prop has all that is asked for."""
        # What needs a look at the disk comes last.
        return (
            self._has_state(record)
            and self._is_of_then(record)
            and _is_between(record.cost_cents, self.min_cents, self.max_cents)
            and (not self.model or fnmatchcase(_model_of(record), self.model))
            and self._has_words(folder, record)
            and self.tags <= frozenset(map(fold, tags_of(record)))
            and (not self.ready_for or self._is_ready(record))
            and all(_is_exported(folder, name) for name in self.destinations)
            and self._has_bytes(folder)
        )

    def _has_state(self, record: PropRecord) -> bool:
        if not self.states or str(record.state) in self.states:
            return True
        return UNFINISHED in self.states and record.is_resumable

    def _is_of_then(self, record: PropRecord) -> bool:
        if self.since is None and self.until is None:
            return True
        try:
            created = datetime.fromisoformat(record.created)
        except ValueError:
            return False
        created = created if created.tzinfo else created.replace(tzinfo=UTC)
        since, until = self.since, self.until
        return (since is None or created >= since) and (until is None or created <= until)

    def _has_words(self, folder: PropFolder, record: PropRecord) -> bool:
        if not self.words:
            return True
        prompt = str(record.request.get("prompt") or "")
        text = fold(" ".join((prompt, name_of(record), folder.id, *tags_of(record))))
        return all(word in text for word in self.words)

    def _is_ready(self, record: PropRecord) -> bool:
        """Whether the light of each of the uses is green. Props without facts are not."""
        lights: Mapping[str, Light] = {v.use: v.light for v in of_prop(record.prop)[1]}
        return all(lights.get(use) is Light.READY for use in self.ready_for)

    def _has_bytes(self, folder: PropFolder) -> bool:
        if self.min_bytes is None and self.max_bytes is None:
            return True
        return _is_between(bytes_of(folder), self.min_bytes, self.max_bytes)


def _states(text: str | None) -> frozenset[str]:
    states = (text or "").replace(",", " ").lower().split()
    for state in states:
        if state not in STATES:
            known = ", ".join(STATES)
            raise InputError(
                f"There is no state {state}{nearest(state, STATES)}", f"Choose from {known}"
            )
    return frozenset(states)


def _is_between(value: float | None, low: float | None, high: float | None) -> bool:
    """Whether a value is within limits. One that is not known only is where there are none."""
    if value is None:
        return low is None and high is None
    return (low is None or value >= low) and (high is None or value <= high)


def _model_of(record: PropRecord) -> str:
    return str(record.request.get("model") or "").lower()


def _is_exported(folder: PropFolder, destination: str) -> bool:
    # Compared with the names of folders that are there: a name such as "../x" finds nothing.
    return destination in {path.parent.name for path in folder.path.glob(f"{EXPORTS}/*/{MANIFEST}")}
