# SPDX-License-Identifier: GPL-3.0-or-later
"""Provides base classes for objects that own threads, and poll them with a timer.

The threads get plain values and do not use bpy. The timer runs on the main thread, and is off while
there is nothing to do.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self

import bpy

from .log_handlers import attach
from .take_back import TakeBack


class Ticking:
    """An object with a timer, which keeps running when another file is opened."""

    def __init__(self) -> None:
        # One reference: `is_registered(self._tick)` is False for a fresh bound method
        # (Blender's own code cites its bug 139720).
        self._timer = self._tick

    def _tick(self) -> float | None:
        """Do what is due. Returns the seconds until the next call; None turns the timer off."""
        raise NotImplementedError

    def start_timer(self, first_seconds: float) -> None:
        """Start the timer, except in background mode, where Blender never runs timers."""
        # Without "persistent", Blender drops the timer when another file is loaded.
        if not bpy.app.background and not bpy.app.timers.is_registered(self._timer):
            bpy.app.timers.register(self._timer, first_interval=first_seconds, persistent=True)

    def stop_timer(self) -> None:
        """Stop the timer. Safe to call again."""
        if bpy.app.timers.is_registered(self._timer):
            bpy.app.timers.unregister(self._timer)


class BackgroundOwner(Ticking):
    """A single object, created when it is first needed, and closed when the extension is disabled.
    Main thread only.

    Each subclass declares its own ``current``, with its type.
    """

    current: ClassVar[Any] = None
    closes_first: ClassVar[bool] = False
    """Whether it is closed before all others, as it uses them meanwhile."""

    @classmethod
    def get(cls) -> Self:
        """The object of the enabled extension, which is created by the first call.

        :raises RuntimeError: the extension is not enabled.
        """
        found: Self | None = cls.current
        if found is None:
            if not TakeBack.enabled:
                raise RuntimeError("Trellis Props is not enabled")
            attach()
            found = cls.current = cls()
            TakeBack.add(cls.end, first=cls.closes_first)
            found.created()
        return found

    @classmethod
    def end(cls) -> None:
        """Close the object, if there is one."""
        # Joining the threads matters: a live one crashes bpy 4.2 at exit, and makes 4.5 hang.
        current, cls.current = cls.current, None
        if current is not None:
            current.close()

    def created(self) -> None:
        """Start what belongs to the object. This does nothing unless it is overridden."""

    def close(self) -> None:
        """Stop the timer and everything that is running."""
        raise NotImplementedError
