# SPDX-License-Identifier: GPL-3.0-or-later
"""Examines the props that earlier runs have left for an item: whether they can be continued."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final

from ...core.errors import GatewayFailureError, LibraryError, TrellisError
from ...core.events import State
from ...core.files.prop_files import MODEL_STEM, RECORD
from ...job.job import Job
from ...library.library import Library
from ...library.prop_folder import PropFolder
from ...library.record import PropRecord, newer
from ...library.record_repair import ASIDE

AGAIN: Final = "Ask the gateway's support for it; batch with --force asks, and pays, once more"


def usable(folder: PropFolder, *, force: bool = False) -> tuple[PropFolder, PropRecord] | None:
    """A prop that was begun before, if it is ready or can be continued.

    :param force: a failed prop without a model is not usable, as the user accepts to pay again.
    """
    record = record_of(folder)
    if (
        record is None
        or not (record.state is State.READY or record.is_resumable)
        or record.is_newer
    ):
        return None
    if force and record.state is State.FAILED and not record.has_model:
        return None
    return folder, record


def record_of(folder: PropFolder) -> PropRecord | None:
    """The record of a prop; None if it has no readable one."""
    try:
        return folder.read()
    except TrellisError:
        return None


def unreadable(folder: PropFolder) -> TrellisError | None:
    """Why this version cannot continue an existing prop, or None. The prop may have a model that is
    paid for, so it must not be replaced with a new request.
    """
    try:
        return newer(folder.id) if folder.read().is_newer else None
    except TrellisError as error:
        return error if (folder.path / RECORD).exists() else None


def owed(folder: PropFolder) -> TrellisError | None:
    """Why a prop that cannot be continued is not requested again without the user's consent, or
    None: it may have been charged. The error contains what the gateway's support needs.
    """
    record = record_of(folder)
    if record is None:
        aside = next(folder.path.glob(f"{ASIDE}*"), None)
        if aside is None:
            return None
        return LibraryError(
            f"The record of the prop {folder.id} was damaged and is kept as {aside.name}; the prop "
            "may have been charged",
            "Start resume, which takes up what is left of it; batch with --force pays once more",
        )
    if not record.owed or record.is_resumable or record.in_batch:
        return None
    error = record.error
    why = error.message if error else f"it was {record.state}"
    return GatewayFailureError(
        f"The prop {folder.id} may have been charged, and its model never came: {why}",
        AGAIN,
        detail=error.detail if error else "",
        request_id=record.request_id,
        retry=False,
    )


def can_be_tried_again(folder: PropFolder) -> bool:
    """Whether another try of a failed prop costs nothing: it goes on from what it has received, it
    is the same request under the same key, or certainly nothing was accepted.
    """
    return usable(folder) is not None or (unreadable(folder) is None and owed(folder) is None)


def drop_failed(library: Path, prop: str) -> None:
    """Delete the folder of a failed prop whose item is tried again; otherwise each run would add
    one.

    This only concerns a prop that has received nothing and may not have been charged. Its cost
    is in the ledger, and its error in the report.
    """
    folder = PropFolder(library / prop)
    record = record_of(folder)
    if record is None or record.state is not State.FAILED or record.is_resumable or record.is_newer:
        return
    if record.prop or record.owed or any(folder.path.glob(f"{MODEL_STEM}*")):
        return
    # It may stay, if another process uses it or the drive refuses.
    with suppress(TrellisError):
        Library(library).delete(prop, permanently=True)


def call_off(job: Job) -> None:
    """End a job that must not send anything, so that it releases its folder's lock."""
    # A job that is cancelled before its start only cleans up.
    job.cancel()
    job.start()
    for _ in job.wait():
        continue
