# SPDX-License-Identifier: GPL-3.0-or-later
"""The tries of an item that earlier runs have left in the library: which can be gone on with."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final

from ..core.errors import GatewayFailureError, LibraryError, TrellisError
from ..core.events import State
from ..core.files import MODEL_STEM, RECORD
from ..job.job import Job
from ..library.folder import PropFolder
from ..library.library import Library
from ..library.mending import ASIDE
from ..library.record import PropRecord, newer

AGAIN: Final = "Ask the gateway's support for it; batch with --force asks, and pays, once more"


def usable(folder: PropFolder, *, force: bool = False) -> tuple[PropFolder, PropRecord] | None:
    """A prop that was begun before, if it is ready or can be gone on with.

    :param force: the user pays once more rather than ask again for what has failed.
    """
    record = record_of(folder)
    if record is None or not (record.state is State.READY or record.can_go_on) or record.is_newer:
        return None
    if force and record.state is State.FAILED and not record.has_model:
        return None
    return folder, record


def record_of(folder: PropFolder) -> PropRecord | None:
    """What is known of a prop; None when that is nothing."""
    try:
        return folder.read()
    except TrellisError:
        return None


def unreadable(folder: PropFolder) -> TrellisError | None:
    """Why a prop that is there cannot be gone on with by this version, if so. It may hold a model
    that is paid for, so nothing else is asked for in its place.
    """
    try:
        return newer(folder.id) if folder.read().is_newer else None
    except TrellisError as error:
        return error if (folder.path / RECORD).exists() else None


def owed(folder: PropFolder) -> TrellisError | None:
    """Why a prop that cannot be gone on with is not asked for again without the user's word: it may
    have been charged. What is known of it is what the gateway's support will ask for.
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
    if not record.owed or record.can_go_on or record.in_batch:
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


def drop_failed(library: Path, prop: str) -> None:
    """Delete the folder of a failed try whose item is tried again, or reruns would pile them up.

    Only one that has received nothing, and for which nothing may be owed. What it has cost stands
    in the ledger, its error in the report.
    """
    folder = PropFolder(library / prop)
    record = record_of(folder)
    if record is None or record.state is not State.FAILED or record.can_go_on or record.is_newer:
        return
    if record.prop or record.owed or any(folder.path.glob(f"{MODEL_STEM}*")):
        return
    with suppress(TrellisError):  # somebody is at it, or the drive will not: it may stay
        Library(library).delete(prop, permanently=True)


def call_off(job: Job) -> None:
    """End a job that may send nothing, so that its folder's lock is given back."""
    job.cancel()
    job.start()
    for _ in job.wait():
        continue
