# SPDX-License-Identifier: GPL-3.0-or-later
"""Props that an earlier Blender has left unfinished, and going on with all of them at once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import bpy

from ..core.errors import LockedError, TrellisError
from ..preferences import read_settings
from .gallery import Gallery
from .registering import registering
from .session import Session
from .translations import iface, sentence

if TYPE_CHECKING:
    from ..library.index import Entry


def interrupted() -> tuple[Entry, ...]:
    """The props that could go on, on which no Blender is working, the oldest first.

    From memory alone: for ``poll`` and ``draw``. What this session itself has worked on is told
    by its own rows, and the library as it was last seen may not know yet how that ended.
    """
    begun = Session.get().begun
    return tuple(entry for entry in Gallery.get().interrupted if entry.id not in begun)


class TRELLIS_OT_resume_interrupted(bpy.types.Operator):
    """Go on with every prop that was interrupted, and place them. What was paid for already is not
    paid for again
    """

    bl_idname = "trellis.resume_interrupted"
    bl_label = "Continue"
    bl_options = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """The first now, one more in each tick; in background mode until they are done."""
        session = Session.get()
        ids = [entry.id for entry in interrupted()]
        begins = [partial(_go_on, prop_id) for prop_id in ids]
        if not begins:
            self.report({"INFO"}, iface("No prop is interrupted"))
            return {"CANCELLED"}
        try:
            session.begin(begins, at_once=bpy.app.background)
        except TrellisError as error:
            session.last_error = error.facts
            self.report({"ERROR"}, sentence(error.facts))
            return {"CANCELLED"}
        if bpy.app.background:
            for prop_id in ids:
                session.wait(prop_id)
        return {"FINISHED"}


def _go_on(prop_id: str) -> None:
    from ..library.library import Library
    from .gallery_jobs import go_on

    folder = Library(read_settings().library).find(prop_id)
    record = folder.read()
    if not record.can_go_on or record.is_newer:
        return
    try:
        go_on(bpy.context, folder, record)
    except LockedError:
        return  # another Blender was quicker: it goes on there


register, unregister = registering([TRELLIS_OT_resume_interrupted])
