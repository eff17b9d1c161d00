# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes jobs for sets of pictures, for both entrances."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ..core.errors import TrellisError
from .locked_job import expect_cost, holding, note_cost
from .preflight import check

if TYPE_CHECKING:
    from ..core.cancel import CancelToken
    from ..core.pictures.picture_events import PictureEvent
    from ..core.pictures.picture_request import PictureRequest
    from ..core.settings import Settings
    from ..gateway.http.rate_limit import RateBudget
    from ..gateway.http.transport import Transport
    from ..job.job import PictureJob
    from ..library.folder_lock import FolderLock
    from ..library.pictures.picture_set import PictureSet

NO_COST: Final = 0.0


def picture_job(
    request: PictureRequest,
    settings: Settings,
    budget: RateBudget | None = None,
    price_cents: float | None = None,
) -> PictureJob:
    """Create the job that makes the pictures of a request, ready to start.

    The same request is the same set: what is on disk is not asked for again, and a set that is
    whole costs nothing and needs neither key nor network.

    :param budget: the budget of requests that all jobs at the same gateway share.
    :param price_cents: the price of one picture by the gateway's list, for the day's cost limit.
    :raises LockedError: another process is making these pictures.
    :raises TrellisError: a requirement is missing, the day's cost limit would be exceeded, or the
        library cannot be written.
    """
    from ..gateway.http.address import Address
    from ..gateway.http.rate_limit import RateBudget
    from ..library.pictures.picture_library import PictureLibrary

    missing = pictures_missing(request, settings)
    if missing:
        check(settings, request.model, missing, price_cents=price_cents)
    base_url = Address.of(settings.gateway).base_url
    found, lock = PictureLibrary(settings.library).create_locked(request, base_url)
    return _job(found, lock, settings, budget or RateBudget())


def pictures_missing(request: PictureRequest, settings: Settings) -> int:
    """How many pictures of a request would have to be paid for: 0 if its set is there.

    :raises TrellisError: the gateway's URL cannot be used, or the set's record cannot be read.
    """
    from ..core.errors import BrokenRecordError
    from ..gateway.http.address import Address
    from ..library.picture_record import RECORD
    from ..library.pictures.picture_library import PictureLibrary

    base_url = Address.of(settings.gateway).base_url
    found = PictureLibrary(settings.library).set_of(request, base_url)
    if not (found.path / RECORD).is_file():
        return request.count
    try:
        return len(found.read().missing)
    except BrokenRecordError:
        return request.count


def expected_cost(
    request: PictureRequest, settings: Settings, price_cents: float | None = None
) -> float | None:
    """What the pictures of a request will probably cost, in US cents; None if nothing tells.

    :param price_cents: the price of one picture by the gateway's list. What the last one has
        really cost counts more.
    """
    from ..library.cost_ledger import Ledger

    missing = pictures_missing(request, settings)
    each = Ledger(settings.library).costs().last.get(request.model, price_cents)
    if not missing:
        return NO_COST
    return None if each is None else round(each * missing, 6)


def _job(found: PictureSet, lock: FolderLock, settings: Settings, budget: RateBudget) -> PictureJob:
    from ..gateway.http.address import Address
    from ..gateway.http.transport import Transport
    from ..job.job import PictureJob
    from ..job.pictures.make_pictures import PictureMaking

    try:
        if not found.read().is_done:
            # Only after the ledger, as a job whose cost cannot be recorded is not started.
            expect_cost(settings.library, (found.id,))
    except TrellisError:
        lock.release()
        raise

    def open_line(token: CancelToken, report_status: Callable[[str], None]) -> Transport:
        address = Address.of(settings.gateway)
        return Transport(address, settings.gateway, token, budget, report_status)

    def work(emit: Callable[[PictureEvent], None], token: CancelToken) -> None:
        with holding(lock, emit, token, lambda: note_cost(settings.library, found)) as tell:
            PictureMaking(found, open_line, tell, token).run()

    return PictureJob(found.id, work)
