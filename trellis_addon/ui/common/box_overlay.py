# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws a box of lines where a prop would be placed, without adding anything to the scene."""

from __future__ import annotations

import logging
from typing import Any, ClassVar, Final

import bpy
from bpy.app.handlers import persistent

from .redraw import redraw_views
from .take_back import TakeBack

log = logging.getLogger(__name__)

WIDTH: Final = 2.0
COLOUR: Final = (1.0, 0.63, 0.16, 1.0)
"""The orange that Blender uses for the active object."""


class BoxOverlay:
    """A box in all 3D views, from :meth:`show` until :meth:`hide` or the next file.

    The draw handler is added and removed exactly once, however the display ends.
    """

    shown: ClassVar[list[BoxOverlay]] = []
    """The boxes that are drawn now. They are removed with the file or the extension."""

    def __init__(self) -> None:
        self.lines: list[tuple[float, float, float]] = []
        """Points in world space, two for each line; nothing is drawn if it is empty."""
        self._handle: Any = None

    def show(self) -> None:
        """Draw the box from the next redraw of a 3D view on."""
        if self._handle is None:
            if hide_all not in bpy.app.handlers.load_pre:
                bpy.app.handlers.load_pre.append(hide_all)
            TakeBack.add(take_back)
            add: Any = bpy.types.SpaceView3D.draw_handler_add
            self._handle = add(self._draw, (), "WINDOW", "POST_VIEW")
            self.shown.append(self)

    def hide(self) -> None:
        """Remove the box. Safe to call again."""
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


def viewport_size() -> tuple[float, ...]:
    """Width and height of what is being drawn, in pixels; the stubs say that there are none."""
    import gpu

    state: Any = gpu.state
    return tuple(state.viewport_get()[2:])


def _draw_lines(points: list[tuple[float, float, float]]) -> None:
    import gpu
    from gpu_extras.batch import batch_for_shader

    shader: Any = gpu.shader.from_builtin("POLYLINE_UNIFORM_COLOR")
    batch: Any = batch_for_shader(shader, "LINES", {"pos": points})
    shader.bind()
    shader.uniform_float("viewportSize", viewport_size())
    shader.uniform_float("lineWidth", WIDTH)
    shader.uniform_float("color", COLOUR)
    gpu.state.blend_set("ALPHA")
    batch.draw(shader)
    gpu.state.blend_set("NONE")


@persistent  # type: ignore[untyped-decorator]
def hide_all(*_of_the_file: Any) -> None:
    """Remove all boxes, before another file is loaded or when the extension is disabled."""
    for overlay in list(BoxOverlay.shown):
        overlay.hide()


def take_back() -> None:
    """Remove the handler, all boxes, and the operator's keys from the status bar."""
    if BoxOverlay.shown:
        for workspace in bpy.data.workspaces:
            workspace.status_text_set(None)
    hide_all()
    if hide_all in bpy.app.handlers.load_pre:
        bpy.app.handlers.load_pre.remove(hide_all)
