# SPDX-License-Identifier: GPL-3.0-or-later
"""Manages the timers of modal operators. Blender ends an operator whose class is unregistered
without notifying it, so its timer would run as long as the window exists.
"""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

import bpy

from ...blender_context import window_manager_of
from .class_registration import run_all
from .take_back import TakeBack


class EventTimers:
    """The running timers. Main thread only."""

    running: ClassVar[list[Any]] = []

    @classmethod
    def start(cls, context: bpy.types.Context, seconds: float) -> Any:
        """Have events of type ``TIMER`` sent to the context's window."""
        TakeBack.add(cls.stop_all)
        timer = window_manager_of(context).event_timer_add(seconds, window=context.window)
        cls.running.append(timer)
        return timer

    @classmethod
    def stop(cls, timer: Any) -> None:
        """Stop a timer. Safe to call again."""
        if timer in cls.running:
            cls.running.remove(timer)
            window_manager_of(bpy.context).event_timer_remove(timer)

    @classmethod
    def stop_all(cls) -> None:
        """Stop the timers of operators that are still running."""
        run_all([partial(cls.stop, timer) for timer in cls.running])
