# SPDX-License-Identifier: GPL-3.0-or-later
"""Owner of the background Blender; makes jobs out of requests. One for each entrance.

httpx and pydantic are imported by the first call that needs them, not by Blender's start-up.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import bpy

from ..core.errors import InternalError
from .holding import holding, note_catalogs

if TYPE_CHECKING:
    from ..core.cancel import CancelToken
    from ..core.events import Emit
    from ..core.request import GenerationRequest
    from ..core.settings import Settings
    from ..gateway.client import Gateway
    from ..gateway.rate import RateBudget
    from ..importer.process import BackgroundBlender
    from ..job.job import Job
    from ..library.folder import PropFolder
    from ..library.locks import FolderLock


class Workshop:
    """Starts jobs and ends what they share. Main thread only."""

    def __init__(self) -> None:
        self._background: BackgroundBlender | None = None
        self._budgets: dict[str, RateBudget] = {}

    def generate(self, request: GenerationRequest, settings: Settings) -> Job:
        """A new prop: its folder is made, its job is ready to start.

        :raises TrellisError: something is missing, or the library cannot be written.
        """
        _need_libraries()
        from ..library.library import Library
        from .consent import obstacle

        if missing := obstacle(settings):
            raise missing
        from ..gateway.address import Address

        base_url = Address.parse(settings.gateway.base_url).base_url
        folder, lock = Library(settings.library).create_locked(request, base_url, "auto")
        return self._job(folder, lock, settings)

    def resume(self, folder: PropFolder, settings: Settings) -> Job:
        """A job that takes a folder from where its record stands to the finished prop.

        :raises LockedError: somebody is working on it.
        """
        _need_libraries()
        from ..library.locks import FolderLock

        return self._job(folder, FolderLock.acquire(folder.path), settings)

    def _job(self, folder: PropFolder, lock: FolderLock, settings: Settings) -> Job:
        from ..gateway.client import Gateway
        from ..job.generate import Generation
        from ..job.job import Job
        from ..library.memory import DayMemory

        background = self._background_blender()
        budget = self._budget_of(settings)

        def open_gateway(token: CancelToken, say: Callable[[str], None]) -> Gateway:
            return Gateway(settings.gateway, token, budget, say)

        def work(emit: Emit, token: CancelToken) -> None:
            with holding(lock, emit, token) as tell:
                background.warm_up()
                note_catalogs(settings.library)
                memory = DayMemory(settings.library)
                Generation(folder, open_gateway, memory, background, tell, token).run()

        return Job(folder.id, work)

    def _budget_of(self, settings: Settings) -> RateBudget:
        """One budget of requests for all jobs at the same gateway."""
        from ..gateway.rate import RateBudget

        return self._budgets.setdefault(settings.gateway.base_url, RateBudget())

    def _background_blender(self) -> BackgroundBlender:
        from ..importer.process import BackgroundBlender, command_for

        if self._background is None:
            self._background = BackgroundBlender(command_for(bpy.app.binary_path, sys.executable))
        return self._background

    def close(self) -> None:
        """End the background Blender."""
        if self._background:
            self._background.close()
            self._background = None


def _need_libraries() -> None:
    """A clear sentence instead of an ImportError when the bundled wheels are not in reach."""
    try:
        import httpx  # noqa: F401
        import pydantic  # noqa: F401
        import truststore  # noqa: F401
    except ImportError as error:
        raise InternalError(
            "A library that Trellis Props brings along cannot be loaded",
            "Install the extension from its zip file, then restart Blender",
            detail=f"{type(error).__name__}: {error}",
        ) from error
