# SPDX-License-Identifier: GPL-3.0-or-later
"""Exports many props by several background Blenders side by side. No bpy here."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from queue import SimpleQueue
from types import TracebackType

from ...core.errors import TrellisError
from ...library.prop_folder import PropFolder
from .export_client import BlenderProgram, ExportBlender, Exported, ExportRequest, export_prop


class Exporters:
    """Background Blenders that export, each one prop at a time. Use it as a context: leaving it
    waits for what is being written, and ends them.

    :param count: how many there are; each starts with its first export.
    """

    def __init__(self, program: BlenderProgram, count: int) -> None:
        self._blenders = [ExportBlender(program) for _ in range(count)]
        self._free: SimpleQueue[ExportBlender] = SimpleQueue()
        for blender in self._blenders:
            self._free.put(blender)
        self._threads = ThreadPoolExecutor(count, "trellis export")
        self._running: dict[Future[Exported | TrellisError], str] = {}

    def __enter__(self) -> Exporters:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._threads.shutdown(cancel_futures=True)
        for blender in self._blenders:
            blender.close()

    @property
    def busy(self) -> bool:
        """Whether a prop is being exported."""
        return bool(self._running)

    @property
    def has_room(self) -> bool:
        """Whether another export would begin at once."""
        return len(self._running) < len(self._blenders)

    def begin(self, folder: PropFolder, request: ExportRequest) -> None:
        """Begin to export a prop."""
        self._running[self._threads.submit(self._export, folder, request)] = folder.id

    def _export(self, folder: PropFolder, request: ExportRequest) -> Exported | TrellisError:
        blender = self._free.get()
        try:
            return export_prop(blender, folder, request)
        except TrellisError as error:
            return error
        finally:
            self._free.put(blender)

    def ended(self, seconds: float) -> Iterator[tuple[str, Exported | TrellisError]]:
        """The exports that have ended since the last call: the prop's id, and what was written or
        why not.

        :param seconds: how long to wait for the first one.
        """
        done, _ = wait(self._running, seconds, FIRST_COMPLETED)
        for each in done:
            yield self._running.pop(each), each.result()
