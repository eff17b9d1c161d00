# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes jobs from requests, and owns the background Blender. There is one for each entrance.

httpx and pydantic are imported by the first call that needs them, as they would add 60 to 83 ms to
each start of Blender, and 260 ms to the first (measured).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import bpy

from ..core.errors import InternalError, TrellisError
from ..core.generation.finishing import Finishing
from ..core.generation.picture import Pictures
from ..core.generation.real_size import with_guess
from .locked_job import expect_cost, holding, note_catalogs, note_cost

if TYPE_CHECKING:
    from pathlib import Path

    from ..core.cancel import CancelToken
    from ..core.events import Emit
    from ..core.generation.request import GenerationRequest
    from ..core.pictures.chosen_picture import ChosenPicture
    from ..core.pictures.picture_request import PictureRequest
    from ..core.settings import Settings
    from ..gateway.client import Gateway
    from ..gateway.http.rate_limit import RateBudget
    from ..gateway.http.transport import Transport
    from ..gateway.source_url import SourceUrl
    from ..importer.pipe.background_blender import BackgroundBlender
    from ..job.job import Job, PictureJob
    from ..library.day_cache import DayCache
    from ..library.folder_lock import FolderLock
    from ..library.prop_folder import PropFolder
    from .batch_api import BatchApi


class JobFactory:
    """Creates jobs, and owns the resources that they share. Main thread only.

    :param share: this process's share of the gateway's rate limit, if several machines use it.
    :param rate: the most requests per minute, even if the gateway allows more.
    :param early: whether jobs announce that a prop can be placed before its thumbnail is rendered.
    :param pictures: when the props' pictures are taken.
    :param processes: the number of background Blenders, each of which makes one prop at a time.
    """

    def __init__(
        self,
        share: float = 1.0,
        rate: float | None = None,
        *,
        early: bool = False,
        pictures: Pictures = Pictures.WITH_PROP,
        processes: int = 1,
    ) -> None:
        self._pictures = pictures
        self._processes = processes
        self._share = share
        self._rate = rate
        self._early = early
        self._background: BackgroundBlender | None = None
        self._budgets: dict[str, RateBudget] = {}
        self._memories: dict[Path, DayCache] = {}
        self._asking: set[str] = set()
        """The ids of props whose jobs may still cost something."""

    def generate(
        self,
        request: GenerationRequest,
        settings: Settings,
        finishing: Finishing | None = None,
        chosen: ChosenPicture | None = None,
    ) -> Job:
        """Create a new prop: its folder, and a job that is ready to start.

        :param finishing: how to finish the received model; None: by default, in a size that is
            guessed from the prompt.
        :param chosen: the picture of a set that the request has as its image; it is kept with the
            prop.
        :raises TrellisError: a requirement is missing, or the library cannot be written.
        """
        folder, lock = self.reserve(request, settings, finishing)
        if chosen is not None:
            self._keep(chosen, folder, lock, settings)
        # Only after the ledger, as a job that cannot be recorded is not started.
        self._expect(folder, lock, settings)
        self._asking.add(folder.id)
        return self._job(folder, lock, settings)

    def _keep(
        self, chosen: ChosenPicture, folder: PropFolder, lock: FolderLock, settings: Settings
    ) -> None:
        """Keep the chosen picture with the prop. If that fails, release the lock and raise."""
        from ..library.pictures.reference import keep_reference

        try:
            keep_reference(folder, chosen, settings.library)
        except TrellisError:
            lock.release()
            raise

    def _expect(self, folder: PropFolder, lock: FolderLock, settings: Settings) -> None:
        """Record an expected cost in the ledger. If that fails, release the lock and raise."""
        try:
            expect_cost(settings.library, (folder.id,))
        except TrellisError:
            lock.release()
            raise

    def reserve(
        self, request: GenerationRequest, settings: Settings, finishing: Finishing | None = None
    ) -> tuple[PropFolder, FolderLock]:
        """Create a new prop's folder and lock it, without a job: the caller sends the request.

        :raises TrellisError: a requirement is missing, or the library cannot be written.
        """
        self.check(settings, request.model)
        from ..gateway.http.address import Address
        from ..library.library import Library

        base_url = Address.of(settings.gateway).base_url
        finishing = finishing or with_guess(Finishing(), request.prompt)
        return Library(settings.library).create_locked(
            request, base_url, "auto", finishing.to_dict()
        )

    def economy(self, settings: Settings) -> BatchApi:
        """Provide the gateway's Batch API, with the same budget of requests.

        :raises TrellisError: online access is not allowed, or there is no key.
        """
        _need_libraries()
        from .batch_api import BatchApi
        from .preflight import obstacle

        if missing := obstacle(settings):
            raise missing

        return BatchApi(settings, self._budget_of(settings))

    def pictures(
        self, request: PictureRequest, settings: Settings, price_cents: float | None = None
    ) -> PictureJob:
        """Create the job of a set of pictures; see :func:`picture_jobs.picture_job`."""
        _need_libraries()
        from .picture_jobs import picture_job

        return picture_job(request, settings, self._budget_of(settings), price_cents)

    def check(self, settings: Settings, model: str, count: int = 1) -> None:
        """Check that this number of props can be requested now, before the first one is.

        :raises TrellisError: a requirement is missing, such as space on the disk, or the day's cost
            limit would be exceeded.
        """
        # First, as the imports below would raise ImportError.
        _need_libraries()
        from .preflight import check

        check(settings, model, count, asking=self._asking)

    def bring_in(
        self,
        source: Path | SourceUrl,
        settings: Settings,
        finishing: Finishing,
        root: Path | None = None,
    ) -> Job:
        """Create a job that imports a mesh file into the library and makes a prop of it.

        It costs nothing, and only opens a connection for a URL.

        :param root: the folder that the user has chosen, if the source was found in one.
        :raises TrellisError: the library cannot be written, or the URL must not be fetched.
        """
        _need_libraries()
        from ..gateway.source_url import SourceUrl
        from ..library.library import Library

        url = source if isinstance(source, SourceUrl) else SourceUrl.of(source)
        if url:
            self._check_url(url, settings)
        made = Library(settings.library).create_import(url or source, finishing.to_dict(), root)
        return self._job(*made, settings, url=url.full if url else "")

    def _check_url(self, url: SourceUrl, settings: Settings) -> None:
        """Check that a URL may be fetched. :raises TrellisError: it must not be."""
        from ..gateway.http.address import Address
        from .preflight import offline

        if not settings.online_access and not url.is_here:
            raise offline(settings)
        url.check(Address.of(settings.gateway))

    def resume(self, folder: PropFolder, settings: Settings) -> Job:
        """Create a job that continues from the state in the record to the finished prop.

        :raises LockedError: another process is working on it.
        :raises LibraryError: it cannot be written.
        """
        _need_libraries()
        from ..library.folder_lock import FolderLock

        lock = FolderLock.acquire(folder.path)
        self._expect(folder, lock, settings)
        return self._job(folder, lock, settings)

    def finish(self, folder: PropFolder, finishing: Finishing, settings: Settings) -> Job:
        """Create a job that makes a new ``prop.blend`` from the received model.

        It costs nothing and opens no connection.

        :raises LockedError: another process is working on it.
        """
        _need_libraries()
        from ..library.folder_lock import FolderLock

        lock = FolderLock.acquire(folder.path)
        return self._job(folder, lock, settings, finishing.to_dict())

    def _job(
        self,
        folder: PropFolder,
        lock: FolderLock,
        settings: Settings,
        finishing: dict[str, Any] | None = None,
        url: str = "",
    ) -> Job:
        from ..gateway.client import Gateway
        from ..gateway.http.address import Address
        from ..gateway.http.transport import Transport
        from ..job.generation import Generation
        from ..job.job import Job
        from ..library.day_cache import DayCache

        background = self._background_blender()
        budget = self._budget_of(settings)
        # Shared, so that one of many jobs asks for the model's endpoint.
        memory = self._memories.setdefault(settings.library, DayCache(settings.library))
        asking, early, pictures = self._asking, self._early, self._pictures
        blender = tuple(bpy.app.version)  # read here, as the job's thread must not use bpy

        def open_gateway(token: CancelToken, report_status: Callable[[str], None]) -> Gateway:
            return Gateway(settings.gateway, token, budget, report_status)

        def open_web(token: CancelToken, report_status: Callable[[str], None]) -> Transport:
            address = Address.of(settings.gateway)
            return Transport(address, settings.gateway, token, budget, report_status)

        def settle() -> None:
            asking.discard(folder.id)
            note_cost(settings.library, folder)

        def work(emit: Emit, token: CancelToken) -> None:
            with holding(lock, emit, token, settle) as tell:
                # The background Blender takes 0.6 to 0.7 s to start (measured), which is hidden
                # while the gateway works.
                if not token.cancelled:
                    background.warm_up()
                note_catalogs(settings.library)
                Generation(
                    folder,
                    open_gateway,
                    memory,
                    background,
                    tell,
                    token,
                    blender,
                    finishing,
                    open_web,
                    url,
                    early,
                    pictures,
                ).run()

        return Job(folder.id, work)

    def _budget_of(self, settings: Settings) -> RateBudget:
        """The budget of requests that all jobs at the same gateway share."""
        from ..gateway.http.rate_limit import RateBudget

        budget = RateBudget(self._share, most=self._rate)
        return self._budgets.setdefault(settings.gateway.base_url, budget)

    def _background_blender(self) -> BackgroundBlender:
        from ..importer.pipe.background_blender import BackgroundBlender, command_for

        if self._background is None:
            command = command_for(bpy.app.binary_path, sys.executable)
            self._background = BackgroundBlender(command, processes=self._processes)
        return self._background

    def close(self) -> None:
        """End the background Blenders."""
        if self._background:
            self._background.close()
            self._background = None


def load_libraries() -> None:
    """Import everything that the first job needs, in advance, so that its start is not delayed.
    Can be called on any thread.

    :raises InternalError: the bundled wheels cannot be imported.
    """
    _need_libraries()
    from ..gateway import client  # noqa: F401
    from ..importer.pipe import background_blender  # noqa: F401
    from ..job import generation, job  # noqa: F401
    from ..library import day_cache, library  # noqa: F401


def _need_libraries() -> None:
    """Raise a clear error instead of an ImportError if the bundled wheels cannot be imported."""
    try:
        import httpx  # noqa: F401
        import psutil  # noqa: F401
        import pydantic  # noqa: F401
        import truststore  # noqa: F401
    except ImportError as error:
        raise InternalError.no_library(error) from error
