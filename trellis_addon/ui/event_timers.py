# SPDX-License-Identifier: GPL-3.0-or-later
"""The timers by which operators wake up. Blender ends an operator whose class is unregistered
without a word to it, so its timer would go on for as long as the window.
"""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

import bpy

from .registering import run_all


class EventTimers:
    """Those that run. Main thread only."""

    running: ClassVar[list[Any]] = []

    @classmethod
    def start(cls, context: bpy.types.Context, seconds: float) -> Any:
        """Have events of type ``TIMER`` sent to the context's window."""
        timer = context.window_manager.event_timer_add(seconds, window=context.window)
        cls.running.append(timer)
        return timer

    @classmethod
    def stop(cls, timer: Any) -> None:
        """End one. Safe to call again."""
        if timer in cls.running:
            cls.running.remove(timer)
            bpy.context.window_manager.event_timer_remove(timer)


def register() -> None:
    """None runs yet."""


def unregister() -> None:
    """End those whose operators are still at work."""
    run_all([partial(EventTimers.stop, timer) for timer in EventTimers.running])
