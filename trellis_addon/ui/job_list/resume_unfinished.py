# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds props that an earlier Blender has left unfinished, and resumes all of them at once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import bpy

from ...blender_context import OperatorResult
from ...core.errors import TrellisError
from ...preferences import read_settings
from ..gallery_data.gallery import Gallery
from ..jobs.session import Session
from ..translation.translations import iface

if TYPE_CHECKING:
    from ...library.library_index import GalleryEntry


def interrupted() -> tuple[GalleryEntry, ...]:
    """The props that can be resumed and that no Blender is working on, the oldest first.

    For ``poll`` and ``draw``, as it only reads memory. Props that this session has worked on are
    left out: they have their own rows, and the last snapshot may not know yet how they ended.
    """
    begun = Session.get().begun
    return tuple(entry for entry in Gallery.get().interrupted if entry.id not in begun)


def resume_all(operator: bpy.types.Operator) -> OperatorResult:
    """Go on with the first now, and with one more in each tick; in background mode, wait for them.

    :raises TrellisError: the first cannot go on.
    """
    session = Session.get()
    ids = [entry.id for entry in interrupted()]
    begins = [partial(_go_on, prop_id) for prop_id in ids]
    if not begins:
        operator.report({"INFO"}, iface("No prop is interrupted"))
        return {"CANCELLED"}
    try:
        session.begin(begins, at_once=bpy.app.background)
    except TrellisError as error:
        session.last_error = error.facts
        raise  # reported like all others
    if bpy.app.background:
        for prop_id in ids:
            session.wait(prop_id)
    return {"FINISHED"}


def _go_on(prop_id: str) -> None:
    from ...core.errors import LockedError
    from ...library.library import Library
    from ..jobs.start_jobs import go_on

    folder = Library(read_settings().library).find(prop_id)
    # Read again, as another Blender may have finished the prop since the last snapshot.
    record = folder.read()
    if not record.is_resumable or record.is_newer:
        return
    try:
        go_on(bpy.context, folder, record)
    except LockedError:
        return  # another Blender was faster, and continues it
