# SPDX-License-Identifier: GPL-3.0-or-later
"""Owner of the background Blender; makes jobs out of requests. One for each entrance.

httpx and pydantic are imported by the first call that needs them, not by Blender's start-up.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import bpy

from ..core.errors import InternalError, TrellisError
from ..core.finishing import Finishing
from ..core.sizes import with_guess
from .holding import expect_cost, holding, note_catalogs, note_cost

if TYPE_CHECKING:
    from pathlib import Path

    from ..core.cancel import CancelToken
    from ..core.events import Emit
    from ..core.request import GenerationRequest
    from ..core.settings import Settings
    from ..gateway.client import Gateway
    from ..gateway.rate import RateBudget
    from ..gateway.source_url import SourceUrl
    from ..gateway.transport import Transport
    from ..importer.process import BackgroundBlender
    from ..job.job import Job
    from ..library.folder import PropFolder
    from ..library.locks import FolderLock
    from .economy import Economy


class Workshop:
    """Starts jobs and ends what they share. Main thread only.

    :param share: the part of the gateway's rate limit that is this process's, for several machines.
    :param rate: requests a minute at the most, whatever the gateway allows.
    :param early: have the jobs say when a prop can be placed, before its picture is taken.
    """

    def __init__(
        self, share: float = 1.0, rate: float | None = None, *, early: bool = False
    ) -> None:
        self._share = share
        self._rate = rate
        self._early = early
        self._background: BackgroundBlender | None = None
        self._budgets: dict[str, RateBudget] = {}
        self._asking: set[str] = set()
        """The props whose jobs may still cost something."""

    def generate(
        self, request: GenerationRequest, settings: Settings, finishing: Finishing | None = None
    ) -> Job:
        """A new prop: its folder is made, its job is ready to start.

        :param finishing: how the received model becomes a prop; None: as it is by default, in a
            size that is guessed from the prompt.
        :raises TrellisError: something is missing, or the library cannot be written.
        """
        folder, lock = self.reserve(request, settings, finishing)
        self._expect(folder, lock, settings)
        self._asking.add(folder.id)
        return self._job(folder, lock, settings)

    def _expect(self, folder: PropFolder, lock: FolderLock, settings: Settings) -> None:
        """Have the ledger wait for a prop's cost, or give its lock back and raise."""
        try:
            expect_cost(settings.library, (folder.id,))
        except TrellisError:
            lock.release()
            raise

    def reserve(
        self, request: GenerationRequest, settings: Settings, finishing: Finishing | None = None
    ) -> tuple[PropFolder, FolderLock]:
        """A new prop's folder, locked, without a job: whoever calls sends it.

        :raises TrellisError: something is missing, or the library cannot be written.
        """
        self.check(settings, request.model)
        from ..gateway.address import Address
        from ..library.library import Library

        base_url = Address.of(settings.gateway).base_url
        finishing = finishing or with_guess(Finishing(), request.prompt)
        return Library(settings.library).create_locked(
            request, base_url, "auto", finishing.to_dict()
        )

    def economy(self, settings: Settings) -> Economy:
        """The gateway's Batch API, within the same budget of requests.

        :raises TrellisError: there is no consent, or no key.
        """
        _need_libraries()
        from .consent import obstacle
        from .economy import Economy

        if missing := obstacle(settings):
            raise missing

        return Economy(settings, self._budget_of(settings))

    def check(self, settings: Settings, model: str, count: int = 1) -> None:
        """See that so many props can be asked for now, before the first of them is.

        :raises TrellisError: what is missing, the room on the disk included, or the day's cost
            limit.
        """
        _need_libraries()
        from ..library.space import check_space
        from .consent import obstacle

        check_space(settings.library)
        if missing := obstacle(settings) or self._over_limit(settings, model, count):
            raise missing

    def _over_limit(self, settings: Settings, model: str, count: int) -> TrellisError | None:
        """The day's cost limit, with what is under way counted in at the model's last price."""
        if settings.daily_limit_cents <= 0:
            return None
        from ..core.cost import over_limit
        from ..library.ledger import Ledger

        ledger = Ledger(settings.library)
        each = ledger.costs().last.get(model, 0.0)
        expected = each * (count + ledger.untold(self._asking))
        return over_limit(settings.daily_limit_cents, ledger.spent(), expected)

    def bring_in(
        self,
        source: Path | SourceUrl,
        settings: Settings,
        finishing: Finishing,
        root: Path | None = None,
    ) -> Job:
        """A job that takes a mesh file into the library and makes a prop of it.

        It costs nothing. Only for an address on the web it opens a connection.

        :param root: the folder that the user has given, where the source was found in one.
        :raises TrellisError: the library cannot be written, or the address may not be fetched.
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
        """See that an address may be fetched. :raises TrellisError: it may not."""
        from ..gateway.address import Address
        from .consent import offline

        if not settings.online_access and not url.is_here:
            raise offline(settings)
        url.check(Address.of(settings.gateway))

    def resume(self, folder: PropFolder, settings: Settings) -> Job:
        """A job that takes a folder from where its record stands to the finished prop.

        :raises LockedError: somebody is working on it. :raises LibraryError: it cannot be written.
        """
        _need_libraries()
        from ..library.locks import FolderLock

        lock = FolderLock.acquire(folder.path)
        self._expect(folder, lock, settings)
        return self._job(folder, lock, settings)

    def finish(self, folder: PropFolder, finishing: Finishing, settings: Settings) -> Job:
        """A job that makes ``prop.blend`` anew of the received model, by these settings.

        It costs nothing and opens no connection.

        :raises LockedError: somebody is working on it.
        """
        _need_libraries()
        from ..library.locks import FolderLock

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
        from ..gateway.address import Address
        from ..gateway.client import Gateway
        from ..gateway.transport import Transport
        from ..job.generate import Generation
        from ..job.job import Job
        from ..library.memory import DayMemory

        background = self._background_blender()
        budget = self._budget_of(settings)
        asking, early = self._asking, self._early
        blender = tuple(bpy.app.version)  # here: the job's thread may not ask bpy

        def open_gateway(token: CancelToken, say: Callable[[str], None]) -> Gateway:
            return Gateway(settings.gateway, token, budget, say)

        def open_web(token: CancelToken, say: Callable[[str], None]) -> Transport:
            address = Address.of(settings.gateway)
            return Transport(address, settings.gateway, token, budget, say)

        def settle() -> None:
            asking.discard(folder.id)
            note_cost(settings.library, folder)

        def work(emit: Emit, token: CancelToken) -> None:
            with holding(lock, emit, token, settle) as tell:
                if not token.cancelled:  # one that has never begun needs no Blender to end
                    background.warm_up()
                note_catalogs(settings.library)
                memory = DayMemory(settings.library)
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
                ).run()

        return Job(folder.id, work)

    def _budget_of(self, settings: Settings) -> RateBudget:
        """One budget of requests for all jobs at the same gateway."""
        from ..gateway.rate import RateBudget

        budget = RateBudget(self._share, most=self._rate)
        return self._budgets.setdefault(settings.gateway.base_url, budget)

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


def load_libraries() -> None:
    """Load all that the first job needs, from any thread: then its click takes no time for it.

    :raises InternalError: the bundled wheels are not in reach.
    """
    _need_libraries()
    from ..gateway import client  # noqa: F401
    from ..importer import process  # noqa: F401
    from ..job import generate, job  # noqa: F401
    from ..library import library, memory  # noqa: F401


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
