# SPDX-License-Identifier: GPL-3.0-or-later
"""The tries of an item that earlier runs have left in the library: which can be gone on with."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from ..core.errors import TrellisError
from ..core.events import State
from ..core.files import MODEL_STEM, RECORD
from ..job.job import Job
from ..library.folder import PropFolder
from ..library.library import Library
from ..library.record import PropRecord, newer


def usable(folder: PropFolder) -> tuple[PropFolder, PropRecord] | None:
    """A prop that somebody has begun, if it is ready or can be gone on with."""
    record = record_of(folder)
    if record is None or not (record.state is State.READY or record.can_go_on) or record.is_newer:
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


def drop_failed(library: Path, prop: str) -> None:
    """Delete the folder of a failed try whose item is tried anew, or reruns would pile them up.

    Only one that has received nothing, and of whose model neither an address nor the gateway's
    own number is known. What it has cost
    stands in the ledger, its error in the report.
    """
    folder = PropFolder(library / prop)
    record = record_of(folder)
    if record is None or record.state is not State.FAILED or record.can_go_on or record.is_newer:
        return
    kept = record.prop or record.origin.locations or record.origin.job_id
    if kept or any(folder.path.glob(f"{MODEL_STEM}*")):
        return
    with suppress(TrellisError):  # somebody is at it, or the drive will not: it may stay
        Library(library).delete(prop, permanently=True)


def call_off(job: Job) -> None:
    """End a job that may send nothing, so that its folder's lock is given back."""
    job.cancel()
    job.start()
    for _ in job.wait():
        continue
