# SPDX-License-Identifier: GPL-3.0-or-later
"""A model on the web -> the prop's folder: ``bringing`` for what is not on this disk yet."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ..core.cancel import CancelToken
from ..core.events import State
from ..core.files import MODEL_STEM
from ..gateway.source_url import SourceUrl
from ..gateway.transport import Transport
from ..library.atomic import replace
from ..library.folder import PropFolder
from ..library.record import PropRecord

OpenLine = Callable[[CancelToken, Callable[[str], None]], Transport]
"""Opens a line of one job to the web."""

_TELLS_SECONDS: Final = 0.1


@dataclass(frozen=True)
class FromUrl:
    """The download of one model. Runs on the job's thread; touches no bpy."""

    folder: PropFolder
    line: OpenLine
    token: CancelToken
    go: Callable[..., PropRecord]
    progress: Callable[[str, float | None], None]

    def get_model(self, source: SourceUrl) -> PropRecord:
        """Download it under the library's own name.

        :raises TrellisError: see ``SourceUrl.fetch``. :raises OSError: the disk refuses.
        """
        transport = self.line(self.token, lambda text: self.progress(text, None))
        try:
            fetched = source.fetch(transport, self.folder.path, self._report())
        finally:
            transport.close()
        name = f"{MODEL_STEM}{fetched.kind}"
        replace(fetched.part, self.folder.path / name)
        record = self.folder.read()
        files = {**record.files, name: self.folder.entry(name)}
        return self.go(State.DOWNLOADED, files=files)

    def _report(self) -> Callable[[int, int | None], None]:
        last = [0.0]

        def report(size: int, total: int | None) -> None:
            if time.monotonic() - last[0] < _TELLS_SECONDS:
                return
            last[0] = time.monotonic()
            fraction = min(size / total, 1.0) if total else None
            self.progress(f"Downloading, {size / 1e6:.1f} MB", fraction)

        return report
