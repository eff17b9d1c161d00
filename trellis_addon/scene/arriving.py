# SPDX-License-Identifier: GPL-3.0-or-later
"""Before props are placed: their files are read bit by bit, and a good moment is waited for."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import bpy

from ..core.errors import TrellisError
from .linking import bring, linked_already
from .methods import Method
from .placing import Item


def fetch(items: Sequence[Item], seconds: float) -> bool:
    """Link the files of props that are about to be placed: one, and more until the time is up.

    In a scene of 10,000 objects each file takes Blender 20 ms, and the update after placing half a
    second. Reading alone causes no such update, so it may be spread over many ticks of a timer,
    and the one update comes with :func:`placing.place_many`, which finds the files read.

    :returns: whether nothing is left to read. Appended props are not read ahead, as that would
        append them; a file that cannot be read is left for ``place_many`` to tell.
    """
    end, read = time.monotonic() + seconds, 0
    for item in items:
        if item.placement.method is not Method.LINK or linked_already(item.blend):
            continue
        if read and time.monotonic() >= end:
            return False
        read += 1
        try:
            bring(item.blend, Method.LINK)
        except (TrellisError, RuntimeError):
            continue
    return True


def hands_busy() -> bool:
    """Whether the user is in the middle of a drag or a stroke.

    An undo step that is pushed into a stroke cuts it in two. Such operators grab the pointer
    (``BLOCKING``), so they end by themselves in a moment.
    """
    windows = bpy.context.window_manager.windows
    return any("BLOCKING" in op.bl_options for each in windows for op in modal_operators(each))


def modal_operators(window: Any) -> list[Any]:
    """The operators that listen to a window's events.

    Blender's list has a None for each whose class has been unregistered (4.2 to 5.2), as that of
    another add-on, or this one, which is being disabled.
    """
    return [operator for operator in window.modal_operators if operator is not None]
