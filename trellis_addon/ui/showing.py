# SPDX-License-Identifier: GPL-3.0-or-later
"""Where jobs are seen beside their panel: boxes in the viewport, the status bar, and redraws."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import bpy

from ..preferences import stored
from .jobs import boxes, status
from .overlay import BoxOverlay
from .redraw import redraw_sidebars

if TYPE_CHECKING:
    from .jobs import Running

REDRAW_SECONDS: Final = 0.5
"""The elapsed time is shown; a redraw twice a second is enough for it."""


class Showing:
    """Redraws on change, and as often as the elapsed time needs it. Main thread only."""

    def __init__(self) -> None:
        self._drawn = 0.0
        self._status: str | None = None
        self._percent: int | None = None
        """What stands in the place of the pointer."""

    def refresh(self, running: Sequence[Running], *, force: bool) -> None:
        """Show the jobs as they are. :param force: something has changed but the time."""
        if not force and time.monotonic() - self._drawn < REDRAW_SECONDS:
            return
        self._drawn = time.monotonic()
        if bpy.app.background:
            return
        from .placeholder import Placeholders

        Placeholders.show(tuple(boxes(running)))
        self._tell_status(running)
        self._tell_pointer(running)
        redraw_sidebars()

    def clear(self) -> None:
        """Nothing runs any more."""
        if not bpy.app.background:
            from .placeholder import Placeholders

            Placeholders.show(())
            self._tell_status(())
            self._tell_pointer(())

    def _tell_status(self, running: Sequence[Running]) -> None:
        """The status bar: how many, how far, and how to stop it."""
        words = status(running) or None
        if words == self._status or BoxOverlay.shown:
            return  # a prop that is being placed by hand has the status bar for its keys
        self._status = words
        for window in bpy.context.window_manager.windows:
            window.workspace.status_text_set(words)

    def _tell_pointer(self, running: Sequence[Running]) -> None:
        """Blender's own window progress, for those who want it.

        It puts digits in the place of the pointer for as long as the job takes
        (``WM_cursor_time``), and the artist goes on working meanwhile: so it is a preference.
        """
        own = stored()
        first = next((each for each in running if not each.waiting), None)
        wanted = None
        if first and own and own.pointer_progress:
            wanted = round(100 * (first.fraction or 0.0))
        if wanted == self._percent:
            return
        manager = bpy.context.window_manager
        if self._percent is None:
            manager.progress_begin(0, 100)
        if wanted is None:
            manager.progress_end()
        else:
            manager.progress_update(wanted)
        self._percent = wanted
