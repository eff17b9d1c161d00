# SPDX-License-Identifier: GPL-3.0-or-later
"""The box that is drawn where a prop would stand. Lines only: nothing of it is in the scene."""

from __future__ import annotations

import logging
from typing import Any, ClassVar, Final

import bpy
from bpy.app.handlers import persistent

from .redraw import redraw_views

log = logging.getLogger(__name__)

WIDTH: Final = 2.0
COLOUR: Final = (1.0, 0.63, 0.16, 1.0)
"""Blender's own orange for what is active."""


class BoxOverlay:
    """One box in all 3D views, from :meth:`show` to :meth:`hide` or the next file.

    The handler is added and removed exactly once, in whatever order the ends come.
    """

    shown: ClassVar[list[BoxOverlay]] = []
    """What is drawn now, so that the end of the file or of the extension can take it away."""

    def __init__(self) -> None:
        self.lines: list[tuple[float, float, float]] = []
        """Points in world space, two for each line; empty draws nothing."""
        self._handle: Any = None

    @property
    def visible(self) -> bool:
        """Whether Blender calls it."""
        return self._handle is not None

    def show(self) -> None:
        """Have it drawn with every redraw of a 3D view."""
        if self._handle is None:
            add: Any = bpy.types.SpaceView3D.draw_handler_add
            self._handle = add(self._draw, (), "WINDOW", "POST_VIEW")
            self.shown.append(self)

    def hide(self) -> None:
        """Stop that. Safe to call again."""
        if self._handle is not None:
            handle, self._handle = self._handle, None
            self.shown.remove(self)
            bpy.types.SpaceView3D.draw_handler_remove(handle, "WINDOW")
            redraw_views()

    def _draw(self) -> None:
        if not self.lines:
            return
        try:
            _draw_lines(self.lines)
        except Exception as error:  # noqa: BLE001  (it would be raised again with every redraw)
            log.warning("The box of a prop cannot be drawn: %s", error)
            self.lines = []


def _draw_lines(points: list[tuple[float, float, float]]) -> None:
    import gpu
    from gpu_extras.batch import batch_for_shader

    shader: Any = gpu.shader.from_builtin("POLYLINE_UNIFORM_COLOR")
    batch: Any = batch_for_shader(shader, "LINES", {"pos": points})
    shader.bind()
    shader.uniform_float("viewportSize", gpu.state.viewport_get()[2:])
    shader.uniform_float("lineWidth", WIDTH)
    shader.uniform_float("color", COLOUR)
    gpu.state.blend_set("ALPHA")
    batch.draw(shader)
    gpu.state.blend_set("NONE")


@persistent  # type: ignore[untyped-decorator]
def hide_all(*_of_the_file: Any) -> None:
    """Before another file is loaded, and when the extension is disabled."""
    for overlay in list(BoxOverlay.shown):
        overlay.hide()


def register() -> None:
    """Watch for other files."""
    bpy.app.handlers.load_pre.append(hide_all)


def unregister() -> None:
    """Stop that, and draw nothing any more. The operator's keys go from the status bar, too."""
    if BoxOverlay.shown:
        for workspace in bpy.data.workspaces:
            workspace.status_text_set(None)
    hide_all()
    if hide_all in bpy.app.handlers.load_pre:
        bpy.app.handlers.load_pre.remove(hide_all)
