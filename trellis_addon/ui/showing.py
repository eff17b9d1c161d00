# SPDX-License-Identifier: GPL-3.0-or-later
"""Where jobs are seen beside their panel: boxes in the viewport, the status bar, and redraws."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import bpy

from ..preferences import stored
from ..scene.arriving import modal_operators
from .jobs import boxes, status
from .overlay import BoxOverlay
from .redraw import redraw_sidebars

if TYPE_CHECKING:
    from .jobs import Running

REDRAW_SECONDS: Final = 0.5
"""The elapsed time is shown; a redraw twice a second is enough for it."""

WATCHER: Final = "TRELLIS_OT_generate"
"""The operator that listens to Esc, in the window of its click, until a file is loaded."""

UNKNOWN: Final = "?"
"""In the place of a line that another tool may have replaced."""


class View(NamedTuple):
    """A window as far as its status bar goes."""

    workspace: str
    """Its name; Blender keeps the line with the workspace."""
    taken: bool = False
    """Whether another tool shows its keys there."""
    escape: bool = False
    """Whether Esc over our tab asks to stop jobs."""


def _view(window: Any) -> View:
    names = [operator.bl_idname for operator in modal_operators(window)]
    return seen(window.workspace.name, names, placing=bool(BoxOverlay.shown))


def seen(workspace: str, modal: Sequence[str], *, placing: bool) -> View:
    """A window by its modal operators.

    :param modal: their ``bl_idname``.
    :param placing: whether a prop is being placed by hand, which has keys to show as well.
    """
    foreign = any(not name.startswith("TRELLIS_OT_") for name in modal)
    return View(workspace, foreign or placing, WATCHER in modal)


class StatusLines:
    """What stands in the status bars. They are ours only while nobody else needs them."""

    def __init__(self) -> None:
        self._told: dict[str, str] = {}
        """By the workspace's name; nothing of ours stands in the others."""
        self.unsettled = False
        """Whether a line is to be taken away yet, from a bar that another tool uses."""

    def changes(
        self, running: Sequence[Running], views: Sequence[View]
    ) -> Iterator[tuple[str, str | None]]:
        """The lines to be set; None takes ours away."""
        self.unsettled = False
        for view in views:
            name = view.workspace
            words = status(running, escape=view.escape)
            if view.taken:
                if name in self._told:
                    self._told[name] = UNKNOWN
                    self.unsettled |= not words
            elif words != self._told.get(name, ""):
                yield name, words or None
                self._told[name] = words
        shown = {view.workspace for view in views}
        for name in [name for name, words in self._told.items() if name not in shown or not words]:
            if self._told.pop(name):
                yield name, None


class Showing:
    """Redraws on change, and as often as the elapsed time needs it. Main thread only."""

    def __init__(self) -> None:
        self._drawn = 0.0
        self._status = StatusLines()
        self._percent: int | None = None
        """What stands in the place of the pointer."""

    @property
    def unsettled(self) -> bool:
        """Whether a status bar has to be given back yet: look again."""
        return self._status.unsettled

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
        views = [_view(window) for window in bpy.context.window_manager.windows]
        for name, words in self._status.changes(running, views):
            if workspace := bpy.data.workspaces.get(name):
                workspace.status_text_set(words)

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
