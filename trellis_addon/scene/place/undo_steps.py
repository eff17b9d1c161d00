# SPDX-License-Identifier: GPL-3.0-or-later
"""Undo steps for what is placed or read again, from timers as well, which have no window."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any, Final

import bpy

from ...blender_context import preferences_of, window_manager_of

_STROKES: Final = ("SCULPT", "PAINT_TEXTURE", "PAINT_VERTEX", "PAINT_WEIGHT")
"""The modes whose undo steps are strokes, which do not contain the scene."""


def before_undo_step() -> None:
    """Prepare :func:`undo_step`; to be called before something is placed.

    When Blender undoes from a step of the whole file to a stroke, it only undoes the stroke and
    leaves the prop. So in these modes, another step of the whole file is pushed before it.
    """
    with _in_window():
        if bpy.context.mode in _STROKES:
            _push("Before Placing")


def undo_step(name: str) -> None:
    """Push one undo step, so that a single Ctrl+Z removes the prop again."""
    with _in_window():
        _push(name)


def forget_undo_steps(name: str) -> None:
    """Push an undo step, and forget those before it: they know nothing of new data-blocks in a
    linked file, and Blender crashes when it undoes one of them (measured in 5.2 and 5.3).
    """
    edit: Any = preferences_of(bpy.context).edit
    most = edit.undo_steps
    with _in_window():
        edit.undo_steps = 1
        try:
            # Blender drops steps before it pushes one, and never the latest two (measured).
            for _ in range(3):
                _push(name)
        finally:
            edit.undo_steps = most


def _push(name: str) -> None:
    if is_watched():
        bpy.ops.ed.undo_push(message=name)


def is_watched() -> bool:
    """Whether there is a user, who may undo. Without one, no step is needed, and `ed.undo_push`
    sometimes crashed bpy 4.2.23 and 5.0 after an operator had placed several props.
    """
    return bool(bpy.context.window) and not bpy.app.background


def _in_window() -> Any:
    """A context with a window, which undo steps need, and which timers do not have."""
    window = bpy.context.window or next(iter(window_manager_of(bpy.context).windows), None)
    return bpy.context.temp_override(window=window) if window else nullcontext()
