# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows jobs outside of their panel: boxes in the viewport, the status bar, and redraws."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import bpy

from ...blender_context import window_manager_of
from ...preferences import stored
from ...scene.place.prefetch import modal_operators
from ..common.box_overlay import BoxOverlay
from ..common.redraw import redraw_sidebars
from .job_state import boxes, status

if TYPE_CHECKING:
    from .job_state import Running

REDRAW_SECONDS: Final = 0.5
"""The time between redraws for the elapsed time, which is shown in seconds."""

WATCHER: Final = "TRELLIS_OT_generate"
"""The operator that listens to Esc in the window where it was started, until a file is loaded."""

UNKNOWN: Final = "?"
"""Replaces our text when another tool may have overwritten it."""


class StatusBarWindow(NamedTuple):
    """The facts about a window that matter for its status bar."""

    workspace: str
    """The workspace's name, as Blender stores the text with the workspace."""
    taken: bool = False
    """Whether another tool shows its keys there."""
    escape: bool = False
    """Whether Esc over the extension's tab asks to stop jobs."""


def _view(window: Any) -> StatusBarWindow:
    names = [operator.bl_idname for operator in modal_operators(window)]
    return seen(window.workspace.name, names, placing=bool(BoxOverlay.shown))


def seen(workspace: str, modal: Sequence[str], *, placing: bool) -> StatusBarWindow:
    """Make the facts about a window from its modal operators.

    :param modal: their ``bl_idname``.
    :param placing: whether a prop is being placed by hand, which has keys to show as well.
    """
    foreign = any(not name.startswith("TRELLIS_OT_") for name in modal)
    return StatusBarWindow(workspace, foreign or placing, WATCHER in modal)


class StatusLines:
    """The texts in the status bars, which are only used while no other tool needs them."""

    def __init__(self) -> None:
        self._told: dict[str, str] = {}
        """Our texts by the name of the workspace; other workspaces have none."""
        self.unsettled = False
        """Whether a text still has to be removed from a bar that another tool uses."""

    def changes(
        self, running: Sequence[Running], views: Sequence[StatusBarWindow]
    ) -> Iterator[tuple[str, str | None]]:
        """The texts to set, by their workspaces; None removes ours."""
        self.unsettled = False
        for view in views:
            name = view.workspace
            words = status(running, escape=view.escape)
            if view.taken:
                # The tool may have replaced our text, so it is set again when the tool has ended.
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


class ProgressDisplay:
    """Redraws when jobs change, and as often as the elapsed time needs it. Main thread only."""

    def __init__(self) -> None:
        self._drawn = 0.0
        self._status = StatusLines()
        self._percent: int | None = None
        """The percentage shown in place of the pointer."""

    @property
    def unsettled(self) -> bool:
        """Whether a text still has to be removed from a status bar, so that the timer goes on."""
        return self._status.unsettled

    def refresh(self, running: Sequence[Running], *, force: bool) -> None:
        """Show the jobs. :param force: whether more than the elapsed time has changed."""
        if not force and time.monotonic() - self._drawn < REDRAW_SECONDS:
            return
        self._drawn = time.monotonic()
        if bpy.app.background:
            return
        from .pending_boxes import Placeholders

        Placeholders.show(tuple(boxes(running)))
        self._tell_status(running)
        self._tell_pointer(running)
        redraw_sidebars()

    def clear(self) -> None:
        """Remove the display, as no job is running."""
        if not bpy.app.background:
            from .pending_boxes import Placeholders

            Placeholders.show(())
            self._tell_status(())
            self._tell_pointer(())

    def _tell_status(self, running: Sequence[Running]) -> None:
        """The status bar: how many, how far, and how to stop it."""
        views = [_view(window) for window in window_manager_of(bpy.context).windows]
        for name, words in self._status.changes(running, views):
            workspace: bpy.types.WorkSpace | None = bpy.data.workspaces.get(name)
            if workspace:
                workspace.status_text_set(words)

    def _tell_pointer(self, running: Sequence[Running]) -> None:
        """Show the progress at the pointer, if the user wants that.

        Blender replaces the pointer with digits until the job ends (``WM_cursor_time``), which
        hinders the user's work, so it is off by default.
        """
        own = stored()
        first = next((each for each in running if not each.waiting), None)
        wanted = None
        if first and own and own.pointer_progress:
            wanted = round(100 * (first.fraction or 0.0))
        if wanted == self._percent:
            return
        manager = window_manager_of(bpy.context)
        if self._percent is None:
            manager.progress_begin(0, 100)
        if wanted is None:
            manager.progress_end()
        else:
            manager.progress_update(wanted)
        self._percent = wanted
