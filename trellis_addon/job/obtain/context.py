# SPDX-License-Identifier: GPL-3.0-or-later
"""What every step on the way to a model works with."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from ...core.cancel import CancelToken
from ...core.events import State
from ...core.files.prop_files import MODEL_STEM
from ...gateway.http.file_type import Kind
from ...library.disk.atomic_files import replace
from ...library.prop_folder import PropFolder
from ...library.record import PropRecord

_TELLS_SECONDS: Final = 0.1


class Go(Protocol):
    """Write a state down and tell it."""

    def __call__(self, state: State, note: str = "", **changes: object) -> PropRecord:
        """Gives the record as it is then."""


@dataclass(frozen=True)
class Context:
    """One prop on its way, as its job sees it."""

    folder: PropFolder
    token: CancelToken
    go: Go
    progress: Callable[[str, float | None], None]
    """Takes a text and a fraction, or None where it is not known how much is done."""

    def downloading(self, text: str) -> Callable[[int, int | None], None]:
        """What is called with the bytes that are here and in all; tells it ten times a second.

        :param text: with a place for the megabytes.
        """
        last = 0.0

        def report(size: int, total: int | None) -> None:
            nonlocal last
            if time.monotonic() - last >= _TELLS_SECONDS:
                last = time.monotonic()
                fraction = min(size / total, 1.0) if total else None
                self.progress(text.format(f"{size / 1e6:.1f}"), fraction)

        return report

    def received(self, part: Path, kind: Kind, **changes: Any) -> PropRecord:
        """Give a checked model its name, and write that down.

        :raises OSError: the disk refuses.
        """
        name = f"{MODEL_STEM}{kind}"
        if part.name != name:
            replace(part, self.folder.path / name)
        files = {**self.folder.read().files, name: self.folder.entry(name)}
        return self.go(State.DOWNLOADED, files=files, **changes)
