# SPDX-License-Identifier: GPL-3.0-or-later
"""Provides base classes for objects that own threads, and poll them with a timer.

The threads get plain values and do not use bpy. The timer runs on the main thread, and is off while
there is nothing to do.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self

import bpy

from .class_registration import Change


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
    """A single object, created in ``register`` and closed in ``unregister``. Main thread only.

    Each subclass declares its own ``current``, with its type.
    """

    current: ClassVar[Any] = None

    @classmethod
    def get(cls) -> Self:
        """The object of the enabled extension. :raises RuntimeError: it is not enabled."""
        found: Self | None = cls.current
        if found is None:
            raise RuntimeError("Trellis Props is not enabled")
        return found

    def close(self) -> None:
        """Stop the timer and everything that is running."""
        raise NotImplementedError


def owning(owner: type[BackgroundOwner]) -> tuple[Change, Change]:
    """Make the ``register`` and ``unregister`` of a module with such an object."""

    def register() -> None:
        owner.current = owner()

    def unregister() -> None:
        # Joining the threads matters: a live one crashes bpy 4.2 at exit, and makes 4.5 hang.
        current, owner.current = owner.current, None
        if current is not None:
            current.close()

    return register, unregister
