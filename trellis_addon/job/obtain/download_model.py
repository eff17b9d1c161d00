# SPDX-License-Identifier: GPL-3.0-or-later
"""Downloads a model from the web into the prop's folder: the counterpart of ``copy_model``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...core.cancel import CancelToken
from ...gateway.http.transport import Transport
from ...gateway.source_url import SourceUrl
from ...library.record import PropRecord
from .context import Context

OpenLine = Callable[[CancelToken, Callable[[str], None]], Transport]
"""Opens a job's connection to the web."""


@dataclass(frozen=True)
class ModelDownload:
    """Downloads one model. Runs on the job's thread; touches no bpy."""

    context: Context
    line: OpenLine

    def get_model(self, source: SourceUrl) -> PropRecord:
        """Download it under the library's own name.

        :raises TrellisError: see ``SourceUrl.fetch``. :raises OSError: the disk cannot be written.
        """
        transport = self.line(self.context.token, lambda text: self.context.progress(text, None))
        report = self.context.downloading("Downloading, {} MB")
        try:
            fetched = source.fetch(transport, self.context.folder.path, report)
        finally:
            transport.close()
        return self.context.received(fetched.part, fetched.kind)
